"""Figures of a set of drawn pictures against a set of real ones; NumPy only, N×D features unless said.

Nothing here is called FID or KID: those mean Inception-v3's features and their protocol. Results name the
network they were measured in (:func:`mmstudio.learning.evaluation.networks.picture_features`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
NEIGHBOURS = 5
REDUCED = 64  # dimensions for the Fréchet distance where there are few pictures


def kernel_distance(x: Rows, y: Rows) -> float:
    """Unbiased MMD² with k(a, b) = (a·b/D + 1)³ of N×D and M×D rows, both at least two.

    Gretton et al., "A kernel two-sample test", JMLR 2012, with the kernel of Bińkowski et al., "Demystifying
    MMD GANs", ICLR 2018. About 0 for two samples of one distribution, and as often below as above it.
    """
    dimension = x.shape[1]

    def kernel(a: Rows, b: Rows) -> Rows:
        cubed: Rows = (a @ b.T / dimension + 1) ** 3
        return cubed

    within_x, within_y, across = kernel(x, x), kernel(y, y), kernel(x, y)
    n, m = len(x), len(y)
    return float(
        (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
        + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
        - 2 * across.mean()
    )


def distances(a: Rows, b: Rows) -> Rows:
    """Euclidean distances of N×D to M×D rows: N×M."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    distance: Rows = np.sqrt(np.maximum(squared, 0.0))
    return distance


def frechet_distance(x: Rows, y: Rows) -> float:
    """|μx − μy|² + tr(Σx + Σy − 2 (Σx Σy)^½) of the Gaussians fitted to N×D and M×D rows; at least 0.

    Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982; its use on
    features: Heusel et al., NeurIPS 2017. Biased upwards where N or M is not far above D
    (see :class:`Reduction`).
    """
    gap = x.mean(axis=0) - y.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (x, y))
    root = _root(first)
    # The eigenvalues of Σx Σy are those of the symmetric Σx^½ Σy Σx^½, whose trace of roots is stable.
    values = np.linalg.eigvalsh(root @ second @ root)
    overlap = np.sqrt(np.maximum(values, 0.0)).sum()
    return max(0.0, float(gap @ gap + np.trace(first) + np.trace(second) - 2 * overlap))


def _root(matrix: Rows) -> Rows:
    values, vectors = np.linalg.eigh(matrix)
    root: Rows = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


@dataclass(frozen=True, slots=True)
class Reduction:
    """Principal components fitted once, on real pictures: centre (D) and directions (D×K)."""

    centre: Rows
    directions: Rows

    @classmethod
    def of(cls, rows: Rows, dimensions: int = REDUCED) -> Reduction:
        """Fitted to N×D; at most N − 1 directions."""
        centre = rows.mean(axis=0)
        _, _, directions = np.linalg.svd(rows - centre, full_matrices=False)
        return cls(centre, directions[: max(1, min(dimensions, len(rows) - 1))].T)

    def __call__(self, rows: Rows) -> Rows:
        """N×D → N×K."""
        reduced: Rows = (rows - self.centre) @ self.directions
        return reduced


@dataclass(frozen=True, slots=True)
class Manifolds:
    """Precision, recall, density and coverage, each in [0, 1] but density, which may exceed 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def manifolds(real: Rows, drawn: Rows, k: int = NEIGHBOURS) -> Manifolds:
    """How two sets overlap, by balls that reach to each point's k-th nearest neighbour in its own set.

    Precision is the share of drawn points in a ball of a real one, recall the share of real points in a ball
    of a drawn one (Kynkäänniemi et al., "Improved precision and recall metric", NeurIPS 2019, equation 2).
    Density is the mean number of real balls around a drawn point, over k; coverage the share of real balls
    with a drawn point in them (Naeem et al., "Reliable fidelity and diversity metrics", ICML 2020, equations
    4 and 6). ``k`` is lowered where a set has fewer than k + 1 points; each needs at least two.
    """
    k = min(k, len(real) - 1, len(drawn) - 1)
    if k < 1:
        raise ValueError("two points at least")
    real_reach, drawn_reach = _reach(real, k), _reach(drawn, k)
    apart = distances(real, drawn)
    in_real = apart <= real_reach[:, None]
    return Manifolds(
        precision=float(in_real.any(axis=0).mean()),
        recall=float((apart <= drawn_reach[None, :]).any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / k),
        coverage=float((apart.min(axis=1) <= real_reach).mean()),
    )


def _reach(rows: Rows, k: int) -> Rows:
    among = distances(rows, rows)
    np.fill_diagonal(among, np.inf)
    reach: Rows = np.partition(among, k - 1, axis=1)[:, k - 1]
    return reach


def diversity(rows: Rows) -> float:
    """Mean distance between two different rows; 0 for fewer than two."""
    if len(rows) < 2:
        return 0.0
    return float(distances(rows, rows)[~np.eye(len(rows), dtype=bool)].mean())


def pixel_rows(pixels: NDArray[np.uint8]) -> Rows:
    """N×C×H×W uint8 → N×D so that distances of rows are root mean square differences, 0–255."""
    length = int(np.prod(pixels.shape[1:]))
    rows: Rows = pixels.reshape(len(pixels), length).astype(np.float64) / np.sqrt(length)
    return rows


def psnr(made: NDArray[np.uint8], real: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB, peak 255: mean over N of N×C×H×W; equal pictures count as 78 dB."""
    error = ((made.astype(np.float64) - real) ** 2).mean(axis=(1, 2, 3))
    return float(np.mean(10 * np.log10(255.0**2 / np.maximum(error, 1e-3))))


def ssim(made: NDArray[np.uint8], real: NDArray[np.uint8]) -> float:
    """Structural similarity, mean over N×C×H×W, H and W at least 11; in [-1, 1], 1 for equal pictures.

    Wang et al., "Image quality assessment", IEEE TIP 2004, equation 13: a Gaussian window of 11 pixels with
    σ = 1.5, K₁ = 0.01, K₂ = 0.03, where the window lies inside the picture.
    """
    x, y = made.astype(np.float64), real.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_x * mean_y + one) * (2 * covariance + two)
    bottom = (mean_x**2 + mean_y**2 + one) * (var_x + var_y + two)
    return float((top / bottom).mean())


def _blurred(x: Rows) -> Rows:
    """N×C×H×W → N×C×(H-10)×(W-10): the window of :func:`ssim`, one axis after the other."""
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    for axis in (2, 3):
        x = np.lib.stride_tricks.sliding_window_view(x, len(taps), axis=axis) @ taps
    return x
