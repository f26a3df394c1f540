"""Whether a loop goes on where it begins again: what is heard at its seam. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ORDER = 32  # of the linear prediction across a seam
_CUTS = 64


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
    seam = _unforeseen(samples, 0, 0, past)
    cuts = random.integers(0, size, (_CUTS, 2))
    random_cuts = float(np.median([_unforeseen(samples, int(a), int(b), past) for a, b in cuts]))
    if random_cuts <= 1e-14:
        return 0.0
    return 10 * float(np.log10(max(seam, 1e-14) / random_cuts))


def _unforeseen(samples: NDArray[np.float32], end: int, start: int, past: int) -> float:
    """Mean square of the prediction's error in the 32 samples from ``start`` on, heard after those before
    ``end``; both wrap around."""
    from scipy.linalg import solve_toeplitz

    error = 0.0
    for channel in samples.astype(np.float64):
        before = np.take(channel, np.arange(end - past, end), mode="wrap")
        after = np.take(channel, np.arange(start, start + _ORDER), mode="wrap")
        windowed = before * np.hanning(past)
        lags = np.array([windowed[: past - lag] @ windowed[lag:] for lag in range(_ORDER + 1)])
        if lags[0] <= 1e-12:
            error += float(np.square(after).mean())
            continue
        lags[0] *= 1 + 1e-6  # white noise 60 dB down: the equations stay solvable
        weights = solve_toeplitz(lags[:-1], lags[1:])
        joined = np.concatenate([before[-_ORDER:], after])
        windows = np.lib.stride_tricks.sliding_window_view(joined[:-1], _ORDER)[:, ::-1]
        error += float(np.square(after - windows @ weights).mean())
    return error / max(len(samples), 1)
