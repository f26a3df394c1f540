"""The columns of table asset in memory: filters and counts over a hundred thousand rows in milliseconds.

They hold what filters and facets need, one small number per asset, and follow the library: an announced
change reads the rows that it names again, not all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmstudio.library.conditions import EXPRESSIONS, Among, Between, Condition, Not, OneOf
from mmstudio.library.database import IN_IDS, Database, ids_json

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

Mask = npt.NDArray[np.bool_]
CODED = ("kind", "status", "origin", "rights", "language", "orientation")
NUMBERS = ("rating", "root_id", "width", "height", "duration", "size")
_SELECT = ", ".join(["id", *(EXPRESSIONS.get(name, name) for name in (*CODED, *NUMBERS))])


@dataclass(slots=True)
class Pairs:
    """Links from assets to something: position of the asset's row, what it is linked to, a number."""

    rows: npt.NDArray[np.int32]
    to: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]


@dataclass(slots=True)
class Columns:
    """A snapshot. ``codes`` hold positions in ``words`` (-1: unknown), ``numbers`` NaN where unknown."""

    ids: npt.NDArray[np.int64]
    codes: dict[str, npt.NDArray[np.int16]]
    words: dict[str, list[str]]
    numbers: dict[str, npt.NDArray[np.float64]]
    tags: Pairs
    tag_names: dict[int, str]
    colours: Pairs
    colour_names: list[str]
    prices: Pairs
    generation: int = 0
    orders: dict[tuple[str, bool], npt.NDArray[np.int64]] = field(default_factory=dict)

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Positions of ids; unknown ones are left out."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        return at[self.ids[at] == ids] if len(self.ids) else at[:0]

    def mask_of(self, ids: npt.NDArray[np.int64]) -> Mask:
        """bool[N]: which rows these ids are."""
        mask = np.zeros(len(self.ids), bool)
        mask[self.rows_of(ids)] = True
        return mask

    def mask(self, connection: sqlite3.Connection, all_of: Iterable[Condition]) -> Mask:
        """bool[N]: the rows that match all conditions."""
        found = np.ones(len(self.ids), bool)
        for condition in all_of:
            found &= self.matches(connection, condition)
        return found

    def matches(self, connection: sqlite3.Connection, condition: Condition) -> Mask:
        """bool[N]: the rows that match one condition."""
        if isinstance(condition, Between):
            if condition.column == "tags":
                values: npt.NDArray[Any] = np.bincount(self.tags.rows, minlength=len(self.ids))
            else:
                values = self.numbers[condition.column]
            low = -np.inf if condition.low is None else condition.low
            high = np.inf if condition.high is None else condition.high
            return np.asarray((values >= low) & (values <= high), bool)
        if isinstance(condition, OneOf):
            known = self.words[condition.column]
            codes = [known.index(value) for value in condition.values if value in known]
            column = self.codes[condition.column]
            return np.asarray(column == codes[0] if len(codes) == 1 else np.isin(column, codes), bool)
        if isinstance(condition, Among):
            return self.mask_of(select_ids(connection, condition.select, condition.parameters))
        if isinstance(condition, Not):
            return ~self.mask(connection, condition.inner)
        found = np.zeros(len(self.ids), bool)
        for group in condition.groups:
            found |= self.mask(connection, group)
        return found


def select_ids(
    connection: sqlite3.Connection, sql: str, parameters: Iterable[Any] = ()
) -> npt.NDArray[np.int64]:
    """int64[N]: the one column of a SELECT, in its order."""
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: read in a third of the time
    rows = cursor.execute(sql, tuple(parameters)).fetchall()
    return np.fromiter((row[0] for row in rows), np.int64, len(rows))


class ColumnStore:
    """Keeps :class:`Columns` up to date. Safe from any thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.RLock()
        self._kept: Columns | None = None
        self._dirty: set[int] | None = None  # None: all
        self._linked = False  # prices must be read again
        self._generation = 0
        self._seen: dict[int, tuple[int, int]] = {}  # of each reading connection: data version, generation
        db.changes.subscribe(self._changed)

    def _changed(self, topic: str, ids: list[int] | None) -> None:
        if topic not in ("assets", "tags", "facts", "items"):
            return
        with self._lock:
            self._generation += 1
            if topic == "items":
                self._linked = True
            elif topic != "tags":  # a change of tags names its assets as well
                self._dirty = None if ids is None or self._dirty is None else self._dirty | set(ids)

    def now(self) -> Columns:
        """The columns as the calling thread would read them from the database."""
        if self._db.revision is None and not self._db.read_only:
            return self._read(self._db.read())  # what is written here may yet be rolled back
        connection = self._db.read()
        with self._lock:
            if self._db.read_only:
                self._look_for_others(connection)
            kept = self._kept
            if kept is not None and kept.generation == self._generation:
                return kept
            generation, dirty, linked = self._generation, self._dirty, self._linked
            connection.execute("BEGIN")
            try:
                if kept is None or dirty is None or len(dirty) > max(1000, len(kept.ids) // 8):
                    fresh = self._read(connection)
                else:
                    fresh = self._refresh(connection, kept, dirty, linked)
            finally:
                connection.execute("COMMIT")
            fresh.generation = generation
            self._kept = fresh
            self._dirty, self._linked = set(), False
            return fresh

    def _look_for_others(self, connection: sqlite3.Connection) -> None:
        """Another program writes: its commits show in SQLite's data version of each connection."""
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        known = self._seen.get(id(connection))
        if known is None or known[0] != version:
            if self._kept is not None:
                self._generation += 1
                self._dirty = None
            self._seen[id(connection)] = (version, self._generation)

    # -- reading -------------------------------------------------------------------------------------------

    def _read(self, connection: sqlite3.Connection) -> Columns:
        rows = _plain(connection, f"SELECT {_SELECT} FROM asset ORDER BY id")
        return self._made(connection, rows, None)

    def _refresh(
        self, connection: sqlite3.Connection, kept: Columns, dirty: set[int], linked: bool
    ) -> Columns:
        """The kept columns with some rows read again."""
        asked = ids_json(dirty)
        rows = _plain(connection, f"SELECT {_SELECT} FROM asset WHERE id {IN_IDS} ORDER BY id", (asked,))
        new = self._made(connection, rows, asked)
        stay = ~np.isin(kept.ids, np.fromiter(dirty, np.int64, len(dirty)))
        ids = np.concatenate([kept.ids[stay], new.ids])
        order = np.argsort(ids, kind="stable")
        codes: dict[str, npt.NDArray[np.int16]] = {}
        words: dict[str, list[str]] = {}
        for name in CODED:
            words[name] = list(dict.fromkeys([*kept.words[name], *new.words[name]]))
            turn = np.array([*map(words[name].index, new.words[name]), -1], np.int16)
            codes[name] = np.concatenate([kept.codes[name][stay], turn[new.codes[name]]])[order]
        numbers = {
            name: np.concatenate([kept.numbers[name][stay], new.numbers[name]])[order] for name in NUMBERS
        }
        place = np.empty(len(ids), np.int32)
        place[order] = np.arange(len(ids), dtype=np.int32)
        before = np.cumsum(stay, dtype=np.int32) - 1
        first_new = int(stay.sum())

        def moved(old: Pairs, added: Pairs) -> Pairs:
            here = stay[old.rows]
            return Pairs(
                np.concatenate([place[before[old.rows[here]]], place[added.rows + first_new]]),
                np.concatenate([old.to[here], added.to]),
                np.concatenate([old.value[here], added.value]),
            )

        names = list(dict.fromkeys([*kept.colour_names, *new.colour_names]))
        turn = np.array([*map(names.index, new.colour_names), -1], np.int32)
        coloured = Pairs(new.colours.rows, turn[new.colours.to].astype(np.int32), new.colours.value)
        made = Columns(
            ids[order], codes, words, numbers, moved(kept.tags, new.tags), new.tag_names,
            moved(kept.colours, coloured), names, moved(kept.prices, new.prices),
        )  # fmt: skip
        if linked:
            made.prices = _prices(connection, made, None)
        return made

    def _made(self, connection: sqlite3.Connection, rows: list[Any], asked: str | None) -> Columns:
        """Columns of some rows; ``asked`` are their ids as JSON, None for all."""
        columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(CODED) + len(NUMBERS))
        ids = np.array(columns[0], np.int64)
        codes: dict[str, npt.NDArray[np.int16]] = {}
        words: dict[str, list[str]] = {}
        for name, values in zip(CODED, columns[1 : 1 + len(CODED)], strict=True):
            known: dict[Any, int] = {None: -1}
            words[name] = [value for value in dict.fromkeys(values) if value is not None]
            known |= {value: code for code, value in enumerate(words[name])}
            codes[name] = np.fromiter(map(known.__getitem__, values), np.int16, len(ids))
        numbers = {
            name: np.array(values, np.float64)  # None becomes NaN
            for name, values in zip(NUMBERS, columns[1 + len(CODED) :], strict=True)
        }
        empty = Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float64))
        made = Columns(ids, codes, words, numbers, empty, {}, empty, [], empty)
        some = "" if asked is None else f" WHERE asset_id {IN_IDS}"
        given = () if asked is None else (asked,)
        tagged = _plain(connection, f"SELECT asset_id, tag_id, 0 FROM asset_tag{some}", given)
        made.tags = _pairs(made, tagged)
        made.tag_names = dict(_plain(connection, "SELECT id, name FROM tag"))
        coloured = _plain(connection, f"SELECT asset_id, name, share FROM colour{some}", given)
        made.colour_names = list(dict.fromkeys(row[1] for row in coloured))
        number = {name: place for place, name in enumerate(made.colour_names)}
        made.colours = _pairs(made, [(row[0], number[row[1]], row[2]) for row in coloured])
        made.prices = _prices(connection, made, asked)
        return made


def _plain(connection: sqlite3.Connection, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    cursor = connection.cursor()
    cursor.row_factory = None
    rows: list[Any] = cursor.execute(sql, parameters).fetchall()
    return rows


def _prices(connection: sqlite3.Connection, columns: Columns, asked: str | None) -> Pairs:
    some = "" if asked is None else f" AND asset_id {IN_IDS}"
    return _pairs(
        columns,
        _plain(
            connection,
            "SELECT DISTINCT asset_id, item_id, price FROM item_asset JOIN item ON item.id = item_id"
            f" WHERE price IS NOT NULL{some}",
            () if asked is None else (asked,),
        ),
    )


def _pairs(columns: Columns, rows: list[Any]) -> Pairs:
    if not rows:
        return Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float64))
    assets, to, value = zip(*rows, strict=True)
    ids = np.array(assets, np.int64)
    at = np.searchsorted(columns.ids, ids)
    at[at == len(columns.ids)] = 0
    there = columns.ids[at] == ids if len(columns.ids) else np.zeros(len(ids), bool)
    return Pairs(
        at[there].astype(np.int32), np.array(to, np.int32)[there], np.array(value, np.float64)[there]
    )
