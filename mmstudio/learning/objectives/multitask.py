"""Several losses as one, weighted by how uncertain each task is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class UncertaintyWeights(nn.Module):
    """One learned log-variance per task: Kendall, Gal & Cipolla, CVPR 2018, equations 7 and 10.

    A classification counts exp(−s)·L + s/2, a regression exp(−s)·L/2 + s/2, with s the log-variance.
    """

    def __init__(self, regression: list[bool]) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(len(regression)))
        halves = torch.tensor([0.5 if one else 1.0 for one in regression])
        self.register_buffer("halves", halves, persistent=False)

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Scalar from float[T] losses; tasks that are not `present` (bool[T]) in the batch are left out."""
        s = self.log_variance
        halves: Tensor = self.get_buffer("halves")
        each = torch.exp(-s) * halves * losses + s / 2
        return (each * present).sum()


def task_losses(
    logits: Tensor, labels: Tensor, known: Tensor, weights: Tensor, regression: list[bool]
) -> Tensor:
    """float[T] mean loss per task: cross-entropy, or squared error of the sigmoid for a regression.

    Args:
        logits: B×T×H. labels: B×T in 0…1. known: B×T, 0 where a label is not known.
        weights: B×H, how often a pair is drawn for a head (bootstrap: Osband et al., NeurIPS 2016).
        regression: T, which tasks are regressions.
    """
    wanted = labels[:, :, None].expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    squared = (torch.sigmoid(logits) - wanted) ** 2
    is_regression = torch.tensor(regression, device=logits.device)[None, :, None]
    each = torch.where(is_regression, squared, entropy)
    counted = known[:, :, None] * weights[:, None, :]
    return (each * counted).sum((0, 2)) / counted.sum((0, 2)).clamp(min=1e-6)
