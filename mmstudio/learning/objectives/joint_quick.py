"""The latents of an MVTCAE and the Laplace likelihood, derivatives written out: the same in fewer calls.

At batches of 32 a step is bound by how many small operations it is made of, and autograd doubles them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmstudio.learning.objectives.joint import PICTURE_SCALE


class _Joined(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, means: Tensor, log_variances: Tensor, present: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        there = present.T.unsqueeze(2).to(means.dtype)
        precision = torch.exp(-log_variances) * there
        total = precision.sum(0)
        number = there.sum(0)  # N×1
        total += number == 0
        variance = total.reciprocal()
        mean = (precision * means).sum(0) * variance
        gap = means - mean
        # log-variance of the product is -log(total); Σ precision · variance is 1 where anything is there.
        log_total = torch.log(total)
        weighed = precision * gap
        apart = (log_variances * there + weighed * gap).sum() + ((log_total - 1) * number).sum()
        apart = 0.5 * (apart + number.clamp_max(1).sum() * total.shape[1])
        prior = 0.5 * (mean.square() + variance + log_total - 1).sum()
        deviation = variance.sqrt()
        ctx.save_for_backward(precision, weighed, gap, mean, variance, deviation, noise, there, number)
        rows = len(mean)
        return mean + noise * deviation, apart / rows, prior / rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        precision, weighed, gap, mean, variance, deviation, noise, there, number = ctx.saved_tensors
        to_z, to_apart, to_prior = grads
        half_apart, half_prior = 0.5 / len(mean) * to_apart, 0.5 / len(mean) * to_prior
        to_mean = to_z + 2 * half_prior * mean  # Σ precision · gap is 0: nothing comes from ``apart``
        to_variance = 0.5 * to_z * noise / deviation + half_prior * (1 - 1 / variance)
        to_variance = to_variance + half_apart * (1 - number) / variance
        through = to_mean * variance
        to_precision = (
            half_apart * (variance + gap.square()) + through * gap - to_variance * variance.square()
        )
        return (
            precision * through + 2 * half_apart * weighed,
            half_apart * there - precision * to_precision,
            None,
            None,
        )


def joined(
    means: Tensor, log_variances: Tensor, present: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What an MVTCAE needs of its parts' Gaussians (M×N×L; ``present`` bool N×M), in one go.

    Gives z drawn from their product by ``noise`` (N×L), and, as means over the rows, Σₘ KL(q(z|X) ‖ q(z|xₘ))
    and KL(q(z|X) ‖ N(0, I)): what ``product``, ``kl`` and ``kl_standard`` give.
    """
    found: tuple[Tensor, Tensor, Tensor] = _Joined.apply(means, log_variances, present, noise)
    return found


class _Laplace(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, made: Tensor, wanted: Tensor, lead: int) -> Tensor:
        gap = made - wanted
        ctx.lead = lead
        ctx.save_for_backward(gap)
        return gap.abs().sum(tuple(range(lead, gap.ndim))).div_(PICTURE_SCALE)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (gap,) = ctx.saved_tensors
        scale = (grads[0] / PICTURE_SCALE).view(*gap.shape[: ctx.lead], *[1] * (gap.ndim - ctx.lead))
        return torch.sign(gap).mul_(scale), None, None


def laplace_loss(made: Tensor, wanted: Tensor, lead: int = 1) -> Tensor:
    """-log p of pictures as :func:`log_loss` says, for each of the first ``lead`` dimensions: N."""
    found: Tensor = _Laplace.apply(made, wanted, lead)
    return found
