"""Training of the text VAE."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.prior import fit_prior
from mmstudio.learning.engine.text_data import SentenceData, padded
from mmstudio.learning.engine.text_scoring import Paid, VaePaid, scoring_vae, shifted
from mmstudio.learning.engine.text_task import TextTask, some_of
from mmstudio.learning.nets.text import TextVAE, filled, make_text_vae
from mmstudio.learning.objectives.vae import kl_per_dimension
from mmstudio.learning.texts.bpe import BLANK

COMPONENTS = 10
_PRIOR_EXAMPLES = 2048
_ROWS = 64


class TextVaeTask(TextTask[SentenceData]):
    """Nats of a sentence + beta · sum over dimensions of max(KL, free bits / dimensions).

    The encoder hears a sentence of which some words are hidden and is to have all of it written: sentences
    that differ in a word come to lie side by side (Shen et al., "Educating text autoencoders", ICML 2020). So
    that the decoder cannot do without the latent: beta rises from 0 (Bowman et al., CoNLL 2016) and stays
    below 1, free bits (Kingma et al., 2016), some of the words before hidden too. The decoder may begin as a
    text writer (Li et al., "Optimus", EMNLP 2020).
    """

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        count = self.vocabulary()
        self.net: TextVAE = filled(lambda: make_text_vae(config, count), device, self.random)
        self.take(self.net)

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Of a text VAE all of it; of a text writer the decoder, and its first blocks for the encoder."""
        if "text.to_latent.weight" not in weights:
            ends = {f"text.read.{key}": value for key, value in _under(weights, "text.blocks.")}
            weights = weights | ends
        super().start_from(weights)

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        options, n = self.config.options, len(batch.x)
        beta = options["beta"] * cyclical(step / max(1, self.config.steps), int(options["cycles"]))
        noise = torch.randn(n, self.net.latent, generator=self.random)
        hidden = torch.rand(batch.x.shape, generator=self.random) < options["word_dropout"]
        unheard = torch.rand(batch.x.shape, generator=self.random) < options["denoise"]
        dropping, optimiser = self.dropping(), self.optimisers["text"]
        optimiser.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        pieces = self.pieces(n, 3 * self.net.cost(batch.x.shape[1]))
        for index, rows in enumerate(pieces):
            x = batch.x[rows].to(self.device)
            before = shifted(x).masked_fill(hidden[rows].to(self.device), BLANK)
            mean, log_variance = self.net.encode(x.masked_fill(unheard[rows].to(self.device), BLANK))
            z = mean + noise[rows].to(self.device) * (0.5 * log_variance).exp()
            logits = self.net.decode(z, before, drop=options["dropout"], random=dropping)
            there = x != BLANK
            nats = functional.cross_entropy(logits.float().transpose(1, 2), x, reduction="none") * there
            words = nats.sum() / len(x)
            kl = kl_per_dimension(mean, log_variance)
            bound = kl.clamp_min(options["free_bits"] / self.net.latent).sum()
            share = (rows.stop - rows.start) / n
            # Per word, so that long sentences do not decide on the length of a step.
            (share * (words + beta * bound) / 16.0).backward()
            found = {"loss": words + beta * bound, "nats": nats.sum() / there.sum(), "kl": kl.sum()}
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + share * value.item()
            if index < len(pieces) - 1:
                yield {}
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        optimiser.step()
        yield sums | {"beta": beta, "gradient": float(norm)}

    def scoring(self, data: SentenceData, seed: int) -> Iterator[Paid]:
        net, options = self._drawn_with, self.config.options
        scored = scoring_vae(net, data.bpe, some_of(data), self.device, data.length, seed)
        return (_weighed(paid, options["free_bits"], options["beta"]) for paid in scored)

    @torch.no_grad()
    def finish(self, data: SentenceData) -> dict[str, Tensor]:
        net, count = self._drawn_with, min(len(data), _PRIOR_EXAMPLES)
        rows = [data.texts[len(data) * i // count] for i in range(count)]
        means, variances = [], []
        for first in range(0, count, _ROWS):
            mean, log_variance = net.encode(padded(rows[first : first + _ROWS], data.length).to(self.device))
            means.append(mean.float().cpu())
            variances.append(log_variance.float().exp().cpu())
        return fit_prior(torch.cat(means), torch.cat(variances), COMPONENTS, self.config.seed).tensors()

    @property
    def _drawn_with(self) -> TextVAE:
        net = self.average.net
        assert isinstance(net, TextVAE)
        return net


def cyclical(progress: float, cycles: int, rising: float = 0.5) -> float:
    """0 to 1: it rises through the first ``rising`` of each cycle, then stays."""
    within = (max(0.0, min(1.0, progress)) * cycles) % 1.0 if progress < 1.0 else 1.0
    return min(1.0, within / rising)


def _under(weights: dict[str, Tensor], prefix: str) -> list[tuple[str, Tensor]]:
    return [(key.removeprefix(prefix), value) for key, value in weights.items() if key.startswith(prefix)]


def _weighed(paid: VaePaid, free: float, beta: float) -> Paid:
    """What the training is judged by is what it learns to lessen: what the latent says costs beta, beyond the
    free bits. By the whole bound those weights would be the best that write any sentence for any latent."""
    kl = max(0.0, paid.kl - free * paid.texts)
    return Paid(paid.redrawn + beta * kl, paid.tokens, paid.bytes)
