"""Colour in OKLab, where equal steps look equal (Björn Ottosson, "A perceptual color space", 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LAB = np.linalg.inv(_TO_LAB).astype(np.float32)
_FROM_LMS = np.linalg.inv(_TO_LMS).astype(np.float32)


def _linear(rgb: Floats) -> Floats:
    c = rgb / np.float32(255.0)
    linear: Floats = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return linear


_LINEAR = _linear(np.arange(256, dtype=np.float32))


def rgb_to_oklab(rgb: NDArray[np.generic]) -> Floats:
    """…×3 sRGB (0–255) → …×3 OKLab (L in 0–1, a and b about ±0.4)."""
    rgb = np.asarray(rgb)
    linear = _LINEAR[rgb] if rgb.dtype == np.uint8 else _linear(rgb.astype(np.float32))
    lab: Floats = (np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T).astype(np.float32)
    return lab


def oklab_to_rgb(lab: NDArray[np.generic]) -> NDArray[np.uint8]:
    """…×3 OKLab → …×3 sRGB bytes; colours outside sRGB are clipped."""
    linear = ((np.asarray(lab, np.float32) @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T
    linear = np.clip(linear, 0.0, 1.0)
    c = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(c * 255.0).astype(np.uint8)


def lch(lightness: float, chroma: float, hue: float) -> Floats:
    """OKLab of lightness 0–1, chroma 0–0.37 and hue in turns."""
    angle = 2 * np.pi * hue
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], np.float32)
