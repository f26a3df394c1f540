"""Geometry of a model's latents: whitening by the prior, pulling to its middle, in-betweens on the sphere.

All in float32 numpy, one latent at a time: the same point gives the same bits alone and among others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmstudio.learning.engine.prior import Prior

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Space:
    """Latents of length L under a prior of K Gaussians.

    Attributes:
        prior: what seeds are drawn from.
        mean: float32[L], of the whole prior. factor: float32[L, L], Cholesky factor of its whole covariance.
        inverse: of the factor.
    """

    prior: Prior
    mean: Floats
    factor: Floats
    inverse: Floats

    @classmethod
    def of(cls, prior: Prior) -> Space:
        """The first two moments of a mixture are those of one Gaussian: with them it is whitened."""
        share, means, factors = (part.double().numpy() for part in (prior.share, prior.mean, prior.factor))
        mean = share @ means
        gap = means - mean
        covariance = np.einsum("k,kij,klj->il", share, factors, factors)
        covariance += np.einsum("k,ki,kj->ij", share, gap, gap)
        factor = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(mean)))
        inverse = np.linalg.inv(factor)
        return cls(prior, *(part.astype(np.float32) for part in (mean, factor, inverse)))

    @property
    def length(self) -> int:
        """L."""
        return len(self.mean)

    def draw(self, seed: int, truncation: float = 1.0) -> Floats:
        """float32[L]: what a seed stands for, from a generator of its own."""
        import torch

        random = torch.Generator().manual_seed(seed % 2**63)
        drawn: Floats = self.prior.draw(1, random, truncation)[0].numpy()
        return drawn

    def draws(self, count: int, seed: int) -> Floats:
        """float32[count, L] of the prior."""
        import torch

        drawn: Floats = self.prior.draw(count, torch.Generator().manual_seed(seed)).numpy()
        return drawn

    def white(self, z: Floats) -> Floats:
        """float32[…, L] → where the prior has mean 0 and covariance 1."""
        return np.asarray((z - self.mean) @ self.inverse.T, np.float32)

    def back(self, x: Floats) -> Floats:
        """The inverse of :meth:`white`."""
        return np.asarray(x @ self.factor.T + self.mean, np.float32)

    def pull(self, z: Floats, truncation: float) -> Floats:
        """float32[…, L] moved to the mean of the prior's component it most likely belongs to.

        The truncation trick (Brock et al., ICLR 2019; as a pull to the mean: Karras et al., CVPR 2019), for
        one latent that was not drawn just now.
        """
        if truncation == 1.0:
            return z
        mean = self._middle(z.reshape(-1, self.length).mean(0))
        return np.asarray(mean + np.float32(truncation) * (z - mean), np.float32)

    def _middle(self, z: Floats) -> Floats:
        means = self.prior.mean.numpy()
        if len(means) == 1:
            return np.asarray(means[0], np.float32)
        scores = []
        for share, mean, factor in zip(
            self.prior.share.numpy(), means, self.prior.factor.double().numpy(), strict=True
        ):
            white = np.linalg.solve(factor, z.astype(np.float64) - mean)
            scores.append(np.log(max(share, 1e-12)) - np.log(np.diag(factor)).sum() - 0.5 * white @ white)
        return np.asarray(means[int(np.argmax(scores))], np.float32)

    def between(self, a: Floats, b: Floats, t: float) -> Floats:
        """float32[…, L] between two latents of the same shape, row by row, along the sphere of the prior.

        In whitened space the direction turns evenly (Shoemake, "Animating rotation with quaternion curves",
        SIGGRAPH 1985) and the length changes evenly: in many dimensions a prior's draws lie near a sphere,
        and the straight line between two of them passes where it holds nothing.
        """
        if t <= 0.0:
            return a
        if t >= 1.0:
            return b
        return self.back(slerp(self.white(a), self.white(b), t))


def slerp(a: Floats, b: Floats, t: float) -> Floats:
    """float32[…, L]: the arc between the directions, the lengths in proportion; row by row.

    Nearly equal or opposite directions, and a latent of length 0, take the straight line.
    """
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    la, lb = np.linalg.norm(a64, axis=-1, keepdims=True), np.linalg.norm(b64, axis=-1, keepdims=True)
    usable = (la > 1e-8) & (lb > 1e-8)
    ua, ub = a64 / np.where(usable, la, 1.0), b64 / np.where(usable, lb, 1.0)
    angle = np.arccos(np.clip((ua * ub).sum(-1, keepdims=True), -1.0, 1.0))
    sine = np.sin(angle)
    turns = usable & (sine > 1e-4)
    safe = np.where(turns, sine, 1.0)
    arc = (np.sin((1 - t) * angle) * ua + np.sin(t * angle) * ub) / safe * ((1 - t) * la + t * lb)
    return np.asarray(np.where(turns, arc, (1 - t) * a64 + t * b64), np.float32)
