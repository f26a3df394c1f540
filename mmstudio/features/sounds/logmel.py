"""The spectrum of a sound in short: log-mel bands over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.hearing import Sound, decibel, mel_power

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 64
DIMENSION = 3 * BANDS


def describe(heard: Sound) -> NDArray[np.float32]:
    """Per band: mean and deviation of its level in dB over time, and the mean change from frame to frame.

    Returns float32[192]. The 64 bands are Slaney's from 0 to 11,025 Hz; levels are cut off 80 dB below the
    loudest, so digital silence is -100 dB everywhere.
    """
    levels = [decibel(mel_power(spectrum, BANDS)) for spectrum in heard.spectra]
    every = np.concatenate(levels).astype(np.float64)
    changes = [np.abs(np.diff(level, axis=0)) for level in levels if len(level) > 1]
    change = np.concatenate(changes).mean(axis=0) if changes else np.zeros(BANDS)
    return np.concatenate([every.mean(0), every.std(0), change]).astype(np.float32)
