"""Texts as tokens in an order that depends only on the seed and on what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mmstudio.learning.engine.data import Batch
from mmstudio.learning.texts.bpe import BLANK, END, Bpe
from mmstudio.learning.texts.ngram import NGram

Tokens = NDArray[np.uint16]


@dataclass(slots=True)
class TokenTexts:
    """Texts one after the other: ``tokens`` uint16[T]; ``starts`` int64[N + 1] bounds them."""

    tokens: Tokens
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> TokenTexts:
        """Texts as lists of tokens."""
        starts = np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])
        flat = np.fromiter((token for text in texts for token in text), np.uint16, int(starts[-1]))
        return cls(flat, starts.astype(np.int64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> Tokens:
        found: Tokens = self.tokens[int(self.starts[place]) : int(self.starts[place + 1])]
        return found

    def stream(self) -> Tokens:
        """All of them, an end before each and after the last."""
        parts: list[Tokens] = []
        mark = np.array([END], np.uint16)
        for place in range(len(self)):
            parts += [mark, self[place]]
        return np.concatenate([*parts, mark])


class WindowData:
    """Windows of ``context`` + 1 tokens of a stream of texts; every epoch begins them elsewhere.

    A stream shorter than a window goes round.
    """

    def __init__(
        self,
        bpe: Bpe,
        texts: TokenTexts,
        held: TokenTexts,
        context: int,
        seed: int,
        ngram: NGram | None = None,
    ) -> None:
        """``ngram``: the counted phrases of ``texts``, which a judgement mixes the network with."""
        self.ngram = ngram
        self.bpe, self.texts, self.held, self.context, self.seed = bpe, texts, held, context, seed
        self._stream = texts.stream()[:-1]
        self._orders: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def __len__(self) -> int:
        """Windows of an epoch."""
        return max(1, -(-len(self._stream) // self.context))

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """``x`` is int64 N×(context + 1)."""
        del random
        rows = [self._window(place) for place in range(seen, seen + count)]
        return Batch(torch.from_numpy(np.stack(rows).astype(np.int64)))

    def _window(self, place: int) -> Tokens:
        epoch, within = divmod(place, len(self))
        if epoch not in self._orders:
            self._orders = {key: value for key, value in self._orders.items() if key == epoch - 1}
            random = np.random.default_rng([self.seed, epoch])
            self._orders[epoch] = int(random.integers(self.context)), random.permutation(len(self))
        offset, order = self._orders[epoch]
        first = int(order[within]) * self.context + offset
        where = np.arange(first, first + self.context + 1) % len(self._stream)
        found: Tokens = self._stream[where]
        return found


_ALIKE, _TOGETHER = 512, 32  # sentences sorted by length, and how many of them stay side by side


class SentenceData:
    """Sentences, each with its end, filled up with :data:`BLANK`; every epoch is a permutation of all.

    Sentences of like length come together, so that little is filled up: half of the work of a step.
    """

    def __init__(self, bpe: Bpe, texts: TokenTexts, held: TokenTexts, length: int, seed: int) -> None:
        self.bpe, self.texts, self.held, self.length, self.seed = bpe, texts, held, length, seed
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """``x`` is int64 N×T, T the longest of the batch with its end."""
        del random
        rows = [self.texts[self._index(place)] for place in range(seen, seen + count)]
        return Batch(padded(rows, self.length))

    def _index(self, place: int) -> int:
        epoch, within = divmod(place, len(self.texts))
        if epoch not in self._orders:
            self._orders = {key: value for key, value in self._orders.items() if key == epoch - 1}
            self._orders[epoch] = self._order(np.random.default_rng([self.seed, epoch]))
        return int(self._orders[epoch][within])

    def _order(self, random: np.random.Generator) -> NDArray[np.int64]:
        order = random.permutation(len(self.texts))
        sizes = np.diff(self.texts.starts)
        groups = []
        for first in range(0, len(order), _ALIKE):
            some = order[first : first + _ALIKE]
            some = some[np.argsort(sizes[some], kind="stable")]
            parts = [some[i : i + _TOGETHER] for i in range(0, len(some), _TOGETHER)]
            groups += [parts[i] for i in random.permutation(len(parts))]
        return np.concatenate(groups) if groups else order


def padded(rows: Sequence[Sequence[int] | Tokens], length: int) -> torch.Tensor:
    """int64 N×T: each row cut to ``length`` - 1 tokens, with its end, then blanks to the longest."""
    cut = [[*map(int, row[: length - 1]), END] for row in rows]
    longest = max(map(len, cut), default=1)
    return torch.tensor([row + [BLANK] * (longest - len(row)) for row in cut], dtype=torch.int64)
