"""Terms of the evidence lower bound, and sharper reconstructions than plain L1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def kl_per_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, var) ‖ N(0, 1)) averaged over the batch, per latent dimension, in nats.

    Kingma and Welling, "Auto-encoding variational Bayes", 2013, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(dim=0)


def free_bits(kl: Tensor, nats: float) -> Tensor:
    """Mean over dimensions of max(KL, nats): Kingma et al., "Improved variational inference with inverse
    autoregressive flow", 2016, appendix C.8; keeps every dimension worth using."""
    return kl.clamp_min(nats).mean()


def gradient_l1(x: Tensor, y: Tensor, scales: int = 3) -> Tensor:
    """L1 between horizontal and vertical differences at ``scales`` resolutions; N×C×H×W both.

    A stand-in for learned perceptual losses (multi-scale gradient difference, Mathieu et al., ICLR 2016).
    """
    total, gap = x.new_zeros(()), x - y  # pooling and differences are linear: of the gap, once
    for scale in range(scales):
        if min(gap.shape[-2:]) < 4:
            break
        if scale:
            gap = functional.avg_pool2d(gap, 2)
        for axis in (-1, -2):
            total = total + gap.diff(dim=axis).abs().mean()
    return total


def _halved(x: Tensor) -> Tensor:
    """``avg_pool2d(x, 2)`` of contiguous N×C×H×W, in an eighth of its time."""
    height, width = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    rows = x[..., 0:height:2, :width] + x[..., 1:height:2, :width]
    return (rows[..., 0::2] + rows[..., 1::2]).mul_(0.25)


def _add_doubled(to: Tensor, x: Tensor) -> None:
    """Add the gradient ``x`` by the result of :func:`_halved` to that by its argument."""
    n, c, height, width = x.shape
    wide = torch.empty((n, c, height, 2 * width), dtype=x.dtype, device=x.device)
    wide[..., 0::2] = wide[..., 1::2] = x
    for row in (0, 1):
        to[..., row : 2 * height : 2, : 2 * width].add_(wide, alpha=0.25)


class _Redrawn(torch.autograd.Function):
    """The gradient of an L1 is a sign: taken along with the value, it needs no graph and no second pass.

    The sum is positively homogeneous in the difference, so that (Euler) it is the product of the difference
    and its own gradient.
    """

    @staticmethod
    def forward(ctx: Any, y: Tensor, x: Tensor, share: float, scales: int) -> tuple[Tensor, Tensor]:
        gap = y.contiguous() - x.contiguous()  # rows of one channel: the sums below run along them
        slope = torch.sign(gap).div_(gap.numel())
        levels = [(gap, slope)]
        for scale in range(scales):
            here, slope = levels[-1]
            if min(here.shape[-2:]) < 4:
                break
            if scale:
                here = _halved(here)
                slope = torch.zeros_like(here)
                levels.append((here, slope))
            for axis in (-1, -2):
                after, before = (slope.narrow(axis, first, slope.shape[axis] - 1) for first in (1, 0))
                sign = here.diff(dim=axis).sign_()
                after.add_(sign, alpha=share / sign.numel())
                before.sub_(sign, alpha=share / sign.numel())
        while len(levels) > 1:  # back through the means of two by two
            _, coarse = levels.pop()
            _add_doubled(levels[-1][1], coarse)
        slope = levels[0][1]
        ctx.save_for_backward(slope)
        pixels = torch.linalg.vector_norm(gap, 1) / gap.numel()
        total = (gap * slope).sum()
        ctx.mark_non_differentiable(pixels)
        return total, pixels

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_pixels: Tensor) -> tuple[Tensor, None, None, None]:
        (slope,) = ctx.saved_tensors
        return slope * gradient, None, None, None


def redrawn(y: Tensor, x: Tensor, share: float, scales: int = 3) -> tuple[Tensor, Tensor]:
    """L1 between ``y`` and ``x`` plus ``share`` times their :func:`gradient_l1`; and the L1 alone, without a
    gradient. N×C×H×W both; differentiable once, by ``y`` only; a fraction of the time of the two terms by
    themselves."""
    found: tuple[Tensor, Tensor] = _Redrawn.apply(y, x, share, scales)
    return found


def feature_l1(real: Sequence[Tensor], drawn: Sequence[Tensor]) -> Tensor:
    """Mean over stages of the L1 between a discriminator's features of a picture and of its reconstruction.

    Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML 2016, equation 7, with
    the L1 over several stages of Wang et al., "pix2pixHD", CVPR 2018, equation 4.
    """
    each = [functional.l1_loss(mine, theirs) for mine, theirs in zip(drawn, real, strict=True)]
    return torch.stack(each).mean()


def bounded(gradient: Tensor, reference: Tensor, share: float) -> Tensor:
    """``gradient`` (N×…, of a term by the reconstruction) with a length of at most ``share`` times that of
    ``reference``, example by example.

    The adaptive weight of Esser et al., "Taming transformers", CVPR 2021, equation 7, taken at the pixels
    instead of the last layer and as an upper bound, so that a discriminator without an opinion stays quiet.
    """
    axes = tuple(range(1, gradient.ndim))
    own = gradient.square().sum(axes, keepdim=True).sqrt()
    most = share * reference.square().sum(axes, keepdim=True).sqrt()
    return gradient * (most / own.clamp_min(1e-12)).clamp(max=1.0)
