"""Likeness as an objective: views of one picture, and pictures of one kind, lie close together.

- NT-Xent: Chen et al., "A simple framework for contrastive learning of visual representations", ICML 2020.
- Supervised contrast: Khosla et al., "Supervised contrastive learning", NeurIPS 2020, equation 2; a pair with
  several labels counts by the share of labels that both have.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.1


def nt_xent(a: Tensor, b: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Scalar loss over two views N×D each of the same N pictures."""
    z = functional.normalize(torch.cat([a, b]).float(), dim=1)
    similarity = z @ z.T / temperature
    n = len(a)
    similarity = similarity.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -1e4)
    target = torch.cat([torch.arange(n, 2 * n), torch.arange(n)]).to(z.device)
    return functional.cross_entropy(similarity, target)


def supervised_contrast(z: Tensor, labels: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Scalar loss over N×D vectors with N×K labels (0 or 1); pictures without any label pull nobody."""
    z = functional.normalize(z.float(), dim=1)
    shared = labels @ labels.T
    either = labels.sum(1, keepdim=True) + labels.sum(1) - shared
    weight = shared / either.clamp(min=1.0)  # Jaccard; 1 for one common label
    weight.fill_diagonal_(0.0)
    similarity = z @ z.T / temperature
    self_pair = torch.eye(len(z), dtype=torch.bool, device=z.device)
    logs = functional.log_softmax(similarity.masked_fill(self_pair, -1e4), dim=1)
    total = weight.sum(1)
    counted = total > 0
    if not bool(counted.any()):
        return (z * 0.0).sum()
    return -((weight * logs).sum(1)[counted] / total[counted]).mean()


def random_view(x: Tensor, random: torch.Generator, *, colour: float = 1.0, least: float = 0.3) -> Tensor:
    """One random view of N×3×S×S in [0, 1]: crop, flip, a small turn, colour, grey; the same shape.

    Args:
        random: a CPU generator; every number comes from it, so that a run repeats on any device.
        colour: strength of the colour changes; less than 1 where colour says what a thing is.
        least: the smallest share of the area a crop keeps.
    """
    n = len(x)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random).to(x.device)

    scale = (least + (1 - least) * uniform(n)).sqrt()
    ratio = torch.exp((uniform(n) - 0.5) * 2 * math.log(4 / 3)).sqrt()
    sx, sy = (scale * ratio).clamp(max=1.0), (scale / ratio).clamp(max=1.0)
    tx, ty = (uniform(n) * 2 - 1) * (1 - sx), (uniform(n) * 2 - 1) * (1 - sy)
    flip = torch.where(uniform(n) < 0.5, -1.0, 1.0)
    angle = (uniform(n) - 0.5) * 0.3
    theta = torch.zeros(n, 2, 3, device=x.device)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = sx * flip * angle.cos(), -sx * angle.sin(), tx
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = sy * flip * angle.sin(), sy * angle.cos(), ty
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    touched = colour * (uniform(n, 1, 1, 1) < 0.8).float()
    grey = x.mean(1, keepdim=True)
    x = x + touched * (uniform(n, 1, 1, 1) - 0.5) * 1.2 * (x - grey)
    x = x + touched * (uniform(n, 1, 1, 1) - 0.5) * 0.8 * (x - x.mean((1, 2, 3), keepdim=True))
    x = x + touched * ((uniform(n, 1, 1, 1) - 0.5) * 0.4 + (uniform(n, 3, 1, 1) - 0.5) * 0.2)
    grey_ones = uniform(n, 1, 1, 1) < 0.2 * colour
    return torch.where(grey_ones, x.mean(1, keepdim=True).expand_as(x), x).clamp(0.0, 1.0)
