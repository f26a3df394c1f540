"""What the shared encoder learns from: alignment, tags, engagement, reconstruction, and how they weigh."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def soft_targets(kin: Tensor, share: float, temperature: float = 0.1) -> Tensor:
    """[N, D] of length 1 → [N, N], rows add up to 1: ``1 - share`` on the pair itself, the rest by likeness.

    Items that say nearly the same are no true negatives of each other; see Andonian et al., CVPR 2022.
    """
    eye = torch.eye(len(kin), device=kin.device)
    return (1 - share) * eye + share * torch.softmax(kin @ kin.T / temperature, dim=1)


def alignment(a: Tensor, b: Tensor, sharpness: Tensor, targets: Tensor) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021) of [N, W] vectors of length 1."""
    logits = a @ b.T * sharpness
    there = -(targets * functional.log_softmax(logits, dim=1)).sum(1).mean()
    back = -(targets * functional.log_softmax(logits.T, dim=1)).sum(1).mean()
    return 0.5 * (there + back)


def tag_loss(logits: Tensor, labels: Tensor, known: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy over the labels that are known ([N, L] each); ``weight`` [L] of a positive."""
    each = functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight, reduction="none")
    return (each * known).sum() / known.sum().clamp_min(1.0)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of [N] over what is present; 0 where nothing is."""
    kept = torch.where(mask, values, torch.zeros_like(values))
    return kept.sum() / mask.sum().clamp_min(1)


def weighed(losses: Tensor, log_variances: Tensor, active: Tensor) -> Tensor:
    """Σ exp(-s) · loss + s over the tasks that have something to learn from (Kendall et al., CVPR 2018)."""
    s = log_variances.clamp(-2.0, 2.0)
    return ((torch.exp(-s) * losses + s) * active).sum()
