"""The GAN over joint latents: what a Gaussian mixture misses, learned when the training has ended.

Its generator moves draws of the mixture instead of plain noise: joint latents come in clusters, one for each
kind of set, and a small generator that must tear a single cloud apart leaves bridges between them, which are
sets that do not belong together. Latents are brought to mean 0 and deviation 1 first.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmstudio.learning.engine.prior import Prior
from mmstudio.learning.engine.task import cosine
from mmstudio.learning.nets.joint import Corrector, LatentNet, fill
from mmstudio.learning.objectives.gan import discriminator_loss, generator_loss, gradient_penalty

WIDTH, BATCH, RATE = 128, 64, 2e-3
MOST_ROUNDS = 300


def untrained(latent: int, random: torch.Generator) -> Corrector:
    """A generator that leaves the mixture's draws as they are."""
    generator = Corrector(latent, WIDTH)
    fill(generator, random)
    nn.init.zeros_(generator.out.weight)
    nn.init.zeros_(generator.out.bias)
    return generator


@torch.enable_grad()
def train_gan(
    means: Tensor, variances: Tensor, mixture: Prior, rounds: int, gamma: float, seed: int
) -> Corrector:
    """R3GAN's objective (Huang et al., NeurIPS 2024) on posteriors N×L, on the CPU, in ``rounds`` updates of
    critic and generator each; the same seed gives the same generator."""
    random = torch.Generator().manual_seed(seed)
    latent = means.shape[1]
    generator, critic = untrained(latent, random), LatentNet(latent, WIDTH, 1)
    fill(critic, random)
    with torch.no_grad():
        generator.centre.copy_(means.mean(0))
        generator.scale.copy_((means.var(0, correction=0) + variances.mean(0)).sqrt().clamp_min(1e-3))
    flat = nn.Sequential(nn.Flatten(), critic)
    nets = (critic, generator)
    optimisers = [torch.optim.Adam(net.parameters(), lr=RATE, betas=(0.0, 0.9)) for net in nets]

    def drawn() -> Tensor:
        moved = generator(mixture.draw(BATCH, random))
        made: Tensor = (moved - generator.centre) / generator.scale
        return made

    for number in range(rounds):
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = cosine(RATE, 0.1 * RATE, number / rounds)
            optimiser.zero_grad(set_to_none=True)
        rows = torch.randint(len(means), (BATCH,), generator=random)
        noise = torch.randn(BATCH, latent, generator=random)
        real = (means[rows] + noise * variances[rows].sqrt() - generator.centre) / generator.scale
        with torch.no_grad():
            fake = drawn()
        score_real, r1 = gradient_penalty(flat, real[:, :, None, None])
        score_fake, r2 = gradient_penalty(flat, fake[:, :, None, None])
        torch.autograd.backward(discriminator_loss(score_real, score_fake) + gamma * (r1 + r2))
        optimisers[0].step()
        torch.autograd.backward(generator_loss(score_real.detach(), critic(drawn()).flatten()))
        optimisers[1].step()
    return generator.requires_grad_(False)
