"""Training of the sound GAN: the picture GAN's objective on log-mel spectrograms, and a vocoder beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.gan_task import GanTask
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import mel_of
from mmstudio.learning.engine.task import take
from mmstudio.learning.engine.updates import adam
from mmstudio.learning.engine.voicing import Voicing, without_old_voice
from mmstudio.learning.nets.sound import SoundGenerator
from mmstudio.learning.objectives.augment import sound_augment


class SoundGanTask(GanTask):
    """RpGAN + R1 + R2 with adaptive augmentation; the vocoder learns from the true sounds of each batch."""

    splits = False
    _ended = False

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        assert isinstance(self.generator, SoundGenerator)
        self.shape = SoundShape.of(config)
        self.voicing = Voicing(config, self.generator.vocoder, device, self.random)
        own = [p for name, p in self.generator.named_parameters() if not name.startswith("vocoder.")]
        self.optimisers["generator"] = adam(own, lr=config.rate, betas=(0.0, 0.9), eps=1e-8)
        self.optimisers["vocoder"] = self.voicing.optimiser
        if self.voicing.critic is not None and self.voicing.critic_optimiser is not None:
            self.nets["critic"] = self.voicing.critic
            self.optimisers["critic"] = self.voicing.critic_optimiser

    def adversaries(self) -> list[torch.optim.Optimizer]:
        return [self.optimisers["generator"], self.optimisers["discriminator"]]

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        waves = batch.x.to(self.device)
        with torch.no_grad():
            mel = mel_of(waves, self.shape)
            held = None if batch.held is None else mel_of(batch.held.to(self.device), self.shape)
        yield from super().parts(replace(batch, x=mel, held=held), step)
        yield from self.voicing.learn(waves, mel, step)

        self._ended = step + 1 >= self.config.steps

    @torch.no_grad()
    def finish(self, data: Any) -> dict[str, Tensor]:
        net = self.average.net
        assert isinstance(net, SoundGenerator)
        return self.voicing.finish(net.vocoder, data, self._ended)

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._ended = int(state.numbers.get("step", 0)) >= self.config.steps

    def _augmented(self, x: Tensor) -> Tensor:
        return sound_augment(x, self.random, self.adaptive.strength, self.shape.bands, self.shape.loop)

    def sampler(self, data: ArrayData, seed: int) -> Callable[[int], Tensor]:
        draw = super().sampler(data, seed)
        return lambda count: draw(count).clamp(-1.0, 1.0)

    @torch.no_grad()
    def start_from(self, weights: dict[str, Tensor]) -> None:
        """From another sound GAN, or from the decoder and the vocoder of a sound VAE."""
        weights = without_old_voice(weights)
        own = {f"generator.{key.removeprefix('vae.decoder.')}": value for key, value in weights.items()
               if key.startswith("vae.decoder.")}  # fmt: skip
        voice = {f"generator.vocoder.{key.removeprefix('vae.vocoder.')}": value
                 for key, value in weights.items() if key.startswith("vae.vocoder.")}  # fmt: skip
        take(self.generator, weights | self._whitened(own, weights) | voice, "generator.")
        take(self.discriminator, weights, "discriminator.")
        self.average = Average(self.generator, self.config.options["half_life"])

    def _whitened(self, own: dict[str, Tensor], weights: dict[str, Tensor]) -> dict[str, Tensor]:
        from mmstudio.learning.engine.gan_task import generator_from_vae

        return generator_from_vae(weights, self.config.latent) if own else {}
