"""Differentiable augmentation (Zhao et al., "Differentiable augmentation for data-efficient GAN training",
NeurIPS 2020): the same distribution of transforms on real and generated pictures, in both updates.

All random numbers are drawn on the CPU from an explicit generator, so that a run repeats on any device.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def diff_augment(x: Tensor, random: torch.Generator, strength: float = 1.0, colour: bool = True) -> Tensor:
    """Brightness ±0.5, saturation ×[0, 2], contrast ×[0.5, 1.5], shift ≤ ⅛, cut-out ½; N×C×H×W in [-1, 1].

    ``strength`` (0–1) is the share of pictures each transform touches; ``colour`` False leaves the first
    three out.
    """
    if strength <= 0.0:
        return x
    n = len(x)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random).to(x.device)

    def chosen() -> Tensor:
        return (uniform(n, 1, 1, 1) < strength).to(x.dtype)

    if colour:
        x = x + chosen() * (uniform(n, 1, 1, 1) - 0.5)
        if x.shape[1] > 1:
            grey = x.mean(dim=1, keepdim=True)
            x = grey + (x - grey) * (1 + chosen() * (2 * uniform(n, 1, 1, 1) - 1))
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        x = mean + (x - mean) * (1 + chosen() * (uniform(n, 1, 1, 1) - 0.5))
    x = _shift(x, uniform(n, 2), chosen())
    return x * _hole(x, uniform(n, 2), chosen())


def _shift(x: Tensor, where: Tensor, chosen: Tensor) -> Tensor:
    n, _, height, width = x.shape
    reach = max(1, height // 8)
    moves = ((2 * reach + 1) * where).long() - reach
    moves = moves * chosen.view(n, 1).long()
    padded = functional.pad(x, (reach, reach, reach, reach))
    rows = torch.arange(height, device=x.device).view(1, height, 1) + moves[:, 0].view(n, 1, 1) + reach
    columns = torch.arange(width, device=x.device).view(1, 1, width) + moves[:, 1].view(n, 1, 1) + reach
    batch = torch.arange(n, device=x.device).view(n, 1, 1)
    return padded.permute(0, 2, 3, 1)[batch, rows, columns].permute(0, 3, 1, 2)


def _hole(x: Tensor, where: Tensor, chosen: Tensor) -> Tensor:
    n, _, height, width = x.shape
    centre_row, centre_column = where[:, 0] * height, where[:, 1] * width
    rows = torch.arange(height, device=x.device).view(1, height, 1)
    columns = torch.arange(width, device=x.device).view(1, 1, width)
    inside = ((rows - centre_row.view(n, 1, 1)).abs() < height / 4) & (
        (columns - centre_column.view(n, 1, 1)).abs() < width / 4
    )
    return 1 - inside.unsqueeze(1).to(x.dtype) * chosen
