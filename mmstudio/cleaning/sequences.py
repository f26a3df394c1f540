"""One thing that changes over time against another that may begin later and end earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Rows = NDArray[np.int64]


def best_shift(
    one: NDArray[np.float32], other: NDArray[np.float32], least_overlap: float
) -> tuple[float, int, int]:
    """(correlation -1…1, shift, overlap) of float32[T, B] against float32[U, B] at the best shift.

    Row ``t + shift`` of ``one`` lies over row ``t`` of ``other``. The correlation is Pearson's over all cells
    of the rows that overlap (mean removed over the overlap), for every shift at which at least
    ``least_overlap`` of the shorter one is covered; all shifts at once through the convolution theorem.
    Flat overlaps have correlation 0.
    """
    n, m, bands = len(one), len(other), one.shape[1]
    size = 1 << (n + m - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(other, size, axis=0)) * np.fft.rfft(one, size, axis=0)
    cross = np.fft.irfft(spectrum.sum(1), size)
    shifts = np.arange(-(m - 1), n)
    products = cross[shifts % size]
    start, stop = np.maximum(shifts, 0), np.minimum(shifts + m, n)
    overlap = stop - start
    cells = overlap * bands

    def sums(rows: NDArray[np.float32], low: _Rows, high: _Rows, power: int) -> NDArray[np.float64]:
        total = np.concatenate([[0.0], np.cumsum((rows.astype(np.float64) ** power).sum(1))])
        return np.asarray(total[high] - total[low])

    a1, a2 = sums(one, start, stop, 1), sums(one, start, stop, 2)
    b1, b2 = sums(other, start - shifts, stop - shifts, 1), sums(other, start - shifts, stop - shifts, 2)
    covariance = products - a1 * b1 / cells
    spread = np.maximum(a2 - a1**2 / cells, 0) * np.maximum(b2 - b1**2 / cells, 0)
    correlation = np.where(spread > 1e-9, covariance / np.sqrt(np.maximum(spread, 1e-9)), 0.0)
    correlation[overlap < least_overlap * min(n, m)] = -1.0
    best = int(np.argmax(correlation))
    return float(min(correlation[best], 1.0)), int(shifts[best]), int(overlap[best])
