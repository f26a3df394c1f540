"""From scores to a list: exploration, novelty, caps, variety and pins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation.lists.facets import Facets
from mmstudio.recommendation.ranking import POOL, Cap, diversify

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

_KEPT = "_list_new"
EACH = "*"  # a cap that holds for every category by itself


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list shall be like.

    Attributes:
        k: how many.
        diversity: λ of maximal marginal relevance, 1 ranks by score alone.
        novelty: 0…1, how far what few people know and what is unlike the likes is moved up.
        explore: 0…1 (or more), how many standard deviations' worth of chance go into the order.
        caps: category → most items; "*" for every category by itself.
        pinned: rows that stand first, in this order.
        anchors: rows that somebody is known to like: what is unlike them is unexpected.
        seed: of the chance.
    """

    k: int = 10
    diversity: float = 0.8
    novelty: float = 0.0
    explore: float = 0.0
    caps: Mapping[str, int] = field(default_factory=dict)
    pinned: Sequence[int] = ()
    anchors: Sequence[int] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the list; `why` is "pinned", "explored" or empty, as in :class:`Recommendation`."""

    row: int
    why: str = ""


def make(
    catalogue: Catalogue,
    total: NDArray[np.float64],
    spread: NDArray[np.float64],
    keep: NDArray[np.bool_],
    wish: Wish,
) -> tuple[list[Placed], dict[str, int]]:
    """(the list, cap in words → how many better-placed candidates it passed over).

    Args:
        total: float64[N] scores.
        spread: float64[N] their standard deviations.
        keep: bool[N] which items may stand in the list; pinned rows must be among them to be kept.
    """
    pinned = [row for row in dict.fromkeys(wish.pinned) if keep[row]][: wish.k]
    groups = caps_over(Facets.of(catalogue), wish.caps)
    plain = _chosen(catalogue, total, keep, wish, groups, pinned)
    chosen = plain
    if wish.explore > 0 and spread.any():
        rng = np.random.default_rng(wish.seed)
        # Thompson sampling with a normal posterior (Chapelle & Li 2011): each item is ranked by one draw.
        drawn = total + wish.explore * spread * rng.standard_normal(len(total))
        chosen = _chosen(catalogue, drawn, keep, wish, groups, pinned)
    expected, first = set(plain), set(pinned)
    placed = [
        Placed(row, "pinned" if row in first else "" if row in expected else "explored") for row in chosen
    ]
    return placed, _passed_over(total, keep, groups, chosen)


def new(catalogue: Catalogue, anchors: Sequence[int]) -> NDArray[np.float64]:
    """float64[N] in 0…1: half how few people touched an item, half how unlike it is to the anchors.

    The first is its self-information (Zhou et al. 2010) over that of an item one person touched; the second
    the distance to the nearest anchor (unexpectedness, Adamopoulos & Tuzhilin 2014), 1 without any.
    """
    key = tuple(anchors)
    kept = catalogue.__dict__.get(_KEPT)
    if kept is None or kept[0] != key:
        kept = key, _new(catalogue, anchors)
        catalogue.__dict__[_KEPT] = kept  # a moved slider asks again
    found: NDArray[np.float64] = kept[1]
    return found


def _new(catalogue: Catalogue, anchors: Sequence[int]) -> NDArray[np.float64]:
    people = Facets.of(catalogue).people.astype(np.float64)
    most = max(float(people.max(initial=0)), 1.0)
    rare: NDArray[np.float64] = 1 - np.log1p(people) / np.log1p(most)
    vectors = catalogue.fused
    if not len(anchors) or not vectors.shape[1]:
        return rare
    nearest = (vectors @ vectors[list(anchors)].T).max(axis=1).astype(np.float64)
    unlike: NDArray[np.float64] = 1 - np.clip(nearest, 0, 1)
    return 0.5 * (rare + unlike)


def caps_over(facets: Facets, caps: Mapping[str, int]) -> list[Cap]:
    """The caps as groups of rows; a category that no item has is a group of none."""
    found: list[Cap] = []
    for name, most in caps.items():
        if name == EACH:
            sizes = np.bincount(facets.category + 1, minlength=len(facets.categories) + 1)[1:]
            for k in np.flatnonzero(sizes > most).tolist():  # smaller ones cannot have too many
                category = facets.categories[k]
                if category not in caps:
                    leaf = category.split(">")[-1].strip()
                    found.append(Cap(_words(most, leaf), facets.category == k, most))
        else:
            found.append(Cap(_words(most, name), facets.within(name), most))
    return found


def _words(most: int, category: str) -> str:
    return tr("at most {n} of {category}", n=most, category=category)


def _chosen(
    catalogue: Catalogue,
    values: NDArray[np.float64],
    keep: NDArray[np.bool_],
    wish: Wish,
    groups: Sequence[Cap],
    pinned: Sequence[int],
) -> list[int]:
    rows = np.flatnonzero(keep)
    if wish.novelty > 0 and len(rows):
        low, high = float(values[rows].min()), float(values[rows].max())
        fit = (values - low) / max(high - low, 1e-12)
        # A product, so that what is new but does not fit stays behind.
        values = fit * (1 - wish.novelty + wish.novelty * new(catalogue, wish.anchors))
    rows = rows[np.argsort(-values[rows], kind="stable")]
    for group in groups:
        # Of a group that may fill few places few candidates are looked at, so that others get into the pool.
        looked_at = 4 * group.most + 4
        if np.count_nonzero(group.members) > looked_at:
            inside = group.members[rows]
            rows = rows[~inside | (np.cumsum(inside) <= looked_at)]
    rows = rows[: max(POOL, POOL * wish.k // 10)]
    return diversify(rows, values, catalogue.fused, wish.k, wish.diversity, caps=groups, first=pinned)


def _passed_over(
    total: NDArray[np.float64], keep: NDArray[np.bool_], groups: Sequence[Cap], chosen: Sequence[int]
) -> dict[str, int]:
    if not groups:
        return {}
    taken = np.zeros(len(total), bool)
    rows = np.array(chosen, np.int64)
    taken[rows] = True
    lowest = float(total[list(chosen)].min()) if chosen else -np.inf
    removed: dict[str, int] = {}
    for group in groups:
        if int(group.members[rows].sum()) >= group.most:
            better = keep & ~taken & group.members & (total >= lowest)
            if (n := int(better.sum())) > 0:
                removed[group.words] = n
    return removed
