"""Joint models measured: do the parts they make belong together, and is each of them any good by itself?"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.evaluation import cross_modal, metrics
from mmstudio.learning.evaluation.report import MEASURES, Comparison, Evaluation, Figure, Side, store

if TYPE_CHECKING:
    from mmstudio.learning.joint.model import JointModel
    from mmstudio.learning.joint.parts import Part
    from mmstudio.learning.service import Trainings

Rows = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Measuring = Generator[Progress, None, "MeasuredSets"]
SAMPLES = 256
GALLERY = 100  # sets among which the partner is looked for
FEW = 30
MEDIA = ("image", "audio", "text")  # what is made; tags and audiences only say what it should be
_CHUNK = 32


@dataclass(slots=True)
class RealSets:
    """Real sets as a joint model sees them: modality → N rows, and bool[N] of which are there."""

    train: Arrays
    train_present: Arrays
    held: Arrays
    held_present: Arrays
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MeasuredSets:
    """Figures (see :data:`MEASURES`; further ones by modality) and sentences."""

    figures: dict[str, Figure]
    notes: list[str]


def evaluating_sets(
    trainings: Trainings, context: JobContext, name: str, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, dict[str, Any]]:
    """The job "evaluate" of a joint model.

    Raises:
        StudioError: nothing that belongs together to measure against.
    """
    folder = trainings.folder(name)
    config = load_config(folder)
    model: JointModel = trainings.load_any(name)
    real = yield from reading_sets(trainings, config)
    found = yield from measuring_sets(model, real, samples, seed, context)
    figures = {
        key: round(value, 4) if isinstance(value, float) else value for key, value in found.figures.items()
    }
    result = Evaluation(name, config.family, figures, real.notes + found.notes, seed=seed)
    if not trainings.library.read_only:
        store(trainings.library, result)
        if folder.parent == trainings.library.models_dir:
            config = load_config(folder)
            config.trained["metrics"] = result.figures
            config.save(folder)
            write_card(folder, config)
    return result.as_json()


def comparing_sets(
    trainings: Trainings, context: JobContext, a: str, b: str, samples: int = 0, seeds: int = 3
) -> Generator[Progress, None, dict[str, Any]]:
    """Two joint models side by side, each on the library's sets as it sees them, with the same seeds.

    Raises:
        UsageError: the same model twice. StudioError: nothing to measure against.
    """
    if a == b:
        raise UsageError("Choose two different models to compare.")
    sides: list[Side] = []
    notes: list[str] = []
    for name in (a, b):
        model: JointModel = trainings.load_any(name)
        real = yield from reading_sets(trainings, load_config(trainings.folder(name)))
        rows = []
        for seed in range(seeds):
            context.raise_if_cancelled()
            found = yield from measuring_sets(model, real, samples, seed, context)
            rows.append({k: float(v) for k, v in found.figures.items() if k in MEASURES and _is_number(v)})
        notes += [note for note in real.notes if note not in notes]
        sides.append(_side(name, rows))
    if seeds < 2:
        notes.append(tr("With one seed there is no spread: a small difference may be chance"))
    better = {key: _better(key, *sides) for key in sides[0].mean if key in sides[1].mean}
    return Comparison(
        sides[0], sides[1], better, seeds, tr("features of each kind of media"), notes
    ).as_json()


def reading_sets(trainings: Trainings, config: ModelConfig) -> Generator[Progress, None, RealSets]:
    """The library's sets: learned from and held out. A model from elsewhere is measured on all of them."""
    from mmstudio.learning.joint.source import read_sets

    own = config.trained.get("library") == trainings.library.id
    fresh = replace(config, parts=dict(config.parts), trained=dict(config.trained))
    sets = yield from read_sets(trainings, fresh)
    rest, held = ~sets.held, sets.held
    real = RealSets(
        {name: rows[rest] for name, rows in sets.arrays.items()},
        {name: rows[rest] for name, rows in sets.present.items()},
        {name: rows[held] for name, rows in sets.arrays.items()},
        {name: rows[held] for name, rows in sets.present.items()},
    )
    if not own:
        real.notes.append(tr("Measured against this library's sets, not against those it learned from"))
    return real


def measuring_sets(
    model: JointModel,
    real: RealSets,
    samples: int = 0,
    seed: int = 0,
    context: JobContext | None = None,
) -> Measuring:
    """Measure a joint model against real sets; needs no library and writes nothing.

    Args:
        samples: sets drawn from nothing; 0: 256. seed: of all that is drawn.

    Figures: "coherence" (mean over the pairs given → made), its "coherence_ceiling" (the same classifiers on
    real media), "coherence_chance" and "coherence_retrieved" (the nearest real medium of the training sets
    taken instead of making one), over the classes that both kinds of media have; each pair as
    "coherence_image_to_audio", "ceiling_…" and "retrieved_…"; "joint_coherence" and
    "joint_coherence_SAMPLER" of sets from nothing, "real_joint_coherence"; "frechet_PART" and
    "real_frechet_PART" (held-out against training), "diversity_PART", "nearest_PART", "copies_PART";
    "round_trip_1" and "round_trip_10" with "real_" and "chance_"; "features" names what was measured in.

    Raises:
        StudioError: no sets held out.
    """
    parts = {part.name: part for part in model.parts}
    media = [name for name in MEDIA if name in parts and name in real.train]
    held_count = len(next(iter(real.held.values()), ()))
    if held_count < 4 or not media:
        raise StudioError(
            "Too few sets are held out to measure “{name}” against.",
            hint="Import more things that belong together.",
            name=model.config.name,
        )
    notes: list[str] = []
    if held_count < FEW:
        notes.append(tr("Only {n} sets to compare with: the figures are rough", n=held_count))
    rulers = {name: _Ruler(parts[name], str(model.device)) for name in media}
    train = {}
    held = {}
    for name in media:
        yield Progress(0, None, tr("Looking at real sets"))
        train[name] = rulers[name](real.train[name][real.train_present[name]])
        held[name] = rulers[name](real.held[name][real.held_present[name]])
    figures: dict[str, Figure] = {
        "examples": len(next(iter(real.train.values()))), "held_out": held_count,
        "samples": samples or SAMPLES, "seed": seed,
        "features": ", ".join(f"{name}: {rulers[name].name}" for name in media),
    }  # fmt: skip
    yield Progress(0, None, tr("Making parts from each other"))
    judges = _Judges(real, train, rulers, media)
    if judges.count >= 2:
        figures |= yield from _coherence(model, real, judges, rulers, media, seed, context)
    else:
        notes.append(tr("No tags or categories that tell sets apart: coherence cannot be measured"))
    figures |= yield from _round_trips(model, real, media, seed, context)
    for sampler in _samplers(model):
        yield Progress(0, None, tr("Drawing whole sets"))
        drawn = model.unconditional_arrays(samples or SAMPLES, seed, sampler)
        made = {name: rulers[name](drawn[name]) for name in media}
        own: dict[str, Figure] = {}
        if judges.count >= 2 and len(media) > 1:
            own["joint_coherence"] = cross_modal.together(
                [judges.of[name].told(made[name]) for name in media]
            )
        for name in media:
            own |= _alone(name, train[name], held[name], made[name])
        if sampler == _samplers(model)[0]:
            figures |= own
        kept = [key for key in own if key.startswith(("joint_", "frechet_")) and "_in_" not in key]
        figures |= {f"{key}_{sampler}": own[key] for key in kept}
        if context is not None:
            context.raise_if_cancelled()
    clean = {k: v for k, v in figures.items() if not (isinstance(v, float) and not math.isfinite(v))}
    return MeasuredSets(clean, notes)


def chosen_coherence(
    model: JointModel, real: RealSets, given: str, made: str, seed: int = 0, tries: int = 1
) -> float:
    """Coherence of one direction where of ``tries`` draws the one that the model takes for the best is kept,
    as sets do (:mod:`mmstudio.learning.joint.choosing`); NaN where fewer than two classes have both."""
    from mmstudio.learning.joint.choosing import chosen

    parts = {part.name: part for part in model.parts}
    names = [name for name in (given, made) if name in MEDIA]
    rulers = {name: _Ruler(parts[name], str(model.device)) for name in names}
    train = {name: rulers[name](real.train[name][real.train_present[name]]) for name in names}
    judges = _Judges(real, train, rulers, names)
    there = judges.asked(judges.shared(*names), real.held_present[given]) if judges.count >= 2 else None
    if there is None or len(np.unique(judges.held[there])) < 2:
        return math.nan
    told, here = _told(model, real.held, real.held_present, given, there)
    rows = chosen(model, told, here, [made], seed, tries)[made]
    return cross_modal.balanced(judges.of[made].told(rulers[made](rows)), judges.held[there])


# -- inside ------------------------------------------------------------------------------------------------


class _Ruler:
    """Rows of one part as features, N×D; pictures through a network, the rest as it is."""

    def __init__(self, part: Part, device: str) -> None:
        self.part, self._network = part, None
        self.name = {
            "tokens": "token counts",
            "vector": f"latents of {part.model}" if part.model else "values",
        }.get(part.kind, part.kind)
        if part.kind == "picture" and part.shape[0] == 3:
            from mmstudio.learning.evaluation.networks import picture_features

            self._network, self.name = picture_features(device)
        elif part.kind == "picture":
            from mmstudio.learning.engine.evaluate import FEATURES, features

            self._network, self.name = features, FEATURES

    def __call__(self, rows: NDArray[Any]) -> Rows:
        if self._network is not None:
            found = [
                np.asarray(self._network(np.ascontiguousarray(rows[at : at + _CHUNK])), np.float64)
                for at in range(0, len(rows), _CHUNK)
            ]
            return np.concatenate(found) if found else np.zeros((0, 1))
        if self.part.kind == "tokens":
            counts = np.zeros((len(rows), max(self.part.vocabulary, 1)))
            for row, tokens in zip(counts, rows, strict=True):
                np.add.at(row, np.asarray(tokens, np.int64)[np.asarray(tokens) > 0], 1.0)
            return np.log1p(counts)
        return np.asarray(rows, np.float64).reshape(len(rows), -1)


class _Judges:
    """A classifier for each kind of media, trained on real ones with labels."""

    def __init__(
        self, real: RealSets, train: Mapping[str, Rows], rulers: Mapping[str, _Ruler], media: list[str]
    ) -> None:
        self.of: dict[str, cross_modal.Classifier] = {}
        self.rows: dict[str, Rows] = {}  # held-out media as features
        self.has: dict[str, NDArray[np.bool_]] = {}  # the classes that a kind of media has examples of
        self.count = 0
        if "tags" not in real.train:
            return
        labels = np.concatenate([real.train["tags"], real.held["tags"]])
        known = np.concatenate([real.train_present["tags"], real.held_present["tags"]]).astype(bool)
        first = len(real.train["tags"])
        classes, chosen = cross_modal.classes_of(labels, known, first)
        self.train, self.held = classes[:first], classes[first:]
        self.count = len(chosen)
        if self.count < 2:
            return
        for name in media:
            there = real.train_present[name].astype(bool)
            self.of[name] = cross_modal.Classifier.of(train[name], self.train[there], self.count)
            out = real.held_present[name].astype(bool)
            self.rows[name] = np.zeros((len(out), train[name].shape[1]))
            self.rows[name][out] = rulers[name](real.held[name][out])
            sizes = np.bincount(self.train[there & (self.train != cross_modal.NONE)], minlength=self.count)
            self.has[name] = sizes >= cross_modal.LEAST

    def shared(self, *names: str) -> NDArray[np.bool_]:
        """bool[classes]: those of which all of these kinds of media have examples. No sound can be of a class
        that no sound has."""
        known = [self.has[name] for name in names if name in self.has]
        return np.all(known, axis=0) if known else np.ones(self.count, bool)

    def asked(self, classes: NDArray[np.bool_], present: NDArray[Any]) -> NDArray[np.bool_]:
        """bool[N]: the held-out sets that are there and of one of these classes."""
        found = present.astype(bool) & (self.held != cross_modal.NONE)
        asked: NDArray[np.bool_] = found.copy()
        asked[found] = classes[self.held[found]]
        return asked

    def ceiling(self, name: str, classes: NDArray[np.bool_], present: NDArray[Any]) -> float:
        """What the judge of ``name`` reaches on real media of these classes."""
        out = self.asked(classes, present)
        return cross_modal.balanced(self.of[name].told(self.rows[name][out]), self.held[out])


def _coherence(
    model: JointModel, real: RealSets, judges: _Judges, rulers: Mapping[str, _Ruler], media: list[str],
    seed: int, context: JobContext | None,
) -> Generator[Progress, None, dict[str, Figure]]:  # fmt: skip
    figures: dict[str, Figure] = {}
    found: list[tuple[float, ...]] = []
    retrieved: list[float] = []
    for given in [*media, "tags"]:
        if given not in real.held:
            continue
        for name in media:
            if name == given:
                continue
            classes = judges.shared(given, name)
            there = judges.asked(classes, real.held_present[given])
            ceiling = judges.ceiling(name, classes, real.held_present[name])
            if there.sum() < 4 or len(np.unique(judges.held[there])) < 2 or not math.isfinite(ceiling):
                continue
            yield Progress(0, None, tr("Making parts from each other"))
            told, here = _told(model, real.held, real.held_present, given, there)
            made = model.generate_arrays(told, [name], seed, present=here)
            value = cross_modal.balanced(judges.of[name].told(rulers[name](made[name])), judges.held[there])
            figures[f"coherence_{given}_to_{name}"] = value
            figures[f"ceiling_{given}_to_{name}"] = ceiling
            found.append((value, ceiling, 1.0 / int(classes.sum())))
            nearest = _retrieved(model, real, given, name, there)
            if nearest is not None:
                told_near = judges.of[name].told(rulers[name](nearest))
                figures[f"retrieved_{given}_to_{name}"] = cross_modal.balanced(told_near, judges.held[there])
                retrieved.append(float(figures[f"retrieved_{given}_to_{name}"]))
            if context is not None:
                context.raise_if_cancelled()
    if found:
        keys = ("coherence", "coherence_ceiling", "coherence_chance")
        figures |= {key: float(v) for key, v in zip(keys, np.mean(found, axis=0), strict=True)}
    if retrieved and len(retrieved) == len(found):
        figures["coherence_retrieved"] = float(np.mean(retrieved))
    both = np.all([real.held_present[name].astype(bool) for name in media], axis=0)
    if len(media) > 1 and both.sum() >= 4:
        told_real = [judges.of[name].told(judges.rows[name][both]) for name in media]
        figures["real_joint_coherence"] = cross_modal.together(told_real)
    return figures


def _round_trips(
    model: JointModel, real: RealSets, media: list[str], seed: int, context: JobContext | None
) -> Generator[Progress, None, dict[str, Figure]]:
    """Make b from a, then look for a among a hundred by what was made; and the same with the real b."""
    figures: dict[str, Figure] = {}
    found: list[list[float]] = []
    for given in media:
        for name in media:
            both = real.held_present[given].astype(bool) & real.held_present[name].astype(bool)
            rows = np.flatnonzero(both)[:GALLERY]
            if given == name or len(rows) < 4:
                continue
            yield Progress(0, None, tr("Looking for what parts were made from"))
            start, here = _told(model, real.held, real.held_present, given, rows)
            partner, there = _told(model, real.held, real.held_present, name, rows)
            made = model.generate_arrays(start, [name], seed, present=here)[name]
            again, seen = _as_seen(model, name, made, seed)
            gallery, query, ceiling = (
                model.embed_arrays(*told).numpy().astype(np.float64)
                for told in ((start, here), (again, seen), (partner, there))
            )
            row = [cross_modal.recall(q, gallery, k) for q in (query, ceiling) for k in (1, 10)]
            found.append([*row, 1 / len(rows), min(1.0, 10 / len(rows))])
            figures[f"round_trip_10_{given}_to_{name}"] = row[1]
            if context is not None:
                context.raise_if_cancelled()
    if found:
        keys = ("round_trip_1", "round_trip_10", "real_round_trip_1", "real_round_trip_10",
                "chance_round_trip_1", "chance_round_trip_10")  # fmt: skip
        figures |= {key: float(v) for key, v in zip(keys, np.mean(found, axis=0), strict=True)}
    return figures


def _told(
    model: JointModel, arrays: Arrays, present: Arrays, name: str, rows: NDArray[Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Some rows of one kind of media with what else is told of them, and which are there."""
    names = [part.name for part in model.parts if name in (part.name, part.about) and part.name in arrays]
    return {n: arrays[n][rows] for n in names}, {n: present[n][rows].astype(bool) for n in names}


def _as_seen(
    model: JointModel, name: str, made: NDArray[Any], seed: int
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Made rows as the model sees the media that become of them: drawn, and looked at again. What cannot be
    looked at again (a text without a letter) is not there."""
    parts = [part for part in model.parts if name in (part.name, part.about)]
    if len(parts) == 1 and not parts[0].model:
        return {name: made}, {name: np.ones(len(made), bool)}
    arrays = {p.name: np.zeros((len(made), *p.shape), np.float32) for p in parts}
    arrays[name] = np.array(made)
    seen = {p.name: np.zeros(len(made), bool) for p in parts}
    for place, row in enumerate(made):
        try:
            told = model.as_arrays({name: model.as_media(name, row, seed + place)})
        except StudioError:
            continue
        for key, value in told.items():
            arrays[key][place], seen[key][place] = value[0], True
    return arrays, seen


def _retrieved(
    model: JointModel, real: RealSets, given: str, name: str, rows: NDArray[np.bool_]
) -> NDArray[Any] | None:
    """For each of some held-out rows the real ``name`` of the training set whose ``given`` is nearest by
    cosine: what looking up instead of making would give. None without such sets."""
    train, held = real.train, real.held
    both = real.train_present[given].astype(bool) & real.train_present[name].astype(bool)
    if both.sum() < 4:
        return None
    own = [p.name for p in model.parts if p.about == given and p.name in train] or [given]
    pairs = [(_flat(train[n][both]), _flat(held[n][rows])) for n in own]
    a, b = (np.concatenate(side, axis=1) for side in zip(*pairs, strict=True))
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9) for x in (a, b))
    nearest: NDArray[Any] = train[name][both][(b @ a.T).argmax(axis=1)]
    return nearest


def _flat(rows: NDArray[Any]) -> Rows:
    return np.asarray(rows, np.float64).reshape(len(rows), -1)


def _alone(name: str, train: Rows, held: Rows, made: Rows) -> dict[str, Figure]:
    """Figures of one kind of media by itself."""
    if len(train) < 4 or len(held) < 2:
        return {}
    reduce = metrics.Reduction.of(train, min(metrics.REDUCED, max(2, len(held) // 2)))
    a, b, c = reduce(train), reduce(held), reduce(made)
    apart = metrics.diversity(train)
    ratio, copies = cross_modal.nearness(train, held, made)
    return {
        f"frechet_{name}": metrics.frechet_distance(a, c),
        f"real_frechet_{name}": metrics.frechet_distance(a, b),
        f"frechet_in_{name}": f"{reduce.directions.shape[1]} principal components",
        f"diversity_{name}": metrics.diversity(made) / apart if apart > 1e-9 else float("nan"),
        f"nearest_{name}": ratio,
        f"copies_{name}": copies,
    }


def _samplers(model: JointModel) -> list[Any]:
    """The samplers of sets from nothing, the one that the model itself would take first."""
    learned = ["learned"] if model.net.flow is not None else []
    return [*learned, "mixture", "gan"]


def _is_number(value: Figure) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _side(name: str, rows: list[dict[str, float]]) -> Side:
    keys = (
        [key for key in rows[0] if not key.startswith(("real_", "chance_")) and MEASURES[key].better]
        if rows
        else []
    )
    table = {key: np.array([row[key] for row in rows if key in row]) for key in keys}
    mean = {key: round(float(values.mean()), 4) for key, values in table.items()}
    spread = {key: round(float(v.std(ddof=1)), 4) if len(v) > 1 else 0.0 for key, v in table.items()}
    return Side(name, mean, spread)


def _better(key: str, a: Side, b: Side) -> str:
    worth = {"low": lambda x: -x, "high": lambda x: x, "one": lambda x: -abs(x - 1)}.get(MEASURES[key].better)
    if worth is None:
        return ""
    gap = worth(a.mean[key]) - worth(b.mean[key])
    if abs(gap) <= max(a.spread[key], b.spread[key]):
        return ""
    return "a" if gap > 0 else "b"
