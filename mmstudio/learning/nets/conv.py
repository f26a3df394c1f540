"""The two convolutional halves every picture-like family is made of: latent → grid and grid → vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets.blocks import SLOPE, Down, Residual, Up


class Decoder(nn.Module):
    """Latent vector → grid: learned linear map to 4×4, then one residual block per stage, doubling.

    Args:
        channels: channels of the output grid (3 for RGB, 1 for a log-mel spectrogram).
        widths: channels per stage from 4×4 upwards; the output is 4·2**(len-1) wide.
        latent: length of the latent vector.
    """

    def __init__(self, channels: int, widths: list[int], latent: int) -> None:
        super().__init__()
        self.latent, self.first = latent, widths[0]
        self.from_latent = nn.Linear(latent, widths[0] * 16)
        self.stages = nn.ModuleList()
        for above, width in zip([widths[0], *widths[:-1]], widths, strict=True):
            up = nn.Identity() if not len(self.stages) else Up(above, width)
            self.stages.append(nn.Sequential(up, Residual(width)))
        self.out = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """N×latent → N×channels×S×S, about [-1, 1], not squashed."""
        h = self.from_latent(z).view(len(z), self.first, 4, 4)
        h = h.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            h = stage(h)
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE))
        return out


class Encoder(nn.Module):
    """Grid → vector: the mirror of :class:`Decoder`; the trunk of VAE encoders and of the discriminator."""

    def __init__(self, channels: int, widths: list[int], outputs: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[-1], 3, padding=1)
        self.stages = nn.ModuleList()
        for width, below in zip(reversed(widths), [*reversed(widths[:-1]), widths[0]], strict=True):
            last = len(self.stages) == len(widths) - 1
            self.stages.append(nn.Sequential(Residual(width), nn.Identity() if last else Down(width, below)))
        self.to_latent = nn.Linear(widths[0] * 16, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×S×S → N×outputs."""
        h = self.stem(x.contiguous(memory_format=torch.channels_last))
        for stage in self.stages:
            h = stage(h)
        out: Tensor = self.to_latent(functional.leaky_relu(h, SLOPE).flatten(1))
        return out
