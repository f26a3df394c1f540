"""A VAE whose latent is a small picture, and the patch discriminator that can sharpen any VAE.

The grid latent follows Rombach et al., "High-resolution image synthesis with latent diffusion models", CVPR
2022, section 3.1; the size and the plain convolutional blocks follow TAESD (O. Boer Bohan, 2023). What is
handed around is always the flattened grid, N×L, so that priors, recipes and sliders need not know.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets.blocks import SLOPE, Down, Residual, Up, padding

SHRINKS = 8  # picture pixels per cell of the grid


def grid_of(size: int) -> int:
    """Cells per side for a picture of ``size`` pixels; never fewer than 4."""
    return max(4, size // SHRINKS)


def spatial_latent(size: int, channels: int) -> int:
    """Numbers in a flattened latent of ``channels`` per cell."""
    return channels * grid_of(size) ** 2


def grid_widths(size: int, widths: list[int]) -> list[int]:
    """The part of ``widths`` (from 4×4 upwards) from the grid's resolution upwards."""
    return widths[(grid_of(size) // 4).bit_length() - 1 :]


class SpatialEncoder(nn.Module):
    """N×C×S×S → N×outputs×G×G: one residual block per resolution, two at the grid's."""

    def __init__(self, channels: int, widths: list[int], outputs: int, seamless: bool = False) -> None:
        super().__init__()
        down = list(reversed(widths))
        mode = padding(seamless)
        self.stem = nn.Conv2d(channels, down[0], 3, padding=1, padding_mode=mode)
        self.stages = nn.ModuleList(
            nn.Sequential(Residual(width, seamless), Down(width, below)) for width, below in pairwise(down)
        )
        self.stages.append(nn.Sequential(Residual(down[-1], seamless), Residual(down[-1], seamless)))
        self.to_latent = nn.Conv2d(down[-1], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x.contiguous(memory_format=torch.channels_last))
        for stage in self.stages:
            h = stage(h)
        out: Tensor = self.to_latent(functional.leaky_relu(h, SLOPE))
        return out

    def freeze(self, layers: int) -> None:
        """Keep the stem and the first ``layers`` stages, those nearest to the pixels, as they are."""
        for module in [self.stem, *list(self.stages)[:layers]] if layers > 0 else []:
            module.requires_grad_(False)


class SpatialDecoder(nn.Module):
    """N×(latent channels·G·G) → N×C×S×S, the mirror of the encoder."""

    def __init__(
        self, channels: int, widths: list[int], latent: int, grid: int, seamless: bool = False
    ) -> None:
        super().__init__()
        self.shape = (latent, grid, grid)
        mode = padding(seamless)
        self.from_latent = nn.Conv2d(latent, widths[0], 3, padding=1, padding_mode=mode)
        self.stages = nn.ModuleList(
            [nn.Sequential(Residual(widths[0], seamless), Residual(widths[0], seamless))]
        )
        for above, width in pairwise(widths):
            self.stages.append(nn.Sequential(Up(above, width, seamless), Residual(width, seamless)))
        self.out = nn.Conv2d(widths[-1], channels, 3, padding=1, padding_mode=mode)

    def forward(self, z: Tensor) -> Tensor:
        """N×latent (flattened), about [-1, 1], not squashed."""
        h = z.view(z.shape[0], *self.shape).contiguous(memory_format=torch.channels_last)
        h = self.from_latent(h)
        for stage in self.stages:
            h = stage(h)
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE))
        return out


class PatchDiscriminator(nn.Module):
    """Real or redrawn, said for every patch: N×C×S×S → N×G×G scores (Isola et al., CVPR 2017, section 3.2.2).

    Three resolutions deep at most, so that each score sees about 30 pixels.
    """

    def __init__(self, channels: int, widths: list[int]) -> None:
        super().__init__()
        down = list(reversed(widths))[:4]
        self.stem = nn.Conv2d(channels, down[0], 3, padding=1)
        self.stages = nn.ModuleList(
            nn.Sequential(Residual(width), Down(width, below)) for width, below in pairwise(down)
        )
        self.to_score = nn.Conv2d(down[-1], 1, 3, padding=1)

    def patches(self, size: int) -> int:
        """Scores for a picture of ``size`` pixels."""
        return (size >> len(self.stages)) ** 2

    def features(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each stage gives (N×C×S×S, halving), and the N×G×G scores."""
        h = self.stem(x.contiguous(memory_format=torch.channels_last))
        seen = []
        for stage in self.stages:
            h = stage(h)
            seen.append(h)
        score: Tensor = self.to_score(functional.leaky_relu(h, SLOPE)).squeeze(1)
        return seen, score

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)[1]
