"""Geometry of a model's latents: whitening by the prior, pulling to its middle, in-betweens on the sphere.

All in float32 numpy, one latent at a time: the same point gives the same bits alone and among others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmstudio.learning.engine.prior import Prior

Floats = NDArray[np.float32]
LONGEST = 1024  # numbers in a latent up to which its covariance is kept whole
RANK = 64


@dataclass(slots=True)
class Space:
    """Latents of length L under a prior of K Gaussians.

    Attributes:
        prior: what seeds are drawn from.
        mean: float32[L], of the whole prior.
        scale: float32[L], standard deviations, where latents are too long for a whole covariance; else None.
        factor: float32[L, R]: coordinates that directions are looked for in → latents; R = L and a Cholesky
            factor of the whole covariance without ``scale``, else the R strongest principal components.
        inverse: float32[R, L], back.
    """

    prior: Prior
    mean: Floats
    scale: Floats | None
    factor: Floats
    inverse: Floats

    @classmethod
    def of(cls, prior: Prior) -> Space:
        """The first two moments of a mixture are those of one Gaussian: with them it is whitened."""
        share, means, factors = (part.double().numpy() for part in (prior.share, prior.mean, prior.factor))
        kept = getattr(prior, "rest", None)
        rest = np.zeros_like(means) if kept is None else kept.double().numpy()
        mean = share @ means
        gap = np.sqrt(share)[:, None] * (means - mean)
        wide = np.concatenate([*(np.sqrt(s) * f for s, f in zip(share, factors, strict=True)), gap.T], axis=1)
        own = share @ rest**2
        if len(mean) <= LONGEST:
            covariance = wide @ wide.T + np.diag(own + 1e-9)
            factor = np.linalg.cholesky(covariance)
            return cls(prior, _f32(mean), None, _f32(factor), _f32(np.linalg.inv(factor)))
        scale = np.sqrt((wide**2).sum(1) + own + 1e-9)
        _, values, rows = np.linalg.svd((wide / scale[:, None]).T, full_matrices=False)
        strong = values[:RANK] > 1e-6 * max(1e-12, values[0])
        values, basis = values[:RANK][strong], rows[:RANK][strong]
        if not len(values) or values[0] < 1e-9:  # independent numbers: no direction is stronger than another
            values, basis = np.ones(RANK), np.eye(RANK, len(mean))
        factor = scale[:, None] * basis.T * values
        return cls(prior, _f32(mean), _f32(scale), _f32(factor), _f32(basis / scale / values[:, None]))

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

    @property
    def rank(self) -> int:
        """R, the number of coordinates."""
        return int(self.factor.shape[1])

    def white(self, z: Floats) -> Floats:
        """float32[…, L] → where the prior has mean 0 and covariance 1 (variances 1 where L is long)."""
        return self.white_step(z - self.mean)

    def white_step(self, step: Floats) -> Floats:
        """:meth:`white` of a difference of latents."""
        return _f32(step @ self.inverse.T if self.scale is None else step / self.scale)

    def back(self, x: Floats) -> Floats:
        """The inverse of :meth:`white`."""
        return _f32((x @ self.factor.T if self.scale is None else x * self.scale) + self.mean)

    def coordinates(self, z: Floats) -> Floats:
        """float32[…, L] → float32[…, R], of mean 0 and about covariance 1."""
        return _f32((z - self.mean) @ self.inverse.T)

    def pull(self, z: Floats, truncation: float) -> Floats:
        """float32[…, L] moved to the mean of the prior's component it most likely belongs to.

        The truncation trick (Brock et al., ICLR 2019; as a pull to the mean: Karras et al., CVPR 2019), for
        one latent that was not drawn just now.
        """
        if truncation == 1.0:
            return z
        mean = self._middle(z.reshape(-1, self.length).mean(0))
        return _f32(mean + np.float32(truncation) * (z - mean))

    def _middle(self, z: Floats) -> Floats:
        means = self.prior.mean.numpy()
        if len(means) == 1:
            return _f32(means[0])
        if getattr(self.prior, "rest", None) is not None:
            scale = self.scale if self.scale is not None else np.float32(1)
            return _f32(means[int(np.argmin((((z - means) / scale) ** 2).sum(1)))])
        scores = []
        for share, mean, factor in zip(
            self.prior.share.numpy(), means, self.prior.factor.double().numpy(), strict=True
        ):
            white = np.linalg.solve(factor, z.astype(np.float64) - mean)
            scores.append(np.log(max(share, 1e-12)) - np.log(np.diag(factor)).sum() - 0.5 * white @ white)
        return _f32(means[int(np.argmax(scores))])

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


def _f32(values: Any) -> Floats:
    return np.asarray(values, np.float32)
