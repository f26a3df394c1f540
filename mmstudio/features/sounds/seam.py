"""Whether a loop goes on where it begins again: what is heard at its seam. No torch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

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
    seam = _unforeseen(samples, 0, 0, past)
    cuts = random.integers(0, size, (_CUTS, 2))
    random_cuts = float(np.median([_unforeseen(samples, int(a), int(b), past) for a, b in cuts]))
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
    usual = float(np.median([_unforeseen(samples, int(a), int(b), past) for a, b in cuts]))
    least, best = np.inf, 0
    for back in range(0, min(round(_BEFORE * rate), size), _ORDER):
        found = _unforeseen(samples, -back, -back, past)
        if found <= usual / 200:
            return back
        if found < least:
            least, best = found, back
    return best


@lru_cache(maxsize=8)
def _hanning(size: int) -> NDArray[np.float64]:
    return np.asarray(np.hanning(size))


def _unforeseen(samples: NDArray[np.float32], end: int, start: int, past: int) -> float:
    """Mean square of the prediction's error in the 32 samples from ``start`` on, heard after those before
    ``end``; both wrap around."""
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.linalg import solve_toeplitz

    error, length = 0.0, next_fast_len(past + _ORDER + 1, True)
    for channel in samples.astype(np.float64):
        before = np.take(channel, np.arange(end - past, end), mode="wrap")
        after = np.take(channel, np.arange(start, start + _ORDER), mode="wrap")
        spectrum = rfft(before * _hanning(past), length)
        lags = irfft(np.square(spectrum.real) + np.square(spectrum.imag), length)[: _ORDER + 1]
        if lags[0] <= 1e-12:
            error += float(np.square(after).mean())
            continue
        lags[0] *= 1 + 1e-6  # white noise 60 dB down: the equations stay solvable
        weights = solve_toeplitz(lags[:-1], lags[1:])
        joined = np.concatenate([before[-_ORDER:], after])
        windows = np.lib.stride_tricks.sliding_window_view(joined[:-1], _ORDER)[:, ::-1]
        error += float(np.square(after - windows @ weights).mean())
    return error / max(len(samples), 1)
