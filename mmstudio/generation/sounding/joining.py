"""Pieces laid end to end, or in a ring, by cross-fades that are not heard. Samples are float32[2, N] at 44.1
kHz; no torch."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.sounding.fitting import Fitted
from mmstudio.generation.sounding.measure import Samples
from mmstudio.generation.sounding.wish import RATE

FADE_BEAT, FADE_FREE = 0.06, 0.3  # seconds: short before a beat, long where nothing beats
_JITTER = 0.006  # seconds a beat may be moved by so that waves meet in phase
_BAR = 4  # beats
_MOST = 12.0  # dB that a piece is brought nearer to the level of the one before


@dataclass(frozen=True, slots=True)
class Grid:
    """The length of what is made, in samples, and its beats.

    Attributes:
        length: samples. tempo: beats per minute, or None. around: the end runs into the beginning.
    """

    length: int
    tempo: float | None = None
    around: bool = False

    @property
    def period(self) -> float:
        """Samples of a beat; 0.0 without one."""
        return 60.0 / self.tempo * RATE if self.tempo else 0.0


@dataclass(slots=True)
class Joined:
    """What came of it: samples float32[2, length], the pieces used in their order, where they meet
    (samples)."""

    samples: Samples
    used: list[Fitted] = field(default_factory=list)
    seams: list[int] = field(default_factory=list)


Next = Callable[[Fitted | None, int], Fitted]
"""The piece after one (None: the first), where so many samples are still to be filled."""


def join(grid: Grid, following: Next, before: Samples | None = None) -> Generator[float, None, Joined]:
    """Lay pieces from ``following`` until the grid is full; yields how much is done, 0…1.

    Cuts fall on beats; each piece fades in over what goes before its first beat, so that the beat itself
    sounds in full. ``before`` (at least a third of a second) is what the first piece fades in over; the
    result begins after it.
    """
    out = np.zeros((2, grid.length), np.float32)
    joined = Joined(out)
    lead: Samples | None = None  # what goes before the first piece, for the end of a ring
    level = None if before is None else _rms(before[:, -3 * RATE :])
    at, last = 0, None
    while at < grid.length:
        last = following(last, grid.length - at)
        fade = _fade(last, grid)
        part = _take(last, grid, at, fade, _tail(out, before, at, fade))
        size = min(part.shape[1] - fade, grid.length - at)
        now = _rms(part[:, fade:])
        level = now if level is None else level
        most = 10 ** (_MOST / 20)
        part = part * np.float32(np.clip(level / max(now, 1e-6), 1 / most, most))
        if at or before is not None:
            _cross(out, before, at, part[:, :fade])
            joined.seams.append(at)
        else:
            lead = part[:, :fade]
        out[:, at : at + size] = part[:, fade : fade + size]
        joined.used.append(last)
        at += size
        yield at / grid.length
    if grid.around and lead is not None:
        size = min(lead.shape[1], grid.length)
        out[:, grid.length - size :] = crossfaded(out[:, grid.length - size :], lead[:, -size:])
        joined.seams.append(0)
    return joined


def crossfaded(old: Samples, new: Samples) -> Samples:
    """float32[2, F] that is ``old`` at its beginning and ``new`` at its end, as loud throughout.

    Equal-power gains divided by what the two have in common adds (Fink, Holters and Zölzer, "Signal-matched
    power-complementary cross-fading and dry-wet mixing", DAFx 2016).
    """
    size = old.shape[1]
    common = float((old * new).sum()) / max(float(np.linalg.norm(old) * np.linalg.norm(new)), 1e-9)
    turn = np.pi / 2 * (np.arange(size) + 0.5) / max(size, 1)
    gain = 1 / np.sqrt(1 + 2 * max(common, 0.0) * np.sin(turn) * np.cos(turn))
    return np.asarray(old * (gain * np.cos(turn)) + new * (gain * np.sin(turn)), np.float32)


def _fade(piece: Fitted, grid: Grid) -> int:
    seconds = FADE_BEAT if grid.tempo and piece.first is not None else FADE_FREE
    return int(min(round(seconds * RATE), piece.samples.shape[1] // 4, max(grid.length // 4, 1)))


def _tail(out: Samples, before: Samples | None, at: int, fade: int) -> Samples | None:
    """float32[2, fade] before ``at``; None where there is not so much."""
    if at >= fade:
        return out[:, at - fade : at]
    if before is None or before.shape[1] + at < fade:
        return None
    return np.concatenate([before, out[:, :at]], axis=1)[:, -fade:]


def _cross(out: Samples, before: Samples | None, at: int, lead: Samples) -> None:
    """Fade ``lead`` in over what goes before ``at``; ``before`` is changed too where it reaches into it."""
    fade = lead.shape[1]
    old = _tail(out, before, at, fade)
    if old is None:
        return
    mixed = crossfaded(old, lead)
    inside = min(at, fade)
    if inside:
        out[:, at - inside : at] = mixed[:, fade - inside :]
    if inside < fade and before is not None:
        before[:, before.shape[1] - (fade - inside) :] = mixed[:, : fade - inside]


def _take(piece: Fitted, grid: Grid, at: int, fade: int, tail: Samples | None) -> Samples:
    """float32[2, fade + size]: what goes before the cut, and what follows it."""
    samples, left = piece.samples, grid.length - at
    most = samples.shape[1] - fade
    if grid.tempo and piece.first is not None and (beats := _beats(piece, grid, at, fade)):
        size = min(round(_beat_at(grid, at) + beats * grid.period) - at, most)
        jitter = round(_JITTER * RATE)
        starts = np.arange(piece.first, samples.shape[1], grid.period).round().astype(int)
        around = np.arange(-jitter, jitter + 1)
        places = (starts[:, None] + around).ravel()
    else:
        size = min(left, most)
        if left > most:  # the rest in equal parts, so that the last is not a crumb
            parts = -(-left // most)
            size = -(-left // parts)
        if grid.tempo and size < left:
            whole = np.floor((at + size) / grid.period) * grid.period
            size = round(whole) - at if whole > at + 0.25 * grid.period else size
        places = np.arange(fade, samples.shape[1] - size + 1)
    places = places[(places >= fade) & (places + size <= samples.shape[1])]
    if not len(places):
        places = np.array([samples.shape[1] - size])
    start = int(places[0]) if len(places) == 1 else _best(samples, places, size, fade, tail, grid)
    return samples[:, start - fade : start + size]


def _beat_at(grid: Grid, at: int) -> float:
    return round(at / grid.period) * grid.period


def _beats(piece: Fitted, grid: Grid, at: int, fade: int) -> int:
    """Whole beats the piece can give from here, in whole bars where it can."""
    assert piece.first is not None
    start = piece.first
    while start < fade:
        start += round(grid.period)
    room = int((piece.samples.shape[1] - start) / grid.period + 0.02)
    left = int(np.ceil((grid.length - at) / grid.period - 0.02))
    beats = min(room, left)
    return beats - beats % _BAR if beats >= _BAR and beats < left else beats


def _best(
    samples: Samples, places: NDArray[np.int64], size: int, fade: int, tail: Samples | None, grid: Grid
) -> int:
    """The place at which what goes before it is most like what it fades in over: ``tail``, or in a ring of
    one piece its own end; the first place where there is neither."""
    mono = samples.mean(axis=0, dtype=np.float64)
    if tail is not None:
        wanted = tail.mean(axis=0)
        first, last = int(places.min()) - fade, int(places.max())
        found = _correlated(samples[:, first:last].mean(axis=0), wanted)
        alike = found[places - fade - first].astype(np.float64)
        theirs = np.full(len(places), np.linalg.norm(wanted))
    elif grid.around and size >= grid.length:
        alike = _sums(mono[:-size] * mono[size:], fade)[places - fade]
        theirs = np.sqrt(np.maximum(_sums(np.square(mono), fade)[places + size - fade], 0.0))
    else:
        return int(places[0])
    own = np.sqrt(np.maximum(_sums(np.square(mono), fade)[places - fade], 0.0))
    return int(places[int(np.argmax(alike / np.maximum(own * theirs, 1e-9)))])


def _correlated(long: NDArray[np.float32], short: NDArray[np.float32]) -> NDArray[np.float32]:
    """What ``scipy.signal.correlate(long, short, "valid", "fft")`` gives; importing that takes a second."""
    from scipy.fft import irfftn, next_fast_len, rfftn

    size = len(long) + len(short) - 1
    fast = [next_fast_len(size, True)]
    both = irfftn(rfftn(long, fast, axes=[0]) * rfftn(short[::-1], fast, axes=[0]), fast, axes=[0])
    found: NDArray[np.float32] = both[len(short) - 1 : len(long)]
    return found


def _sums(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sum of each ``count`` values in a row."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[count:] - total[:-count])


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if samples.size else 0.0
