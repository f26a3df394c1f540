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


def sound_augment(x: Tensor, random: torch.Generator, strength: float, bands: int, loop: bool) -> Tensor:
    """The same for log-mel spectrograms, N×1×(C·bands)×T in about [-1, 1], -1 being silence.

    A roll in time (of a loop: by any amount; else a shift by up to an eighth, silence moving in), gain of
    ±6 dB, a shift by up to three bands, a mask of up to a quarter of the time and one of an eighth of the
    bands (Park et al., "SpecAugment", Interspeech 2019). ``strength`` (0–1) is the share each touches.
    """
    if strength <= 0.0:
        return x
    n, _, rows, length = x.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    def chosen() -> Tensor:
        return (uniform(n) < strength).float()

    reach = length if loop else max(1, length // 8)
    moves = (((2 * uniform(n) - 1) * reach).round() * chosen()).long()
    tones = (((2 * uniform(n) - 1) * 3).round() * chosen()).long()
    gain = (2 * uniform(n) - 1) * chosen() * (12.0 / 110.0)
    time = torch.arange(length)[None] - moves[:, None]
    band = torch.arange(bands)[None] - tones[:, None]
    gone = (band < 0) | (band >= bands)
    late = torch.zeros_like(time, dtype=torch.bool) if loop else (time < 0) | (time >= length)
    held = torch.arange(length)[None]
    start, wide = uniform(n, 1) * length, length / 4 * uniform(n, 1) * chosen()[:, None]
    late = late | ((held >= start) & (held < start + wide))
    tone = torch.arange(bands)[None]
    low, high = uniform(n, 1) * bands, bands / 8 * uniform(n, 1) * chosen()[:, None]
    gone = gone | ((tone >= low) & (tone < low + high))
    planes = x.view(n, rows // bands, bands, length) + gain.to(x.device).view(n, 1, 1, 1)
    which = torch.arange(n)[:, None]
    planes = planes.permute(0, 2, 1, 3)[which.to(x.device), band.clamp(0, bands - 1).to(x.device)]
    planes = planes.permute(0, 3, 2, 1)[which.to(x.device), (time % length).to(x.device)]
    planes = planes.permute(0, 2, 3, 1)
    silent = (gone[:, None, :, None] | late[:, None, None, :]).to(x.device)
    quiet = torch.where(silent, planes.new_tensor(-1.0), planes.clamp_min(-1.0))
    return quiet.reshape(n, 1, rows, length)
