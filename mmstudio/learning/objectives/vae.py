"""Terms of the evidence lower bound and a sharper reconstruction than plain L1."""

from __future__ import annotations

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
    total = x.new_zeros(())
    for scale in range(scales):
        if min(x.shape[-2:]) < 4:
            break
        if scale:
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
        for axis in (-1, -2):
            total = total + functional.l1_loss(x.diff(dim=axis), y.diff(dim=axis))
    return total
