"""The mathematics of directions: regression on measures, factorised weights, principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

    from mmstudio.generation.latents.space import Space

Array = NDArray[np.float64]
PENALTIES = np.logspace(-2, 3, 16)


def ridge(X: Array, Y: Array) -> tuple[Array, Array]:
    """Ridge regression of centred float64[N, L] rows on each column of float64[N, K].

    The penalty of each column is the one with the smallest generalised cross-validation score (Golub, Heath
    and Wahba, Technometrics 1979). Returns weights float64[L, K] and intercepts float64[K].
    """
    mean, level = X.mean(0), Y.mean(0)
    u, s, vt = np.linalg.svd(X - mean, full_matrices=False)
    target = u.T @ (Y - level)
    whole = ((Y - level) ** 2).sum(0)
    best = np.full(Y.shape[1], np.inf)
    weights = np.zeros((X.shape[1], Y.shape[1]))
    count = len(X)
    for penalty in PENALTIES * count / 100:
        shrink = s**2 / (s**2 + penalty)
        residual = whole - ((2 * shrink - shrink**2)[:, None] * target**2).sum(0)
        score = residual / max(1e-6, count - 1 - shrink.sum()) ** 2
        better = score < best
        best = np.where(better, score, best)
        weights[:, better] = (vt.T @ ((s / (s**2 + penalty))[:, None] * target))[:, better]
    return weights, level - mean @ weights


def correlation(a: Array, b: Array) -> float:
    """Pearson's r; 0 where one of them does not vary."""
    spread = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-12 else 0.0


def step_for(weights: Array, others: Array, longest: float) -> Array:
    """float64[L]: the shortest step in whitened space that raises one measure by one standard deviation.

    Args:
        weights: float64[L], the measure's regression on whitened latents, per standard deviation.
        others: float64[K, L], what should stay: the step is orthogonal to them (conditional manipulation,
            Shen et al., "Interpreting the latent space of GANs", CVPR 2020), unless it would then be longer
            than ``longest``.
    """
    if len(others):
        q, _ = np.linalg.qr(others.T)
        alone: Array = weights - q @ (q.T @ weights)
        if (length := float(np.linalg.norm(alone))) > 1.0 / longest:
            return alone / length**2
    length = max(float(np.linalg.norm(weights)), 1.0 / longest)
    step: Array = weights / length**2
    return step


def factorised(layers: list[nn.Linear], space: Space, count: int) -> Array:
    """float64[count, R], unit rows in the space's coordinates: what the layers turn on most.

    Eigenvectors of AᵀA of the weights that take the latent (Shen and Zhou, "Closed-form factorization of
    latent semantics in GANs", CVPR 2021), with A = W·F for a prior of covariance F·Fᵀ.
    """
    factor = space.factor.astype(np.float64)
    gram = np.zeros((space.rank, space.rank))
    for layer in layers:
        a = layer.weight.detach().float().cpu().numpy().astype(np.float64) @ factor
        gram += a.T @ a
    values, vectors = np.linalg.eigh(gram)
    kept = [i for i in range(len(values) - 1, -1, -1) if values[i] > 1e-9 * max(values[-1], 1e-12)]
    rows: Array = vectors[:, kept[:count]].T
    return rows


def components(activations: Array, X: Array, count: int) -> Array:
    """float64[count, L], unit rows: latents along the principal components of an early layer's activations.

    Härkönen et al., "GANSpace", NeurIPS 2020: PCA of float64[N, D] activations, then latents float64[N, L]
    (whitened) regressed on the coordinates.
    """
    centred = activations - activations.mean(0)
    values, vectors = np.linalg.eigh(centred @ centred.T)  # N×N: there are more activations than pictures
    rows = []
    for index in range(1, min(count, len(values)) + 1):
        if values[-index] <= 1e-9 * values[-1]:
            break
        direction = (X - X.mean(0)).T @ vectors[:, -index]
        if (length := float(np.linalg.norm(direction))) > 1e-9:
            rows.append(direction / length)
    return np.stack(rows) if rows else np.zeros((0, X.shape[1]))
