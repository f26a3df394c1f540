"""Whether a sound came out well: loudness, peaks, clicks, the seam of a loop, its tempo and key. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.hearing import Sound
from mmstudio.features.sounds.loudness import integrated
from mmstudio.features.sounds.seam import seam_decibel

__all__ = [
    "Beat", "Samples", "beat_of", "chroma_of", "clicks", "key_of", "loudness", "offset", "peaks_between",
    "seam_decibel", "tempo_of", "true_peak",
]  # fmt: skip
Samples = NDArray[np.float32]
SURE = 0.3  # how sure a beat or a key must be to be built on
_CLICK = 12.0  # times the level around it
_CLICK_FLOOR = 2e-3  # of full scale: what is quieter is no click
_STRETCH = 2048
_SLOWEST, _FASTEST = 35.0, 260.0  # beats per minute that are believed


@dataclass(frozen=True, slots=True)
class Beat:
    """Beats per minute, how sure (0…1), and the time of the first beat in seconds."""

    tempo: float
    sure: float
    first: float


def loudness(samples: Samples, rate: int) -> float:
    """Integrated LUFS of float32[C, N] (ITU-R BS.1770-4, EBU R 128); -70 for silence."""
    return integrated([samples], rate)


def true_peak(samples: Samples) -> float:
    """dBTP of float32[C, N]: the highest sample after four times oversampling (ITU-R BS.1770-4, annex 2);
    -120 for digital silence."""
    highest = float(np.abs(samples).max(initial=0.0))
    # Between two samples of half the highest, a wave does not rise above it.
    top = float(peaks_between(samples, 0.5 * highest).max(initial=0.0))
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
        starts = np.flatnonzero(tops > above) * _STRETCH
        if not len(starts):
            continue
        rows = wide[starts[:, None] + np.arange(_STRETCH + 2 * half - 1)]
        reached = np.zeros((len(starts), _STRETCH), np.float32)
        for taps in _sinc(times)[1:]:
            between = sum(tap * rows[:, i : i + _STRETCH] for i, tap in enumerate(taps))
            np.maximum(reached, np.abs(between), out=reached)
        for start, row in zip(starts, reached, strict=True):
            part = out[start : start + _STRETCH]
            np.maximum(part, row[: len(part)], out=part)
    return out


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


def clicks(samples: Samples, rate: int, around: bool = False) -> NDArray[np.int64]:
    """Sample positions of clicks in float32[C, N]: jumps in the high band above the level on both sides.

    The third difference takes low tones away and keeps a jump; where it is twelve times the root mean
    square of the 1 to 12 ms before and after, something stands alone, as no note does: a note's attack goes
    on. With ``around`` the end is taken to run into the beginning.
    """
    near, far = max(round(0.001 * rate), 1), max(round(0.012 * rate), 2)
    found: set[int] = set()
    for channel in samples.astype(np.float64):
        if around and len(channel):
            wide = np.take(channel, np.arange(-2 * far, len(channel) + 2 * far), mode="wrap")
            places = _stand_alone(wide, near, far) - 2 * far
            found.update(
                int(place) % len(channel) for place in places if -near <= place < len(channel) + near
            )
        else:
            found.update(int(place) for place in _stand_alone(channel, near, far))
    if not found:
        return np.zeros(0, np.int64)
    places = np.array(sorted(found), np.int64)
    return places[np.diff(places, prepend=-2 * far) > far]


def _stand_alone(channel: NDArray[np.float64], near: int, far: int) -> NDArray[np.int64]:
    if len(channel) < 3:
        return np.zeros(0, np.int64)
    # Silence before and after: a sound that begins or ends at full level does click.
    jumps = np.abs(np.diff(np.pad(channel, (2, 1)), 3))
    total = np.concatenate([[0.0], np.cumsum(np.square(jumps))])
    size = len(jumps)

    def level(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
        first, last = np.clip(first, 0, size), np.clip(last, 0, size)
        mean: NDArray[np.float64] = (total[last] - total[first]) / np.maximum(last - first, 1)
        return np.sqrt(np.maximum(mean, 0.0))

    places = np.flatnonzero(jumps > _CLICK_FLOOR)
    before = level(places - far, places - near)
    after = level(places + near + 1, places + far + 1)
    return places[jumps[places] > _CLICK * np.maximum(before, after)]


def beat_of(samples: Samples, rate: int) -> Beat | None:
    """The beat of float32[C, N], None where there is none or it is shorter than 1.5 s."""
    from mmstudio.features.sounds.rhythm import FRAMES_PER_SECOND, accents, tempo

    heard = Sound([samples], rate)
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


def tempo_of(mel: Samples) -> float | None:
    """Beats per minute of a spectrogram float32[128, T] in [-1, 1] (see ``learning.engine.mel``); None
    without a beat to build on."""
    from mmstudio.features.sounds.rhythm import accents, tempo

    power = 10 ** ((-80.0 + 55.0 * (mel.T.clip(-1, 1) + 1)) / 10)
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
    from mmstudio.features.sounds.tonality import chroma

    spectrum = np.concatenate(Sound([samples], rate).spectra)
    power = np.square(spectrum).sum(axis=1)
    loud = power > max(float(power.max(initial=0.0)) * 1e-4, 1e-9)
    if not loud.any():
        return np.zeros(12, np.float32)
    return np.asarray(chroma(spectrum[loud]).mean(axis=0), np.float32)


def key_of(samples: Samples, rate: int) -> tuple[int, float] | None:
    """(key 0–23, how sure 0…1) of float32[C, N]; None where no note stands out."""
    from mmstudio.features.sounds import tonality

    return tonality.key_of(chroma_of(samples, rate))
