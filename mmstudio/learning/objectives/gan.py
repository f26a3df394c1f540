"""Adversarial objectives: relativistic pairing loss and zero-centred gradient penalties.

Sources: Jolicoeur-Martineau, "The relativistic discriminator", 2018 (RpGAN);
Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018 (R1, R2);
Huang et al., "The GAN is dead; long live the GAN!", NeurIPS 2024 (RpGAN + R1 + R2 together);
Goodfellow et al., "Generative adversarial nets", NeurIPS 2014 (binary cross-entropy, non-saturating);
Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, appendix B (lazy penalty).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(-(D(x) - D(G(z))))] over pairs; scores are N."""
    return functional.softplus(fake - real).mean()


def generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The non-saturating form E[softplus(-(D(G(z)) - D(x)))]; scores are N."""
    return functional.softplus(real - fake).mean()


def plain_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy: -E[log σ(D(x))] - E[log(1 - σ(D(G(z))))] (Goodfellow et al., equation 1)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def plain_generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The non-saturating -E[log σ(D(G(z)))] (Goodfellow et al., section 3); real scores play no part."""
    del real
    return functional.softplus(-fake).mean()


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """(scores N, ½·E‖∇ₓD(x)‖²): R1 on real pictures, R2 on generated ones; ``x`` is N×C×H×W, detached here.

    The squared norm is summed over pixels, so gamma depends on the resolution.
    """
    x = x.detach().requires_grad_(True)
    scores = discriminator(x).flatten()
    (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return scores, 0.5 * gradient.float().square().sum(dim=(1, 2, 3)).mean()
