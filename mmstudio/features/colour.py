"""Colours of a picture in OKLab (B. Ottosson 2020): a soft histogram to compare, a palette to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

L_BINS, AB_BINS, AB_RANGE = 5, 7, 0.3
DIMENSION = L_BINS * AB_BINS * AB_BINS
_SIDE = 48  # px: enough for a histogram of 245 bins

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
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_LINEAR = np.where(
    np.arange(256) / 255 <= 0.04045,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
)


def to_oklab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8[…, 3] sRGB → float64[…, 3]: L 0…1, a and b about -0.4…0.4."""
    return np.asarray(np.cbrt(_LINEAR[rgb] @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """float64[…, 3] OKLab → uint8[…, 3] sRGB, clipped to what a screen shows."""
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(srgb * 255), dtype=np.uint8)


def histogram(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8[H, W, 3] → float32[245], length 1.

    Every pixel is shared between the eight nearest bins (trilinear); the square root makes the cosine of two
    histograms their Bhattacharyya coefficient.
    """
    lab = to_oklab(_small(picture)).reshape(-1, 3)
    place = np.stack(
        [
            np.clip(lab[:, 0], 0, 1) * (L_BINS - 1),
            (np.clip(lab[:, 1], -AB_RANGE, AB_RANGE) / AB_RANGE + 1) / 2 * (AB_BINS - 1),
            (np.clip(lab[:, 2], -AB_RANGE, AB_RANGE) / AB_RANGE + 1) / 2 * (AB_BINS - 1),
        ],
        axis=1,
    )
    shape = np.array([L_BINS, AB_BINS, AB_BINS])
    low = np.minimum(place.astype(np.int64), shape - 2)
    rest = place - low
    bins = np.zeros(DIMENSION)
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(np.array(corner) == 1, rest, 1 - rest), axis=1)
        at = low + np.array(corner)
        bins += np.bincount((at[:, 0] * AB_BINS + at[:, 1]) * AB_BINS + at[:, 2], share, DIMENSION)
    return np.asarray(np.sqrt(bins / bins.sum()), dtype=np.float32)


def palette(picture: NDArray[np.uint8], colours: int = 5) -> list[tuple[int, int, int]]:
    """The most telling colours of uint8[H, W, 3] as sRGB, at most `colours`, the most important first.

    k-means in OKLab, seeded by farthest points, so that it needs no random numbers. Areas count by their
    square
    root, by how colourful they are, and less where they line the edge of the picture: a small bright product
    comes before the large wall behind it.
    """
    # Nearest pixels, not means: a mean would invent colours along every edge.
    small = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    lab = to_oklab(np.asarray(small)).reshape(-1, 3)
    centres = lab.mean(0, keepdims=True)
    nearest = ((lab - centres[0]) ** 2).sum(1)
    while len(centres) < colours and nearest.max() > 1e-3:
        centres = np.vstack([centres, lab[nearest.argmax()]])
        nearest = np.minimum(nearest, ((lab - centres[-1]) ** 2).sum(1))
    owner = np.zeros(len(lab), np.int64)
    for _ in range(12):
        owner = ((lab[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        counts = np.bincount(owner, minlength=len(centres))
        sums = np.stack([np.bincount(owner, lab[:, c], len(centres)) for c in range(3)], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    counts = np.bincount(owner, minlength=len(centres))
    edge = np.ones((_SIDE, _SIDE), bool)
    edge[2:-2, 2:-2] = False
    wall = np.bincount(owner[edge.ravel()], minlength=len(centres)) / edge.sum()
    weight = np.sqrt(counts / len(lab)) * (0.06 + np.hypot(centres[:, 1], centres[:, 2])) * (1 - 0.85 * wall)
    order = [i for i in np.argsort(-weight) if counts[i] > 0]
    kept: list[int] = []
    for i in order:
        if all(((centres[i] - centres[j]) ** 2).sum() > 2.5e-3 for j in kept):
            kept.append(int(i))
    rgb = from_oklab(centres[kept])
    return [(int(r), int(g), int(b)) for r, g, b in rgb]


def layout(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8[H, W, 3] → float64[16, 16, 3]: which OKLab colour is where, roughly."""
    small = Image.fromarray(picture).resize((16, 16), Image.Resampling.BOX)
    return to_oklab(np.asarray(small.filter(ImageFilter.BoxBlur(1))))


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BOX))
