"""The distribution that latents are drawn from after training: a Gaussian mixture fitted to the posteriors.

Fitting a density after training beats sampling N(0, I) for nearly every autoencoder (Ghosh et al., "From
variational to deterministic autoencoders", ICLR 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(slots=True)
class Prior:
    """K Gaussians: share (K), mean (K×L) and lower Cholesky factor of the covariance (K×L×L), on the CPU."""

    share: Tensor
    mean: Tensor
    factor: Tensor

    def draw(self, count: int, random: torch.Generator, truncation: float = 1.0) -> Tensor:
        """``count``×L latents; ``truncation`` below 1 stays nearer to each component's mean."""
        which = torch.multinomial(self.share, count, replacement=True, generator=random)
        noise = torch.randn(count, self.mean.shape[1], generator=random) * truncation
        return self.mean[which] + torch.einsum("nij,nj->ni", self.factor[which], noise)

    def tensors(self) -> dict[str, Tensor]:
        """For the weights file."""
        return {"prior.share": self.share, "prior.mean": self.mean, "prior.factor": self.factor}


def standard_prior(latent: int) -> Prior:
    """N(0, I)."""
    return Prior(torch.ones(1), torch.zeros(1, latent), torch.eye(latent).unsqueeze(0))


def prior_from(tensors: dict[str, Tensor], latent: int) -> Prior:
    """Back from a weights file; N(0, I) where it holds none."""
    if "prior.mean" not in tensors:
        return standard_prior(latent)
    return Prior(*(tensors[f"prior.{key}"].float() for key in ("share", "mean", "factor")))


def fit_prior(mean: Tensor, variance: Tensor, components: int = 1, seed: int = 0) -> Prior:
    """Fit to posterior means and variances, N×L each.

    The average posterior variance is added to each covariance, so that a handful of examples still gives
    a distribution instead of points. Fewer components where there are few examples.
    """
    count = len(mean)
    spread = variance.double().mean(dim=0).clamp_min(1e-4).cpu().numpy()
    points = mean.double().cpu().numpy()
    components = max(1, min(components, count // 50))
    if components == 1:
        parts = [np.ones(count)]
    else:
        from sklearn.mixture import GaussianMixture

        mixture = GaussianMixture(components, covariance_type="diag", reg_covar=1e-3, random_state=seed)
        parts = list(mixture.fit(points).predict_proba(points).T)
    return Prior(*_moments(points, parts, spread))


def _moments(
    points: NDArray[np.float64], parts: list[NDArray[np.float64]], spread: NDArray[np.float64]
) -> tuple[Tensor, Tensor, Tensor]:
    shares, means, factors = [], [], []
    for weight in parts:
        total = max(float(weight.sum()), 1e-9)
        centre = weight @ points / total
        gap = points - centre
        covariance = (gap * weight[:, None]).T @ gap / total
        # Off-diagonal terms from few examples are mostly noise: shrink them towards the diagonal.
        keep = total / (total + points.shape[1])
        covariance = keep * covariance + (1 - keep) * np.diag(np.diag(covariance)) + np.diag(spread)
        shares.append(total / len(points))
        means.append(centre)
        factors.append(np.linalg.cholesky(covariance))
    stacked = [np.asarray(shares), np.stack(means), np.stack(factors)]
    share, mean, factor = (torch.from_numpy(part).float() for part in stacked)
    return share, mean, factor
