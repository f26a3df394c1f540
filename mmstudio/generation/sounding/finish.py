"""The last touch: silence cut off, fades, width, level. Samples are float32[C, N]. No torch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.loudness import loudness_of
from mmstudio.generation.sounding.measure import Each, Samples, in_turn, peaks_between, powers
from mmstudio.generation.sounding.measure import loudness as measured

CEILING = 0.88  # -1.1 dBFS: a tenth of a decibel below what is promised, for the rounding to 16 bits
_SILENT = -69.0  # LUFS: nothing to level
_NEAR = 0.08  # LU of the target
_MOST_GAIN = 40.0  # dB: a whisper stays one
_BLOCK = 16
_HOLD = 0.005  # seconds that the limiter looks ahead and holds
_WIDTH = 0.45  # level of what differs between the channels, against what they share
_LOW, _HIGH = 250.0, 500.0  # Hz between which width sets in: low tones are the same in both
_SMEAR = 0.02  # seconds over which width is spread

# What each channel of WAV and FFmpeg order gives to left and right (ITU-R BS.775-4, annex 4), the
# low-frequency channel left out as there.
_HALF = 0.7071
_DOWN: dict[int, tuple[tuple[float, ...], tuple[float, ...]]] = {
    1: ((1,), (1,)),
    2: ((1, 0), (0, 1)),
    3: ((1, 0, _HALF), (0, 1, _HALF)),
    4: ((1, 0, _HALF, 0), (0, 1, 0, _HALF)),
    5: ((1, 0, _HALF, _HALF, 0), (0, 1, _HALF, 0, _HALF)),
    6: ((1, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF)),
    7: ((1, 0, _HALF, 0, 0.5, _HALF, 0), (0, 1, _HALF, 0, 0.5, 0, _HALF)),
    8: ((1, 0, _HALF, 0, _HALF, 0, _HALF, 0), (0, 1, _HALF, 0, 0, _HALF, 0, _HALF)),
}


def to_stereo(samples: Samples) -> Samples:
    """float32[C, N] of any layout → float32[2, N], without an offset."""
    channels = len(samples)
    rows = _DOWN.get(channels) or ((1 / channels,) * channels, (1 / channels,) * channels)
    mixed = np.asarray(rows, np.float32) @ samples
    return np.asarray(mixed - mixed.mean(axis=1, keepdims=True), np.float32)


def level(
    samples: Samples, rate: int, target: float, around: bool = False, each: Each = in_turn
) -> tuple[Samples, float]:
    """Bring float32[C, N] (C at most 2) to ``target`` LUFS with a true peak below -1 dBTP and no offset;
    silence stays.

    Peaks above that are turned down by a limiter that looks ahead; with ``around`` it takes the end to run
    into the beginning. What is nearly all peak keeps what it reached. ``each`` may treat the channels side by
    side.

    Returns (the samples, the LUFS they have).
    """
    samples = np.asarray(samples - samples.mean(axis=1, keepdims=True, dtype=np.float64), np.float32)
    known = powers(samples, rate, each)
    now = loudness_of(known)
    if now < _SILENT:
        return samples, now
    gain = min(target - now, _MOST_GAIN)
    limiter = _Limiter(samples, known, rate, around, each)
    out, reached = limiter.turned(gain), now + gain
    if out is None:
        return samples * np.float32(10 ** (gain / 20)), reached
    for _ in range(3):
        gain = limiter.towards(gain, target)
        found = limiter.turned(gain)
        assert found is not None  # no quieter than what was too loud
        out, reached = found, measured(found, rate, each)
        limiter.correct(gain, reached)
        if abs(target - reached) < _NEAR:
            break
    return out, reached


class _Limiter:
    """Gains that keep a sound below the ceiling, worked out in blocks of 16 samples."""

    def __init__(
        self, samples: Samples, powers: NDArray[np.float64], rate: int, around: bool, each: Each
    ) -> None:
        self.samples, self.rate, self.powers, self.each = samples, rate, powers, each
        self.mode = "wrap" if around else "nearest"
        self.hold = 2 * max(round(_HOLD * rate / _BLOCK), 1) + 1
        blocks = -(-samples.shape[1] // _BLOCK)
        self.tail = blocks * _BLOCK - samples.shape[1]
        squares = np.pad(np.square(samples).sum(axis=0), (0, self.tail))
        self.energy = squares.reshape(blocks, _BLOCK).sum(axis=1, dtype=np.float64)
        self.step = np.minimum(
            np.arange(blocks) * _BLOCK // max(round(0.1 * rate), 1), len(powers) - 1
        )  # of 100 ms that a block lies in
        self.known = np.inf  # decibels of gain up to which the peaks between samples are known
        self.peaks = np.zeros(0, np.float32)
        self.off = 0.0  # decibels that the estimate was wrong by

    def _peaks(self, gain: float) -> NDArray[np.float32]:
        """float32[blocks] of the highest around each block, those that matter at ``gain`` decibels."""
        if not len(self.peaks) or gain > self.known:
            self.known = gain + 2.0
            # What stays below six tenths of the ceiling does not reach it between two samples.
            above = CEILING * 0.6 / 10 ** (self.known / 20)
            peak = np.max(self.each(lambda one: peaks_between(one[None], above), self.samples), axis=0)
            peak = np.maximum(peak, np.roll(peak, 1))  # of both sides of a sample
            self.peaks = np.pad(peak, (0, self.tail)).reshape(-1, _BLOCK).max(axis=1)
        return self.peaks

    def _gains(self, gain: float) -> NDArray[np.float32] | None:
        """float32[blocks + 1] at the blocks' edges, 0…1; None where nothing is too loud."""
        from scipy.ndimage import minimum_filter1d, uniform_filter1d

        peaks = self._peaks(gain) * np.float32(10 ** (gain / 20))
        if float(peaks.max(initial=0.0)) <= CEILING:
            return None
        wanted = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
        # The mean over the hold of the minima over twice the hold never lies above what is wanted, nor
        # does that of the block before or after.
        least = minimum_filter1d(wanted, 2 * self.hold - 1, mode=self.mode)
        held = uniform_filter1d(least, self.hold, mode=self.mode)
        edge = held[-1] if self.mode == "wrap" else held[0]
        return np.asarray(np.minimum(np.append(held, held[-1]), np.append(edge, held)), np.float32)

    def turned(self, gain: float) -> Samples | None:
        """float32[C, N] louder by ``gain`` decibels and limited; None where nothing has to be."""
        gains = self._gains(gain)
        if gains is None:
            return None
        steps = (np.arange(_BLOCK, dtype=np.float32) + 0.5) / _BLOCK
        curve = (gains[:-1, None] * (1 - steps) + gains[1:, None] * steps).reshape(-1)
        curve *= np.float32(10 ** (gain / 20))
        return np.asarray(self.samples * curve[: self.samples.shape[1]], np.float32)

    def estimate(self, gain: float) -> float:
        """About the LUFS of :meth:`turned`: as much of each tenth of a second as the limiter leaves of it."""
        gains = self._gains(gain)
        left = np.ones(len(self.powers))
        if gains is not None:
            middle = 0.5 * (gains[:-1] + gains[1:])
            whole = np.bincount(self.step, self.energy, len(left))
            kept = np.bincount(self.step, self.energy * np.square(middle), len(left))
            left = np.where(whole > 0, kept / np.maximum(whole, 1e-30), 1.0)
        return loudness_of(self.powers * left) + gain + self.off

    def correct(self, gain: float, reached: float) -> None:
        """Learn what a gain came to."""
        self.off += reached - self.estimate(gain)

    def towards(self, gain: float, target: float) -> float:
        """The gain that is about to reach ``target`` LUFS, after four steps at the most."""
        for _ in range(4):
            missing = target - self.estimate(gain)
            if abs(missing) < 0.01 or gain + missing > _MOST_GAIN:
                break
            gain += missing
        return gain


def trimmed(samples: Samples, rate: int, below: float = 0.003) -> Samples:
    """float32[C, N] from where it begins to sound (less 2 ms) to where it ends (and 50 ms); all of
    silence."""
    top = np.abs(samples).max(axis=0) if samples.size else np.zeros(0)
    loud = np.flatnonzero(top > below * max(float(top.max(initial=0.0)), 1e-9))
    if not len(loud):
        return samples
    return samples[:, max(int(loud[0]) - round(0.002 * rate), 0) : int(loud[-1]) + round(0.05 * rate)]


def sounding(samples: Samples, rate: int) -> int:
    """How many samples of float32[C, N] sound: what stays 40 dB below its loudest twentieth of a second at
    the end does not count, but never less than 0.4 s."""
    size = samples.shape[1]
    step = max(rate // 20, 1)
    power = np.add.reduceat(np.square(samples, dtype=np.float64).mean(axis=0), np.arange(0, size, step))
    loud = np.flatnonzero(power > 1e-4 * max(float(power.max()), 1e-12))
    last = int(loud[-1]) + 1 if len(loud) else len(power)
    return int(min(max(last * step, round(0.4 * rate)), size))


def faded(samples: Samples, rate: int, start: float = 0.003, end: float = 0.03) -> Samples:
    """Raised-cosine fades of so many seconds at both ends, each at most half of the sound."""
    out = samples.astype(np.float32, copy=True)
    for count, part in ((round(start * rate), slice(None)), (round(end * rate), slice(None, None, -1))):
        size = min(count, out.shape[1] // 2)
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / max(size, 1))
        out[:, part][:, :size] *= ramp.astype(np.float32)
    return out


def widened(mono: Samples, rate: int, seed: int = 0) -> Samples:
    """float32[1, N] → float32[2, N]: the sound ± what a short burst of noise makes of its tones above 250 Hz.

    Their mean is the sound as it was, so that played in mono nothing is lost (mid and side; the burst is
    velvet noise: Alary, Politis and Välimäki, "Velvet-noise decorrelator", DAFx 2017).
    """
    from scipy.fft import irfft, next_fast_len, rfft

    length = mono.shape[1]
    burst = _velvet(rate, seed)
    size = next_fast_len(length + len(burst), real=True)
    hertz = np.arange(size // 2 + 1) * rate / size
    passed = np.clip((hertz - _LOW) / (_HIGH - _LOW), 0.0, 1.0).astype(np.float32)
    side = irfft(rfft(mono[0], size) * rfft(burst, size) * passed, size)[:length]
    return np.asarray(np.stack([mono[0] + side, mono[0] - side]), np.float32)


@lru_cache(maxsize=8)
def _velvet(rate: int, seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng([seed, 77])
    length, count = round(_SMEAR * rate), 24
    burst = np.zeros(length, np.float32)
    cell = length / count
    places = ((np.arange(count) + random.random(count)) * cell).astype(int)
    places = np.maximum(
        places, round(0.001 * rate)
    )  # never at once: that would only move the sound to one side
    burst[places] = np.where(random.random(count) < 0.5, -1.0, 1.0) * np.exp(-3 * places / length)
    return np.asarray(burst * _WIDTH / np.linalg.norm(burst), np.float32)
