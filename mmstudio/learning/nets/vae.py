"""Convolutional variational autoencoder with a vector latent (Kingma and Welling, 2013)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmstudio.learning.nets.conv import Decoder, Encoder
from mmstudio.learning.nets.sound import SpectrogramVAE


class ConvVAE(nn.Module):
    """Encoder to a diagonal Gaussian posterior, decoder back to the grid."""

    def __init__(self, channels: int, widths: list[int], latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = Encoder(channels, widths, 2 * latent)
        self.decoder = Decoder(channels, widths, latent)

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


def make_vae(channels: int, size: int, widths: list[int], latent: int) -> VAE:
    """The VAE for pictures (3 channels) or for log-mel spectrograms (1 channel, size bands × size frames)."""
    if channels == 1:
        return SpectrogramVAE(size, size, widths, latent)
    return ConvVAE(channels, widths, latent)
