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


class Fitter:
    """Fits statistics piece by piece, so that the memory does not grow with the rows."""

    def __init__(self, dimension: int) -> None:
        """For float32[N, `dimension`] of any N."""
        self.count = 0
        self._seen, self._mean, self._squares = (np.zeros(dimension) for _ in range(3))

    def add(self, X: NDArray[np.float32]) -> None:
        """Take in float32[N, D]; missing values (NaN, infinity) do not count.

        Chan, Golub & LeVeque, "Algorithms for computing the sample variance" (1983): sums of squares of
        pieces around their own means, joined without losing digits.
        """
        for start in range(0, len(X), _CHUNK):
            block = X[start : start + _CHUNK].astype(np.float64)
            good = np.isfinite(block)
            seen = good.sum(0)
            mean = np.where(good, block, 0.0).sum(0) / np.maximum(seen, 1)
            squares = np.square(np.where(good, block - mean, 0.0)).sum(0)
            both = self._seen + seen
            apart, share = mean - self._mean, seen / np.maximum(both, 1)
            self._squares += squares + np.square(apart) * self._seen * share
            self._mean += apart * share
            self._seen = both
            self.count += len(block)

    def done(self) -> Statistics:
        """The statistics of all that was taken in.

        A column that is constant, or has fewer than two values, gets deviation 1, so that it neither explodes
        nor divides by zero.
        """
        std = np.sqrt(self._squares / np.maximum(self._seen, 1))
        constant = (self._seen < 2) | (std <= 1e-6 * np.maximum(np.abs(self._mean), 1e-3))
        std[constant] = 1.0
        return Statistics(self._mean.astype(np.float32), std.astype(np.float32), self.count)


def fit_statistics(X: NDArray[np.float32]) -> Statistics:
    """Fit over float32[N, D], N ≥ 0, as :class:`Fitter` does."""
    fitter = Fitter(X.shape[1])
    fitter.add(X)
    return fitter.done()


def unit_rows(X: NDArray[np.float32], nothing: float = 1e-6) -> NDArray[np.float32]:
    """Rows scaled to length 1.

    A row of zeros (every column equal to the mean: one single vector, or all alike) becomes the same
    direction for all such rows, so that equal things still come out as equal. A length up to ``nothing``
    counts as zero: what is left of rounding points nowhere.
    """
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    flat = norms[:, 0] <= nothing
    rows: NDArray[np.float32] = (X / np.where(norms <= nothing, 1.0, norms)).astype(np.float32)
    if flat.any():
        rows[flat] = 1.0 / np.sqrt(X.shape[1])
    return rows
