"""Statistics of a set of vectors, and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 8192  # rows


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation per column, float32[D], fitted over `count` rows."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    count: int

    def apply(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """(X - mean) / std; a missing value (NaN) stays missing."""
        return ((X - self.mean) / self.std).astype(np.float32)

    def invert(self, Z: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vectors that `apply` was given."""
        return (Z * self.std + self.mean).astype(np.float32)


def fit_statistics(X: NDArray[np.float32]) -> Statistics:
    """Fit over float32[N, D], N ≥ 0; missing values (NaN, infinity) do not count.

    A column that is constant, or has fewer than two values, gets deviation 1, so that it neither explodes nor
    divides by zero.
    """
    D = X.shape[1]
    total, squares, seen = np.zeros(D), np.zeros(D), np.zeros(D)
    for start in range(0, len(X), _CHUNK):
        block = X[start : start + _CHUNK].astype(np.float64)
        good = np.isfinite(block)
        total += np.where(good, block, 0.0).sum(0)
        seen += good.sum(0)
    mean = total / np.maximum(seen, 1)
    for start in range(0, len(X), _CHUNK):  # second pass: the one-pass formula loses digits
        block = X[start : start + _CHUNK].astype(np.float64) - mean
        squares += np.where(np.isfinite(block), block, 0.0).__pow__(2).sum(0)
    std = np.sqrt(squares / np.maximum(seen, 1))
    constant = (seen < 2) | (std <= 1e-6 * np.maximum(np.abs(mean), 1e-3))
    std[constant] = 1.0
    return Statistics(mean.astype(np.float32), std.astype(np.float32), len(X))


def unit_rows(X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1.

    A row of zeros (every column equal to the mean: one single vector, or all alike) becomes the same
    direction for all such rows, so that equal things still come out as equal.
    """
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    flat = norms[:, 0] <= 1e-6
    rows: NDArray[np.float32] = (X / np.where(norms <= 1e-6, 1.0, norms)).astype(np.float32)
    if flat.any():
        rows[flat] = 1.0 / np.sqrt(X.shape[1])
    return rows
