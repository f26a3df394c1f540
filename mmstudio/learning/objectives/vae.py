"""Terms of the evidence lower bound, and sharper reconstructions than plain L1."""

from __future__ import annotations

from collections.abc import Sequence

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
