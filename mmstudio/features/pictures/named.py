"""Named colours of pixels: OKLab → one of the names that a picture is described and searched by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.library.colours import COLOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = tuple(COLOURS)
_AT = {name: place for place, name in enumerate(NAMES)}
# Where a hue ends, in degrees of OKLCh (0 pink-red, 29 red, 70 orange, 110 yellow, 142 green, 195 cyan,
# 264 blue, 328 magenta), and its name.
_HUES = (
    (12.0, "pink"), (40.0, "red"), (76.0, "orange"), (118.0, "yellow"), (168.0, "green"), (222.0, "teal"),
    (280.0, "blue"), (324.0, "purple"), (360.0, "pink"),
)  # fmt: skip


def name_pixels(lab: NDArray[Any]) -> NDArray[np.int64]:
    """OKLab (…, 3) → index into NAMES (…).

    Hue decides as soon as there is colour for the lightness that there is (C / L: what stays the same between
    a cloth and its shadow), so that the dark folds of a red dress are red. Without colour, lightness decides
    between black, grey and white. Dark and pale members of a hue that have names of their own (brown, beige,
    pink) come last.
    """
    shape, lab = lab.shape[:-1], lab.reshape(-1, 3)
    lightness = np.clip(lab[..., 0], 1e-4, 1.0)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360.0
    found = np.array([_AT[name] for _, name in _HUES])[
        np.searchsorted(np.array([end for end, _ in _HUES[:-1]]), hue, side="right")
    ]
    depth = chroma / lightness

    def put(name: str, where: NDArray[np.bool_]) -> None:
        found[where] = _AT[name]

    warm = (hue >= 40.0) & (hue < 105.0)
    put("brown", warm & (lightness < 0.57) & (chroma < 0.125) & (hue < 92.0))
    put("green", (hue >= 92.0) & (hue < 118.0) & (lightness < 0.68))  # olive
    put("brown", warm & (lightness < 0.68) & (chroma < 0.085) & (hue < 92.0))
    put("beige", warm & (lightness >= 0.68) & (chroma < 0.085))
    put("orange", (hue >= 32.0) & (hue < 40.0) & (lightness > 0.64) & (chroma > 0.13))
    put("brown", (hue >= 30.0) & (hue < 40.0) & (lightness < 0.58) & (depth < 0.24))
    reddish = (hue < 32.0) | (hue >= 350.0)
    put("pink", reddish & (lightness > 0.70))
    put("red", reddish & (lightness <= 0.70) & (depth >= 0.16))
    put("pink", reddish & (lightness > 0.62) & (depth < 0.20))
    put("purple", (hue >= 324.0) & (hue < 350.0) & (lightness < 0.50))

    plain = (chroma < 0.022) | ((depth < 0.075) & (chroma < 0.045)) | ((lightness < 0.22) & (chroma < 0.035))
    shade = np.where(lightness < 0.36, _AT["black"], np.where(lightness < 0.90, _AT["grey"], _AT["white"]))
    found = np.where(plain, shade, found)
    faint = (lightness > 0.965) & (chroma < 0.03)
    return np.asarray(np.where(faint, _AT["white"], found), dtype=np.int64).reshape(shape)


def shares(lab: NDArray[Any], weights: NDArray[Any] | None = None) -> NDArray[np.float32]:
    """OKLab (…, 3) → float32[13], the share of every name of NAMES; sums to 1."""
    names = name_pixels(lab).ravel()
    counted = np.bincount(names, None if weights is None else weights.ravel(), len(NAMES)).astype(np.float64)
    return np.asarray(counted / max(counted.sum(), 1e-12), dtype=np.float32)
