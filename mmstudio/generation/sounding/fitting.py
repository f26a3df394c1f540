"""Pieces brought to one tempo and key, and the best of several chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.tonality import fits
from mmstudio.generation.sounding.finish import sounding, to_stereo, widened
from mmstudio.generation.sounding.maker import Piece
from mmstudio.generation.sounding.measure import Samples
from mmstudio.generation.sounding.stretch import stretched
from mmstudio.generation.sounding.wish import RATE
from mmstudio.media.audio import resample

LOOKS = 4  # pieces measured before the best is taken
FARTHEST = 3  # semitones a piece is moved at the most
_CLOSE = 0.04  # octaves of tempo that nobody hears being stretched
PROLONGED = 0.6  # seconds that a piece which runs into itself is prolonged by, at both ends


@dataclass(frozen=True, slots=True)
class Target:
    """What pieces are brought to: beats per minute, a key 0–23; None where it does not matter."""

    tempo: float | None = None
    key: int | None = None

    @property
    def any(self) -> bool:
        """Whether anything matters."""
        return self.tempo is not None or self.key is not None


@dataclass(slots=True)
class Fitted:
    """A piece at 44.1 kHz in its target's tempo and key.

    Attributes:
        piece: what it was made of. samples: float32[2, N].
        first: where its first beat lies, in samples; None without a beat.
    """

    piece: Piece
    samples: Samples
    first: int | None


def times_of(piece: Piece, tempo: float | None) -> float:
    """How many times as long a piece has to be for its beats to fall on those of ``tempo``, 0.71 to 1.41: a
    beat counted twice or half as fast is the same beat."""
    if tempo is None or piece.beat is None:
        return 1.0
    return float(2 ** _octaves(piece.beat.tempo, tempo))


def _octaves(tempo: float, wanted: float) -> float:
    octaves = float(np.log2(tempo / wanted))
    return octaves - round(octaves)


def semitones_of(piece: Piece, key: int | None) -> int:
    """How far a piece is moved to sound in ``key``: -3…3, as little as does."""
    return 0 if key is None else _shift(piece.chroma, key)[0]


def _shift(chroma: NDArray[np.float32], key: int) -> tuple[int, float]:
    """(semitones, how well it then fits -1…1), a farther move only where it fits clearly better."""
    # Of what is moved up by some, a note lies where it lay in what is in a key as much below.
    own = fits(chroma)
    well = {
        shift: float(own[(key - shift) % 12 + key // 12 * 12]) - 0.04 * abs(shift)
        for shift in range(-FARTHEST, FARTHEST + 1)
    }
    best = max(well, key=lambda shift: (well[shift], -abs(shift)))
    return best, well[best]


def unfit(piece: Piece, target: Target) -> float:
    """0 for a piece that needs no bending, more the more it does."""
    total = 0.0
    if target.tempo is not None:
        total += 0.35 if piece.tempo is None else abs(_octaves(piece.tempo, target.tempo))
    if target.key is not None and (piece.quick or piece.cheap):
        tones = piece.tones if piece.cheap else piece.chroma
        total += 0.5 * max(0.0, 0.9 - _shift(tones, target.key)[1])
    return total


@dataclass(slots=True)
class Choice:
    """The piece chosen, how many were silent before it, and whether it is below the floor itself."""

    piece: Piece
    rejected: int = 0
    below: bool = False


def choose(pieces: Iterable[Piece], target: Target, looks: int = LOOKS) -> Choice | None:
    """The first piece that sounds where nothing matters, else the one of ``looks`` that fits best; the best
    of the silent ones where there is no other, None where there is none at all."""
    best: Piece | None = None
    least = np.inf
    fallback: Piece | None = None
    seen = rejected = 0
    for piece in pieces:
        if piece.score < 1.0:
            rejected += 1
            if fallback is None or piece.score > fallback.score:
                fallback = piece
            continue
        if not target.any:
            return Choice(piece, rejected)
        seen += 1
        bend = unfit(piece, target)
        if bend < least:
            best, least = piece, bend
        if seen >= looks or least < _CLOSE:
            break
    if best is not None:
        return Choice(best, rejected)
    return None if fallback is None else Choice(fallback, rejected - 1, below=True)


def fitted(piece: Piece, target: Target, stereo: bool, seed: int, once: bool = False) -> Fitted:
    """A piece in the target's tempo and key, at 44.1 kHz in two channels; one that runs into its beginning is
    prolonged at both ends unless it is heard ``once``."""
    samples, rate = piece.samples, piece.rate
    wrap = min(round(PROLONGED * rate), samples.shape[1]) if piece.around and not once else 0
    if wrap:
        size = samples.shape[1]
        samples = np.take(samples, np.arange(-wrap, size + wrap), axis=1, mode="wrap")
    times = times_of(piece, target.tempo)
    samples = stretched(samples, rate, times, semitones_of(piece, target.key))
    samples = samples - samples.mean(axis=1, keepdims=True)
    samples = resample(np.asarray(samples, np.float32), rate, RATE)
    if not piece.around:
        samples = samples[:, : sounding(samples, RATE)]
    if len(samples) == 1 and stereo:
        samples = widened(samples, RATE, seed)
    samples = to_stereo(samples)
    if not stereo:
        samples = np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
    if target.tempo is None or piece.beat is None:
        return Fitted(piece, samples, None)
    period = 60.0 / target.tempo * RATE
    first = (piece.beat.first + wrap / rate) * times * RATE
    return Fitted(piece, samples, round(first % period))
