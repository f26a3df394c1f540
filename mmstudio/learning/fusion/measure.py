"""What an encoder is worth: does a picture find its text, against ways that learn less. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.normalise import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = 10


def recall_at(
    query: NDArray[np.float32],
    query_group: NDArray[np.int64],
    gallery: NDArray[np.float32],
    gallery_group: NDArray[np.int64],
    k: int = 10,
) -> NDArray[np.float64]:
    """float64[N]: 1 where something of the query's own group is among the k nearest of the gallery, else 0.

    Everything has length 1. Ties count against the query.
    """
    scores = query @ gallery.T
    own = gallery_group[None, :] == query_group[:, None]
    best = np.where(own, scores, -np.inf).max(axis=1, initial=-np.inf)
    ahead = ((scores >= best[:, None]) & ~own).sum(1)
    found: NDArray[np.float64] = (np.isfinite(best) & (ahead < k)).astype(np.float64)
    return found


def reciprocal_ranks(
    query: NDArray[np.float32],
    query_group: NDArray[np.int64],
    gallery: NDArray[np.float32],
    gallery_group: NDArray[np.int64],
) -> NDArray[np.float64]:
    """float64[N]: 1 / rank of the nearest thing of the query's own group."""
    scores = query @ gallery.T
    own = gallery_group[None, :] == query_group[:, None]
    best = np.where(own, scores, -np.inf).max(axis=1, initial=-np.inf)
    ranks: NDArray[np.float64] = np.isfinite(best) / (1.0 + ((scores >= best[:, None]) & ~own).sum(1))
    return ranks


def by_group(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of each group: an item with many pictures counts once."""
    _, which = np.unique(group, return_inverse=True)
    means: NDArray[np.float64] = np.bincount(which, weights=values) / np.bincount(which)
    return means


def through_neighbours(
    query: NDArray[np.float32],
    known: NDArray[np.float32],
    known_partner: NDArray[np.float32],
) -> NDArray[np.float32]:
    """What can be done without learning: the partners of the nearest known things, weighted by cosine.

    Args:
        query: float32[N, D]. known: float32[M, D], in the same space. known_partner: float32[M, E].

    Returns:
        float32[N, E] of length 1, in the space of the partners.
    """
    scores = query @ known.T
    k = min(NEIGHBOURS, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    weight = np.maximum(np.take_along_axis(scores, best, axis=1), 1e-6)
    mixed = (weight[:, :, None] * known_partner[best]).sum(1)
    rows: NDArray[np.float32] = unit_rows(mixed.astype(np.float32))
    return rows


def first_of_groups(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of every group."""
    rows: NDArray[np.int64] = np.unique(group, return_index=True)[1].astype(np.int64)
    return rows


def pair_to_measure(
    present: Mapping[str, NDArray[np.bool_]], group: NDArray[np.int64]
) -> tuple[str, str] | None:
    """The two modalities that most groups have together, the one to be found last; None where no two meet."""
    names = list(present)
    best: tuple[int, tuple[str, str]] | None = None
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            count = len(np.unique(group[present[one] & present[other]]))
            pair = (other, one) if one == "text" else (one, other)
            if count and (best is None or count > best[0]):
                best = (count, pair)
    return best[1] if best is not None and best[0] >= 2 else None
