"""What belongs together in a library, as the training data of a joint model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.config import load_config
from mmstudio.learning.datasets.choose import forbidden_now
from mmstudio.learning.families import family
from mmstudio.learning.fusion.examples import hold_out
from mmstudio.learning.fusion.inputs import label_rows
from mmstudio.learning.joint import beside, media
from mmstudio.learning.joint.belongs import Bundle, find_bundles
from mmstudio.learning.joint.parts import Part, objective_of, only_of, read_parts
from mmstudio.learning.joint.words import Words, fit_words
from mmstudio.learning.rights import inherited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.engine.set_data import SetData
    from mmstudio.learning.service import Trainings
    from mmstudio.library import Library

log = logging.getLogger(__name__)
LEAST = 12  # sets of two parts at least, below which nothing is learned
FEW = 60
MOST_LABELS = 64
_LOWER = {"image": "image", "audio": "audio", "text": "text"}  # part → modality of the model underneath


@dataclass(slots=True)
class Sets:
    """One row per set: an item, a media file with its own words, a video's frame and sound.

    Attributes:
        parts: the modalities. arrays: modality → N rows as its part says; rows of what is missing are zeros.
        present: modality → bool[N].
        group: int64[N]: sets of one item share a number. held: bool[N], kept out of training, by group.
        assets: modality → int64[N], the asset of each row (0: none).
    """

    parts: tuple[Part, ...]
    arrays: dict[str, NDArray[Any]]
    present: dict[str, NDArray[np.bool_]]
    group: NDArray[np.int64]
    held: NDArray[np.bool_]
    assets: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    forbidden: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.group)

    def ids(self, held: bool) -> list[int]:
        """The assets of the rows that are held out, or of the others."""
        rows = self.held if held else ~self.held
        return sorted({int(i) for own in self.assets.values() for i in own[rows] if i})


def read_sets(trainings: Trainings, config: ModelConfig) -> Generator[Progress, None, Sets]:
    """All sets of the library as ``config`` sees them; fills ``config.parts`` where it is new. A trained
    model's evaluation calls it again and takes the rows that are held out.

    Raises:
        StudioError: too few things that belong together; a model underneath is missing or of another kind.
    """
    library = trainings.library
    yield Progress(0, None, tr("Looking for what belongs together"))
    found = find_bundles(library, config)
    bundles = found.bundles
    told = sum(_rich(bundle) for bundle in bundles)
    if told < LEAST:
        raise _too_few(told, len(found.forbidden))
    lower = _lower(trainings, config)
    known = {part.name: part for part in read_parts(config.parts)}
    for part in known.values():
        if part.kind == "picture":
            config.size = part.shape[1]  # what a model has learned, or its base
    reader = _Reader(library, config, known, lower)
    yield from reader.read(bundles)
    numbers = {name: index for index, name in enumerate(dict.fromkeys(b.group for b in bundles))}
    group = np.array([numbers[bundle.group] for bundle in bundles], np.int64)
    held = hold_out(group, config.seed)
    reader.texts(bundles, held)
    reader.tags(bundles, group)
    reader.audiences(bundles)
    reader.beside(bundles, held)
    own = [reader.present[part.name] for part in reader.parts.values() if not part.about]
    there = np.stack(own, axis=1) if own else np.zeros((0, 0), bool)
    keep = there.sum(axis=1) > 0
    if (there.sum(axis=1) > 1).sum() < LEAST:
        raise _too_few(int((there.sum(axis=1) > 1).sum()), len(found.forbidden))
    config.parts = {**config.parts, "modalities": [part.as_json() for part in reader.parts.values()]}
    return Sets(
        tuple(reader.parts.values()),
        {name: rows[keep] for name, rows in reader.arrays.items()},
        {name: rows[keep] for name, rows in reader.present.items()},
        group[keep],
        held[keep],
        {name: rows[keep] for name, rows in reader.assets.items()},
        [bundle.text for bundle, kept in zip(bundles, keep, strict=True) if kept],
        found.forbidden,
        found.left_out,
        sorted(reader.unreadable),
    )


class _Reader:
    """Reads the parts of bundles one after the other."""

    def __init__(
        self, library: Library, config: ModelConfig, known: dict[str, Part], lower: dict[str, Any]
    ) -> None:
        self.library, self.config, self.known, self.lower = library, config, known, lower
        self.parts: dict[str, Part] = {}
        self.arrays: dict[str, NDArray[Any]] = {}
        self.present: dict[str, NDArray[np.bool_]] = {}
        self.assets: dict[str, NDArray[np.int64]] = {}
        self.unreadable: set[int] = set()
        self.seen = _further(config, known)
        self.further: dict[str, dict[tuple[int, float], NDArray[np.float32]]] = {}
        self.keys: dict[str, list[tuple[int, float] | None]] = {}

    def read(self, bundles: Sequence[Bundle]) -> Generator[Progress, None, None]:
        """Pictures and sounds; each file is decoded once."""
        for name, one in (("image", self._picture), ("audio", self._sound)):
            if not self._takes(name):
                continue
            yield from self._media(name, bundles, one)

    def _media(
        self,
        name: str,
        bundles: Sequence[Bundle],
        read: Callable[[Bundle], tuple[NDArray[Any], NDArray[np.float32] | None]],
    ) -> Generator[Progress, None, None]:
        rows: dict[tuple[int, float], NDArray[Any] | None] = {}
        keys: list[tuple[int, float] | None] = []
        for place, bundle in enumerate(bundles):
            if place % 8 == 0:
                yield Progress(0, None, tr("Reading {done} of {total}", done=place, total=len(bundles)))
            asset = bundle.image if name == "image" else bundle.audio
            key = None if asset is None else (asset.id, bundle.moment if name == "image" else 0.0)
            keys.append(key)
            if asset is None or key is None or key in rows:
                continue
            try:
                rows[key], told = read(bundle)
                if told is not None:
                    self.further.setdefault(name, {})[key] = told
            except (StudioError, OSError) as error:
                log.info("left out of training: %s: %s", asset.rel_path, error)
                rows[key] = None
                if asset.kind != "video":  # a video without sound is no damaged file
                    self.unreadable.add(asset.id)
        good = {key: row for key, row in rows.items() if row is not None}
        self.keys[name] = keys
        if not good:
            return
        model = self.config.parts.get("from", {}).get(name, "")
        first = next(iter(good.values()))
        if model:
            scale = media.scale_of(np.stack(list(good.values())))
            part = self.known.get(name) or Part(name, "vector", first.shape, model=model, scale=scale)
            good = {key: media.to_scale(part, row) for key, row in good.items()}
        else:
            spectrogram = {"mel": 1} if name == "audio" else None
            part = self.known.get(name) or Part(name, "picture", first.shape, scale=spectrogram)
        blank = np.zeros(part.shape, first.dtype)
        self._put(
            part, [good.get(key, blank) if key else blank for key in keys], [key in good for key in keys]
        )
        self.assets[name] = np.array([key[0] if key in good and key else 0 for key in keys], np.int64)

    def _picture(self, bundle: Bundle) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        from mmstudio.learning.datasets.shapes import read_picture, to_square

        asset, lower = bundle.image, self.lower.get("image")
        assert asset is not None
        path = self.library.assets.path_of(asset)
        shape = self.config if lower is None else lower.config
        told = "image" in self.seen
        size = max(shape.size, beside.SIDE if told else 0)
        if asset.kind == "video":
            from mmstudio.media.video import VideoReader

            with VideoReader(path) as reader:
                picture = reader.frame_at(bundle.moment * reader.duration, 4 * size)
        else:
            picture = read_picture(path, size, shape.fit, shape.aspect)
        pixels = to_square(picture, shape.size, shape.fit, shape.aspect)
        further = None
        if told:
            further = beside.of_picture(to_square(picture, beside.SIDE, shape.fit, shape.aspect))
        if lower is None:
            return pixels, further
        latent: NDArray[Any] = lower.encode(pixels[None]).numpy()[0]
        return latent, further

    def _sound(self, bundle: Bundle) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        from mmstudio.media.audio import load_audio

        asset, lower = bundle.audio, self.lower.get("audio")
        assert asset is not None
        samples, rate = load_audio(self.library.assets.path_of(asset), duration=12.0)
        part = Part("audio", "picture", (1, self.config.size, self.config.size))
        if lower is not None:
            part = Part("audio", "vector", (lower.config.latent,), model="lower")
        row: NDArray[Any] = media.sound_row(part, samples, rate, lower)[0]
        return row, beside.of_sound(samples, rate) if "audio" in self.seen else None

    def texts(self, bundles: Sequence[Bundle], held: NDArray[np.bool_]) -> None:
        """Words, learned from what is not held out; or the latents of a text model."""
        said = [bundle.text for bundle in bundles]
        there = [bool(text) for text in said]
        if not any(there) or not self._takes("text"):
            return
        lower, known = self.lower.get("text"), self.known.get("text")
        if lower is not None:
            latents = np.asarray(lower.encode([text or "-" for text in said]), np.float32)
            model = str(self.config.parts["from"]["text"])
            shape, scale = (latents.shape[1],), media.scale_of(latents[there])
            part = known or Part("text", "vector", shape, model=model, scale=scale)
            rows: NDArray[Any] = media.to_scale(part, latents)
        else:
            learned = [text for text, out in zip(said, held, strict=True) if text and not out]
            words = Words.of(known.words) if known and known.words else fit_words(learned or said)
            part = known or Part("text", "tokens", (words.length,), words.vocabulary, words=words.as_json())
            rows = words.encode(said)
            there = [bool(row.any()) for row in rows]
        self._put(part, list(np.where(np.array(there)[:, None], rows, 0)), there)

    def tags(self, bundles: Sequence[Bundle], group: NDArray[np.int64]) -> None:
        """Tags and categories that enough sets have."""
        known = self.known.get("tags")
        if not self._takes("tags"):
            return
        labels = label_rows([b.tags for b in bundles], [b.category for b in bundles], group)
        if known is None and labels.names:
            names = tuple(labels.names[:MOST_LABELS])
            known = Part("tags", "bits", (len(names),), labels=names)
        if known is None:
            return
        place = {name.casefold(): index for index, name in enumerate(labels.names)}
        rows = np.zeros((len(bundles), len(known.labels)), np.float32)
        for index, label in enumerate(known.labels):
            if label.casefold() in place:
                rows[:, index] = labels.Y[:, place[label.casefold()]]
        self._put(known, list(rows), [bool(row.any()) for row in labels.known])

    def audiences(self, bundles: Sequence[Bundle]) -> None:
        """How much each audience, and each trait of audiences, had to do with the item of a set."""
        known = self.known.get("audience")
        names = (
            known.labels if known else tuple(sorted({n for b in bundles for n in b.audiences}))[:MOST_LABELS]
        )
        if not names or not self._takes("audience"):
            return
        part = known or Part("audience", "vector", (len(names),), labels=names)
        rows = [np.array([b.audiences.get(name, 0.0) for name in names], np.float32) for b in bundles]
        self._put(part, rows, [bool(bundle.audiences) for bundle in bundles])

    def beside(self, bundles: Sequence[Bundle], held: NDArray[np.bool_]) -> None:
        """What media show, say and sound like, for those that are there; see :mod:`joint.beside`."""
        for name in self.seen:
            if name not in self.present:
                continue
            if name != "text" and name not in self.further:
                continue
            there, numbers = self.present[name], partial(self._numbers, name, bundles)
            part = beside.beside(list(self.known.values()), name)
            if part is None and (there & ~held).any():
                some = numbers(beside.some_of(there & ~held))
                part = beside.fit(name, some, np.ones(len(some), bool))
            if part is not None:
                made, told = beside.in_blocks(part, numbers, there)
                self._put(part, list(made), list(told))
        for part in self.known.values():  # what cannot be made today keeps its place in the network
            if part.about and part.name not in self.parts:
                blank = np.zeros((len(bundles), part.shape[0]), np.float32)
                self._put(part, list(blank), [False] * len(bundles))

    def _numbers(
        self, name: str, bundles: Sequence[Bundle], places: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """K×D numbers of the media of a modality in K bundles that have it."""
        if name == "text":
            return np.stack([beside.of_text(bundles[place].text) for place in places])
        keys, known = self.keys[name], self.further[name]
        return np.stack([known[key] for place in places if (key := keys[place]) is not None])

    def _takes(self, name: str) -> bool:
        """Whether a modality is one of the model's: those it has learned, else those asked for."""
        return name in self.known if self.known else name in only_of(self.config.parts)

    def _put(self, part: Part, rows: Sequence[NDArray[Any]], there: Sequence[Any]) -> None:
        self.parts[part.name] = part
        self.arrays[part.name] = np.stack(list(rows))
        self.present[part.name] = np.array(there, bool)


def data(
    trainings: Trainings, folder: Path, config: ModelConfig
) -> Generator[Progress, None, tuple[SetData, list[str]]]:
    """See :class:`mmstudio.learning.families.info.FamilyInfo`."""
    from mmstudio.learning.engine.set_data import SetData, load_sets, save_sets

    objective_of(config.parts)
    notes: list[str] = []
    kept = load_sets(folder, config.seed) if "assets" in config.trained else None
    if kept is not None:
        seen = {*config.trained["assets"], *config.trained.get("held_assets", ())}
        gone = forbidden_now(trainings.library) & seen
        if not gone:
            return kept, []
        notes.append(tr("forgotten since, so that the data is read anew without them: {n}", n=len(gone)))
    below = [*config.parts.get("from", {}).values(), *([config.base] if config.base else [])]
    if below and "inherited_assets" not in config.trained:
        config.trained["inherited_assets"] = sorted({i for name in below for i in inherited(trainings, name)})
    before = config.trained if trainings.has_weights(folder) else {}
    if not before and not config.base:  # trained anew after something was forgotten: its words go too
        config.parts = {key: value for key, value in config.parts.items() if key != "modalities"}
    sets = yield from read_sets(trainings, config)
    config.trained |= as_record(sets, before) | {"library": trainings.library.id}
    rest = ~sets.held
    found = SetData(
        {name: rows[rest] for name, rows in sets.arrays.items()},
        {name: rows[rest] for name, rows in sets.present.items()},
        config.seed,
        held={name: rows[sets.held] for name, rows in sets.arrays.items()},
        held_present={name: rows[sets.held] for name, rows in sets.present.items()},
    )
    folder.mkdir(parents=True, exist_ok=True)
    save_sets(folder, found)
    return found, notes + _notes(sets)


def as_record(sets: Sets, before: dict[str, Any]) -> dict[str, Any]:
    """What a model remembers of its training data; see ``datasets.gather.as_record``."""
    trained, held = sets.ids(held=False), sets.ids(held=True)
    earlier = {int(i) for key in ("assets", "held_assets", "earlier_assets") for i in before.get(key, ())}
    return {
        "examples": int((~sets.held).sum()),
        "augmented": 0,
        "modalities": {
            part.name: int(sets.present[part.name].sum()) for part in sets.parts if not part.about
        },
        "together": _together(sets),
        "assets": trained,
        "held_assets": held,
        "earlier_assets": sorted(earlier - {*trained, *held}),
        "left_out_rights": len(sets.forbidden),
        "left_out_rights_assets": sorted(sets.forbidden),
        "left_out_wished": len(sets.left_out),
        "left_out_unreadable": len(sets.unreadable),
    }


def _together(sets: Sets) -> dict[str, int]:
    """How many training sets have two kinds of media both: "image audio" → count."""
    names = [part.name for part in sets.parts if not part.about]
    return {
        f"{a} {b}": int((sets.present[a] & sets.present[b] & ~sets.held).sum())
        for a, b in combinations(names, 2)
    }


def judge(config: ModelConfig, data: SetData, device: str) -> None:
    """Sets are scored when the training ends, not by pictures drawn meanwhile."""
    del config, data, device


def _further(config: ModelConfig, known: dict[str, Part]) -> tuple[str, ...]:
    """The modalities of which more is told than what is drawn: those that a model has learned so; of a new
    one all, but for objectives that go through subsets or pairs of parts."""
    if known:
        return tuple(name for name in beside.MODALITIES if beside.beside(list(known.values()), name))
    if config.options.get("features", 0.0) <= 0 or objective_of(config.parts) != "mvtcae":
        return ()
    return tuple(name for name in beside.MODALITIES if name in only_of(config.parts))


def _lower(trainings: Trainings, config: ModelConfig) -> dict[str, Any]:
    """The single-modality models whose latents are joined. Raises StudioError, NotFound."""
    found = {}
    for name, model in dict(config.parts.get("from", {})).items():
        info = family(load_config(trainings.folder(str(model))).family)
        if _LOWER.get(name) != info.modality or not info.name.endswith("-vae"):
            raise StudioError(
                "“{model}” cannot be used for “{name}”.",
                hint="Choose a VAE of that kind: only those turn media into numbers and back.",
                model=model,
                name=name,
            )
        found[name] = trainings.load_any(str(model))
    return found


def _rich(bundle: Bundle) -> bool:
    """Whether a bundle ties two things together."""
    parts = (bundle.image, bundle.audio, bundle.text, bundle.tags or bundle.category, bundle.audiences)
    return sum(bool(part) for part in parts) > 1


def _too_few(count: int, forbidden: int) -> StudioError:
    if forbidden:
        return StudioError(
            "Too few things that belong together: {n}, and a joint model needs {least}; "
            "the rights of {forbidden} media forbid training.",
            hint="Import items with pictures and sounds, or give media titles and tags.",
            n=count,
            least=LEAST,
            forbidden=forbidden,
        )
    return StudioError(
        "Too few things that belong together: {n}, and a joint model needs {least}.",
        hint="Import items with pictures and sounds, or give media titles and tags.",
        n=count,
        least=LEAST,
    )


def _notes(sets: Sets) -> list[str]:
    count = int((~sets.held).sum())
    notes = [tr("{n} sets; {parts}", n=count, parts=_counts(sets))]
    if count < FEW:
        notes.append(tr("Only {n} sets: expect near copies of them", n=count))
    if sets.held.any():
        notes.append(tr("{n} are held out to judge by", n=int(sets.held.sum())))
    if sets.forbidden:
        notes.append(tr("{n} left out because of their rights", n=len(sets.forbidden)))
    if sets.unreadable:
        notes.append(tr("{n} could not be read", n=len(sets.unreadable)))
    return notes


def _counts(sets: Sets) -> str:
    words = {
        "image": tr("pictures"),
        "audio": tr("sounds"),
        "text": tr("texts"),
        "tags": tr("tags"),
        "audience": tr("audiences"),
    }
    counts = {name: int(there.sum()) for name, there in sets.present.items() if name in words}
    return ", ".join(f"{words[name]} {count}" for name, count in counts.items())
