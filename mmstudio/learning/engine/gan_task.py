"""Training of the picture GAN: relativistic pairing loss, R1 + R2, differentiable augmentation, EMA."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import ArrayData
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.prior import prior_from
from mmstudio.learning.engine.task import Task, cosine, take
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import Decoder, Encoder
from mmstudio.learning.objectives.augment import diff_augment
from mmstudio.learning.objectives.gan import discriminator_loss, generator_loss, gradient_penalty


class GanTask(Task):
    """One discriminator update, then one generator update (Huang et al., NeurIPS 2024)."""

    averaged = "generator"

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.generator = materialise(
            lambda: Decoder(config.channels, config.widths, config.latent), device, self.random
        )
        self.discriminator = materialise(
            lambda: Encoder(config.channels, config.widths, 1), device, self.random
        )
        self.nets = {"generator": self.generator, "discriminator": self.discriminator}
        self.optimisers = {
            name: torch.optim.Adam(net.parameters(), lr=config.rate, betas=(0.0, 0.99), eps=1e-8)
            for name, net in self.nets.items()
        }
        self.average = Average(self.generator, config.options["half_life"])

    def _latents(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent, generator=self.random).to(self.device)

    def parts(self, batch: Tensor, step: int) -> Iterator[dict[str, float]]:
        x = batch.to(self.device)
        yield self._discriminate(x, step)
        yield self._generate(x)

    def _discriminate(self, x: Tensor, step: int) -> dict[str, float]:
        options, d = self.config.options, self.discriminator
        d.requires_grad_(True)
        with torch.no_grad(), autocast(self.device):
            fake = self.generator(self._latents(len(x))).float()
        real = diff_augment(x, self.random, options["augment"])
        fake = diff_augment(fake, self.random, options["augment"])
        every = max(1, int(options["penalty_every"]))
        penalty = x.new_zeros(())
        if step % every == 0:
            # The penalties differentiate twice; they run in float32 and reuse the scores they need anyway.
            score_real, r1 = gradient_penalty(d, real)
            score_fake, r2 = gradient_penalty(d, fake)
            penalty = r1 + r2
        else:
            with autocast(self.device):
                score_real, score_fake = d(torch.cat([real, fake])).float().flatten().chunk(2)
        loss = discriminator_loss(score_real, score_fake)
        gamma = options["gamma"] * cosine(1.0, 0.1, step / max(1, self.config.steps))
        self._descend("discriminator", loss + gamma * every * penalty)
        losses = {
            "discriminator": loss.item(),
            "real": score_real.mean().item(),
            "fake": score_fake.mean().item(),
        }
        return losses | ({"penalty": penalty.item()} if step % every == 0 else {})

    def _generate(self, x: Tensor) -> dict[str, float]:
        strength, d = self.config.options["augment"], self.discriminator
        d.requires_grad_(False)
        with autocast(self.device):
            fake = self.generator(self._latents(len(x)))
            fake = diff_augment(fake.float(), self.random, strength)
            real = diff_augment(x, self.random, strength)
            score_real, score_fake = d(torch.cat([real, fake])).float().flatten().chunk(2)
        loss = generator_loss(score_real, score_fake)
        self._descend("generator", loss)
        return {"generator": loss.item()}

    def _descend(self, name: str, loss: Tensor) -> None:
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    @torch.no_grad()
    def preview(self, data: ArrayData, seed: int, count: int) -> Tensor:
        del data
        z = torch.randn(count, self.config.latent, generator=torch.Generator().manual_seed(seed))
        made: Tensor = self.average.net(z.to(self.device))
        return made

    @torch.no_grad()
    def start_from(self, weights: dict[str, Tensor]) -> None:
        if "vae.decoder.from_latent.weight" in weights:
            weights = generator_from_vae(weights, self.config.latent)
        take(self.generator, weights, "generator.")
        take(self.discriminator, weights, "discriminator.")
        self.average = Average(self.generator, self.config.options["half_life"])


def generator_from_vae(weights: dict[str, Tensor], latent: int) -> dict[str, Tensor]:
    """A VAE's decoder as generator: its prior's overall mean and spread are folded into the first layer.

    The first layer W(μ + L·z) + b becomes (W·L)·z + (W·μ + b), so that z ~ N(0, I) reaches the same pictures.
    """
    prefix = "vae.decoder."
    own = {"generator." + k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    prior = prior_from(weights, latent)
    mean = prior.share @ prior.mean
    gap = prior.mean - mean
    covariance = torch.einsum("k,kij->ij", prior.share, prior.factor @ prior.factor.mT)
    covariance = covariance + torch.einsum("k,ki,kj->ij", prior.share, gap, gap)
    factor = torch.linalg.cholesky(covariance)
    matrix, bias = own["generator.from_latent.weight"], own["generator.from_latent.bias"]
    own["generator.from_latent.weight"] = matrix @ factor
    own["generator.from_latent.bias"] = matrix @ mean + bias
    return own
