"""Training of the VAE families (pictures, and log-mel spectrograms treated as pictures)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import ArrayData, Batch
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.grow import take_grown
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.conv import multiply_adds
from mmstudio.learning.nets.sound import SpectrogramVAE
from mmstudio.learning.nets.vae import ConvVAE, make_vae
from mmstudio.learning.objectives.vae import free_bits, gradient_l1, kl_per_dimension


class VaeTask(Task):
    """L1 + multi-scale gradient L1 + beta · mean over dimensions of max(KL, free bits)."""

    averaged = "vae"
    splits = True

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.vae = materialise(lambda: make_vae(config), device, self.random)
        self.cuts = isinstance(self.vae, ConvVAE)  # costs of the sound network are not counted: it is small
        self.nets = {"vae": self.vae}
        self.optimisers = {
            "vae": torch.optim.AdamW(
                self.vae.parameters(), lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-4
            )
        }
        self.average = Average(self.vae, config.options["half_life"])

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options, n = self.config.options, len(batch.x)
        noise = torch.randn(n, self.config.latent, generator=self.random)
        # The KL term warms up over the first tenth, so that the decoder first learns to use the latent.
        warm = min(1.0, (step + 1) / max(1.0, 0.1 * self.config.steps)) if not self.config.base else 1.0
        optimiser = self.optimisers["vae"]
        optimiser.zero_grad(set_to_none=True)
        sums = dict.fromkeys(("loss", "pixels", "edges", "kl"), 0.0)
        pieces = self.pieces(n, multiply_adds(self.config.widths) * 6) if self.cuts else [slice(0, n)]
        for index, rows in enumerate(pieces):
            share = (rows.stop - rows.start) / n
            x = batch.x[rows].to(self.device)
            with autocast(self.device):
                y, mean, log_variance = self.vae(x, noise[rows].to(self.device))
            y, mean, log_variance = y.float(), mean.float(), log_variance.float()
            pixels, edges = functional.l1_loss(y, x), gradient_l1(y, x)
            kl = kl_per_dimension(mean, log_variance)
            bound = options["beta"] * warm * free_bits(kl, options["free_bits"])
            loss = pixels + options["edges"] * edges + bound
            (share * loss).backward()
            for name, value in {"loss": loss, "pixels": pixels, "edges": edges, "kl": kl.sum()}.items():
                sums[name] += share * value.item()
            if index < len(pieces) - 1:
                yield {}
        norm = torch.nn.utils.clip_grad_norm_(self.vae.parameters(), 1.0)
        optimiser.step()
        yield sums | {"gradient": float(norm)}

    @torch.no_grad()
    def preview(self, data: ArrayData, seed: int, count: int) -> Tensor:
        row = max(1, count // 4)
        net = self.average.net
        assert isinstance(net, ConvVAE | SpectrogramVAE)
        shown = data.head(row).to(self.device)
        again = net.decoder(net.encode(shown)[0])
        mean, log_variance = net.encode(data.head(128).to(self.device))
        prior = fit_prior(mean, log_variance.exp())
        z = prior.draw(count - 2 * row, torch.Generator().manual_seed(seed)).to(self.device)
        blank = torch.ones_like(shown[:1]).expand(row - len(shown), -1, -1, -1)
        return torch.cat([shown, blank, again, blank, net.decoder(z)])

    @torch.no_grad()
    def sampler(self, data: ArrayData, seed: int) -> Callable[[int], Tensor]:
        net, random = self.average.net, torch.Generator().manual_seed(seed)
        assert isinstance(net, ConvVAE | SpectrogramVAE)
        heads = [net.encode(part.to(self.device)) for part in torch.split(data.head(256), 32)]
        mean, log_variance = (torch.cat(part) for part in zip(*heads, strict=True))
        prior = fit_prior(mean, log_variance.exp(), 4, seed)

        @torch.no_grad()
        def draw(count: int) -> Tensor:
            made: Tensor = net.decoder(prior.draw(count, random).to(self.device)).float()
            return made

        return draw

    @torch.no_grad()
    def finish(self, data: ArrayData) -> dict[str, Tensor]:
        net = self.average.net
        assert isinstance(net, ConvVAE | SpectrogramVAE)
        means, variances = [], []
        some = range(0, min(len(data), 4096), 64)
        for first in some:
            x = (
                torch.from_numpy(data.pixels[first : first + 64].copy())
                .float()
                .div(127.5)
                .sub(1)
                .to(self.device)
            )
            mean, log_variance = net.encode(x)
            means.append(mean.cpu())
            variances.append(log_variance.exp().cpu())
        return fit_prior(torch.cat(means), torch.cat(variances), 10, self.config.seed).tensors()

    def start_from(self, weights: dict[str, Tensor]) -> None:
        if isinstance(self.vae, ConvVAE):
            take_grown(self.vae.encoder, weights, "vae.encoder.")
            take_grown(self.vae.decoder, weights, "vae.decoder.")
        else:
            take(self.vae, weights, "vae.")
        self.average = Average(self.vae, self.config.options["half_life"])
