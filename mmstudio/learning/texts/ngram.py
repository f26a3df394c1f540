"""Runs of tokens counted: what a small text writer lacks, a memory of the phrases of these texts.

Interpolated Kneser-Ney, one discount per order (Chen and Goodman, "An empirical study of smoothing techniques
for language modeling", 1999, section 3; three discounts cost more on a shop's texts). A text writer mixes it
with its network, as Mikolov et al. ("Empirical evaluation and combination of advanced language modeling
techniques", Interspeech 2011) do; how much it counts depends on how many of the tokens before it has met
together, and is fitted on held-out texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import atomic_path
from mmstudio.learning.texts.bpe import END

if TYPE_CHECKING:
    from mmstudio.learning.engine.text_data import TokenTexts

NGRAM = "ngram.safetensors"
SHARES = "mixture.shares"  # in the weights: what the counts have in the mixture
MOST_ORDER = 5  # four tokens before make one number of 64 bits
MOST_GRAMS = 3_000_000  # of one order; more texts than that are counted in shorter runs
BESIDE_VAE = 0.3  # the share of the counts in what a text VAE writes (docs/adr/0249)
_BITS = 16  # a token
_ROUNDS = 60  # of expectation and maximisation
_DOUBT = 8.0  # tokens that a share of few tokens is drawn towards that of all by


@dataclass(frozen=True)
class Level:
    """The grams of one length.

    Attributes:
        contexts: uint64[C], sorted: the tokens before, packed. starts: int64[C + 1], bounds of what followed.
        tokens: uint16[G], sorted within a context. counts: float32[G], less their discount.
        left: float32[C], the share that the discounts leave to shorter contexts. totals: float32[C].
    """

    contexts: NDArray[np.uint64]
    starts: NDArray[np.int64]
    tokens: NDArray[np.uint16]
    counts: NDArray[np.float32]
    left: NDArray[np.float32]
    totals: NDArray[np.float32]

    @cached_property
    def grams(self) -> NDArray[np.int64]:
        """int64[G], sorted: row of the context and token, packed."""
        rows = np.repeat(np.arange(len(self.contexts), dtype=np.int64), np.diff(self.starts))
        return (rows << _BITS) | self.tokens.astype(np.int64)


@dataclass(frozen=True, slots=True)
class NGram:
    """Counted runs. ``levels[n]`` has runs of n + 1 tokens; ``symbols`` is the size of the vocabulary."""

    levels: tuple[Level, ...]
    symbols: int

    @property
    def order(self) -> int:
        """The longest runs, in tokens."""
        return len(self.levels)

    def after(self, before: Sequence[int]) -> tuple[NDArray[np.float64], int]:
        """float64[V]: how likely each token is after ``before`` (an end stands before a text), and how many
        of the tokens before it has met together."""
        found = np.full(self.symbols, 1.0 / self.symbols)
        key, met = np.uint64(0), 0
        padded = [END] * self.order + list(before)
        for n, level in enumerate(self.levels):
            if n:
                key |= np.uint64(padded[-n]) << np.uint64(_BITS * (n - 1))
            row = int(np.searchsorted(level.contexts, key))
            if row == len(level.contexts) or level.contexts[row] != key:
                break
            met = n
            found *= level.left[row]
            first, last = level.starts[row], level.starts[row + 1]
            found[level.tokens[first:last]] += level.counts[first:last] / level.totals[row]
        return found, met

    def shares(self, text: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """For every token of a text, and its end: how likely it was (float64[T + 1]), and how many of the
        tokens before it were met (int64[T + 1]). The same numbers as :meth:`after`."""
        return self._paid(np.array([*([END] * (self.order - 1)), *text, END], np.uint64))

    def following(self, before: Sequence[int]) -> list[int]:
        """Tokens that were counted after these; the last ones count where there are too many."""
        before = list(before)[-(self.order - 1) :] if self.order > 1 else []
        level, key = self.levels[len(before)], np.uint64(0)
        for n, token in enumerate(reversed(before)):
            key |= np.uint64(token) << np.uint64(_BITS * n)
        row = int(np.searchsorted(level.contexts, key))
        if row == len(level.contexts) or level.contexts[row] != key:
            return []
        found: list[int] = level.tokens[level.starts[row] : level.starts[row + 1]].tolist()
        return found

    def _paid(self, padded: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        count, order = len(padded) - self.order + 1, self.order
        token = padded[order - 1 :]
        share = np.full(count, 1.0 / self.symbols)
        met, there = np.zeros(count, np.int64), np.ones(count, bool)
        key = np.zeros(count, np.uint64)
        for n, level in enumerate(self.levels):
            if n:
                key = key | (padded[order - 1 - n : order - 1 - n + count] << np.uint64(_BITS * (n - 1)))
            row = np.searchsorted(level.contexts, key).clip(max=len(level.contexts) - 1)
            there &= level.contexts[row] == key
            grams = level.grams
            wanted = (row << _BITS) | token.astype(np.int64)
            at = np.searchsorted(grams, wanted).clip(max=len(grams) - 1)
            own = np.where(grams[at] == wanted, level.counts[at], 0.0) / level.totals[row]
            share = np.where(there, own + level.left[row] * share, share)
            met[there] = n
        return share, met

    def save(self, folder: Path) -> None:
        """Write ``ngram.safetensors``, whole or not at all. Raises DiskFull."""
        from safetensors.numpy import save_file

        arrays: dict[str, NDArray[np.generic]] = {}
        for n, level in enumerate(self.levels):
            arrays |= {
                f"{n}.contexts": level.contexts.view(np.int64),
                f"{n}.starts": level.starts,
                f"{n}.tokens": level.tokens.view(np.int16),
                f"{n}.counts": level.counts,
                f"{n}.left": level.left,
                f"{n}.totals": level.totals,
            }
        with atomic_path(folder / NGRAM) as temporary:
            save_file(arrays, temporary, metadata={"order": str(self.order), "symbols": str(self.symbols)})


def count_runs(texts: TokenTexts, order: int, symbols: int) -> NGram | None:
    """Count the runs of up to ``order`` tokens (1 to 5) of texts; None of nothing. Where a length has more
    than :data:`MOST_GRAMS` different ones, shorter runs must do."""
    flat, place = _framed(texts, order)
    if not len(place):
        return None
    while True:
        key = np.zeros(len(place), np.uint64)
        for n in range(1, order):
            key |= flat[place - n] << np.uint64(_BITS * (n - 1))
        key, token, count = _unique(key, flat[place], np.ones(len(place), np.float32))
        if len(key) <= MOST_GRAMS or order == 1:
            break
        order -= 1
    levels = []
    for n in range(order - 1, -1, -1):
        levels.append(_level(key, token, count))
        if n:  # shorter runs count in how many contexts they stand
            short = key & np.uint64((1 << (_BITS * (n - 1))) - 1)
            key, token, count = _unique(short, token, np.ones(len(short), np.float32))
    return NGram(tuple(reversed(levels)), symbols)


def load_ngram(folder: Path) -> NGram | None:
    """The counts beside a model, None where there are none that can be read."""
    from safetensors import SafetensorError, safe_open

    levels = []
    try:
        with safe_open(folder / NGRAM, framework="numpy") as file:
            told = file.metadata() or {}
            for n in range(int(told["order"])):
                contexts, tokens = file.get_tensor(f"{n}.contexts"), file.get_tensor(f"{n}.tokens")
                rest = {key: file.get_tensor(f"{n}.{key}") for key in ("starts", "counts", "left", "totals")}
                levels.append(Level(contexts.view(np.uint64), tokens=tokens.view(np.uint16), **rest))
            return NGram(tuple(levels), int(told["symbols"])) if levels else None
    except (OSError, SafetensorError, ValueError, KeyError):
        return None


@dataclass(slots=True)
class Mixture:
    """Counts, and the share that they have where n tokens before were met: ``shares`` float64[order]."""

    ngram: NGram
    shares: NDArray[np.float64]

    def of(self, writer: NDArray[np.float64], before: Sequence[int]) -> NDArray[np.float64]:
        """float64[V]: the writer's probabilities of what follows ``before`` with those of the counts."""
        counted, met = self.ngram.after(before)
        share = float(self.shares[met])
        return (1.0 - share) * writer + share * counted


def fit_shares(
    writer: NDArray[np.float64], counted: NDArray[np.float64], met: NDArray[np.int64], order: int
) -> NDArray[np.float64]:
    """float64[order]: the share of the counts where n tokens before were met, likeliest for held-out tokens
    whose probabilities by the writer and by the counts are given (expectation and maximisation; Jelinek and
    Mercer, 1980). A share of few tokens is drawn towards that of all."""
    whole = _fit(writer, counted, 0.5, 0.0)
    return np.array([_fit(writer[met == n], counted[met == n], whole, _DOUBT) for n in range(order)])


def _fit(writer: NDArray[np.float64], counted: NDArray[np.float64], prior: float, doubt: float) -> float:
    share = prior
    for _ in range(_ROUNDS if len(writer) else 0):
        mixed = share * counted
        part = mixed / np.maximum(1e-300, mixed + (1.0 - share) * writer)
        share = float((part.sum() + doubt * prior) / (len(part) + doubt))
    return min(0.99, share)


def _framed(texts: TokenTexts, order: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """All tokens with ends before and after each text, and the places of those that are to be foretold."""
    parts, wanted, at = [], [], 0
    pad = np.full(order - 1, END, np.uint64)
    for i in range(len(texts)):
        one = texts[i]
        if len(one):
            parts += [pad, one.astype(np.uint64), np.array([END], np.uint64)]
            first = at + len(pad)
            at = first + len(one) + 1
            wanted.append(np.arange(first, at))
    return (np.concatenate(parts), np.concatenate(wanted)) if parts else (pad, np.empty(0, np.int64))


def _unique(
    key: NDArray[np.uint64], token: NDArray[np.uint64], count: NDArray[np.float32]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.float32]]:
    """Sorted by context and token, equal ones added up."""
    order = np.lexsort((token, key))
    key, token, count = key[order], token[order], count[order]
    new = np.concatenate([[True], (key[1:] != key[:-1]) | (token[1:] != token[:-1])])
    first = np.flatnonzero(new)
    return key[first], token[first], np.add.reduceat(count, first).astype(np.float32)


def _level(key: NDArray[np.uint64], token: NDArray[np.uint64], count: NDArray[np.float32]) -> Level:
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    totals = np.add.reduceat(count, first)
    once, twice = float((count == 1).sum()), float((count == 2).sum())
    discount = np.float32(once / (once + 2.0 * twice) if once else 0.5)
    kinds = np.diff(np.append(first, len(key)))
    left = discount * kinds / totals
    return Level(
        key[first],
        np.append(first, len(key)).astype(np.int64),
        token.astype(np.uint16),
        (count - discount).astype(np.float32),
        left.astype(np.float32),
        totals.astype(np.float32),
    )
