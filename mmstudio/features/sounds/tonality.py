"""Pitch classes and the key they make."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.filters import chroma_filters
from mmstudio.features.sounds.hearing import RATE, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

# How well each note fits a key, C first: Krumhansl & Kessler, "Tracing the dynamic changes in perceived tonal
# organization in a spatial representation of musical keys", Psychological Review 89 (1982).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
KEYS = (
    "C major", "C♯ major", "D major", "E♭ major", "E major", "F major",
    "F♯ major", "G major", "A♭ major", "A major", "B♭ major", "B major",
    "C minor", "C♯ minor", "D minor", "E♭ minor", "E minor", "F minor",
    "F♯ minor", "G minor", "G♯ minor", "A minor", "B♭ minor", "B minor",
)  # fmt: skip


def chroma(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitudes float32[T, 1025] → strength of the pitch classes C to B, float32[T, 12] with 1 at the most;
    a silent frame is all 0. Equal to ``librosa.feature.chroma_stft`` with tuning=0."""
    raw = np.square(spectrum) @ chroma_filters(RATE, WINDOW)
    top = raw.max(axis=1, keepdims=True)
    return np.where(top > np.finfo(np.float32).tiny, raw / np.maximum(top, 1e-37), 0.0).astype(np.float32)


def key_of(profile: NDArray[np.float32]) -> tuple[int, float] | None:
    """Mean chroma float[12] → (key 0…23 as in `KEYS`, how sure 0…1); None where no note stands out.

    Krumhansl & Schmuckler (in Krumhansl, Cognitive Foundations of Musical Pitch, 1990): the key whose profile
    correlates best. How sure: that correlation, less where the second best is within 0.1 of it.
    """
    values = np.asarray(profile, np.float64)
    if not np.isfinite(values).all() or values.std() < 1e-3:
        return None
    r = fits(values)
    second, best = np.sort(r)[-2:]
    sure = float(np.clip(best, 0, 1) * np.clip((best - second) / 0.1, 0, 1))
    return int(r.argmax()), sure


def fits(profile: NDArray[np.floating]) -> NDArray[np.float64]:
    """Chroma float[12] → how well it fits each of the 24 `KEYS`: correlations, float64[24]; 0 where no note
    stands out."""
    values = np.asarray(profile, np.float64)
    profiles = _profiles()
    centred = values - values.mean()
    size = np.linalg.norm(profiles, axis=1) * max(float(np.linalg.norm(centred)), 1e-12)
    result: NDArray[np.float64] = profiles @ centred / size
    return result


@lru_cache(maxsize=1)
def _profiles() -> NDArray[np.float64]:
    """float64[24, 12] of all keys, each with a mean of 0."""
    profiles = np.stack([np.roll(kind, shift) for kind in (_MAJOR, _MINOR) for shift in range(12)])
    return np.asarray(profiles - profiles.mean(axis=1, keepdims=True), np.float64)
