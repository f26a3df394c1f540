"""Convolutional variational autoencoders (Kingma and Welling, 2013) with a vector or a grid as latent."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.nets.conv import Decoder, Encoder, multiply_adds
from mmstudio.learning.nets.sound import SpectrogramVAE, make_sound_vae
from mmstudio.learning.nets.spatial import (
    SpatialDecoder,
    SpatialEncoder,
    grid_of,
    grid_widths,
    spatial_latent,
)

QUIET, LOUD = -8.0, 6.0  # bounds of a log-variance


class ConvVAE(nn.Module):
    """Encoder to a diagonal Gaussian posterior over a vector, decoder back to the grid."""

    def __init__(
        self, channels: int, widths: list[int], latent: int, *, seamless: bool = False, styles: bool = False
    ) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = Encoder(channels, widths, 2 * latent)
        self.decoder = Decoder(channels, widths, latent, seamless=seamless, styles=styles)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×S×S → mean and log-variance, each N×latent."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(QUIET, LOUD)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; ``noise`` (N×latent, standard normal) makes it reproducible."""
        mean, log_variance = self.encode(x)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance


class SpatialVAE(nn.Module):
    """The same calls with a latent of ``spatial`` channels per cell of a grid, always flattened."""

    def __init__(
        self, channels: int, size: int, widths: list[int], spatial: int, *, seamless: bool = False
    ) -> None:
        super().__init__()
        self.latent = spatial_latent(size, spatial)
        own = grid_widths(size, widths)
        self.encoder = SpatialEncoder(channels, own, 2 * spatial, seamless)
        self.decoder = SpatialDecoder(channels, own, spatial, grid_of(size), seamless)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×S×S → mean and log-variance, each N×latent."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean.flatten(1), log_variance.clamp(QUIET, LOUD).flatten(1)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; ``noise`` is N×latent."""
        mean, log_variance = self.encode(x)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance


VAE = ConvVAE | SpatialVAE | SpectrogramVAE


def spatial_channels(config: ModelConfig) -> int:
    """Channels of the grid latent; 0 for a vector."""
    return int(config.options.get("spatial", 0.0))


def make_vae(config: ModelConfig) -> VAE:
    """The VAE of a config, for pictures (3 channels) or log-mel spectrograms (1 channel)."""
    if config.channels == 1:
        return make_sound_vae(config)
    seamless = config.options.get("seamless", 0.0) > 0
    if spatial := spatial_channels(config):
        return SpatialVAE(config.channels, config.size, config.widths, spatial, seamless=seamless)
    return ConvVAE(
        config.channels,
        config.widths,
        config.latent,
        seamless=seamless,
        styles=config.options.get("styles", 0.0) > 0,
    )


def half_cost(config: ModelConfig) -> float:
    """Multiplications of one pass of the encoder or the decoder for one picture, roughly."""
    if not spatial_channels(config):
        return multiply_adds(config.widths)
    own, grid = grid_widths(config.size, config.widths), grid_of(config.size)
    return float(sum(11 * (1 + (not i)) * width**2 * (grid << i) ** 2 for i, width in enumerate(own)))
