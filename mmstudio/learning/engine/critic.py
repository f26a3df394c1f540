"""The patch discriminator beside a VAE: it says what makes a reconstruction look drawn (VAE-GAN).

Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML 2016; per patch and with a
bounded weight as in Esser et al., "Taming transformers", CVPR 2021; the relativistic loss pairs each patch
with the one that it redraws (Jolicoeur-Martineau, 2018), with a lazy R1 (Mescheder et al., 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.updates import adam
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.spatial import PatchDiscriminator
from mmstudio.learning.objectives.gan import discriminator_loss, generator_loss, gradient_penalty
from mmstudio.learning.objectives.vae import bounded, feature_l1

PENALTY_EVERY = 8
GAMMA = 1.0  # of R1, per patch
AHEAD = 0.05  # share of the run that the discriminator learns before the decoder hears of it
FADE = 0.1  # share of the run over which its say grows to the full weight


@dataclass(slots=True)
class Critic:
    """A patch discriminator, its optimiser and how much it has to say.

    Attributes:
        perceptual, adversarial: at most these shares of the reconstruction's own gradient, per picture.
        since: step from which the decoder hears it; it learns a little earlier.
        steps: of the whole run.
    """

    net: PatchDiscriminator
    optimiser: torch.optim.Optimizer
    perceptual: float
    adversarial: float
    since: int
    steps: int

    @classmethod
    def of(cls, config: ModelConfig, device: torch.device, random: torch.Generator) -> Critic | None:
        """For a config; None where it has nothing to say."""
        options = config.options
        perceptual, adversarial = options.get("perceptual", 0.0), options.get("adversarial", 0.0)
        if perceptual <= 0.0 and adversarial <= 0.0:
            return None
        net = materialise(lambda: PatchDiscriminator(config.channels, config.widths), device, random)
        optimiser = adam(net.parameters(), lr=config.rate, betas=(0.0, 0.99), eps=1e-8)
        since = int(options.get("adversarial_from", 0.3) * config.steps)
        return cls(net, optimiser, perceptual, adversarial, since, config.steps)

    def learns(self, step: int) -> bool:
        """Whether it takes part in this step."""
        return step >= self.since - AHEAD * self.steps

    def passes(self, step: int) -> int:
        """Passes through a network that it adds to a step."""
        return 16 if self._penalised(step) else 10

    def judge(self, x: Tensor, y: Tensor, reference: Tensor, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """What to add to ``reference``, the gradient of the reconstruction's own loss by ``y`` (N×C×H×W), and
        the terms by name."""
        say = min(1.0, max(0.0, (step - self.since + 1) / max(1.0, FADE * self.steps)))
        more = torch.zeros_like(reference)
        terms: dict[str, Tensor] = {}
        if say == 0.0:
            return more, terms
        y = y.requires_grad_(True)
        with autocast(y.device):
            with torch.no_grad():
                known, real = self.net.features(x)
            seen, fake = self.net.features(y)
            parts = {
                "perceptual": (self.perceptual, feature_l1(known, seen)),
                "adversarial": (self.adversarial, generator_loss(real.float(), fake.float())),
            }
        for name, (share, term) in parts.items():
            if share > 0.0:
                (gradient,) = torch.autograd.grad(term, y, retain_graph=True)
                more = more + bounded(gradient.float(), reference, say * share)
                terms[name] = term.detach()
        return more, terms

    def learn(self, x: Tensor, y: Tensor, step: int, share: float) -> dict[str, Tensor]:
        """Add ``share`` of its own gradient for pictures ``x`` and their reconstructions ``y``."""
        found: dict[str, Tensor] = {}
        if self._penalised(step):
            # The penalty differentiates twice: in float32, for the sum of a picture's patches.
            _, penalty = gradient_penalty(lambda pictures: self.net(pictures).sum((1, 2)), x)
            patches = self.net.patches(x.shape[-1])
            penalty = penalty / patches
            torch.autograd.backward([penalty], [penalty.new_tensor(share * PENALTY_EVERY * GAMMA)])
            found["penalty"] = penalty.detach()
        with autocast(x.device):
            real, fake = self.net(torch.cat([x.detach(), y.detach()])).float().chunk(2)
        loss = discriminator_loss(real, fake)
        torch.autograd.backward([loss], [loss.new_tensor(share)])
        means = {"real": real.mean().detach(), "fake": fake.mean().detach()}
        return found | means | {"discriminator": loss.detach()}

    def _penalised(self, step: int) -> bool:
        return step % PENALTY_EVERY == 0
