"""The columns of table asset in memory: filters and counts over a hundred thousand rows in milliseconds.

They hold what filters and facets need, one small number per asset, and follow the library: an announced
change reads the rows that it names again, not all of them. Links (tags, colours, prices, measures) are read
when they are first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from mmstudio.library.colours import COLOURS
from mmstudio.library.conditions import EXPRESSIONS, Among, Between, Condition, Linked, Not, OneOf
from mmstudio.library.database import IN_IDS, Database, ids_json
from mmstudio.library.records import RIGHTS, STATUSES, Origin

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

Mask = npt.NDArray[np.bool_]
_WORDS: dict[str, list[str]] = {
    "kind": ["image", "audio", "video", "text"],
    "status": list(STATUSES),
    "origin": list(get_args(Origin)),
    "rights": list(RIGHTS),
    "language": [],  # whatever is there
    "orientation": ["landscape", "portrait", "square"],
}
NUMBERS = ("rating", "root_id", "width", "height", "duration", "size")
_REAL = {"duration"}
COLOUR_NAMES = list(COLOURS)


@dataclass(slots=True)
class Links:
    """Links from assets to something: the asset's row, what it is linked to, a number."""

    rows: npt.NDArray[np.int32]
    to: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]


@dataclass(slots=True)
class Columns:
    """A snapshot. ``codes`` hold positions in ``words`` (-1: unknown), ``numbers`` NaN where unknown.

    ``links`` are kept once they were asked for: "tag", "colour", "price", "measure:NAME".
    """

    ids: npt.NDArray[np.int64]
    codes: dict[str, npt.NDArray[np.int16]]
    words: dict[str, list[str]]
    numbers: dict[str, npt.NDArray[np.float64]]
    links: dict[str, Links] = field(default_factory=dict)
    orders: dict[tuple[str, bool], npt.NDArray[np.int64]] = field(default_factory=dict)
    generation: int = 0

    def linked(self, connection: sqlite3.Connection, name: str) -> Links:
        """Links of one sort, read now where they were not yet."""
        known = self.links.get(name)
        if known is None:
            known = self.links[name] = _read_links(connection, self.ids, name, None)
        return known

    def rows_of(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Positions of ids; unknown ones are left out."""
        return _rows(self.ids, ids)[0]

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
                rows = self.linked(connection, "tag").rows
                values: npt.NDArray[Any] = np.bincount(rows, minlength=len(self.ids))
            else:
                values = self.numbers[condition.column]
            return _within(values, condition.low, condition.high)
        if isinstance(condition, Linked):
            links = self.linked(connection, condition.name)
            there = _within(links.value, condition.low, condition.high)
            if condition.to is not None:
                there &= links.to == condition.to
            found = np.zeros(len(self.ids), bool)
            found[links.rows[there]] = True
            return found
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
    """int64[N]: the ids that a SELECT of one column gives, in any order."""
    text = f"WITH found(id) AS ({sql}) SELECT id FROM found"
    return _numbers(connection, text, "id", parameters)[:, 0].astype(np.int64)


class ColumnStore:
    """Keeps :class:`Columns` up to date. Safe from any thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.RLock()
        self._kept: Columns | None = None
        self._dirty: set[int] | None = None  # None: all
        self._generation = 0
        self._priced = 0  # the generation in which an item changed last
        self._seen: dict[int, int] = {}  # of each reading connection: SQLite's data version
        db.changes.subscribe(self._changed)

    def _changed(self, topic: str, ids: list[int] | None) -> None:
        if topic not in ("assets", "tags", "facts", "items"):
            return
        with self._lock:
            self._generation += 1
            if topic == "items":
                self._priced = self._generation
            elif topic != "tags":  # a change of tags names its assets as well
                self._dirty = None if ids is None or self._dirty is None else self._dirty | set(ids)

    def now(self) -> Columns:
        """The columns as the calling thread would read them from the database."""
        connection = self._db.read()
        if self._db.revision is None and not self._db.read_only:
            return _read(connection, None)  # what is written here may yet be rolled back
        with self._lock:
            if self._db.read_only:
                self._look_for_others(connection)
            kept = self._kept
            if kept is not None and kept.generation == self._generation:
                return kept
            connection.execute("BEGIN")  # one state of the database for all that is read
            try:
                if kept is None or self._dirty is None or len(self._dirty) > max(1000, len(kept.ids) // 8):
                    fresh = _read(connection, None)
                else:
                    fresh = _refreshed(connection, kept, self._dirty)
                    if self._priced > kept.generation:
                        fresh.links.pop("price", None)
            finally:
                connection.execute("COMMIT")
            fresh.generation = self._generation
            self._kept, self._dirty = fresh, set()
            return fresh

    def _look_for_others(self, connection: sqlite3.Connection) -> None:
        """Another program writes: its commits show in SQLite's data version of each connection."""
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if self._seen.get(id(connection)) != version:
            self._seen[id(connection)] = version
            if self._kept is not None:
                self._generation += 1
                self._dirty = None


# -- reading -----------------------------------------------------------------------------------------------


def _numbers(
    connection: sqlite3.Connection, source: str, columns: str, parameters: Iterable[Any] = ()
) -> npt.NDArray[np.float64]:
    """float64[N, C] of a SELECT's comma-separated columns; its one text is parsed without a Python object
    per value, which takes a third of the time of fetching rows.
    """
    names = [name.strip() for name in columns.split(",")]
    line = " || ',' || ".join(f"ifnull({name}, 'nan')" for name in names)
    cursor = connection.cursor()
    cursor.row_factory = None
    text = cursor.execute(f"SELECT group_concat({line}) FROM ({source})", tuple(parameters)).fetchone()[0]
    if text is None:
        return np.empty((0, len(names)))
    return np.fromstring(text, np.float64, sep=",").reshape(-1, len(names))


def _read(connection: sqlite3.Connection, asked: str | None) -> Columns:
    """The columns of all assets, or of those whose ids are ``asked`` (JSON)."""
    given = () if asked is None else (asked,)
    some = "" if asked is None else f" WHERE id {IN_IDS}"
    languages = connection.execute(f"SELECT DISTINCT {EXPRESSIONS['language']} FROM asset{some}", given)
    words = {**_WORDS, "language": sorted(row[0] for row in languages.fetchall() if row[0] is not None)}
    parts, parameters = ["id"], []
    for name, known in words.items():
        cases = " ".join(f"WHEN ? THEN {code}" for code in range(len(known))) or "WHEN NULL THEN -1"
        parts.append(f"CASE {EXPRESSIONS.get(name, name)} {cases} ELSE -1 END AS {name}_code")
        parameters += known
    for name in NUMBERS:
        exact = f"CASE WHEN {name} IS NULL THEN NULL ELSE printf('%!.17g', {name}) END"
        parts.append(f"{exact if name in _REAL else name} AS {name}_n")
    source = f"SELECT {', '.join(parts)} FROM asset{some} ORDER BY id"
    names = ", ".join(["id", *(f"{name}_code" for name in words), *(f"{name}_n" for name in NUMBERS)])
    table = _numbers(connection, source, names, (*parameters, *given))
    order = np.argsort(table[:, 0], kind="stable")  # group_concat promises no order
    table = table[order]
    codes = {name: table[:, 1 + place].astype(np.int16) for place, name in enumerate(words)}
    first = 1 + len(words)
    numbers = {name: table[:, first + place].copy() for place, name in enumerate(NUMBERS)}
    return Columns(table[:, 0].astype(np.int64), codes, words, numbers)


def _read_links(
    connection: sqlite3.Connection, ids: npt.NDArray[np.int64], name: str, asked: str | None
) -> Links:
    """Links of one sort, of all assets or of those ``asked`` for (JSON)."""
    some = "" if asked is None else f" AND asset_id {IN_IDS}"
    parameters: list[Any] = []
    if name == "tag":
        source = f"SELECT asset_id AS a, tag_id AS t, 0 AS v FROM asset_tag WHERE 1{some}"
    elif name == "colour":
        cases = " ".join(f"WHEN ? THEN {code}" for code in range(len(COLOUR_NAMES)))
        value = "printf('%!.17g', share)"
        source = f"SELECT asset_id AS a, CASE name {cases} END AS t, {value} AS v FROM colour WHERE 1{some}"
        parameters += COLOUR_NAMES
    elif name == "price":
        source = (
            "SELECT DISTINCT asset_id AS a, item_id AS t, printf('%!.17g', price) AS v FROM item_asset"
            f" JOIN item ON item.id = item_id WHERE price IS NOT NULL{some}"
        )
    else:
        value = "printf('%!.17g', value)"
        source = f"SELECT asset_id AS a, 0 AS t, {value} AS v FROM measure WHERE name = ?{some}"
        parameters.append(name.removeprefix("measure:"))
    if asked is not None:
        parameters.append(asked)
    table = _numbers(connection, source, "a, t, v", parameters)
    table = table[np.isfinite(table).all(1)]
    rows, there = _rows(ids, table[:, 0].astype(np.int64))
    return Links(rows.astype(np.int32), table[there, 1].astype(np.int32), table[there, 2])


def _refreshed(connection: sqlite3.Connection, kept: Columns, dirty: set[int]) -> Columns:
    """The kept columns with some rows read again."""
    if not dirty:
        return Columns(kept.ids, kept.codes, kept.words, kept.numbers, dict(kept.links))
    asked = ids_json(dirty)
    new = _read(connection, asked)
    stay = ~np.isin(kept.ids, np.fromiter(dirty, np.int64, len(dirty)))
    ids = np.concatenate([kept.ids[stay], new.ids])
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    languages = list(dict.fromkeys([*kept.words["language"], *new.words["language"]]))
    words = {**_WORDS, "language": languages}
    turn = np.array([*map(languages.index, new.words["language"]), -1], np.int16)
    new.codes["language"] = turn[new.codes["language"]]
    codes = {name: np.concatenate([kept.codes[name][stay], new.codes[name]])[order] for name in words}
    numbers = {name: np.concatenate([kept.numbers[name][stay], new.numbers[name]])[order] for name in NUMBERS}
    place = np.empty(len(ids), np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    before = np.cumsum(stay, dtype=np.int32) - 1
    links: dict[str, Links] = {}
    for name, old in kept.links.items():
        here = stay[old.rows]
        added = _read_links(connection, ids, name, asked)
        links[name] = Links(
            np.concatenate([place[before[old.rows[here]]], added.rows]),
            np.concatenate([old.to[here], added.to]),
            np.concatenate([old.value[here], added.value]),
        )
    return Columns(ids, codes, words, numbers, links)


def _rows(ids: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Mask]:
    """(positions of those of ``wanted`` that are there, bool[len(wanted)] which are)."""
    if not len(ids):
        return np.empty(0, np.int64), np.zeros(len(wanted), bool)
    at = np.searchsorted(ids, wanted)
    at[at == len(ids)] = 0
    there = ids[at] == wanted
    return at[there], there


def _within(values: npt.NDArray[Any], low: float | None, high: float | None) -> Mask:
    if low is None and high is None:
        return np.ones(len(values), bool)
    found = np.asarray(values >= (-np.inf if low is None else low), bool)
    if high is not None:
        found &= values <= high
    return found
