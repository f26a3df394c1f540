"""Rules that take items out, and re-ranking that keeps a list varied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

POOL = 100  # candidates that re-ranking looks at, per ten places


def allowed(catalogue: Catalogue, rules: Mapping[str, Any]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """(bool[N] which items pass, rule in words → how many it removed).

    Rules: price_under, price_over (numbers), must, must_not (tags or lists of tags; every `must` is needed).
    An item without a price does not pass a price rule.
    """
    keep = np.ones(len(catalogue.ids), bool)
    removed: dict[str, int] = {}

    def drop(words: str, passes: NDArray[np.bool_]) -> None:
        removed[words] = int(np.count_nonzero(keep & ~passes))
        keep[:] &= passes

    price = np.array([np.nan if item.price is None else item.price for item in catalogue.items])
    if (limit := _number(rules.get("price_under"))) is not None:
        drop(tr("price under {limit}", limit=f"{limit:g}"), price < limit)
    if (limit := _number(rules.get("price_over"))) is not None:
        drop(tr("price over {limit}", limit=f"{limit:g}"), price > limit)
    for tag in _list(rules.get("must")):
        has = np.array([tag in tags for tags in catalogue.tags], bool)
        drop(tr("must have {tag}", tag=tag), has)
    for tag in _list(rules.get("must_not")):
        has = np.array([tag in tags for tags in catalogue.tags], bool)
        drop(tr("must not have {tag}", tag=tag), ~has)
    return keep, removed


def diversify(
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    vectors: NDArray[np.float32],
    k: int,
    relevance: float,
) -> list[int]:
    """Choose k rows by maximal marginal relevance (Carbonell & Goldstein 1998).

    Args:
        rows: int64[M] candidates, best first.
        scores: float64[N] of all items.
        vectors: float32[N,D], rows of length 1 or 0.
        k: how many.
        relevance: λ, 1 ranks by score alone, 0 by difference alone.
    """
    if relevance >= 1 or len(rows) <= 1 or vectors.shape[1] == 0:
        return [int(r) for r in rows[:k]]
    own = scores[rows]
    low, high = float(own.min()), float(own.max())
    gain = relevance * (own - low) / max(high - low, 1e-12)
    block = vectors[rows]
    nearest = np.zeros(len(rows))
    free = np.ones(len(rows), bool)
    chosen: list[int] = []
    for _ in range(min(k, len(rows))):
        value = np.where(free, gain - (1 - relevance) * nearest, -np.inf)
        best = int(value.argmax())
        chosen.append(int(rows[best]))
        free[best] = False
        nearest = np.maximum(nearest, block @ block[best])
    return chosen


def _number(value: Any) -> float | None:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        return None


def _list(value: Any) -> list[str]:
    words = value.split(",") if isinstance(value, str) else list(value or [])
    return [str(word).strip().lower() for word in words if str(word).strip()]
