"""What a person wants to hear, as plain values: the same wish gives the same sound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import UsageError
from mmstudio.i18n import mark

Kind = Literal["one-shot", "loop", "bed"]
KINDS: tuple[Kind, ...] = ("one-shot", "loop", "bed")
Source = int | str | tuple[float, ...]
"""A sound: an asset id, a file's path (or an id as text), "seed:7" (what the model draws at that seed), or
the numbers of a latent."""

RATE = 44_100  # Hz of everything made here
SHORTEST, LONGEST = 0.2, 600.0  # seconds
SLOWEST, FASTEST = 40.0, 210.0  # beats per minute
LOUDNESS = -18.0  # LUFS: room under a voice
QUIETEST, LOUDEST = -40.0, -8.0
SPREAD = 0.35
_NOTES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class SoundWish:
    """One sound before it is made.

    Attributes:
        model: name of a sound model.
        seed, index: of all chance in it; ``index`` tells the results of one seed apart.
        kind: a "one-shot" ends by itself, a "loop" runs into its own beginning, a "bed" goes on for as long
            as asked and fades out.
        seconds: of a one-shot at most (None: as the model makes them); of a bed exactly (None: 30); of a loop
            exactly where no tempo is asked for, else the nearest whole bars (None: one piece).
        tempo: beats per minute, 40 to 210; None: whatever it comes with.
        key: "C", "F#m", "B♭ minor", …; None: whatever it comes with.
        like: the sound to vary. spread: how far from it, 0 (itself) to 1 (any other).
        between, at: two sounds, and where between them (0 the first, 1 the second).
        timbre_of: the sound whose colour is taken on by ``like`` (as it is), or by what the model makes where
            there is no ``like``; rhythm, loudness contour and melody stay. amount: how much of it, 0 to 1.
        continue_from: the sound that comes first and is gone on from; ``seconds`` is then of the whole (None:
            12 more), and ``kind`` must be "bed".
        loudness: LUFS of the result, -40 to -8. stereo: wide, else the same in both channels.
        choosing: how the pieces of a wished key and tempo are told apart, so that what was made before comes
            out as it was: 3 by their spectrograms; 2 the same, but for the tempo of models that are not at
            22,050 Hz; 1 the key by their samples (both in records of earlier versions).
    """

    model: str
    seed: int = 0
    kind: Kind = "one-shot"
    seconds: float | None = None
    tempo: float | None = None
    key: str | None = None
    like: Source | None = None
    spread: float = SPREAD
    between: tuple[Source, Source] | None = None
    at: float = 0.5
    timbre_of: Source | None = None
    amount: float = 0.7
    continue_from: Source | None = None
    loudness: float = LOUDNESS
    stereo: bool = True
    index: int = 0
    choosing: int = 3

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; what is as by default is left out, but for the way of choosing."""
        data: dict[str, Any] = {"model": self.model, "choosing": self.choosing}
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if value != field.default:
                data[field.name] = _plain(value)
        return data

    @classmethod
    def kept(cls, data: Mapping[str, Any]) -> SoundWish:
        """The wish of a record, as it was understood then. Raises as :meth:`of`."""
        return cls.of({"choosing": 1, **data})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SoundWish:
        """From :meth:`as_json`, checked.

        Raises:
            UsageError: not a wish, or one that cannot be had.
        """
        known = {field.name for field in fields(cls)}
        try:
            values = {key: _value(key, value) for key, value in data.items() if key in known}
            return cls(**values).checked()
        except (TypeError, ValueError, OverflowError) as error:
            raise UsageError(
                "This does not describe a sound.", hint="Start from a model and a seed."
            ) from error

    def checked(self) -> SoundWish:
        """The same, if it can be had.

        Raises:
            UsageError: a number out of its range, an unknown key, things that do not go together.
        """
        _within(self.seconds, SHORTEST, LONGEST, mark("A sound can be from {least} to {most} seconds long."))
        _within(self.tempo, SLOWEST, FASTEST, mark("A tempo can be from {least} to {most} beats per minute."))
        _within(self.loudness, QUIETEST, LOUDEST, mark("Loudness can be from {least} to {most} LUFS."))
        for part in (self.spread, self.at, self.amount):
            _within(part, 0.0, 1.0, mark("Spread, place and amount go from {least} to {most}."))
        if self.kind not in KINDS:
            raise UsageError("A sound is a one-shot, a loop or a bed.")
        if self.key is not None:
            key_number(self.key)
        if self.between is not None and self.like is not None:
            raise UsageError("A sound is like one sound or between two.", hint="Leave one of the two out.")
        if self.continue_from is not None and self.kind != "bed":
            raise UsageError("What goes on from a sound is a bed.", hint="Choose the kind “bed”.")
        if self.continue_from is not None and self.timbre_of is not None:
            raise UsageError(
                "Going on from a sound and taking a colour on do not go together.",
                hint="Do one after the other.",
            )
        return self

    def nth(self, index: int) -> SoundWish:
        """The wish of result ``index`` of the same seed."""
        return replace(self, index=index)


@dataclass(slots=True)
class MadeSound:
    """A finished sound.

    Attributes:
        samples: float32[2, N] in [-1, 1], its true peak below -1 dBTP. rate: 44,100.
        latent: float32[K, L], one row per generated piece in the order heard; K = 0 where none was needed.
        params: JSON; with the same weights it makes exactly the same sound again: "wish", "weights", "steps",
            "sources" (asset ids); and what it is: "seconds", "tempo" (None without a beat), "key" (name or
            None), "loudness" (LUFS), "true_peak" (dBTP), "pieces", "rejected", "below_floor".
    """

    samples: NDArray[np.float32]
    rate: int
    latent: NDArray[np.float32]
    params: dict[str, Any]


def key_number(name: str) -> int:
    """The key of a name such as "C", "f#m", "Bb minor" or "E♭ major": its first note 0–11 (C is 0), plus 12
    for minor; as ``features.sounds.tonality.KEYS``.

    Raises:
        UsageError: not a key.
    """
    text = name.strip().replace("♯", "#").replace("♭", "b")
    note = _NOTES.get(text[:1].upper())
    rest = text[1:]
    shift = {"#": 1, "b": -1}.get(rest[:1], 0)
    mode = rest[abs(shift) :].strip()
    minor = mode == "m" or mode.lower() in ("min", "minor")
    if note is None or not (minor or mode == "M" or mode.lower() in ("", "maj", "major")):
        raise UsageError("“{name}” is not a key.", hint="Write it like C, F#m or Bb minor.", name=name)
    return (note + shift) % 12 + 12 * minor


def key_name(number: int) -> str:
    """The short name of a key 0–23: "C", "F#m"."""
    return _NAMES[number % 12] + ("m" if number >= 12 else "")


def _within(value: float | None, least: float, most: float, sentence: str) -> None:
    if value is None or (math.isfinite(value) and least <= value <= most):
        return
    raise UsageError(sentence, hint="Choose another value.", least=f"{least:g}", most=f"{most:g}")


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _source(value: Any) -> Source:
    if isinstance(value, (list, tuple)):
        return tuple(float(number) for number in value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(value)
    return value


def _value(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key in ("like", "timbre_of", "continue_from"):
        return _source(value)
    if key == "between":
        first, second = value
        return _source(first), _source(second)
    if key in ("seed", "index", "choosing"):
        return int(value)
    if key in ("seconds", "tempo", "spread", "at", "amount", "loudness"):
        return float(value)
    return bool(value) if key == "stereo" else str(value)
