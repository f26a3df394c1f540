"""Texts between two others, each nearer to the second than the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.cleaning.texts import words
from mmstudio.learning.texts.choosing import BETWEEN, Candidate, candidates, folded, judged
from mmstudio.learning.texts.rewriting import changed, joined

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.texts.model import TextModel

_FLAW = 1.0  # what a flaw costs, in units of the way from end to end
_WRITTEN = 1.0  # what a wholly new text costs beside one of words that somebody put side by side
_COPIED = 0.3  # what it costs where all its runs of five stand in the texts learned from
_FEW = 3
_ANYWHERE = 9.0  # a text with some of its words changed is near enough


def in_order(model: TextModel, z: Tensor, a: str, b: str) -> list[str]:
    """A text for each latent of a row (steps×L) but the ends, which are those of ``a`` and ``b``.

    Beginnings of the one with the end of the other, both with words changed, and what the decoder writes are
    judged together. Of all rows in which the place of each text (:func:`places`) rises the one that costs
    least is taken: places missed, flaws, copies.
    """
    ends = z[[0, -1]]
    found: dict[str, tuple[Candidate, float]] = {}

    def keep(some: Sequence[Candidate], more: float) -> None:
        for one in some:
            found.setdefault(folded(one.text), (one, more))

    middle = z[len(z) // 2 : len(z) // 2 + 1]
    joint = joined(model, a, b)
    keep(judged(model, [(0.0, text) for text in joint], middle, [a, b], BETWEEN, ends), 0.0)
    for place in range(1, len(z) - 1):
        one = z[place : place + 1]
        share = place / (len(z) - 1)
        for text in (a, b) if abs(share - 0.5) < 0.2 else (a,) if share < 0.5 else (b,):
            for rounds, loose in ((1, False), (2, False), (1, True)):
                made = changed(model, text, one, place, rounds, loose=loose)[:_FEW]
                keep(judged(model, [(m.gain, m.text) for m in made], one, [a, b], _ANYWHERE, ends), 0.0)
        keep(candidates(model, one, [a, b], BETWEEN, ends), _WRITTEN)
    for end in (a, b):
        found.pop(folded(end), None)
    texts = [one.text for one, _ in found.values()]
    if not texts:
        return [""] * (len(z) - 2)
    costs = np.array(
        [
            more + _FLAW * len(one.flaws) + _COPIED * model.copied(one.text).rate
            for one, more in found.values()
        ]
    )
    at = places(model, texts, a, b)
    order = np.argsort(at, kind="stable")
    chosen = _row(at[order], costs[order], np.linspace(0, 1, len(z))[1:-1])
    return [texts[order[k]] if k >= 0 else "" for k in chosen]


def places(model: TextModel, texts: Sequence[str], a: str, b: str) -> NDArray[np.float64]:
    """float64[N] from 0 (as ``a``) to 1 (as ``b``): by the words that a text has of each and by how near
    it is heard to each, half and half."""
    heard = model.encode([a, b, *texts])
    gaps = [(heard[2:] - heard[i]).norm(dim=1).double().numpy() for i in (0, 1)]
    near = gaps[0] / np.maximum(1e-9, gaps[0] + gaps[1])
    shares = []
    for text in texts:
        own = [_shared(text, end) for end in (a, b)]
        shares.append(own[1] / sum(own) if sum(own) else 0.5)
    found: NDArray[np.float64] = 0.5 * near + 0.5 * np.array(shares)
    return found


def _shared(text: str, end: str) -> float:
    one, other = Counter(words(text)), Counter(words(end))
    return (one & other).total() / max(1, other.total())


def _row(at: NDArray[np.float64], costs: NDArray[np.float64], wanted: NDArray[np.float64]) -> list[int]:
    """Rising indices, one for each place wanted, of least cost (dynamic programming); the last ones are -1
    where there are too few."""
    many, count = len(at), min(len(wanted), len(at))
    price = costs[None] + np.abs(at[None] - wanted[:count, None])
    best = np.full((count, many), np.inf)
    back = np.zeros((count, many), np.int64)
    best[0] = price[0]
    for k in range(1, count):
        for i in range(k, many):
            back[k, i] = int(np.argmin(best[k - 1, :i]))
            best[k, i] = best[k - 1, back[k, i]] + price[k, i]
    i = int(np.argmin(best[-1]))
    found = [i]
    for k in range(count - 1, 0, -1):
        i = int(back[k, i])
        found.append(i)
    return [*reversed(found), *([-1] * (len(wanted) - count))]
