"""Tables of the sound transforms: window, mel bands, pitch classes.

They equal librosa's (tested), without its import: that loads and compiles numba, which holds the window up
for seconds (docs/adr/0034).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@lru_cache(maxsize=8)
def hann(size: int) -> NDArray[np.float64]:
    """Periodic Hann window: float64[size] in 0…1."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


@lru_cache(maxsize=8)
def frequencies(rate: int, window: int) -> NDArray[np.float64]:
    """Hz of the bins of a real Fourier transform: float64[1 + window // 2]."""
    return np.asarray(np.arange(1 + window // 2) * (rate / window), np.float64)


def mel_frequencies(rate: int, bands: int) -> NDArray[np.float64]:
    """Corners of the mel bands in Hz from 0 to rate / 2: float64[bands + 2], the middle of band i at i + 1.

    Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.
    """
    step, knee = 200.0 / 3, 1000.0
    logarithm = np.log(6.4) / 27.0
    top = rate / 2
    highest = top / step if top < knee else knee / step + np.log(top / knee) / logarithm
    mels = np.linspace(0.0, highest, bands + 2)
    above = knee * np.exp(logarithm * (mels - knee / step))
    return np.where(mels < knee / step, mels * step, above)


@lru_cache(maxsize=8)
def mel_filters(rate: int, window: int, bands: int) -> NDArray[np.float32]:
    """Triangles of equal area over the bins of a spectrum: float32[1 + window // 2, bands]."""
    corners = mel_frequencies(rate, bands)
    ramps = corners[:, None] - frequencies(rate, window)[None]
    widths = np.diff(corners)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    triangles *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return np.ascontiguousarray(triangles.T, np.float32)


@lru_cache(maxsize=4)
def chroma_filters(rate: int, window: int) -> NDArray[np.float32]:
    """How much each bin of a spectrum belongs to each pitch class: float32[1 + window // 2, 12], C first.

    Ellis, "Chroma feature analysis and synthesis" (2007): Gaussian bumps of at least a semitone, weighted
    around the fifth octave; A is 440 Hz.
    """
    hertz = np.linspace(0, rate, window, endpoint=False)[1:]
    semitones = 12 * np.log2(hertz / 27.5)
    semitones = np.concatenate([[semitones[0] - 18], semitones])
    widths = np.concatenate([np.maximum(np.diff(semitones), 1.0), [1.0]])
    distance = np.remainder(semitones[None] - np.arange(12)[:, None] + 126, 12) - 6
    bumps = np.exp(-0.5 * (2 * distance / widths) ** 2)
    bumps /= np.linalg.norm(bumps, axis=0)
    bumps *= np.exp(-0.5 * ((semitones / 12 - 5.0) / 2.0) ** 2)
    return np.ascontiguousarray(np.roll(bumps, -3, axis=0)[:, : 1 + window // 2].T, np.float32)
