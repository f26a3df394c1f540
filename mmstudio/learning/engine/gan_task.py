"""Training of the picture GANs: relativistic pairing loss, R1 + R2, adaptive augmentation, EMA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.adapt import Adaptive
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.grow import take_grown
from mmstudio.learning.engine.prior import prior_from
from mmstudio.learning.engine.task import Task, cosine
from mmstudio.learning.engine.updates import adam
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import Decoder, Discriminator, multiply_adds
from mmstudio.learning.nets.sound import (
    SoundGenerator,
    SpectrogramDiscriminator,
    make_sound_discriminator,
    make_sound_generator,
)
from mmstudio.learning.objectives.augment import diff_augment
from mmstudio.learning.objectives.gan import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    plain_discriminator_loss,
    plain_generator_loss,
)

HELD_EVERY = 4  # steps between two looks at held-out pictures
_DENSE = 0.5  # convolutions run at twice the rate that pieces are cut by (17e9 a core at 64 px, measured)


def make_generator(config: ModelConfig) -> Decoder | SoundGenerator:
    """The generator of a config, not yet filled with numbers."""
    if config.family == "sound-gan":
        return make_sound_generator(config)
    return Decoder(
        config.channels,
        config.widths,
        config.latent,
        seamless=config.options.get("seamless", 0.0) > 0,
        styles=config.options.get("styles", 0.0) > 0,
        condition=Conditions.of(config.condition).width,
    )


def make_discriminator(config: ModelConfig) -> Discriminator | SpectrogramDiscriminator:
    """The discriminator of a config, not yet filled with numbers."""
    if config.family == "sound-gan":
        return make_sound_discriminator(config)
    return Discriminator(config.channels, config.widths, Conditions.of(config.condition).width)


def with_gaps(
    c: Tensor | None, conditions: Conditions, drop: float, random: torch.Generator, device: torch.device
) -> Tensor | None:
    """N×condition with groups left out at random: each with the chance ``drop``, all with half of it."""
    if c is None or not conditions.width:
        return None
    c = c.clone()
    nothing = torch.rand(len(c), 1, generator=random) < 0.5 * drop
    for group in conditions.groups:
        gone = (torch.rand(len(c), 1, generator=random) < drop) | nothing
        c[:, group] = torch.where(gone, 0.0, c[:, group])
    return c.to(device)


class GanTask(Task[ArrayData]):
    """One discriminator update, then one generator update (Huang et al., NeurIPS 2024)."""

    averaged = "generator"
    splits = True
    penalised = True
    losses: tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]] = (
        discriminator_loss,
        generator_loss,
    )

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        options = config.options
        self.generator = materialise(lambda: make_generator(config), device, self.random)
        self.discriminator = materialise(lambda: make_discriminator(config), device, self.random)
        self.nets = {"generator": self.generator, "discriminator": self.discriminator}
        self.optimisers = {
            name: adam(net.parameters(), lr=config.rate, betas=(0.0, 0.9), eps=1e-8)
            for name, net in self.nets.items()
        }
        self.average = Average(self.generator, options["half_life"])
        self.conditions = Conditions.of(config.condition)
        self.adaptive = Adaptive(
            options["augment"],
            moves=options.get("adaptive", 0.0) > 0,
            ramp=max(1.0, 0.25 * config.steps * config.batch),
        )
        self.discriminator.freeze(int(options.get("freeze", 0.0)))
        self._learning = [p for p in self.discriminator.parameters() if p.requires_grad]

    def at(self, progress: float) -> None:
        """Learning rates, and beta2 from 0.9 to 0.99 along a cosine (Huang et al., 2024, section 3.4)."""
        super().at(progress)
        for optimiser in self.adversaries():
            for group in optimiser.param_groups:
                group["betas"] = (0.0, cosine(0.9, 0.99, progress))

    def adversaries(self) -> list[torch.optim.Optimizer]:
        """The optimisers of the two that compete."""
        return list(self.optimisers.values())

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        x = batch.x.to(self.device)
        c = self._condition(batch.c)
        yield from self._discriminate(x, c, batch, step)
        yield from self._generate(x, c)

    def _discriminate(
        self, x: Tensor, c: Tensor | None, batch: Batch, step: int
    ) -> Iterator[dict[str, float]]:
        options, d, n = self.config.options, self.discriminator, len(x)
        self._learn(True)
        every = max(1, int(options.get("penalty_every", 1.0)))
        penalise = self.penalised and step % every == 0
        gamma = options.get("gamma", 0.0) * cosine(1.0, 0.1, step / max(1, self.config.steps)) * every
        z = self._latents(n)
        sums = {"discriminator": 0.0, "real": 0.0, "fake": 0.0} | ({"penalty": 0.0} if penalise else {})
        pairs = 0.0
        self.optimisers["discriminator"].zero_grad(set_to_none=True)
        # Passes through a network: the generator's one; forward and backward of two halves, twice for R1, R2.
        pieces = self.pieces(n, _DENSE * multiply_adds(self.config.widths) * (19 if penalise else 7))
        for index, rows in enumerate(pieces):
            here = None if c is None else c[rows]
            share = (rows.stop - rows.start) / n
            with torch.no_grad(), autocast(self.device):
                fake = self.generator(z[rows], here).float()
            real, fake = self._augmented(x[rows]), self._augmented(fake)
            penalty = x.new_zeros(())
            if penalise:
                # The penalties differentiate twice: in float32, with the scores that are needed anyway.
                score_real, r1 = gradient_penalty(partial(d.score, c=here), real)
                score_fake, r2 = gradient_penalty(partial(d.score, c=here), fake)
                penalty = r1 + r2
            else:
                with autocast(self.device):
                    both = None if here is None else torch.cat([here, here])
                    score_real, score_fake = d.score(torch.cat([real, fake]), both).chunk(2)
            loss = self.losses[0](score_real, score_fake)
            (share * (loss + gamma * penalty)).backward()
            found = {"discriminator": loss, "real": score_real.mean(), "fake": score_fake.mean()}
            for name, value in (found | ({"penalty": penalty} if penalise else {})).items():
                sums[name] += share * value.item()
            pairs += share * torch.sign(score_real.detach() - score_fake.detach()).mean().item()
            if index < len(pieces) - 1:
                yield {}
        self.optimisers["discriminator"].step()
        self._adapt(batch, step, sums["real"], sums["fake"], pairs)
        yield sums | {"augment": self.adaptive.strength, "overfit": self.adaptive.overfit}

    def _generate(self, x: Tensor, c: Tensor | None) -> Iterator[dict[str, float]]:
        d, n = self.discriminator, len(x)
        self._learn(False)
        z = self._latents(n)
        total = 0.0
        self.optimisers["generator"].zero_grad(set_to_none=True)
        pieces = self.pieces(n, _DENSE * multiply_adds(self.config.widths) * 8)
        for index, rows in enumerate(pieces):
            here = None if c is None else c[rows]
            share = (rows.stop - rows.start) / n
            with autocast(self.device):
                fake = self._augmented(self.generator(z[rows], here).float())
                score_fake = d.score(fake, here)
                with torch.no_grad():
                    score_real = d.score(self._augmented(x[rows]), here)
            loss = self.losses[1](score_real, score_fake)
            (share * loss).backward()
            total += share * loss.item()
            if index < len(pieces) - 1:
                yield {}
        self.optimisers["generator"].step()
        yield {"generator": total}

    @torch.no_grad()
    def _adapt(self, batch: Batch, step: int, real: float, fake: float, pairs: float) -> None:
        held = None
        if batch.held is not None and step % HELD_EVERY == 0:
            c = None if batch.held_c is None else batch.held_c.to(self.device)
            with autocast(self.device):
                held = float(self.discriminator.score(self._augmented(batch.held.to(self.device)), c).mean())
        self.adaptive.hear(len(batch.x), real, fake, held, pairs, counts=batch.held is None)

    def _latents(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent, generator=self.random).to(self.device)

    def _augmented(self, x: Tensor) -> Tensor:
        colour = self.config.options.get("colour", 1.0) > 0
        return diff_augment(x, self.random, self.adaptive.strength, colour)

    def _condition(self, c: Tensor | None) -> Tensor | None:
        """The rows of a batch with groups left out at random: one in five each, all in one of ten."""
        drop = self.config.options.get("condition_drop", 0.2)
        return with_gaps(c, self.conditions, drop, self.random, self.device)

    def _learn(self, learns: bool) -> None:
        for parameter in self._learning:
            parameter.requires_grad_(learns)

    def preview(self, data: ArrayData, seed: int, count: int) -> Tensor:
        draw = self.sampler(data, seed)
        return draw(count)

    def sampler(self, data: ArrayData, seed: int) -> Callable[[int], Tensor]:
        random = torch.Generator().manual_seed(seed)
        known = data.conditions if self.conditions.width else None

        @torch.no_grad()
        def draw(count: int) -> Tensor:
            z = torch.randn(count, self.config.latent, generator=random)
            c = None
            if known is not None:
                some = torch.randint(len(known), (count,), generator=random).numpy()
                c = torch.from_numpy(known[some]).to(self.device)
            made: Tensor = self.average.net(z.to(self.device), c).float()
            return made

        return draw

    @torch.no_grad()
    def start_from(self, weights: dict[str, Tensor]) -> None:
        if "vae.decoder.from_latent.weight" in weights:
            weights = generator_from_vae(weights, self.config.latent)
        assert isinstance(self.generator, Decoder)
        assert isinstance(self.discriminator, Discriminator)
        take_grown(self.generator, weights, "generator.")
        take_grown(self.discriminator, weights, "discriminator.")
        self.average = Average(self.generator, self.config.options["half_life"])

    def state(self) -> TrainingState:
        state = super().state()
        state.numbers["adaptive"] = self.adaptive.numbers()
        return state

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self.adaptive.restore(state.numbers.get("adaptive", {}))


class PlainGanTask(GanTask):
    """The GAN of 2014 on the same networks: binary cross-entropy, no penalty; for teaching and comparison."""

    penalised = False
    losses = (plain_discriminator_loss, plain_generator_loss)


def generator_from_vae(weights: dict[str, Tensor], latent: int) -> dict[str, Tensor]:
    """A VAE's decoder as generator: its prior's overall mean and spread are folded into its linear layers.

    A layer W(μ + L·z) + b becomes (W·L)·z + (W·μ + b), so that z ~ N(0, I) reaches the same pictures.
    """
    prefix = "vae.decoder."
    own = {"generator." + k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    mean, covariance = prior_from(weights, latent).moments()
    factor = torch.linalg.cholesky(covariance)
    takes_latent = [
        key.removesuffix("weight")
        for key in own
        if key.endswith("weight") and ("from_latent." in key or "styles." in key)
    ]
    for layer in takes_latent:
        matrix, bias = own[layer + "weight"], own[layer + "bias"]
        own[layer + "weight"] = matrix @ factor
        own[layer + "bias"] = matrix @ mean + bias
    return own
