"""What members did with items: written in large steps, read as NumPy columns."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.library.database import Database, in_batches
from mmstudio.library.pseudonyms import Pseudonyms
from mmstudio.library.records import Interactions, NewInteraction

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

WRITTEN = (
    10_000  # rows per transaction: commits cost little, and sorted rows fill pages of the index in order
)
# With millions of rows the unique index no longer fits the cache, and each commit writes every page that it
# touched: ten times the rows per commit touch hardly more pages.
FEW, WRITTEN_OF_MANY = 500_000, 100_000
_READ = 50_000  # rows that exist as Python objects at a time
_ROW = np.dtype([("ids", np.int64), ("weight", np.float32), ("time", np.float64), ("event", object)])
_CACHE_KB = 98_304  # page cache while writing: the unique index of millions of rows is hit at random


@dataclass(frozen=True, slots=True)
class Written:
    """Rows of one batch that were new, and that were there before (their weight is replaced)."""

    new: int
    again: int


class InteractionStore:
    """All interactions of a library."""

    def __init__(self, db: Database, pseudonyms: Pseudonyms) -> None:
        self._db = db
        self._pseudonyms = pseudonyms

    def count(self) -> int:
        """Number of interactions."""
        return int(self._db.read().execute("SELECT COUNT(*) FROM interaction").fetchone()[0])

    def add(self, interactions: Iterable[NewInteraction]) -> int:
        """Add interactions and the members they name; returns how many were new.

        The same member, item, event and time come in once; a later weight replaces the earlier.
        """
        new = 0
        with self.writer() as writer:
            for batch in in_batches(interactions, WRITTEN):
                new += writer.add(
                    [one.member or f"audience {one.audience_id}" for one in batch],
                    [one.item_id for one in batch],
                    [one.event for one in batch],
                    [one.weight for one in batch],
                    [one.time for one in batch],
                    [one.audience_id for one in batch],
                ).new
        return new

    @contextmanager
    def writer(self, *, keep_ids: bool = False) -> Iterator[InteractionWriter]:
        """Write many batches; with ``keep_ids`` members' own ids are kept too, encrypted.

        Raises:
            StudioError: ``keep_ids`` where there is no keyring. ReadOnly.
        """
        with self._db.write() as tx:
            before = int(tx.execute("PRAGMA cache_size").fetchone()[0])
        self._cache(-_CACHE_KB)
        try:
            yield InteractionWriter(self._db, self._pseudonyms, keep_ids)
        finally:
            self._cache(before)

    def read(self) -> Interactions:
        """Every interaction, oldest first (those without a time before all), as columns.

        At most 50,000 rows are Python objects at a time; 22 bytes stay per row.
        While they are sorted it is 16 more.
        """
        connection = self._db.read()
        with _snapshot(connection):
            count = int(connection.execute("SELECT COUNT(*) FROM interaction").fetchone()[0])
            member, item = np.empty(count, np.int32), np.empty(count, np.int32)
            weight, time = np.empty(count, np.float32), np.empty(count, np.float64)
            code = np.empty(count, np.int16)
            names: dict[str, int] = {}
            cursor = connection.cursor()
            cursor.row_factory = None
            # Both ids in one number: every value of a row costs as much as SQLite's own work on it.
            cursor.execute(
                "SELECT member_id << 32 | item_id, weight, time, event FROM interaction ORDER BY id"
            )
            for start in range(0, count, _READ):
                rows = np.fromiter(itertools.islice(cursor, _READ), _ROW)
                here = slice(start, start + len(rows))
                event = rows["event"].tolist()
                for name in set(event):
                    names.setdefault(name, len(names))
                member[here], item[here] = rows["ids"] >> 32, rows["ids"] & 0xFFFFFFFF
                weight[here], time[here] = rows["weight"], rows["time"]
                code[here] = np.fromiter(map(names.__getitem__, event), np.int16, len(event))
        moment = np.nan_to_num(time, nan=-np.inf)
        if np.all(moment[:-1] <= moment[1:]):
            return Interactions(member, item, weight, time, code, tuple(names))
        order = np.argsort(moment, kind="stable")
        del moment
        # One after the other: only one column is there twice at a time.
        member = member[order]
        item = item[order]
        weight = weight[order]
        time = time[order]
        return Interactions(member, item, weight, time, code[order], tuple(names))

    def member_names(self) -> tuple[np.ndarray[Any, np.dtype[np.int64]], list[str]]:
        """(int64[M] ids, their pseudonyms) of every member, by id."""
        rows = self._db.read().execute("SELECT id, name FROM member ORDER BY id").fetchall()
        return np.array([row[0] for row in rows], np.int64), [row[1] for row in rows]

    def _cache(self, kilobytes: int) -> None:
        with self._db.write() as tx:
            tx.execute(f"PRAGMA cache_size={kilobytes}")


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is read from the same state of the database."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


class InteractionWriter:
    """Writes batches; knows the members it has met."""

    def __init__(self, db: Database, pseudonyms: Pseudonyms, keep_ids: bool) -> None:
        self._db = db
        self._pseudonyms = pseudonyms
        self._keep_ids = keep_ids
        self._ids: dict[str, int] = {}
        self._audience: dict[str, int] = {}
        self._rows = Counter[int]()
        self._several: set[str] = set()

    def add(
        self,
        members: Sequence[str],
        items: Sequence[int],
        events: Sequence[str],
        weights: Sequence[float],
        times: Sequence[float | None],
        audiences: Sequence[int | None] | None = None,
    ) -> Written:
        """Write one batch as one transaction.

        Args:
            members: own ids of the members, none empty.
            items: item ids. events: names of events. weights: their weights.
            times: seconds since 1970, UTC, or None.
            audiences: ids of the audience each member is in, or None where that is not said.
        """
        with self._db.write() as tx:
            connection = tx.conn
            self._meet(connection, members, audiences)
            ids = self._ids
            self._rows.update([ids[name] for name in members])
            rows = sorted(
                zip([ids[name] for name in members], items, events, weights, times, strict=True),
                key=lambda row: (row[0], row[1]),
            )
            inserted = connection.total_changes
            connection.executemany(
                "INSERT INTO interaction(member_id, item_id, event, weight, time) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                rows,
            )
            new = connection.total_changes - inserted
            if new < len(rows):
                connection.executemany(
                    "UPDATE interaction SET weight = ?4 WHERE member_id = ?1 AND item_id = ?2 AND event = ?3"
                    " AND COALESCE(time, -1.0) = COALESCE(?5, -1.0) AND weight <> ?4",
                    rows,
                )
            self._db.note("audiences")
        return Written(new, len(rows) - new)

    def _meet(
        self, connection: sqlite3.Connection, members: Sequence[str], audiences: Sequence[int | None] | None
    ) -> None:
        """Add the members that are new here, and put those of which it is said into their audience."""
        placed: dict[str, int] = {}
        if audiences is not None:
            for name, audience in zip(members, audiences, strict=True):
                if audience is None:
                    continue
                before = placed.get(name, self._audience.get(name))
                if before is not None and before != audience:
                    self._several.add(name)
                if before != audience or name in placed:
                    placed[name] = audience
        fresh = [name for name in dict.fromkeys(members) if name not in self._ids or name in placed]
        if not fresh:
            return
        pseudonyms = self._pseudonyms.of_many(fresh)
        sealed = [self._pseudonyms.seal(name) if self._keep_ids else None for name in fresh]
        connection.executemany(
            "INSERT INTO member(name, audience_id, sealed) VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
            " audience_id = COALESCE(excluded.audience_id, audience_id),"
            " sealed = COALESCE(excluded.sealed, sealed)"
            " WHERE excluded.audience_id IS NOT NULL OR excluded.sealed IS NOT NULL",
            [(p, placed.get(n), s) for p, n, s in zip(pseudonyms, fresh, sealed, strict=True)],
        )
        find = "SELECT id FROM member WHERE name = ?"
        for name, pseudonym in zip(fresh, pseudonyms, strict=True):
            self._ids[name] = connection.execute(find, (pseudonym,)).fetchone()[0]
        self._audience.update(placed)
        self._pseudonyms.remember_numbers()

    @property
    def several(self) -> int:
        """How many members were given more than one audience."""
        return len(self._several)

    @property
    def members(self) -> int:
        """How many members were named."""
        return len(self._rows)

    def busiest(self, least: int) -> list[int]:
        """Numbers of events, in what was written, of members with at least this many; most first."""
        return sorted((n for n in self._rows.values() if n >= least), reverse=True)
