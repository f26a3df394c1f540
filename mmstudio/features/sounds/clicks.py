"""Clicks in a sound, told from sharp attacks. No torch.

What linear prediction does not foretell (Makhoul, Proc. IEEE 1975; for finding clicks: Godsill and Rayner,
"Digital audio restoration", 1998, chapter 5) stands out at a click and at an attack alike. Three things are
then asked of it: nothing near it stands out as much (not the pulses of a bass, nor noise), it is over within
a millisecond, and the sound does not grow there, as it does at an attack.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ORDER = 24  # of the prediction
_SPAN = 0.046  # seconds that a prediction is worked out from, twice as often
_FRAMES = 256  # worked out at a time
_FLOOR = 2e-3  # of full scale: what is quieter is no click
_NEAR, _FAR = 0.001, 0.06  # seconds around a click: its own, and those it is held against
_STANDS_OUT = 4.0  # times the highest of them
_GAP, _LOUDNESS = 0.0015, 0.02  # seconds left out, and those in which the level before and after is taken
_GROWS = 6.0  # decibels from before to after that make it an attack …
_BREAKS = 0.75  # … unless the first sample alone jumps by so much of the peak of the next 5 ms
_QUIET = 1e-10  # of power

Floats = NDArray[np.float64]


def clicks(samples: NDArray[np.float32], rate: int, around: bool = False) -> NDArray[np.int64]:
    """Sample positions of clicks in float32[C, N] at ``rate`` Hz, of all channels, at least 12 ms apart.

    Before the first and after the last sample lies silence, so that a sound that breaks off is one; with
    ``around`` the end is taken to run into the beginning.
    """
    margin, size = round(0.1 * rate), samples.shape[1]
    if size < 3:
        return np.zeros(0, np.int64)
    found: list[NDArray[np.int64]] = []
    for channel in samples.astype(np.float64):
        wide = np.pad(channel, margin, mode="wrap" if around else "constant")
        places = _of_channel(wide, rate) - margin
        found.append(places[(places >= 0) & (places <= size)] % (size if around else size + 1))
    places = np.unique(np.concatenate(found))
    return places[np.diff(places, prepend=-rate) > round(0.012 * rate)]


def unforeseen(samples: Floats, rate: int) -> Floats:
    """float64[N] → float64[N]: what is left of each sample that the 24 before it do not foretell."""
    hop = max(round(_SPAN * rate) // 2, _ORDER + 1)
    frames = len(samples) // hop + 1
    padded = np.pad(samples, (2 * hop, 3 * hop))
    taper = np.hanning(2 * hop)
    spans = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)
    parts = np.lib.stride_tricks.sliding_window_view(padded, hop)
    out = np.empty((frames, hop))
    for first in range(0, frames, _FRAMES):
        at = 2 * hop + np.arange(first, min(first + _FRAMES, frames)) * hop
        spectrum = np.fft.rfft(spans[at - hop // 2] * taper, 4 * hop, axis=1)
        lags = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)[:, : _ORDER + 1]
        lags[:, 0] = lags[:, 0] * (1 + 1e-5) + 1e-9  # white noise 50 dB down: the equations stay solvable
        weights = predictor(lags)
        left = parts[at].copy()
        for lag in range(1, _ORDER + 1):
            left -= weights[:, lag - 1, None] * parts[at - lag]
        out[first : first + len(at)] = left
    return out.reshape(-1)[: len(samples)]


def predictor(lags: Floats) -> Floats:
    """float64[F, p + 1] autocorrelations → float64[F, p] weights of the samples before (Levinson, Durbin)."""
    order = lags.shape[1] - 1
    weights, error = np.zeros((len(lags), order)), lags[:, 0].copy()
    for at in range(order):
        known = weights[:, :at].copy()
        turned = (lags[:, at + 1] - (known * lags[:, at:0:-1]).sum(axis=1)) / error
        weights[:, at] = turned
        weights[:, :at] = known - turned[:, None] * known[:, ::-1]
        error = np.maximum(error * (1 - turned**2), 1e-12)
    return weights


def _of_channel(wide: Floats, rate: int) -> NDArray[np.int64]:
    """Positions of clicks that lie at least 0.1 s from both ends of float64[N]."""
    from scipy.ndimage import maximum_filter1d

    size = len(wide)
    news = np.abs(unforeseen(wide, rate))
    near, far = max(round(_NEAR * rate), 1), round(_FAR * rate)
    width = far - near
    highest = maximum_filter1d(news, width, mode="constant")  # of the width around each place
    places = np.flatnonzero((news == maximum_filter1d(news, 2 * near + 1)) & (news > _FLOOR))
    places = places[(places >= far + 1) & (places < size - far - 1)]
    before = highest[places - near - width + width // 2]
    after = highest[places + near + 1 + width // 2]
    places = places[news[places] > _STANDS_OUT * np.maximum(before, after)]
    total = np.concatenate([[0.0], np.cumsum(np.square(wide))])
    gap, span = round(_GAP * rate), round(_LOUDNESS * rate)
    earlier = (total[places - gap + 1] - total[places - gap + 1 - span]) / span
    later = (total[places + gap + span] - total[places + gap]) / span
    grows = 10 * np.log10((later + _QUIET) / (earlier + _QUIET)) > _GROWS
    peak = maximum_filter1d(np.abs(wide), near * 5)[places + near * 5 // 2]
    breaks = np.abs(wide[places] - wide[places - 1]) > _BREAKS * peak
    return np.asarray(places[~grows | breaks], np.int64)
