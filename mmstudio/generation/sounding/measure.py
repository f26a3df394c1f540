"""Whether a sound came out well: loudness, peaks, clicks, the seam of a loop, its tempo and key. No torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.clicks import clicks
from mmstudio.features.sounds.hearing import Sound
from mmstudio.features.sounds.loudness import loudness_of, powers_of
from mmstudio.features.sounds.seam import seam_decibel

__all__ = [
    "Beat", "Samples", "beat_and_key", "beat_of", "chroma_of", "clicks", "key_of", "loudness", "offset",
    "peaks_between", "seam_decibel", "tempo_of", "true_peak",
]  # fmt: skip
Samples = NDArray[np.float32]
SURE = 0.3  # how sure a beat or a key must be to be built on
_STRETCH, _ROW = 2048, 32
_SLOWEST, _FASTEST = 35.0, 260.0  # beats per minute that are believed


Each = Callable[[Callable[[Samples], Any], Iterable[Samples]], list[Any]]
"""Does something to each of several arrays, perhaps on several cores."""


def in_turn(work: Callable[[Samples], Any], of: Iterable[Samples]) -> list[Any]:
    """One after the other."""
    return [work(one) for one in of]


@dataclass(frozen=True, slots=True)
class Beat:
    """Beats per minute, how sure (0…1), and the time of the first beat in seconds."""

    tempo: float
    sure: float
    first: float


def loudness(samples: Samples, rate: int, each: Each = in_turn) -> float:
    """Integrated LUFS of float32[C, N], C at most 2 (ITU-R BS.1770-4, EBU R 128); -70 for silence."""
    return loudness_of(powers(samples, rate, each))


def powers(samples: Samples, rate: int, each: Each = in_turn) -> NDArray[np.float64]:
    """:func:`features.sounds.loudness.powers_of` float32[C, N], C at most 2, channel by channel."""
    parts = each(lambda channel: powers_of(channel[None], rate), samples)
    total: NDArray[np.float64] = np.sum(parts, axis=0)
    return total


def true_peak(samples: Samples, each: Each = in_turn) -> float:
    """dBTP of float32[C, N]: the highest sample after four times oversampling (ITU-R BS.1770-4, annex 2);
    -120 for digital silence. ``each`` may measure the channels side by side."""
    highest = float(np.abs(samples).max(initial=0.0))

    def top_of(channel: Samples) -> float:
        # Between two samples of half the highest, a wave does not rise above it.
        return float(peaks_between(channel[None], 0.5 * highest).max(initial=0.0))

    top = max(each(top_of, samples), default=0.0)
    return max(20 * float(np.log10(max(top, 1e-12))), -120.0)


def peaks_between(samples: Samples, above: float, times: int = 4) -> Samples:
    """float32[C, N] → float32[N]: the highest any channel reaches at each sample and up to the next one.

    By a windowed sinc of 12 taps a phase, as the standard has it; only in stretches of 2,048 samples that
    reach ``above`` somewhere, elsewhere the samples themselves.
    """
    count = samples.shape[1]
    out = np.zeros(count, np.float32)
    half = _sinc(times).shape[1] // 2
    for channel in samples.astype(np.float32, copy=False):
        np.maximum(out, np.abs(channel), out=out)
        blocks = -(-count // _STRETCH)
        wide = np.pad(channel, (half - 1, half + blocks * _STRETCH - count))
        tops = np.abs(wide[half - 1 : half - 1 + blocks * _STRETCH]).reshape(blocks, -1).max(axis=1)
        rows = np.lib.stride_tricks.sliding_window_view(wide, _ROW + 2 * half - 1)[::_ROW]
        per = _STRETCH // _ROW
        for start in np.flatnonzero(tops > above):  # one product of matrices for all of a stretch
            between = np.abs(rows[start * per : (start + 1) * per] @ _between(times))
            reached = between.reshape(per, _ROW, times - 1).max(axis=2).reshape(-1)
            part = out[start * _STRETCH : (start + 1) * _STRETCH]
            np.maximum(part, reached[: len(part)], out=part)
    return out


@lru_cache(maxsize=2)
def _between(times: int) -> Samples:
    """float32[43, 32·(times - 1)]: what the samples around 32 in a row give between each two of them."""
    taps = _sinc(times)[1:]
    matrix = np.zeros((_ROW + taps.shape[1] - 1, _ROW, len(taps)), np.float32)
    for place in range(_ROW):
        matrix[place : place + taps.shape[1], place] = taps.T
    return matrix.reshape(len(matrix), -1)


@lru_cache(maxsize=2)
def _sinc(times: int, half: int = 6) -> Samples:
    """float32[times, 2·half]: phase p gives the value p/times after each sample."""
    at = np.arange(-half + 1, half + 1)[None] - np.arange(times)[:, None] / times
    window = 0.5 + 0.5 * np.cos(np.pi * at / half)
    taps = np.sinc(at) * np.where(np.abs(at) < half, window, 0.0)
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


def offset(samples: Samples) -> float:
    """The largest mean of a channel, 0…1 of full scale."""
    return float(np.abs(samples.mean(axis=1, dtype=np.float64)).max(initial=0.0)) if samples.size else 0.0


def beat_and_key(samples: Samples, rate: int) -> tuple[Beat | None, tuple[int, float] | None]:
    """:func:`beat_of` and :func:`key_of` of one sound, whose spectra are made once."""
    from mmstudio.features.sounds import tonality

    heard = Sound([samples], rate)
    return beat_in(heard), tonality.key_of(chroma_in(heard))


def beat_of(samples: Samples, rate: int) -> Beat | None:
    """The beat of float32[C, N], None where there is none or it is shorter than 1.5 s."""
    return beat_in(Sound([samples], rate))


def beat_in(heard: Sound) -> Beat | None:
    """:func:`beat_of` a sound whose spectra may be known already."""
    from mmstudio.features.sounds.rhythm import FRAMES_PER_SECOND, accents, tempo

    strengths = [accents(mel) for mel in heard.mels]
    found = tempo(strengths)
    if found is None or not _SLOWEST < found[0] < _FASTEST:
        return None
    period = 60.0 * FRAMES_PER_SECOND / found[0]
    strength = strengths[0]
    starts = np.arange(0.0, min(period, len(strength) - 1), 0.25)
    count = int((len(strength) - 1 - starts[-1]) // period) + 1
    places = starts[:, None] + period * np.arange(count)
    sums = np.interp(places, np.arange(len(strength)), strength).mean(axis=1)
    rough = float(starts[int(sums.argmax())]) / FRAMES_PER_SECOND
    return Beat(found[0], found[1], _attack(heard.pieces[0], heard, rough, 60.0 / found[0]))


def tempo_of(mel: Samples, every: int = 1) -> float | None:
    """Beats per minute of a spectrogram float32[bands, T] in [-1, 1] (see ``learning.engine.mel``) with
    ``every`` times the 43 frames a second that beats are measured in; None without a beat to build on."""
    from mmstudio.features.sounds.rhythm import accents, tempo

    power = 10 ** ((-80.0 + 55.0 * (mel.T.clip(-1, 1) + 1)) / 10)
    whole = len(power) // every * every
    power = power[:whole].reshape(-1, every, power.shape[1]).mean(axis=1)
    found = tempo([accents(power.astype(np.float32))])
    known = found is not None and found[1] >= SURE and _SLOWEST < found[0] < _FASTEST
    return found[0] if found is not None and known else None


def _attack(wave: Samples, heard: Sound, rough: float, period: float) -> float:
    """The time of the first beat, in steps of 3 ms: where, around the rough one, the energy of all beats
    rises most."""
    from mmstudio.features.sounds.hearing import RATE

    step = 64
    usable = len(wave) // step * step
    energy = np.log(np.square(wave[:usable].reshape(-1, step), dtype=np.float64).mean(axis=1) + 1e-8)
    smooth = np.convolve(energy, np.full(4, 0.25), mode="same")
    rise = np.maximum(smooth[4:] - smooth[:-4], 0.0)  # from 6 ms before to 6 ms after, two steps later
    reach = min(0.06, 0.4 * period)
    starts = np.arange(rough - reach, rough + reach, step / RATE)
    count = max(int((heard.duration - rough - reach) / period), 1)
    places = ((starts[:, None] + period * np.arange(count)) * RATE / step).round().astype(int) - 2
    inside = np.where((places >= 0) & (places < len(rise)), rise[np.clip(places, 0, len(rise) - 1)], 0.0)
    first = float(starts[int(inside.sum(axis=1).argmax())])
    return first if first >= 0 else first + period


def chroma_of(samples: Samples, rate: int) -> NDArray[np.float32]:
    """float32[12]: the mean strength of the pitch classes C to B over the frames that sound; 0 for
    silence."""
    return chroma_in(Sound([samples], rate))


def chroma_in(heard: Sound) -> NDArray[np.float32]:
    """:func:`chroma_of` of a sound whose spectra may be known already."""
    from mmstudio.features.sounds.tonality import chroma

    spectrum = np.concatenate(heard.spectra)
    power = np.square(spectrum).sum(axis=1)
    loud = power > max(float(power.max(initial=0.0)) * 1e-4, 1e-9)
    if not loud.any():
        return np.zeros(12, np.float32)
    return np.asarray(chroma(spectrum[loud]).mean(axis=0), np.float32)


def key_of(samples: Samples, rate: int) -> tuple[int, float] | None:
    """(key 0–23, how sure 0…1) of float32[C, N]; None where no note stands out."""
    from mmstudio.features.sounds import tonality

    return tonality.key_of(chroma_of(samples, rate))
