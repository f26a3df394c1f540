"""Colours of a picture in OKLab (B. Ottosson 2020): a soft histogram to compare, a palette to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab

if TYPE_CHECKING:
    from numpy.typing import NDArray

L_BINS, AB_BINS, AB_RANGE = 5, 7, 0.3
DIMENSION = L_BINS * AB_BINS * AB_BINS
_SHAPE = (L_BINS, AB_BINS, AB_BINS)
_SIDE = 48  # px: enough for a histogram of 245 bins


def histogram(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8[H, W, 3] → float32[245], length 1.

    Every pixel is shared between the eight nearest bins (trilinear); the square root makes the cosine of two
    histograms their Bhattacharyya coefficient.
    """
    lab = srgb_to_oklab(_small(picture)).reshape(-1, 3)
    places = (
        np.clip(lab[:, 0], 0, 1) * (L_BINS - 1),
        (np.clip(lab[:, 1], -AB_RANGE, AB_RANGE) / AB_RANGE + 1) / 2 * (AB_BINS - 1),
        (np.clip(lab[:, 2], -AB_RANGE, AB_RANGE) / AB_RANGE + 1) / 2 * (AB_BINS - 1),
    )
    low = [np.minimum(p.astype(np.int64), bins - 2) for p, bins in zip(places, _SHAPE, strict=True)]
    rest = [place - below for place, below in zip(places, low, strict=True)]
    first = (low[0] * AB_BINS + low[1]) * AB_BINS + low[2]
    at, share = [], []
    for l_up, a_up, b_up in np.ndindex(2, 2, 2):
        at.append(first + ((l_up * AB_BINS + a_up) * AB_BINS + b_up))
        sides = (rest[0] if l_up else 1 - rest[0]), (rest[1] if a_up else 1 - rest[1])
        share.append(sides[0] * sides[1] * (rest[2] if b_up else 1 - rest[2]))
    bins = np.bincount(np.concatenate(at), np.concatenate(share), DIMENSION)
    return np.asarray(np.sqrt(bins / bins.sum()), dtype=np.float32)


def palette(picture: NDArray[np.uint8], colours: int = 5) -> list[tuple[int, int, int]]:
    """The most telling colours of uint8[H, W, 3] as sRGB, at most `colours`, the most important first.

    k-means in OKLab, seeded by farthest points, so that it needs no random numbers. Areas count by their
    square root, by how colourful they are, and less where they line the edge of the picture: a small bright
    product comes before the large wall behind it.
    """
    # Nearest pixels, not means: a mean would invent colours along every edge.
    small = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    lab = srgb_to_oklab(np.asarray(small), np.float32).reshape(-1, 3)
    centres = lab.mean(0, keepdims=True)
    nearest = ((lab - centres[0]) ** 2).sum(1)
    while len(centres) < colours and nearest.max() > 1e-3:
        centres = np.vstack([centres, lab[nearest.argmax()]])
        nearest = np.minimum(nearest, ((lab - centres[-1]) ** 2).sum(1))
    some = lab[::3]  # of every third pixel: the groups move as they would of all
    owner = np.zeros(len(some), np.int64)
    for _ in range(10):
        closest = ((centres**2).sum(1) - 2 * some @ centres.T).argmin(1)
        if (closest == owner).all():
            break
        owner = closest
        members = (owner[:, None] == np.arange(len(centres))).astype(np.float32)
        means = members.T @ some / np.maximum(members.sum(0), 1)[:, None]
        centres = np.where(members.any(0)[:, None], means, centres)
    owner = ((centres**2).sum(1) - 2 * lab @ centres.T).argmin(1)
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
    rgb = oklab_to_bytes(centres[kept])
    return [(int(r), int(g), int(b)) for r, g, b in rgb]


def layout(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8[H, W, 3] → float64[16, 16, 3]: which OKLab colour is where, roughly."""
    small = Image.fromarray(picture).resize((16, 16), Image.Resampling.BOX)
    return srgb_to_oklab(np.asarray(small.filter(ImageFilter.BoxBlur(1))))


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BOX))
