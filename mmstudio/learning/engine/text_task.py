"""Training of the text writer, and what both families of texts share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState
from mmstudio.learning.engine.data import Batch
from mmstudio.learning.engine.device import autocast
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.task import Task, cosine, take
from mmstudio.learning.engine.text_data import SentenceData, WindowData
from mmstudio.learning.engine.text_scoring import Paid, scoring_lm
from mmstudio.learning.nets.text import TextLM, filled, make_lm
from mmstudio.learning.texts.ngram import SHARES, Mixture

BITS = "held_bits_per_byte"
GAIN = 0.002  # share by which a judgement must be better to count as progress
MOST_JUDGED = 200  # held-out texts that each judgement looks at, spread over all
_WARM = 0.02  # share of a training in which the rate rises

Data = TypeVar("Data", WindowData, SentenceData)


class TextTask(Task[Data]):
    """A network over tokens under the name ``text``; ends early when held-out texts gain nothing more."""

    averaged = "text"
    splits = True

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.nets, self.optimisers = {}, {}
        self._best, self._stale = float("inf"), 0

    def take(self, net: torch.nn.Module) -> None:
        """Train this network."""
        self.nets = {"text": net}
        parameters = list(net.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.1},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimisers = {"text": torch.optim.AdamW(groups, lr=self.config.rate, betas=(0.9, 0.99))}
        self.average = Average(net, self.config.options["half_life"])

    def vocabulary(self) -> int:
        """Tokens of the model's vocabulary; the folder's tokenizer.json decides, not the wish."""
        return int(self.config.trained.get("vocabulary", self.config.options["vocabulary"]))

    def at(self, progress: float) -> None:
        rate = self.config.rate * self.rate_scale * cosine(1.0, 0.1, progress)
        rate *= min(1.0, (progress + 1e-3) / _WARM)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate

    def dropping(self) -> torch.Generator:
        """A generator for the dropout of one step, where the network computes."""
        drawn = int(torch.randint(2**62, (), generator=self.random))
        return torch.Generator(self.device).manual_seed(drawn)

    def preview(self, data: Data, seed: int, count: int) -> Tensor:
        """Texts are read, not looked at."""
        del data, seed, count
        return torch.empty(0)

    def sampler(self, data: Data, seed: int) -> Callable[[int], Tensor] | None:
        """What tells a judge the held-out texts' [nats, tokens, bytes] so far and, last, 1 at the end."""
        if not len(data.held):
            return None
        scoring = self.scoring(data, seed)
        paid: Paid | None = None

        def look(_count: int) -> Tensor:
            nonlocal paid
            try:
                paid = next(scoring)
                return torch.tensor([paid.nats, paid.tokens, paid.bytes, 0.0], dtype=torch.float64)
            except StopIteration:
                assert paid is not None
                self.hear(paid.bits_per_byte)
                return torch.tensor([paid.nats, paid.tokens, paid.bytes, 1.0], dtype=torch.float64)

        return look

    def scoring(self, data: Data, seed: int) -> Iterator[Paid]:
        """Sums over the held-out texts that a judgement looks at."""
        raise NotImplementedError

    def hear(self, bits: float) -> None:
        """A judgement; when the last few brought nothing, the training is satisfied."""
        if self._stale >= self.config.options["patience"]:
            self._stale = 0  # it was satisfied, and somebody lets it go on
        if bits < self._best * (1.0 - GAIN):
            self._best, self._stale = bits, 0
        else:
            self._stale += 1
        self.satisfied = self._stale >= self.config.options["patience"]

    def state(self) -> TrainingState:
        state = super().state()
        if self._best < float("inf"):
            state.numbers |= {"best_bits": self._best, "stale": self._stale}
        return state

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._best = float(state.numbers.get("best_bits", float("inf")))
        self._stale = int(state.numbers.get("stale", 0))
        self.satisfied = self._stale >= self.config.options["patience"]

    def start_from(self, weights: dict[str, Tensor]) -> None:
        take(self.nets["text"], weights, "text.")
        self.average = Average(self.nets["text"], self.config.options["half_life"])


class TextLmTask(TextTask[WindowData]):
    """Mean nats of the next token, all tokens of a window at once.

    Judged, where phrases were counted, as it will write: mixed with them. How much they count is fitted on
    the held-out texts at each judgement and goes into the weights.
    """

    def __init__(self, config: ModelConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self._shares: Tensor | None = None
        count = self.vocabulary()
        self.net: TextLM = filled(lambda: make_lm(config, count), device, self.random)
        self.take(self.net)

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        del step
        dropping, optimiser = self.dropping(), self.optimisers["text"]
        optimiser.zero_grad(set_to_none=True)
        total, n = 0.0, len(batch.x)
        pieces = self.pieces(n, 3 * self.net.cost(batch.x.shape[1]))
        for index, rows in enumerate(pieces):
            x = batch.x[rows].to(self.device)
            with autocast(self.device):
                logits = self.net(x[:, :-1], drop=self.config.options["dropout"], random=dropping)
            loss = functional.cross_entropy(logits.float().flatten(0, 1), x[:, 1:].flatten())
            share = (rows.stop - rows.start) / n
            (share * loss).backward()
            total += share * loss.item()
            if index < len(pieces) - 1:
                yield {}
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        optimiser.step()
        yield {"loss": total, "gradient": float(norm)}

    def scoring(self, data: WindowData, seed: int) -> Iterator[Paid]:
        net = self.average.net
        assert isinstance(net, TextLM)
        del seed
        if data.ngram is None:
            yield from scoring_lm(net, data.bpe, some_of(data), self.device)
            return
        mixture = Mixture(data.ngram, np.zeros(data.ngram.order))
        yield from scoring_lm(net, data.bpe, some_of(data), self.device, mixture, fit=True)
        self._shares = torch.from_numpy(mixture.shares).float()

    def finish(self, data: WindowData) -> dict[str, Tensor]:
        """The shares of the counted phrases as last fitted."""
        return {SHARES: self._shares} if self._shares is not None and data.ngram is not None else {}

    def state(self) -> TrainingState:
        state = super().state()
        if self._shares is not None:
            state.tensors[SHARES] = self._shares
        return state

    def restore(self, state: TrainingState) -> None:
        super().restore(state)
        self._shares = state.tensors.get(SHARES)


def some_of(data: WindowData | SentenceData) -> list[Any]:
    """The held-out texts that judgements look at: the same ones each time."""
    count = len(data.held)
    return [data.held[i * count // min(count, MOST_JUDGED)] for i in range(min(count, MOST_JUDGED))]


class TextJudge:
    """Judges a training by what held-out texts cost; see :class:`engine.judge.Judging`."""

    name = "held-out texts"

    def look(self, draw: Callable[[int], Tensor]) -> Generator[None, None, dict[str, float]]:
        """held_bits_per_byte, and held_perplexity per token."""
        while True:
            nats, tokens, size, done = draw(1).tolist()
            if done:
                paid = Paid(nats, int(tokens), int(size))
                return {BITS: paid.bits_per_byte, "held_perplexity": paid.perplexity} if paid.bytes else {}
            yield

    def better(self, new: dict[str, float], old: dict[str, float] | None) -> bool:
        """Fewer bits."""
        if not new or not old:
            return bool(new)
        return new[BITS] < old[BITS]
