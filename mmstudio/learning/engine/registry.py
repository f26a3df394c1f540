"""Family names → tasks and default configs; folders → models that can be sampled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.engine.checkpoint import load_weights, weights_id
from mmstudio.learning.engine.data import to_bytes, to_float
from mmstudio.learning.engine.gan_task import GanTask
from mmstudio.learning.engine.prior import Prior, prior_from, standard_prior
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.engine.vae_task import VaeTask
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import Decoder, Encoder
from mmstudio.learning.nets.vae import VAE, make_vae

TASKS: dict[str, type[Task]] = {"image-vae": VaeTask, "image-gan": GanTask, "sound-vae": VaeTask}


@dataclass(slots=True)
class GenerativeModel:
    """A trained model ready to be sampled; all random numbers come from the caller's generator."""

    config: ModelConfig
    decoder: nn.Module
    encoder: VAE | None
    discriminator: nn.Module | None
    prior: Prior
    device: torch.device
    fingerprint: str = ""

    def draw(self, count: int, random: torch.Generator, truncation: float = 1.0) -> Tensor:
        """``count`` latents (count×latent, CPU)."""
        return self.prior.draw(count, random, truncation)

    @torch.inference_mode()
    def decode(self, z: Tensor, batch: int = 16) -> Tensor:
        """Latents → N×C×S×S in about [-1, 1], on the CPU.

        Every pass has exactly ``batch`` rows (the last is filled up): kernels may add up in another order for
        another batch size, and the same latent must give the same picture alone and among others.
        """
        made = []
        for part in torch.split(z, batch):
            full = torch.cat([part, part[-1:].expand(batch - len(part), -1)]).to(self.device)
            made.append(self.decoder(full)[: len(part)].float().cpu())
        return torch.cat(made)

    def pictures(self, z: Tensor) -> NDArray[np.uint8]:
        """Latents → N×S×S×3 uint8."""
        return to_bytes(self.decode(z)).transpose(0, 2, 3, 1)

    @torch.inference_mode()
    def encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        """N×C×S×S uint8 → posterior means, N×latent; only for families with an encoder."""
        if self.encoder is None:
            raise TypeError(f"{self.config.family} has no encoder")
        return self.encoder.encode(to_float(pixels).to(self.device))[0].cpu()


def build_task(config: ModelConfig, device: torch.device) -> Task:
    """Fresh networks and optimisers for ``config``."""
    return TASKS[config.family](config, device)


def load_model(folder: Path, device: torch.device) -> GenerativeModel:
    """Rebuild a model from config.json and its newest whole weights.

    Raises:
        NotFound: no weights yet.
        StudioError: damaged, or from a newer MM Studio.
    """
    config = load_config(folder)
    weights = load_weights(folder)
    random = torch.Generator().manual_seed(0)
    if config.family == "image-gan":
        decoder: nn.Module = materialise(
            lambda: Decoder(config.channels, config.widths, config.latent), device, random
        )
        discriminator = materialise(lambda: Encoder(config.channels, config.widths, 1), device, random)
        take(decoder, weights, "generator.")
        take(discriminator, weights, "discriminator.")
        prior = standard_prior(config.latent)
        mark = weights_id(folder)
        return GenerativeModel(config, _frozen(decoder), None, discriminator, prior, device, mark)
    shape = (config.channels, config.size, config.widths, config.latent)
    vae = materialise(lambda: make_vae(*shape), device, random)
    take(vae, weights, "vae.")
    _frozen(vae)
    prior = prior_from(weights, config.latent)
    return GenerativeModel(config, vae.decoder, vae, None, prior, device, weights_id(folder))


def _frozen(net: nn.Module) -> nn.Module:
    return net.requires_grad_(False).eval()
