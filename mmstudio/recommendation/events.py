"""What people did with items, as matrices; what is fitted to them is kept with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Interactions
    from mmstudio.recommendation.signals import Split

EASE_ITEMS = 5000  # the dense items × items inverse stays near 100 MB and a few seconds

_RARE = 0.3  # weight of item-kNN beside EASE
_LEAST_EQUAL = 10
_SCALES = (5.0, 10.0, 100.0)  # where scales of ratings usually end


def strength(event: str, weight: float) -> float:
    """How much an event speaks for the item, 0…1.

    A rating counts from 3.5 of 5 upwards; other events by their weight, 5 being a purchase.
    """
    if event == "rating":
        return 1.0 if weight >= 4 else 0.6 if weight >= 3.5 else 0.0
    return float(np.clip(weight / 5, 0.0, 1.0))


def strengths(log: Interactions) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(strength 0…1, rating 1…5 or NaN) of every interaction, float32[E] each.

    Ratings on a scale of 10 or 100 are brought to 5: the smallest scale that holds them. At most one in a
    hundred (one of ten or more) may lie above it and counts as its highest: a slip of the finger does not
    turn all the others into nothing. Where ten ratings or more are all the same, they say who took an item
    and not what was liked: each counts in full, as an event without a rating.
    """
    rated = (
        np.array([name == "rating" for name in log.names], bool)[log.code] if log.names else np.zeros(0, bool)
    )
    value = np.clip(log.weight / 5, 0, 1).astype(np.float32)
    rating = np.full(len(log.weight), np.nan, np.float32)
    if rated.any():
        given = log.weight[rated]
        rating[rated] = given = np.minimum(given / np.float32(_highest(given) / 5), 5)
        if len(given) >= _LEAST_EQUAL and float(given.min()) == float(given.max()):
            value[rated], rating[rated] = 1.0, np.nan  # below a threshold or above it: it would say nothing
        else:
            value[rated] = np.where(given >= 4, 1.0, np.where(given >= 3.5, 0.6, 0.0))
    return value, rating


def _highest(given: NDArray[np.float32]) -> float:
    """The highest rating of the scale that these are on."""
    few = max(len(given) // 100, 1) if len(given) >= _LEAST_EQUAL else 0
    top = float(np.partition(given, len(given) - 1 - few)[len(given) - 1 - few])
    return next((end for end in _SCALES if top <= end), top)


class Events:
    """Members × items, and what goes together.

    Args:
        member: int[E] member of each event.
        item: int[E] row of the item of each event.
        value: float32[E] strength of each event, 0…1; the strongest per member and item counts.
        items: number of items N.
        dense: EASE covers this many of the most used items.
        when: float64[E] seconds, NaN where not known; the last per member and item counts.
        rating: float32[E] 1…5, NaN where none was given.

    Attributes:
        members: int64[M], the members with events, ascending.
        who, col: int32[P] index into `members` and item row of every pair that met.
        value, when, rating: of every pair.
        x: csr float32[M,N] of strengths, pairs of strength 0 left out.
        people: int64[N] how many members chose each item (strength above 0).
        kept: what methods fitted to these events, by name.
    """

    def __init__(
        self,
        member: NDArray[np.integer[Any]],
        item: NDArray[np.integer[Any]],
        value: NDArray[np.float32],
        items: int,
        dense: int = EASE_ITEMS,
        *,
        when: NDArray[np.float64] | None = None,
        rating: NDArray[np.float32] | None = None,
    ) -> None:
        from scipy import sparse

        self.members, who = _numbered(np.asarray(member))
        width = max(items, 1)
        pair = who.astype(np.int64)
        pair *= width
        pair += item
        del who
        order, starts = _grouped(pair)
        first = starts if order is None else order[starts]
        distinct = pair[first]
        del pair, first
        self.who, self.col = (part.astype(np.int32) for part in np.divmod(distinct, width))
        del distinct
        self.value = _largest(np.asarray(value, np.float32), order, starts)
        self.when = _largest(when, order, starts, np.float64)
        self.rating = _largest(rating, order, starts, np.float32)
        del order, starts
        self.items = items
        self.dense = dense
        chosen = self.value > 0
        # Pairs are in the order of a csr matrix; where all count, its cells are these very arrays.
        cells = (self.value, self.col) if chosen.all() else (self.value[chosen], self.col[chosen])
        count = np.bincount(self.who[chosen], minlength=len(self.members))
        ends = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
        self.x: Any = sparse.csr_matrix((*cells, ends), shape=(len(self.members), items))
        self.people = np.bincount(cells[1], minlength=items).astype(np.int64)
        self.kept: dict[str, Any] = {}

    @classmethod
    def of(cls, log: Interactions, row: Mapping[int, int], items: int) -> Events:
        """From a library's interactions; ``row``: item id → its row."""
        value, rating = strengths(log)
        ids = np.fromiter(row.keys(), np.int64, len(row))
        place = np.full(max(int(ids.max(initial=-1)), int(log.item.max(initial=-1))) + 1, -1, np.int32)
        place[ids] = np.fromiter(row.values(), np.int32, len(row))
        at = place[log.item]
        known = at >= 0
        if known.all():
            return cls(log.member, at, value, items, when=log.time, rating=rating)
        return cls(
            log.member[known], at[known], value[known], items, when=log.time[known], rating=rating[known]
        )

    def subset(self, keep: NDArray[np.bool_], *, dense: int | None = None) -> Events:
        """The same with a part of the pairs, bool[P]; nothing fitted is taken along."""
        return Events(
            self.members[self.who[keep]], self.col[keep], self.value[keep], self.items,
            dense or self.dense, when=self.when[keep], rating=self.rating[keep],
        )  # fmt: skip

    @property
    def count(self) -> int:
        """Number of member–item pairs that speak for the item."""
        return int(self.x.nnz)

    @cached_property
    def by_item(self) -> Any:
        """csc float32[M,N]: the same as `x`, by item."""
        return self.x.tocsc()

    @property
    def timed(self) -> bool:
        """Whether most pairs have a time, and times differ."""
        if "timed" not in self.kept:
            known = np.isfinite(self.when)
            self.kept["timed"] = bool(len(known) and known.mean() > 0.5 and np.ptp(self.when[known]) > 0)
        found: bool = self.kept["timed"]
        return found

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """(member int64, item row int64, strength float32) of every pair that speaks for the item."""
        chosen = self.value > 0
        return self.members[self.who[chosen]], self.col[chosen].astype(np.int64), self.value[chosen]

    def sequence(self) -> NDArray[np.int64]:
        """int64[P]: the pairs by member, then by time, those without a time first."""
        if "sequence" not in self.kept:
            when = np.nan_to_num(self.when, nan=-np.inf)
            self.kept["sequence"] = np.lexsort((np.arange(len(when)), when, self.who))
        found: NDArray[np.int64] = self.kept["sequence"]
        return found

    def index(self, member: int) -> int:
        """Row of a member in `x`, −1 where they have no events."""
        at = int(np.searchsorted(self.members, member))
        return at if at < len(self.members) and self.members[at] == member else -1

    def met(self, member: int) -> NDArray[np.int64]:
        """Item rows a member met in any way, in time order, the newest last."""
        order = self.sequence()
        if "starts" not in self.kept:
            self.kept["starts"] = np.searchsorted(self.who[order], np.arange(len(self.members) + 1))
        starts = self.kept["starts"]
        at = self.index(member)
        if at < 0:
            return np.zeros(0, np.int64)
        return np.asarray(self.col[order[starts[at] : starts[at + 1]]], np.int64)

    def recent(self, members: Iterable[int], most: int = 50) -> list[int]:
        """Item rows these members met last, the newest last; empty where times are not known."""
        if not self.timed:
            return []
        rows = np.flatnonzero(np.isin(self.members, list(members)))
        mine = np.flatnonzero(np.isin(self.who, rows) & np.isfinite(self.when))
        latest: dict[int, None] = {}
        for pair in mine[np.argsort(-self.when[mine], kind="stable")]:
            latest.setdefault(int(self.col[pair]))
            if len(latest) >= most:
                break
        return list(latest)[::-1]

    def taste(self, members: Iterable[int]) -> dict[int, float]:
        """Mean strength per item row over these members, the items nobody touched left out."""
        rows = np.flatnonzero(np.isin(self.members, list(members)))
        if not len(rows):
            return {}
        mean = np.asarray(self.x[rows].sum(axis=0)).ravel() / len(rows)
        return {int(i): float(mean[i]) for i in np.flatnonzero(mean)}

    def score(self, profile: Mapping[int, float]) -> NDArray[np.float32]:
        """float32[N], scaled to at most 1: see :meth:`scored`."""
        return self.scored(profile)[0].astype(np.float32)

    def scored(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] 0…1 how well items go with a weighted profile of item rows, its shares by those rows).

        EASE over the most used items; for profile items beyond them, and where there are too many, item-kNN.
        """
        from mmstudio.recommendation.methods.linear import ease, neighbours

        if not profile or not self.count:
            return np.zeros(self.items), lambda _row: []
        dense = ease(self)
        inside = {i: w for i, w in profile.items() if dense.covers(i)}
        values, shares = dense.one(inside)
        dense_top = max(float(values.max(initial=0)), 1e-9)
        out = values / dense_top
        beyond = np.ones(self.items, bool)
        beyond[dense.columns] = not inside
        # Cosine flatters rare items, and both scales end at 1: they must not push out what EASE knows.
        rare, rare_top, rare_shares = (_RARE if inside else 1.0), 1.0, shares
        if len(inside) < len(profile) or len(dense.columns) < np.count_nonzero(self.people):
            near, rare_shares = neighbours(self).one(profile)
            rare_top = max(float(near.max(initial=0)), 1e-9)
            out[beyond] = rare * np.clip(near[beyond] / rare_top, 0, 1)
        top = float(out.max(initial=0))
        if top <= 0:
            return np.zeros(self.items), lambda _row: []

        def split(row: int) -> list[tuple[int, float]]:
            given, scale = (rare_shares, rare / rare_top) if beyond[row] else (shares, 1 / dense_top)
            return [(i, scale / top * v) for i, v in given(row)]

        return np.clip(out / top, 0, 1), split

    def together(self, one: int, other: int) -> tuple[int, int]:
        """(members who chose both, members who chose `other`), by item rows."""
        a = self.by_item.indices[self.by_item.indptr[one] : self.by_item.indptr[one + 1]]
        b = self.by_item.indices[self.by_item.indptr[other] : self.by_item.indptr[other + 1]]
        if not len(a) or not len(b):
            return 0, len(b)
        at = np.minimum(np.searchsorted(b, a), len(b) - 1)  # both ascend
        return int(np.count_nonzero(b[at] == a)), len(b)


def _numbered(member: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(the different numbers, ascending, int64[M]; int32[E] where each stands among them).

    Numbers of a database are dense: a table of them costs far less than sorting.
    """
    top = int(member.max(initial=0))
    if not len(member) or int(member.min()) < 0 or top > 8 * len(member) + 1_000_000:
        found, where = np.unique(member.astype(np.int64), return_inverse=True)
        return found, where.astype(np.int32)
    there = np.zeros(top + 1, bool)
    there[member] = True
    place = np.cumsum(there, dtype=np.int32)
    place -= 1
    return np.flatnonzero(there).astype(np.int64), place[member]


def _grouped(pair: NDArray[np.int64]) -> tuple[NDArray[np.intp] | None, NDArray[np.int64]]:
    """(order that sorts the pairs, None where they are; where each different one begins)."""
    order = None
    if len(pair) and np.any(pair[1:] < pair[:-1]):
        order = np.argsort(pair, kind="stable")
        pair = pair[order]
    return order, np.flatnonzero(np.r_[np.ones(min(len(pair), 1), bool), pair[1:] != pair[:-1]])


def _largest(
    given: NDArray[Any] | None, order: NDArray[np.intp] | None, starts: NDArray[np.int64],
    kind: type = np.float32,
) -> NDArray[Any]:  # fmt: skip
    """Per pair the largest value that is known, NaN where none is (times: the last; ratings: the best)."""
    if given is None or not len(starts):
        return np.full(len(starts), np.nan, kind)
    values: NDArray[Any] = np.asarray(given, kind)
    if order is not None:
        values = values[order]
    return np.fmax.reduceat(values, starts)
