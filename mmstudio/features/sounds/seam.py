"""Whether a loop goes on where it begins again: what is heard at its seam. No torch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.clicks import predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ORDER = 32  # of the linear prediction across a seam
_CUTS = 64
_BEFORE = 0.012  # seconds


def seam_decibel(samples: NDArray[np.float32], rate: int, random: np.random.Generator) -> float:
    """How much energy the seam of a loop (float32[C, N]) has that its surroundings do not foretell, in dB
    against the median of 64 random cuts of the same sound; -20 is a hundredth.

    A cut joins two places at random. Its energy is what linear prediction (order 32, from 46 ms before the
    join; Makhoul, Proc. IEEE 1975) gets wrong in the 32 samples after it. 0.0 where the sound is silent.
    """
    size = samples.shape[1]
    past = min(round(0.046 * rate), size // 2)
    if past < 4 * _ORDER:
        return 0.0
    cuts = random.integers(0, size, (_CUTS, 2))
    seam, *others = _unforeseen(samples, np.concatenate([np.zeros((1, 2), cuts.dtype), cuts]), past)
    random_cuts = float(np.median(others))
    if random_cuts <= 1e-14:
        return 0.0
    return 10 * float(np.log10(max(seam, 1e-14) / random_cuts))


def quiet_start(samples: NDArray[np.float32], rate: int, random: np.random.Generator) -> int:
    """How many samples before its beginning a loop (float32[C, N]) had better begin (0 to 12 ms): the fewest
    for which its seam holds a two-hundredth of a random cut's energy, else those with the least.

    A loop that begins with a beat has the beat's own energy at its seam; begun a little before, what decays
    there is foretold by what was heard before. Nobody hears 12 ms (a beat is heard as late from 20 on).
    """
    size = samples.shape[1]
    past = min(round(0.046 * rate), size // 2)
    if past < 4 * _ORDER:
        return 0
    cuts = random.integers(0, size, (_CUTS // 4, 2))
    backs = np.arange(0, min(round(_BEFORE * rate), size), _ORDER)
    found = _unforeseen(samples, np.concatenate([cuts, -np.stack([backs, backs], axis=1)]), past)
    usual, errors = float(np.median(found[: len(cuts)])), found[len(cuts) :]
    quiet = np.flatnonzero(errors <= usual / 200)
    return int(backs[quiet[0] if len(quiet) else errors.argmin()])


@lru_cache(maxsize=8)
def _hanning(size: int) -> NDArray[np.float64]:
    return np.asarray(np.hanning(size))


def _unforeseen(samples: NDArray[np.float32], joins: NDArray[np.int64], past: int) -> NDArray[np.float64]:
    """float64[K], for each of K joins (end, start): the mean square of the prediction's error in the 32
    samples from ``start`` on, heard after those before ``end``; both wrap around."""
    from scipy.fft import irfft, next_fast_len, rfft

    size, length = samples.shape[1], next_fast_len(past + _ORDER + 1, True)
    ends, starts = joins[:, :1], joins[:, 1:]
    error = np.zeros(len(joins))
    for channel in samples:
        before = channel[(ends + np.arange(-past, 0)) % size].astype(np.float64)
        after = channel[(starts + np.arange(_ORDER)) % size].astype(np.float64)
        spectrum = rfft(before * _hanning(past), length, axis=1)
        lags = irfft(np.square(spectrum.real) + np.square(spectrum.imag), length, axis=1)[:, : _ORDER + 1]
        silent = lags[:, :1] <= 1e-12
        lags = np.where(silent, 0.0, lags / np.where(silent, 1.0, lags[:, :1]))
        lags[:, 0] = 1 + 1e-6  # white noise 60 dB down: the equations stay solvable
        joined = np.concatenate([before[:, -_ORDER:], after], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(joined[:, :-1], _ORDER, axis=1)[:, :, ::-1]
        told = np.einsum("kno,ko->kn", windows, predictor(lags))  # nothing after silence
        error += np.square(after - told).mean(axis=1)
    return np.asarray(error / max(len(samples), 1))
