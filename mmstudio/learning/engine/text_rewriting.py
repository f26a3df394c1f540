"""A text rewritten in places, led by a latent: what a text VAE's decoder would write there instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.learning.engine.text_data import padded
from mmstudio.learning.engine.text_scoring import shifted
from mmstudio.learning.nets.text import TextVAE
from mmstudio.learning.texts.bpe import Bpe
from mmstudio.learning.texts.ngram import Mixture

_ROWS = 64


@dataclass(frozen=True, slots=True)
class Pen:
    """What writes: a decoder, its vocabulary, where it computes, and the counts it writes with (or None)."""

    net: TextVAE
    bpe: Bpe
    device: torch.device
    mixture: Mixture | None = None


def costs(pen: Pen, z: Tensor, texts: Sequence[str]) -> NDArray[np.float64]:
    """float64[N]: nats of each text with its end for one latent (1×L), by network and counts together."""
    rows = [pen.bpe.encode(text) for text in texts]
    return np.array([float(one.sum()) for one in _each(pen, z, rows)], np.float64)


def nats_of(pen: Pen, z: Tensor, text: str, sizes: Sequence[int]) -> NDArray[np.float64]:
    """float64[N]: what each part of a text costs, parts of ``sizes`` bytes one after the other; the end
    belongs to the last. A token counts where it begins."""
    tokens = pen.bpe.encode(text)
    starts = np.cumsum([0, *pen.bpe.lengths[tokens].tolist()])
    bounds = np.cumsum(sizes)
    place = np.searchsorted(bounds, starts, side="right").clip(max=max(0, len(sizes) - 1))
    nats = _each(pen, z, [tokens])[0]
    return np.bincount(place, weights=nats, minlength=len(sizes)).astype(np.float64)


def usual(pen: Pen) -> NDArray[np.float64]:
    """float64[V]: nats of each token by itself, without a context. Where nothing was counted by Zipf's
    law: the vocabulary has its tokens in the order of how often they were met."""
    if pen.mixture is not None:
        share = _single(pen.mixture)
    else:
        share = 1.0 / np.arange(1, len(pen.bpe) + 1)
        share /= share.sum()
    found: NDArray[np.float64] = -np.log(np.maximum(1e-9, share))
    return found


def _single(mixture: Mixture) -> NDArray[np.float64]:
    level = mixture.ngram.levels[0]
    found = np.full(mixture.ngram.symbols, level.left[0] / mixture.ngram.symbols)
    found[level.tokens] += level.counts / level.totals[0]
    return found


@torch.inference_mode()
def _each(pen: Pen, z: Tensor, rows: Sequence[list[int]]) -> list[NDArray[np.float64]]:
    """Nats of every token of each row, and of its end."""
    found = []
    z = z.to(pen.device)
    for first in range(0, len(rows), _ROWS):
        some = rows[first : first + _ROWS]
        x = padded(some, max(map(len, some)) + 1).to(pen.device)
        logits = pen.net.decode(z.expand(len(x), -1), shifted(x)).float()
        nats = (torch.logsumexp(logits, 2) - logits.gather(2, x[:, :, None])[:, :, 0]).cpu().double().numpy()
        for place, row in enumerate(some):
            own = nats[place, : len(row) + 1]
            if pen.mixture is not None:
                counted, met = pen.mixture.ngram.shares(row)
                share = pen.mixture.shares[met]
                own = -np.log(np.maximum(1e-300, (1.0 - share) * np.exp(-own) + share * counted))
            found.append(own)
    return found
