"""Colour in OKLab, where equal steps look equal (Björn Ottosson, "A perceptual color space", 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def lch(lightness: float, chroma: float, hue: float) -> Floats:
    """OKLab of lightness 0–1, chroma 0–0.37 and hue in turns."""
    angle = 2 * np.pi * hue
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], np.float32)
