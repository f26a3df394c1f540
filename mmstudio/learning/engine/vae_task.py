"""Training of the VAE families (pictures, and log-mel spectrograms treated as pictures)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.critic import Critic
from mmstudio.learning.engine.data import ArrayData, Batch, to_float
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.grow import take_grown
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.engine.updates import adamw, clip
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.sound import SpectrogramVAE
from mmstudio.learning.nets.vae import VAE, ConvVAE, SpatialVAE, half_cost, make_vae
from mmstudio.learning.objectives.vae import free_bits, kl_per_dimension, redrawn

COMPONENTS = 20  # of the prior, where there are examples enough
PRIOR_EXAMPLES = 4096  # that the prior of a finished training is fitted to
_PRIOR_MEANWHILE = 256  # at the checkpoints before: they must not hold up the training for a second
_PRIOR_COST = 1.2e10  # multiplications, about 0.7 s on two cores
_CHUNK = 64
_DENSE = 0.5  # dense 3×3 convolutions run at twice the rate that pieces are cut by (19e9 a core, measured)


class VaeTask(Task[ArrayData]):
    """L1 + multi-scale gradient L1 + beta · mean over dimensions of max(KL, free bits).

    With ``perceptual`` or ``adversarial`` a patch discriminator learns beside it (:mod:`engine.critic`).
    """

    averaged = "vae"
    splits = True

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.vae: VAE = materialise(lambda: make_vae(config), device, self.random)
        self.cuts = not isinstance(self.vae, SpectrogramVAE)  # its costs are not counted: it is small
        if not isinstance(self.vae, SpectrogramVAE):
            self.vae.encoder.freeze(int(config.options.get("freeze", 0.0)))
        self.nets = {"vae": self.vae}
        self._own = list(self.vae.parameters())
        self.optimisers = {
            "vae": adamw(self.vae.parameters(), lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        }
        self.critic = Critic.of(config, device, self.random) if self.cuts else None
        if self.critic is not None:
            self.nets["critic"] = self.critic.net
            self.optimisers["critic"] = self.critic.optimiser
        self.average = Average(self.vae, config.options["half_life"])
        self._ended = False
        self._some = _PRIOR_MEANWHILE
        if self.cuts:
            self._some = max(32, min(_PRIOR_MEANWHILE, int(_PRIOR_COST / half_cost(config))))

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options, n = self.config.options, len(batch.x)
        noise = torch.randn(n, self.config.latent, generator=self.random)
        # The KL term warms up over the first tenth, so that the decoder first learns to use the latent.
        warm = min(1.0, (step + 1) / max(1.0, 0.1 * self.config.steps)) if not self.config.base else 1.0
        critic = self.critic if self.critic is not None and self.critic.learns(step) else None
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        passes = 6 + (critic.passes(step) if critic else 0)
        pieces = self.pieces(n, _DENSE * half_cost(self.config) * passes) if self.cuts else [slice(0, n)]
        for index, rows in enumerate(pieces):
            share = (rows.stop - rows.start) / n
            x = batch.x[rows].to(self.device)
            with autocast(self.device):
                y, mean, log_variance = self.vae(x, noise[rows].to(self.device))
            y, mean, log_variance = y.float(), mean.float(), log_variance.float()
            again, pixels = redrawn(y, x, options["edges"])
            kl = kl_per_dimension(mean, log_variance)
            bound = options["beta"] * warm * free_bits(kl, options["free_bits"])
            edges = (again.detach() - pixels) / (options["edges"] or 1.0)
            found = {"loss": again + bound, "pixels": pixels, "edges": edges, "kl": kl.sum()}
            if critic is None:
                (share * (again + bound)).backward()
            else:
                (gradient,) = torch.autograd.grad(again, y, retain_graph=True)
                more, said = critic.judge(x, y.detach(), gradient, step)
                torch.autograd.backward([y, bound], [share * (gradient + more), bound.new_tensor(share)])
                found |= said | critic.learn(x, y.detach(), step, share)
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + share * value.item()
            if index < len(pieces) - 1:
                yield {}
        norm = clip(self._own, 1.0)
        self.optimisers["vae"].step()
        if critic is not None:
            critic.optimiser.step()
        self._ended = step + 1 >= self.config.steps
        yield sums | {"gradient": norm}

    @property
    def _drawn_with(self) -> VAE:
        net = self.average.net
        assert isinstance(net, ConvVAE | SpatialVAE | SpectrogramVAE)
        return net

    @torch.no_grad()
    def preview(self, data: ArrayData, seed: int, count: int) -> Tensor:
        row = max(1, count // 4)
        net = self._drawn_with
        shown = data.head(row).to(self.device)
        again = net.decoder(net.encode(shown)[0])
        prior = fit_prior(*self._posteriors(data, 128))
        z = prior.draw(count - 2 * row, torch.Generator().manual_seed(seed)).to(self.device)
        blank = torch.ones_like(shown[:1]).expand(row - len(shown), -1, -1, -1)
        return torch.cat([shown, blank, again, blank, net.decoder(z)])

    @torch.no_grad()
    def sampler(self, data: ArrayData, seed: int) -> Callable[[int], Tensor]:
        net, random = self._drawn_with, torch.Generator().manual_seed(seed)
        prior = fit_prior(*self._posteriors(data, self._some), COMPONENTS, seed)

        @torch.no_grad()
        def draw(count: int) -> Tensor:
            made: Tensor = net.decoder(prior.draw(count, random).to(self.device)).float()
            return made

        return draw

    @torch.no_grad()
    def finish(self, data: ArrayData) -> dict[str, Tensor]:
        most = PRIOR_EXAMPLES if self._ended else self._some
        return fit_prior(*self._posteriors(data, most), COMPONENTS, self.config.seed).tensors()

    def _posteriors(self, data: ArrayData, most: int) -> tuple[Tensor, Tensor]:
        """Means and variances of at most ``most`` examples, spread over all: N×L each, on the CPU."""
        count = min(len(data), most)
        which = [len(data) * i // count for i in range(count)]
        means, variances = [], []
        for first in range(0, count, _CHUNK):
            x = to_float(data.pixels[which[first : first + _CHUNK]])
            mean, log_variance = self._drawn_with.encode(x.to(self.device))
            means.append(mean.float().cpu())
            variances.append(log_variance.float().exp().cpu())
        return torch.cat(means), torch.cat(variances)

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._ended = int(state.numbers.get("step", 0)) >= self.config.steps

    def start_from(self, weights: dict[str, Tensor]) -> None:
        if isinstance(self.vae, ConvVAE):
            take_grown(self.vae.encoder, weights, "vae.encoder.")
            take_grown(self.vae.decoder, weights, "vae.decoder.")
        else:
            take(self.vae, weights, "vae.")
        if self.critic is not None:
            take(self.critic.net, weights, "critic.")
        self.average = Average(self.vae, self.config.options["half_life"])
