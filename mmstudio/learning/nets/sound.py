"""VAE over log-mel spectrograms with the bands as channels and convolutions along time.

A sustained tone is one spectrum times an envelope: with bands as channels the last layer holds whole spectra,
so sharp harmonics cost one row of weights instead of a stack of two-dimensional filters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets.blocks import SLOPE


class Residual1d(nn.Module):
    """x + 1(φ(5(φ(x)))), φ = leaky ReLU, kernel sizes 5 and 1; N×C×T in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(channels, channels, 5, padding=2)
        self.expand = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.leaky_relu(self.mix(functional.leaky_relu(x, SLOPE)), SLOPE)
        out: Tensor = x + self.expand(h)
        return out


class SpectrogramDecoder(nn.Module):
    """N×latent → N×1×bands×frames; doubles the frames once per stage after the first."""

    def __init__(self, bands: int, frames: int, widths: list[int], latent: int) -> None:
        super().__init__()
        self.first, self.start = widths[0], frames >> (len(widths) - 1)
        self.from_latent = nn.Linear(latent, widths[0] * self.start)
        self.changes = nn.ModuleList(
            nn.Conv1d(above, width, 1) for above, width in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.blocks = nn.ModuleList(Residual1d(width) for width in widths)
        self.out = nn.Conv1d(widths[-1], bands, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.from_latent(z).view(z.shape[0], self.first, self.start)
        for stage, (change, block) in enumerate(zip(self.changes, self.blocks, strict=True)):
            if stage:
                h = functional.interpolate(h, scale_factor=2.0, mode="linear", align_corners=False)
            h = block(change(h))
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE)).unsqueeze(1)
        return out


class SpectrogramEncoder(nn.Module):
    """N×1×bands×frames → N×outputs, the mirror of the decoder."""

    def __init__(self, bands: int, frames: int, widths: list[int], outputs: int) -> None:
        super().__init__()
        self.stem = nn.Conv1d(bands, widths[-1], 3, padding=1)
        down = list(reversed(widths))
        self.blocks = nn.ModuleList(Residual1d(width) for width in down)
        self.changes = nn.ModuleList(
            nn.Conv1d(width, below, 1) for width, below in zip(down, [*down[1:], down[-1]], strict=True)
        )
        self.to_latent = nn.Linear(widths[0] * (frames >> (len(widths) - 1)), outputs)

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x.squeeze(1))
        for stage, (block, change) in enumerate(zip(self.blocks, self.changes, strict=True)):
            h = change(block(h))
            if stage < len(self.blocks) - 1:
                h = functional.avg_pool1d(h, 2)
        out: Tensor = self.to_latent(functional.leaky_relu(h, SLOPE).flatten(1))
        return out


class SpectrogramVAE(nn.Module):
    """Diagonal Gaussian posterior over a vector latent; same calls as :class:`nets.vae.ConvVAE`."""

    def __init__(self, bands: int, frames: int, widths: list[int], latent: int) -> None:
        super().__init__()
        self.encoder = SpectrogramEncoder(bands, frames, widths, 2 * latent)
        self.decoder = SpectrogramDecoder(bands, frames, widths, latent)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×1×bands×frames → mean and log-variance, each N×latent."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 6.0)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; ``noise`` is N×latent."""
        mean, log_variance = self.encode(x)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance
