"""What a model of texts pays for a text: nats, tokens and bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.engine.text_data import Tokens, padded
from mmstudio.learning.nets.text import TextLM, TextVAE
from mmstudio.learning.texts.bpe import BLANK, END, Bpe
from mmstudio.learning.texts.ngram import Mixture, fit_shares

_ROWS = 16

_Row = tuple[list[int], int, tuple[Any, ...]]  # a window, how many tokens of it are paid for, what counts say
_Heard = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


@dataclass(slots=True)
class Paid:
    """Sums over texts: ``nats`` (with each text's end), ``tokens`` (ends included) and ``bytes`` (UTF-8)."""

    nats: float = 0.0
    tokens: int = 0
    bytes: int = 0

    @property
    def bits_per_byte(self) -> float:
        """NaN for nothing."""
        return self.nats / math.log(2) / self.bytes if self.bytes else math.nan

    @property
    def perplexity(self) -> float:
        """exp(nats per token); NaN for nothing."""
        return math.exp(min(700.0, self.nats / self.tokens)) if self.tokens else math.nan

    def add(self, nats: float, tokens: int, size: int) -> None:
        """Count more."""
        self.nats += nats
        self.tokens += tokens
        self.bytes += size


def scoring_lm(
    net: TextLM,
    bpe: Bpe,
    texts: Sequence[Sequence[int] | Tokens],
    device: torch.device,
    mixture: Mixture | None = None,
    *,
    fit: bool = False,
) -> Iterator[Paid]:
    """The sums so far, after each pass of the network; with ``mixture`` those of network and counts together.

    Each text is alone, after an end. Of a long one every token but the first half context has at least half a
    context before it: windows overlap by half. ``fit``: the sums are of the network alone but for the last
    ones, for which the shares of ``mixture`` are set to what is likeliest for these texts.
    """
    paid, rows = Paid(), list[_Row]()
    heard: list[_Heard] | None = [] if fit and mixture is not None else None
    for text in texts:
        tokens = [END, *map(int, text), END]
        paid.bytes += int(bpe.lengths[tokens].sum())
        counted = mixture.ngram.shares(tokens[1:-1]) if mixture is not None else None
        done = 0
        for window, new in _windows(tokens, net.context):
            part = tuple(one[done : done + new] for one in counted) if counted is not None else ()
            rows.append((window, new, part))
            done += new
            if len(rows) == _ROWS:
                _pay_lm(net, rows, paid, device, mixture, heard)
                rows = []
                yield paid
    if rows:
        _pay_lm(net, rows, paid, device, mixture, heard)
    if heard and mixture is not None:
        writer, share, met = (np.concatenate(one) for one in zip(*heard, strict=True))
        mixture.shares = fit_shares(writer, share, met, mixture.ngram.order)
        paid.nats = float(_mixed(writer, share, mixture.shares[met]).sum())
    yield paid


def _windows(tokens: list[int], context: int) -> Iterator[tuple[list[int], int]]:
    """Windows of at most context + 1 tokens, and how many at the end of each are to be paid for."""
    done = 1
    while done < len(tokens):
        stop = min(len(tokens), context + 1 if done == 1 else done + context // 2)
        yield tokens[max(0, stop - context - 1) : stop], stop - done
        done = stop


@torch.inference_mode()
def _pay_lm(
    net: TextLM,
    rows: list[_Row],
    paid: Paid,
    device: torch.device,
    mixture: Mixture | None,
    heard: list[_Heard] | None,
) -> None:
    longest = max(len(window) for window, _, _ in rows)
    x = torch.full((len(rows), longest), BLANK)
    targets = torch.full((len(rows), longest - 1), -100)
    for place, (window, new, _) in enumerate(rows):
        x[place, : len(window)] = torch.tensor(window)
        targets[place, len(window) - 1 - new : len(window) - 1] = torch.tensor(window[-new:])
    logits = net(x[:, :-1].to(device)).float()
    wanted = targets.to(device).flatten()
    nats = functional.cross_entropy(logits.flatten(0, 1), wanted, ignore_index=-100, reduction="none")
    each = nats[wanted != -100].cpu().double().numpy()
    if mixture is not None:
        share, met = (np.concatenate([part[i] for _, _, part in rows]) for i in (0, 1))
        if heard is not None:
            heard.append((np.exp(-each), share, met))
        else:
            each = _mixed(np.exp(-each), share, mixture.shares[met])
    paid.nats += float(each.sum())
    paid.tokens += sum(new for _, new, _ in rows)


def _mixed(
    writer: NDArray[np.float64], counted: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Nats of tokens by the writer and the counts together."""
    found: NDArray[np.float64] = -np.log(np.maximum(1e-300, (1.0 - share) * writer + share * counted))
    return found


@dataclass(slots=True)
class VaePaid(Paid):
    """With the sums of the evidence bound: ``nats`` are ``redrawn`` + ``kl``; ``right`` counts tokens that
    the decoder, told the true words before, finds the likeliest."""

    redrawn: float = 0.0
    kl: float = 0.0
    right: int = 0
    texts: int = 0


def scoring_vae(
    net: TextVAE,
    bpe: Bpe,
    texts: Sequence[Sequence[int] | Tokens],
    device: torch.device,
    length: int,
    seed: int = 0,
) -> Iterator[VaePaid]:
    """The sums so far, after each pass; one sample of the posterior per text, texts cut to ``length``."""
    paid = VaePaid()
    random = torch.Generator().manual_seed(seed)
    for first in range(0, len(texts), _ROWS):
        x = padded(texts[first : first + _ROWS], length)
        noise = torch.randn(len(x), net.latent, generator=random)
        _pay_vae(net, x.to(device), noise.to(device), paid)
        paid.bytes += int(bpe.lengths[x.numpy()].sum())
        yield paid
    yield paid


@torch.inference_mode()
def _pay_vae(net: TextVAE, x: Tensor, noise: Tensor, paid: VaePaid) -> None:
    mean, log_variance = net.encode(x)
    z = mean + noise * (0.5 * log_variance).exp()
    logits = net.decode(z, shifted(x)).float()
    there = x != BLANK
    nats = functional.cross_entropy(logits.transpose(1, 2), x, reduction="none")
    redrawn = float((nats * there).sum())
    kl = float((0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)).sum())
    paid.redrawn += redrawn
    paid.kl += kl
    paid.nats += redrawn + kl
    paid.tokens += int(there.sum())
    paid.right += int(((logits.argmax(2) == x) & there).sum())
    paid.texts += len(x)


def shifted(x: Tensor) -> Tensor:
    """The words before each: an end, then all but the last."""
    return torch.cat([torch.full_like(x[:, :1], END), x[:, :-1]], 1)
