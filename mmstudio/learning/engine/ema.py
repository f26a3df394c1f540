"""Exponential moving average of weights: what is sampled from and shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """A shadow copy of ``net`` with a half-life counted in examples seen.

    The half-life ramps up as in StyleGAN2-ADA (Karras et al., 2020): never above ``most`` (a tenth) of what
    was seen.
    """

    def __init__(self, net: nn.Module, half_life: float, most: float = 0.1) -> None:
        self.net = copy.deepcopy(net).requires_grad_(False)
        self.half_life, self.most = half_life, most
        self._mine: list[torch.Tensor] = list(self.net.parameters())
        self._of: nn.Module | None = None
        self._theirs: list[torch.Tensor] = []

    def decay(self, batch: int, seen: int) -> float:
        """The share of the average that stays in a step on ``batch`` examples, ``seen`` in all."""
        return float(0.5 ** (batch / max(1.0, min(self.half_life, self.most * seen))))

    @torch.no_grad()
    def update(self, net: nn.Module, batch: int, seen: int) -> None:
        """Move towards ``net`` after a step on ``batch`` examples, ``seen`` in all."""
        if self._of is not net:  # walking through all modules takes as long as the sums
            self._of, self._theirs = net, list(net.parameters())
        torch._foreach_lerp_(self._mine, self._theirs, 1.0 - self.decay(batch, seen))
