"""Re-ranking that keeps a list varied; the rules are in :mod:`mmstudio.recommendation.lists.rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.recommendation.lists.rules import apply, filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

POOL = 100  # candidates that re-ranking looks at, per ten places


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` items of a group in a list.

    Attributes:
        words: the rule as a person reads it.
        members: bool[N].
    """

    words: str
    members: NDArray[np.bool_]
    most: int


def allowed(
    catalogue: Catalogue, rules: Mapping[str, Any], today: date | None = None
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """(bool[N] which items pass an audience's rules, rule in words → how many it removed)."""
    return apply(filters(catalogue, rules, today), len(catalogue.ids))


def diversify(
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    vectors: NDArray[np.float32],
    k: int,
    relevance: float,
    *,
    caps: Sequence[Cap] = (),
    first: Sequence[int] = (),
) -> list[int]:
    """Choose k rows by maximal marginal relevance (Carbonell & Goldstein 1998).

    Args:
        rows: int64[M] candidates, best first.
        scores: float64[N] of all items.
        vectors: float32[N,D], rows of length 1 or 0.
        k: how many, `first` included.
        relevance: λ, 1 ranks by score alone, 0 by difference alone.
        caps: groups of which only so many may be chosen.
        first: rows that stand before all others, whatever caps say; they count for caps and likeness.
    """
    chosen = [int(row) for row in first][:k]
    if first:
        rows = rows[~np.isin(rows, list(first))]
    plain = relevance >= 1 or vectors.shape[1] == 0
    if plain and not caps:
        return chosen + [int(row) for row in rows[: k - len(chosen)]]
    if not len(rows):
        return chosen
    own = scores[rows]
    low, high = float(own.min()), float(own.max())
    gain = relevance * (own - low) / max(high - low, 1e-12)
    block = None if plain else vectors[rows]
    nearest = np.zeros(len(rows))
    if block is not None and chosen:
        nearest = np.maximum(nearest, (block @ vectors[chosen].T).max(axis=1))
    groups = [(cap.members, cap.members[rows], cap.most) for cap in caps]
    groups = [group for group in groups if group[1].any()]  # of a thousand categories few are looked at
    left = [most - int(members[chosen].sum()) for members, _, most in groups]
    free = np.ones(len(rows), bool)
    for (_, inside, _), room in zip(groups, left, strict=True):
        if room <= 0:
            free &= ~inside
    while len(chosen) < k and free.any():
        value = np.where(free, gain - (1 - relevance) * nearest, -np.inf)
        best = int(value.argmax())
        chosen.append(int(rows[best]))
        free[best] = False
        for n, (_, inside, _) in enumerate(groups):
            if inside[best]:
                left[n] -= 1
                if left[n] <= 0:
                    free &= ~inside
        if block is not None:
            nearest = np.maximum(nearest, block @ block[best])
    return chosen
