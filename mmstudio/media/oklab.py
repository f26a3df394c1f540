"""OKLab, a colour space where equal steps look equal (B. Ottosson, "A perceptual color space", 2020)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def srgb_to_oklab(rgb: NDArray[Any], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """sRGB values of 0–255, shape (…, 3), to OKLab: L in 0…1, a and b about −0.4…0.4."""
    to_lms, to_lab, _, _, table = _matrices(np.dtype(dtype))
    values = np.asarray(rgb)
    # Whole canvases come through here as bytes; a table spares them the power.
    linear = table[values] if values.dtype == np.uint8 else _linear(values.astype(dtype))
    lab: NDArray[Any] = np.cbrt(linear @ to_lms) @ to_lab
    return lab


def oklab_to_srgb(lab: NDArray[Any]) -> NDArray[Any]:
    """OKLab (…, 3) to sRGB as floats of 0…255, beyond that range where a screen cannot show the colour."""
    values = np.asarray(lab)
    kind = np.dtype(np.float32 if values.dtype == np.float32 else np.float64)
    _, _, from_lms, from_lab, _ = _matrices(kind)
    linear = (values @ from_lab) ** 3 @ from_lms
    size = np.abs(linear)
    curve = np.where(size <= 0.0031308, 12.92 * linear, np.sign(linear) * (1.055 * size ** (1 / 2.4) - 0.055))
    return np.asarray(curve * 255.0, dtype=kind)


def oklab_to_bytes(lab: NDArray[Any]) -> NDArray[np.uint8]:
    """OKLab (…, 3) to sRGB bytes, clipped to what a screen shows."""
    return np.asarray(np.rint(np.clip(oklab_to_srgb(lab), 0.0, 255.0)), dtype=np.uint8)


def _linear(rgb: NDArray[Any]) -> NDArray[Any]:
    c = rgb / rgb.dtype.type(255.0)
    return np.asarray(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4), dtype=rgb.dtype)


@lru_cache(maxsize=2)
def _matrices(dtype: np.dtype[Any]) -> tuple[NDArray[Any], ...]:
    inverses = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)
    table = _linear(np.arange(256, dtype=np.float64))
    return tuple(m.astype(dtype) for m in (_TO_LMS.T, _TO_LAB.T, inverses[0].T, inverses[1].T, table))
