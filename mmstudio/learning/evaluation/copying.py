"""The memorisation check: is what a model draws nearer to its training pictures than new real ones are?

Held-out pictures say how near a real picture, not learned from, comes to the training pictures; where none
were held out, training pictures and their nearest other one stand in. The idea of comparing these distances
is that of Meehan, Chaudhuri and Dasgupta, "A non-parametric test to detect data-copying", AISTATS 2020; that
half of the usual distance counts as a copy is the bound of Carlini et al., "Extracting training data from
diffusion models", USENIX Security 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmstudio.learning.evaluation.metrics import distances

Rows = NDArray[np.float64]
FEW_HELD = 8
TOO_NEAR = 0.5
PIXELS = 32  # pictures are compared pixel by pixel at most this large


@dataclass(frozen=True, slots=True)
class Space:
    """Distances in one space: drawn to training (N nearest, and which), and what real ones have instead.

    Attributes:
        nearest: N, of each drawn picture to its nearest training picture; which: its row.
        real: M, the same for held-out pictures (or of each training picture to its nearest other).
    """

    nearest: Rows
    which: NDArray[np.int64]
    real: Rows

    @property
    def usual(self) -> float:
        """The median of ``real``; 0 where all real pictures are equal."""
        return float(np.median(self.real)) if len(self.real) else 0.0

    def ratios(self, rows: Rows | None = None) -> Rows:
        """Distances over the usual one; 1 for all where that is 0."""
        rows = self.nearest if rows is None else rows
        return rows / self.usual if self.usual > 1e-9 else np.ones(len(rows))


def space(train: Rows, held: Rows, drawn: Rows, mirrored: Rows | None = None) -> Space:
    """From rows of features or pixels (T×D, H×D, N×D); ``mirrored`` are the drawn ones turned left to right,
    for models that also learned from mirrored pictures."""
    apart = distances(drawn, train)
    if mirrored is not None:
        apart = np.minimum(apart, distances(mirrored, train))
    which = apart.argmin(axis=1)
    if len(held) >= FEW_HELD:
        real = distances(held, train).min(axis=1)
    elif len(train) > 1:
        among = distances(train, train)
        np.fill_diagonal(among, np.inf)
        real = among.min(axis=1)
    else:
        real = np.zeros(0)
    return Space(apart[np.arange(len(apart)), which], which.astype(np.int64), real)


def too_near(features: Space, pixels: Space) -> NDArray[np.bool_]:
    """Which drawn pictures are nearly a training picture: in features and in pixels."""
    return (features.ratios() < TOO_NEAR) & (pixels.ratios() < TOO_NEAR)


def real_near(features: Space, pixels: Space) -> float:
    """The share of real pictures that the same rule would call copies: pictures of one thing, or cut from one
    picture, lie that near without anybody copying."""
    if not len(features.real):
        return 0.0
    near = (features.ratios(features.real) < TOO_NEAR) & (pixels.ratios(pixels.real) < TOO_NEAR)
    return float(near.mean())


def shrunk(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """N×C×S×S at most :data:`PIXELS` wide, by the mean of blocks (S is a power of two)."""
    factor = max(1, pictures.shape[-1] // PIXELS)
    n, c, h, w = pictures.shape
    h, w = h // factor * factor, w // factor * factor  # spectrograms are of any length
    pictures = pictures[:, :, :h, :w]
    blocks = pictures.reshape(n, c, h // factor, factor, w // factor, factor)
    small: NDArray[np.uint8] = np.round(blocks.mean(axis=(3, 5))).astype(np.uint8)
    return small
