"""Training of the sound VAE: a log-mel VAE and the vocoder that plays its spectrograms, together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.gan_task import with_gaps
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.engine.sound_data import SoundData
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import mel_of
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.engine.updates import adamw, clip
from mmstudio.learning.engine.vae_task import COMPONENTS, PRIOR_EXAMPLES, VaeTask
from mmstudio.learning.engine.voicing import Voicing, without_old_voice
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.sound import SpectrogramVAE, make_sound_vae
from mmstudio.learning.objectives.vae import bounded, free_bits, gradient_l1, kl_per_dimension

_MEANWHILE = 256  # examples that the prior of a checkpoint is fitted to
_CHUNK = 32
_HEARD = 0.5  # the wave's say, at most this share of the spectrogram's own gradient


def sound_vae_task(config: ModelConfig, device: torch.device) -> Task[Any]:
    """The task of a sound VAE; models of the first kind, without a vocoder, go on as they began."""
    return SoundVaeTask(config, device) if "sound" in config.parts else VaeTask(config, device)


class SoundVaeTask(Task[SoundData]):
    """L1 + multi-scale gradient L1 + beta · KL of spectrograms, plus what the vocoder hears in them.

    The vocoder learns from true spectrograms (:mod:`engine.voicing`); every ``wave_every``-th step the
    decoder also learns from the wave of its reconstruction.
    """

    averaged = "vae"

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.shape, self.conditions = SoundShape.of(config), Conditions.of(config.condition)
        self.vae: SpectrogramVAE = materialise(lambda: make_sound_vae(config), device, self.random)
        assert self.vae.vocoder is not None
        self.voicing = Voicing(config, self.vae.vocoder, device, self.random)
        self._own = [p for name, p in self.vae.named_parameters() if not name.startswith("vocoder.")]
        self.nets = {"vae": self.vae}
        self.optimisers = {
            "vae": adamw(self._own, lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-4),
            "vocoder": self.voicing.optimiser,
        }
        if self.voicing.critic is not None and self.voicing.critic_optimiser is not None:
            self.nets["critic"] = self.voicing.critic
            self.optimisers["critic"] = self.voicing.critic_optimiser
        self.average = Average(self.vae, config.options["half_life"])
        self._ended = False

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options = self.config.options
        waves = batch.x.to(self.device)
        with torch.no_grad():
            x = mel_of(waves, self.shape)
        drop = options.get("condition_drop", 0.2)
        c = with_gaps(batch.c, self.conditions, drop, self.random, self.device)
        noise = torch.randn(len(x), self.config.latent, generator=self.random).to(self.device)
        warm = min(1.0, (step + 1) / max(1.0, 0.1 * self.config.steps)) if not self.config.base else 1.0
        self.optimisers["vae"].zero_grad(set_to_none=True)
        with autocast(self.device):
            y, mean, log_variance = self.vae(x, noise, c)
        y, mean, log_variance = y.float(), mean.float(), log_variance.float()
        pixels, edges = functional.l1_loss(y, x), gradient_l1(y, x)
        kl = kl_per_dimension(mean, log_variance)
        redrawn = pixels + options["edges"] * edges
        bound = options["beta"] * warm * free_bits(kl, options["free_bits"])
        found = {"loss": redrawn + bound, "pixels": pixels, "edges": edges, "kl": kl.sum()}
        losses = {name: value.item() for name, value in found.items()}
        (gradient,) = torch.autograd.grad(redrawn, y, retain_graph=True)
        every = int(options.get("wave_every", 4.0))
        if every > 0 and step % every == 0 and step >= 0.1 * self.config.steps:
            yield {}
            more, said = self.voicing.heard(waves, y)
            gradient, losses = gradient + bounded(more, gradient, _HEARD), losses | said
        torch.autograd.backward([y, bound], [gradient, torch.ones_like(bound)])
        norm = clip(self._own, 1.0)
        self.optimisers["vae"].step()
        yield losses | {"gradient": norm}
        yield from self.voicing.learn(waves, x, step)
        self._ended = step + 1 >= self.config.steps

    @property
    def _drawn_with(self) -> SpectrogramVAE:
        net = self.average.net
        assert isinstance(net, SpectrogramVAE)
        return net

    @torch.no_grad()
    def preview(self, data: SoundData, seed: int, count: int) -> Tensor:
        row, net = max(1, count // 4), self._drawn_with
        shown = mel_of(data.floats(range(min(row, len(data)))).to(self.device), self.shape)
        again = net.decoder(net.encode(shown)[0])
        prior = fit_prior(*self._posteriors(data, 64))
        z = prior.draw(count - 2 * row, torch.Generator().manual_seed(seed)).to(self.device)
        blank = torch.ones_like(shown[:1]).expand(row - len(shown), -1, -1, -1)
        return torch.cat([shown, blank, again, blank, net.decoder(z)])

    @torch.no_grad()
    def sampler(self, data: SoundData, seed: int) -> Callable[[int], Tensor]:
        net, random = self._drawn_with, torch.Generator().manual_seed(seed)
        prior = fit_prior(*self._posteriors(data, _MEANWHILE), COMPONENTS, seed)

        @torch.no_grad()
        def draw(count: int) -> Tensor:
            made: Tensor = net.decoder(prior.draw(count, random).to(self.device)).float()
            return made

        return draw

    @torch.no_grad()
    def finish(self, data: SoundData) -> dict[str, Tensor]:
        most = PRIOR_EXAMPLES if self._ended else _MEANWHILE
        prior = fit_prior(*self._posteriors(data, most), COMPONENTS, self.config.seed).tensors()
        vocoder = self._drawn_with.vocoder
        assert vocoder is not None
        return prior | self.voicing.finish(vocoder, data, self._ended)

    def _posteriors(self, data: SoundData, most: int) -> tuple[Tensor, Tensor]:
        which, means, variances = data.spread(most), [], []
        for first in range(0, len(which), _CHUNK):
            x = mel_of(data.floats(which[first : first + _CHUNK]).to(self.device), self.shape)
            mean, log_variance = self._drawn_with.encode(x)
            means.append(mean.float().cpu())
            variances.append(log_variance.float().exp().cpu())
        return torch.cat(means), torch.cat(variances)

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._ended = int(state.numbers.get("step", 0)) >= self.config.steps

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Also from a model of the first kind, which has no vocoder: that part begins anew."""
        weights = without_old_voice(weights)
        take(self.vae, weights, "vae.")
        if self.voicing.critic is not None:
            take(self.voicing.critic, weights, "critic.")
        self.average = Average(self.vae, self.config.options["half_life"])
