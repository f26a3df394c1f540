"""What a set is: a picture, a music bed and a line of copy that belong together, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = Literal["picture", "sound", "text"]
PARTS: tuple[Part, ...] = ("picture", "sound", "text")
RGB = tuple[int, int, int]
FORMAT = 1  # of a manifest
SHORTEST, LONGEST = 1.0, 600.0  # seconds of a bed
MOST_CANDIDATES = 32


@dataclass(frozen=True, slots=True)
class SetWish:
    """What a set is made from, and how. At most one of the first five; none gives a set from nothing.

    Attributes:
        item_id, asset_id (picture, sound, video or text), text (a sentence), audience_id, file (a picture,
            sound or text file outside the library): what the set belongs to. An item or a text may be given
            together with an audience, whose tone, words and language then count.
        given: parts that are there already and stay as they are: part → asset id, file, or the words of a
            text; the others are made to go with them (any from any). Beside, or instead of, the above.
        model: a joint model; "" is the library's best by its evaluation, or where there is none (and with
            "none") the parts are tied by what can be measured of them.
        picture_model, sound_model: names of models, or "" for the library's usual ones.
        seed: of the whole set. seeds: of single parts, where they differ from ``seed``.
        seconds: of the bed, 1 to 600. size: pixels of the picture's sides, 64 to 2048.
        temperature: 0 to 2; 1 is what the models learned, less is nearer to their middle.
        locks: parts that stay: what was given itself where it is of that kind, else the same over variations.
        engine: who writes an item's copy; "facts" is always there.
        locale: language of the words, "" for the audience's or that of what was given.
        candidates: how many pictures and sounds are drawn to keep the one that fits best, 1 to 32.
        taste: what an audience likes, in plain values: "palette" (list of "#rrggbb"), "style" (mood words),
            "tempo" (beats per minute), "key" (0–23), "words", "tags", "vector" (numbers of the library's
            shared vector), "pictures" (asset ids of what is liked, strongest first); any may lack.
        strength: 0 to 1, how far the set goes towards the taste; 0 leaves it as it would be without.
    """

    item_id: int | None = None
    asset_id: int | None = None
    text: str = ""
    audience_id: int | None = None
    file: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    picture_model: str = ""
    sound_model: str = ""
    seed: int = 0
    seeds: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 12.0
    size: int = 512
    temperature: float = 1.0
    locks: tuple[Part, ...] = ()
    engine: str = "facts"
    locale: str = ""
    candidates: int = 8
    taste: Mapping[str, Any] = field(default_factory=dict)
    strength: float = 0.0

    def seed_of(self, part: Part) -> int:
        """The seed of one part."""
        return int(self.seeds.get(part, self.seed))

    def variation(self, number: int) -> SetWish:
        """The wish of variation ``number`` (0 is this one): another seed for what is not locked."""
        if number == 0:
            return self
        if not self.locks:  # colours and mood that were left to chance may change too
            moved = {part: seed + number for part, seed in self.seeds.items()}
            return replace(self, seed=self.seed + number, seeds=moved)
        seeds: dict[str, int] = {
            part: self.seed_of(part) + (0 if part in self.locks else number) for part in PARTS
        }
        return replace(self, seeds=seeds)

    def checked(self) -> SetWish:
        """The wish itself.

        Raises:
            UsageError: a number out of its range, an unknown part, two things given where one is meant.
        """
        given = [self.item_id, self.asset_id, self.text.strip() or None, self.file or None]
        if sum(one is not None for one in given) > 1:
            raise UsageError(
                "A set is made from one thing.", hint="Give an item, a picture, a sound or a sentence."
            )
        if not SHORTEST <= self.seconds <= LONGEST:
            raise UsageError(
                "A music bed can be from {least} to {most} seconds long.",
                hint="Choose another length.",
                least=int(SHORTEST),
                most=int(LONGEST),
            )
        if not 0.0 <= self.temperature <= 2.0:
            raise UsageError("Temperature goes from 0 to 2.", hint="1 is what the models learned.")
        if not 64 <= self.size <= 2048:
            raise UsageError("A set's picture has from 64 to 2048 pixels a side.", hint="512 is usual.")
        if not 0.0 <= self.strength <= 1.0:
            raise UsageError("Strength goes from 0 to 1.", hint="0 leaves the taste out, 1 is all taste.")
        if not 1 <= self.candidates <= MOST_CANDIDATES:
            raise UsageError("From 1 to {most} candidates can be drawn.", most=MOST_CANDIDATES)
        unknown = [part for part in (*self.locks, *self.seeds, *self.given) if part not in PARTS]
        if unknown:
            raise UsageError(
                "“{part}” is no part of a set.",
                hint="The parts are picture, sound and text.",
                part=unknown[0],
            )
        if len(self.given) == len(PARTS):
            raise UsageError("There is nothing to make.", hint="Leave at least one of the parts open.")
        return self

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; what is as by default is left out."""
        plain = SetWish()
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = {key: value for key, value in data.items() if value != getattr(plain, key)}
        if "locks" in kept:
            kept["locks"] = list(self.locks)
        for name in ("seeds", "given", "taste"):
            if name in kept:
                kept[name] = dict(kept[name])
        return kept

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """From :meth:`as_json`. Raises UsageError for what is no wish."""
        known = {f.name for f in fields(cls)}
        try:
            kept = {key: value for key, value in data.items() if key in known}
            kept["locks"] = tuple(str(part) for part in kept.get("locks", ()))
            kept["given"] = {str(key): str(value) for key, value in dict(kept.get("given", {})).items()}
            kept["seeds"] = {str(key): int(value) for key, value in dict(kept.get("seeds", {})).items()}
            kept["taste"] = dict(kept.get("taste", {}))
            for name, kind in (("seed", int), ("size", int), ("candidates", int), ("seconds", float),
                               ("temperature", float), ("strength", float)):  # fmt: skip
                if name in kept:
                    kept[name] = kind(kept[name])
            wish = cls(**kept)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UsageError(
                "This does not describe a set.", hint="Use the manifest that was written beside it."
            ) from error
        wish.checked()
        return wish


@dataclass(frozen=True, slots=True)
class Mood:
    """Where a set stands: each number 0 to 1 with 0.5 as the middle, or as said.

    Attributes:
        energy: calm to lively (arousal). valence: sad to happy. warmth: cold to warm colours.
        brightness: dark to bright. busyness: empty to full of detail.
        words: mood words, in the language of the set, the most telling first.
    """

    energy: float = 0.5
    valence: float = 0.5
    warmth: float = 0.5
    brightness: float = 0.5
    busyness: float = 0.5
    words: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "words": list(self.words)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Mood:
        """From :meth:`as_json`."""
        numbers = {key: float(value) for key, value in data.items() if key != "words"}
        return cls(**numbers, words=tuple(data.get("words", ())))


@dataclass(frozen=True, slots=True)
class MadePart:
    """How one part came about, as plain JSON in ``recipe``: enough to make the same thing again.

    Attributes:
        part: which. model: name of the model, the engine of a text, or "" where the given thing itself is
            the part. seed: the part's own. fit: 0 to 1, how well it goes with the others.
        recipe: "weights" (fingerprint), "latent" or "point", parameters.
    """

    part: Part
    model: str
    seed: int
    fit: float
    recipe: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class MadeSet:
    """A finished set.

    Attributes:
        picture: uint8 H×W×3. sound: float32[2, N] in [-1, 1] at ``rate``. title, text: the line of copy.
        variants: other lines that fit, best first, ``text`` among them.
        palette: the shared colours, most important first. tempo: beats per minute. key: 0–23, pitch class
            and 12 for minor. mood: shared mood with its words.
        sources: asset ids the set rests on. parts: by name. agreement: measured, see
            :func:`mmstudio.generation.sets.agreement.agreement`.
        facts: what the text rests on, in words.
        notes: sentences a person should read (a model that has learned little), in their language; of the
            moment, so not in the manifest.
    """

    wish: SetWish
    picture: NDArray[np.uint8]
    sound: NDArray[np.float32]
    rate: int
    title: str
    text: str
    variants: tuple[str, ...]
    palette: tuple[RGB, ...]
    tempo: float
    key: int
    mood: Mood
    sources: tuple[int, ...]
    parts: Mapping[str, MadePart]
    agreement: Mapping[str, float] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def seeds(self) -> dict[str, int]:
        """The seed of each part."""
        return {name: part.seed for name, part in self.parts.items()}

    def manifest(self) -> dict[str, Any]:
        """JSON from which :func:`mmstudio.generation.sets.again` makes the same bytes."""
        return {
            "format": FORMAT,
            "kind": "set",
            "wish": self.wish.as_json(),
            "title": self.title,
            "text": self.text,
            "variants": list(self.variants),
            "facts": list(self.facts),
            "palette": [list(colour) for colour in self.palette],
            "tempo": self.tempo,
            "key": self.key,
            "rate": self.rate,
            "mood": self.mood.as_json(),
            "sources": list(self.sources),
            "parts": {name: asdict(part) for name, part in self.parts.items()},
            "agreement": dict(self.agreement),
        }


def parts_of(names: Iterable[str]) -> tuple[Part, ...]:
    """Names of parts in their usual order. Raises UsageError for another word."""
    wanted = {"image": "picture", "audio": "sound", "music": "sound", "words": "text"}
    found = {wanted.get(name.strip().lower(), name.strip().lower()) for name in names}
    SetWish(locks=tuple(found)).checked()  # type: ignore[arg-type]
    return tuple(part for part in PARTS if part in found)
