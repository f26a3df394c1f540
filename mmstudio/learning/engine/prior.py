"""The distribution that latents are drawn from after training: a Gaussian mixture fitted to the posteriors.

Fitting a density after training beats sampling N(0, I) for nearly every autoencoder (Ghosh et al., "From
variational to deterministic autoencoders", ICLR 2020). Long latents get covariances of low rank (mixtures of
factor analysers: Ghahramani and Hinton, 1996; the directions are shared, those of the principal components).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LONGEST_FULL = 128  # numbers in a latent up to which each covariance is kept whole
RANK = 64
_MOST_NUMBERS = 4_000_000  # in all factors together: 16 MB beside the weights
_MOST_ROWS = 1024  # examples that principal components are found in
_PER_COMPONENT = 20


@dataclass(slots=True)
class Prior:
    """K Gaussians over latents of length L, on the CPU.

    Attributes:
        share: K, sums to 1.
        mean: K×L.
        factor: K×L×R, the covariance is factor·factorᵀ + diag(rest²); R = L (a Cholesky factor) without rest.
        rest: K×L, or None.
    """

    share: Tensor
    mean: Tensor
    factor: Tensor
    rest: Tensor | None = None

    def draw(self, count: int, random: torch.Generator, truncation: float = 1.0) -> Tensor:
        """``count``×L latents; ``truncation`` below 1 stays nearer to each component's mean."""
        which = torch.multinomial(self.share, count, replacement=True, generator=random)
        noise = torch.randn(count, self.factor.shape[2], generator=random) * truncation
        if self.rest is None:
            return self.mean[which] + torch.einsum("nij,nj->ni", self.factor[which], noise)
        own = torch.randn(count, self.mean.shape[1], generator=random) * truncation
        drawn = self.mean[which] + self.rest[which] * own
        for component in sorted(set(which.tolist())):  # a factor for each row would take much memory
            rows = which == component
            drawn[rows] += noise[rows] @ self.factor[component].T
        return drawn

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean (L) and covariance (L×L) of the whole mixture."""
        mean = self.share @ self.mean
        gap = self.mean - mean
        covariance = torch.einsum("k,kij->ij", self.share, self.factor @ self.factor.mT)
        covariance = covariance + torch.einsum("k,ki,kj->ij", self.share, gap, gap)
        if self.rest is not None:
            covariance = covariance + torch.diag(self.share @ self.rest.square())
        return mean, covariance

    def log_density(self, z: Tensor) -> Tensor:
        """Natural logarithm of the density at N×L: N."""
        z = z.double()
        logs = []
        for k in range(len(self.share)):
            mean, factor = self.mean[k].double(), self.factor[k].double()
            one: torch.distributions.Distribution
            if self.rest is None:
                one = torch.distributions.MultivariateNormal(mean, scale_tril=factor)
            else:
                spread = self.rest[k].double().square()
                one = torch.distributions.LowRankMultivariateNormal(mean, factor, spread)
            at: Tensor = one.log_prob(z)  # type: ignore[no-untyped-call]
            logs.append(at + self.share[k].double().log())
        return torch.logsumexp(torch.stack(logs), 0)

    def tensors(self) -> dict[str, Tensor]:
        """For the weights file."""
        found = {"prior.share": self.share, "prior.mean": self.mean, "prior.factor": self.factor}
        return found if self.rest is None else found | {"prior.rest": self.rest}


def standard_prior(latent: int) -> Prior:
    """N(0, I)."""
    if latent > LONGEST_FULL:
        return Prior(torch.ones(1), torch.zeros(1, latent), torch.zeros(1, latent, 1), torch.ones(1, latent))
    return Prior(torch.ones(1), torch.zeros(1, latent), torch.eye(latent).unsqueeze(0))


def prior_from(tensors: dict[str, Tensor], latent: int) -> Prior:
    """Back from a weights file; N(0, I) where it holds none."""
    if "prior.mean" not in tensors:
        return standard_prior(latent)
    rest = tensors.get("prior.rest")
    share, mean, factor = (tensors[f"prior.{key}"].float() for key in ("share", "mean", "factor"))
    return Prior(share, mean, factor, None if rest is None else rest.float())


def fit_prior(mean: Tensor, variance: Tensor, components: int = 1, seed: int = 0) -> Prior:
    """Fit to posterior means and variances, N×L each.

    The average posterior variance is added to each covariance, so that a handful of examples still gives
    a distribution instead of points. Fewer components where there are few examples.
    """
    count = len(mean)
    spread = variance.double().mean(dim=0).clamp_min(1e-4).cpu().numpy()
    points = mean.double().cpu().numpy()
    components = max(1, min(components, count // _PER_COMPONENT))
    if points.shape[1] > LONGEST_FULL:
        return _low_rank(points, spread, components, seed)
    shares, means, covariances = _moments(points, _responsibilities(points, components, seed))
    factors = np.linalg.cholesky(covariances + np.diag(spread))
    return Prior(_float(shares), _float(means), _float(factors.astype(np.float64)))


def _low_rank(points: NDArray[np.float64], spread: NDArray[np.float64], components: int, seed: int) -> Prior:
    """Principal components of the standardised latents, a mixture in them, the rest as independent noise."""
    count, length = points.shape
    centre, scale = points.mean(axis=0), points.std(axis=0).clip(1e-6)
    rows = (points - centre) / scale
    some = rows[np.linspace(0, count - 1, min(count, _MOST_ROWS)).astype(int)]
    # Eigenvectors of the small Gram matrix give the directions (N at most 1,024; L may be tens of thousands).
    values, vectors = np.linalg.eigh(some @ some.T)
    rank = max(1, min(RANK, (count - 1) // 2, _MOST_NUMBERS // (components * length)))
    kept = np.argsort(values)[::-1][:rank]
    kept = kept[values[kept] > 1e-9 * max(values.max(), 1e-9)] if values.max() > 1e-9 else kept[:1]
    basis = some.T @ vectors[:, kept] / np.sqrt(values[kept].clip(1e-12))
    within = rows @ basis
    parts = _responsibilities(within, components, seed)
    shares, means, covariances = _moments(within, parts)
    factors = np.linalg.cholesky(covariances + 1e-6 * np.eye(within.shape[1]))
    beyond = ((rows - within @ basis.T) ** 2).mean(axis=0)
    rest = np.sqrt(scale**2 * beyond + spread)
    wide = scale[:, None] * basis
    return Prior(
        _float(shares),
        _float(centre + means @ wide.T),
        _float(np.stack([wide @ factor for factor in factors])),
        _float(np.repeat(rest[None], len(shares), axis=0)),
    )


def _responsibilities(points: NDArray[np.float64], components: int, seed: int) -> list[NDArray[np.float64]]:
    components = min(components, len(np.unique(points, axis=0)))
    if components == 1:
        return [np.ones(len(points))]
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(components, covariance_type="diag", reg_covar=1e-3, random_state=seed)
    with warnings.catch_warnings():  # nearly equal examples: fewer clusters than asked for do no harm
        warnings.simplefilter("ignore", ConvergenceWarning)
        return list(mixture.fit(points).predict_proba(points).T)


def _moments(
    points: NDArray[np.float64], parts: list[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shares (K), means (K×L) and covariances (K×L×L) of weighted points."""
    shares, means, covariances = [], [], []
    for weight in parts:
        total = max(float(weight.sum()), 1e-9)
        centre = weight @ points / total
        gap = points - centre
        covariance = (gap * weight[:, None]).T @ gap / total
        # Off-diagonal terms from few examples are mostly noise: shrink them towards the diagonal.
        keep = total / (total + points.shape[1])
        shares.append(total / len(points))
        means.append(centre)
        covariances.append(keep * covariance + (1 - keep) * np.diag(np.diag(covariance)))
    return np.asarray(shares), np.stack(means), np.stack(covariances)


def _float(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()
