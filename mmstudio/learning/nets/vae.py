"""Convolutional variational autoencoder with a vector latent (Kingma and Welling, 2013)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.nets.conv import Decoder, Encoder
from mmstudio.learning.nets.sound import SpectrogramVAE


class ConvVAE(nn.Module):
    """Encoder to a diagonal Gaussian posterior, decoder back to the grid."""

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
        return mean, log_variance.clamp(-8.0, 6.0)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; ``noise`` (N×latent, standard normal) makes it reproducible."""
        mean, log_variance = self.encode(x)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance


VAE = ConvVAE | SpectrogramVAE


def make_vae(config: ModelConfig) -> VAE:
    """The VAE of a config, for pictures (3 channels) or log-mel spectrograms (1 channel, size × size)."""
    if config.channels == 1:
        return SpectrogramVAE(config.size, config.size, config.widths, config.latent)
    return ConvVAE(
        config.channels,
        config.widths,
        config.latent,
        seamless=config.options.get("seamless", 0.0) > 0,
        styles=config.options.get("styles", 0.0) > 0,
    )
