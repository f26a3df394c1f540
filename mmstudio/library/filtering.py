"""Ids, counts and facets of an :class:`AssetFilter`, out of the columns in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmstudio.library.columns import COLOUR_NAMES, Columns, Links, Mask
from mmstudio.library.conditions import Condition, conditions
from mmstudio.library.filters import COLOUR_SHARE, AssetFilter
from mmstudio.library.query_values import number_range
from mmstudio.library.records import Order

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_BY_TEXT = {"title": "title COLLATE NOCASE", "captured": "captured_at"}
_CODED = ("kind", "origin", "rights", "status", "language", "orientation")
# What a facet's own choice sets: it is counted as if that were not set, so that the others show what they
# would give. Tags and colours narrow one another and are counted as they are.
_RELAXED: dict[str, dict[str, Any]] = {
    "kind": {"kinds": ()}, "origin": {"origin": None}, "rating": {"min_rating": 0, "max_rating": None},
    "rights": {"rights": ()}, "language": {"languages": ()}, "orientation": {"orientations": ()},
    "price": {"min_price": None, "max_price": None}, "duration": {"min_duration": None, "max_duration": None},
}  # fmt: skip
_TAGS_SHOWN = 200
# Values of the query line; both ends of a range belong to it.
PRICES = ("..10", "10..25", "25..50", "50..100", "100..250", "250..1000", "1000..")
DURATIONS = ("..10", "10..30", "30..60", "60..300", "300..")


class Filtering:
    """One question put to a snapshot of the columns; masks that several answers need are made once."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns) -> None:
        self._connection, self.columns = connection, columns
        self._masks: dict[Condition, Mask] = {}

    def mask(self, wanted: AssetFilter) -> Mask:
        """bool[N]: the rows that match."""
        found = np.ones(len(self.columns.ids), bool)
        for condition in conditions(self._connection, wanted):
            known = self._masks.get(condition)
            if known is None:
                known = self._masks[condition] = self.columns.matches(self._connection, condition)
            found &= known
        return found

    def count(self, wanted: AssetFilter) -> int:
        """How many match."""
        return int(np.count_nonzero(self.mask(wanted)))

    def ids(self, wanted: AssetFilter, order: Order, *, descending: bool) -> npt.NDArray[np.int64]:
        """int64[N] in order; unknown values come last, ties by when they were added."""
        return self.in_order(self.mask(wanted), order, descending=descending)

    def in_order(self, mask: Mask, order: Order, *, descending: bool) -> npt.NDArray[np.int64]:
        """int64[N]: the ids of some rows, in order."""
        columns = self.columns
        if order in _BY_TEXT:
            ordered = self._by_text(order, descending=descending)
            rows = np.searchsorted(columns.ids, ordered)
            return ordered[mask[rows]]
        rows = np.flatnonzero(mask)
        if descending:
            rows = rows[::-1]
        if order in columns.numbers:
            values = columns.numbers[order][rows]
            rows = rows[np.argsort(-values if descending else values, kind="stable")]  # NaN sorts last
        return columns.ids[rows]

    def _by_text(self, order: Order, *, descending: bool) -> npt.NDArray[np.int64]:
        """Every id in an order that only SQLite knows; kept with the snapshot."""
        known = self.columns.orders.get((order, descending))
        if known is None:
            direction = "DESC" if descending else "ASC"
            last = "" if descending else " NULLS LAST"
            sql = f"SELECT id FROM asset ORDER BY {_BY_TEXT[order]} {direction}{last}, id {direction}"
            cursor = self._connection.cursor()
            cursor.row_factory = None
            ordered = np.array([row[0] for row in cursor.execute(sql).fetchall()], np.int64)
            known = ordered[np.isin(ordered, self.columns.ids)]  # one may have come in since the snapshot
            self.columns.orders[(order, descending)] = known
        return known

    def facets(self, wanted: AssetFilter) -> dict[str, dict[str, int]]:
        """Counts by kind, origin, rating, rights, status, language, orientation, tag, colour, price, length.

        Values are those of the query line; most frequent tags and colours first, ranges in their order.
        """
        columns = self.columns
        mask = self.mask(wanted)
        masks = {
            name: self.mask(relaxed) if (relaxed := replace(wanted, **default)) != wanted else mask
            for name, default in _RELAXED.items()
        }
        found: dict[str, dict[str, int]] = {}
        for name in _CODED:
            codes, words = columns.codes[name], columns.words[name]
            counts = np.bincount(codes[masks.get(name, mask) & (codes >= 0)], minlength=len(words))
            found[name] = {word: int(n) for word, n in zip(words, counts, strict=False) if n and word}
        ratings = np.bincount(columns.numbers["rating"][masks["rating"]].astype(np.int64), minlength=6)
        found["rating"] = {str(stars): int(n) for stars, n in enumerate(ratings) if n}
        found["tag"] = self._tags(mask)
        counts = _linked(columns.linked(self._connection, "colour"), mask, COLOUR_SHARE)
        found["colour"] = {
            COLOUR_NAMES[code]: int(counts[code])
            for code in np.argsort(-counts, kind="stable")
            if counts[code]
        }
        prices = columns.linked(self._connection, "price")
        there = masks["price"][prices.rows]
        found["price"] = _ranges(PRICES, prices.value[there], prices.rows[there])
        durations = columns.numbers["duration"][masks["duration"]]
        found["duration"] = _ranges(DURATIONS, durations, np.arange(len(durations)))
        return found

    def _tags(self, mask: Mask) -> dict[str, int]:
        counts = _linked(self.columns.linked(self._connection, "tag"), mask)
        names = dict(self._connection.execute("SELECT id, name FROM tag").fetchall())
        tags = [(names[tag], int(counts[tag])) for tag in map(int, np.flatnonzero(counts)) if tag in names]
        return dict(sorted(tags, key=lambda pair: (-pair[1], pair[0]))[:_TAGS_SHOWN])


def _linked(pairs: Links, mask: Mask, least: float | None = None) -> npt.NDArray[np.int64]:
    """Counts by what the masked rows are linked to."""
    there = mask[pairs.rows]
    if least is not None:
        there &= pairs.value >= least
    return np.bincount(pairs.to[there], minlength=1)


def _ranges(
    ranges: tuple[str, ...], values: npt.NDArray[np.float64], rows: npt.NDArray[Any]
) -> dict[str, int]:
    """How many rows have a value in each range; empty ranges are left out."""
    found = {}
    for text in ranges:
        low, high = number_range(text) or (None, None)
        there = (values >= (-np.inf if low is None else low)) & (values <= (np.inf if high is None else high))
        count = len(np.unique(rows[there]))
        if count:
            found[text] = count
    return found
