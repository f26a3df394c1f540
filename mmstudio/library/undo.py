"""The undo log: what a person changed, as rows before and after, kept in table ``event``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.library.database import Database, now, to_json
from mmstudio.library.sqlite import sqlite3

if TYPE_CHECKING:
    import sqlite_utils

_KEPT = 500  # edits that can be undone
# Tables that edits touch and what each announces: names read back from the log are checked against this.
_TOPICS: dict[str, tuple[str, ...]] = {
    "asset": ("assets",),
    "asset_tag": ("assets", "tags"),
    "asset_rights": ("assets",),
    "collection_asset": ("assets", "collections"),
    "item": ("items",),
    "item_asset": ("items",),
    "audience": ("audiences",),
    "ignored": ("findings",),
    "tag_refused": ("tags",),
    "variant": ("variants",),
    "variant_result": ("variants",),
    "ab_plan": ("variants",),
    "ab_plan_variant": ("variants",),
}
# Their keys do not start with a number of their own.
_UNNUMBERED = ("ignored", "variant", "variant_result", "ab_plan_variant")
_PARENTS = {"asset_id": "asset", "item_id": "item", "collection_id": "collection", "tag_id": "tag"}

Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of one table as (key, before, after); before None is an insert, after None a delete."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[tuple[Values, Values | None, Values | None]]


AfterChange = Callable[["sqlite_utils.Database", list[int]], None]


class UndoLog:
    """Undo and redo of edits, across restarts of the program."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._after: dict[str, AfterChange] = {}
        self._group: list[dict[str, Any]] | None = None

    def follow(self, table: str, after: AfterChange) -> None:
        """Have a store bring what it derives from ``table`` (search rows, files) in line after an undo."""
        self._after[table] = after

    def record(
        self, tx: sqlite_utils.Database, label: str, values: Mapping[str, Any], changes: Iterable[Change]
    ) -> None:
        """Inside a write: remember an edit that was just made. ``label`` is a marked English template."""
        kept = [asdict(change) for change in changes if change.rows]
        if not kept:
            return
        if self._group is not None:
            self._group += kept
            return
        self._keep(tx, label, values, kept)

    @contextmanager
    def as_one(self, label: str, **values: Any) -> Iterator[None]:
        """Everything edited within the block is one transaction and one step of undo. Blocks do not nest.

        ``label`` is a marked English template for what the step is called.
        """
        with self._db.write() as tx:
            self._group = []
            try:
                yield
                if self._group:
                    self._keep(tx, label, values, self._group)
            finally:
                self._group = None

    def _keep(
        self, tx: sqlite_utils.Database, label: str, values: Mapping[str, Any], kept: list[dict[str, Any]]
    ) -> None:
        tx.execute("DELETE FROM event WHERE undone = 1")
        tx.execute(
            "INSERT INTO event(label, label_values, changes, created_at) VALUES (?, ?, ?, ?)",
            (label, to_json(dict(values)), to_json(kept), now()),
        )
        tx.execute("DELETE FROM event WHERE id <= (SELECT MAX(id) FROM event) - ?", (_KEPT,))

    def forget(self, tx: sqlite_utils.Database) -> None:
        """Inside a write: drop every remembered edit, because what they need is gone."""
        tx.execute("DELETE FROM event")

    def can_undo(self) -> bool:
        """True where there is an edit to take back."""
        return self._next(undo=True) is not None

    def can_redo(self) -> bool:
        """True where there is an undone edit to make again."""
        return self._next(undo=False) is not None

    @property
    def labels(self) -> tuple[str | None, str | None]:
        """What the next undo and the next redo would do, in the person's language."""
        return self._label(self._next(undo=True)), self._label(self._next(undo=False))

    def undo(self) -> str | None:
        """Take the newest edit back; returns its label, or None where there is none."""
        return self._step(undo=True)

    def redo(self) -> str | None:
        """Make the last undone edit again; returns its label, or None where there is none."""
        return self._step(undo=False)

    def _next(self, *, undo: bool) -> Any:
        order = "DESC" if undo else "ASC"
        return self._db.read().execute(
            f"SELECT id, label, label_values FROM event WHERE undone = ? ORDER BY id {order} LIMIT 1",
            (0 if undo else 1,),
        ).fetchone()  # fmt: skip

    @staticmethod
    def _label(row: Any) -> str | None:
        if row is None:
            return None
        template: str = row["label"]
        return tr(template, **json.loads(row["label_values"]))

    def _step(self, *, undo: bool) -> str | None:
        with self._db.write() as tx:
            row = self._next(undo=undo)
            if row is None:
                return None
            changes = [
                Change(entry["table"], tuple(entry["key"]), tuple(entry["columns"]), entry["rows"])
                for entry in json.loads(
                    tx.execute("SELECT changes FROM event WHERE id = ?", (row["id"],)).fetchone()[0]
                )
            ]
            try:
                for change in reversed(changes) if undo else changes:
                    self._apply(tx, change, undo=undo)
            except sqlite3.IntegrityError as error:
                raise StudioError(
                    "This step can no longer be taken: {label}.",
                    hint="Something with the same name was made since then. Rename that first.",
                    label=self._label(row),
                ) from error
            tx.execute("UPDATE event SET undone = ? WHERE id = ?", (1 if undo else 0, row["id"]))
        return self._label(row)

    def _apply(self, tx: sqlite_utils.Database, change: Change, *, undo: bool) -> None:
        _check_names(tx, change)
        inserts, updates, deletes = [], [], []
        for key, before, after in change.rows:
            was, becomes = (after, before) if undo else (before, after)
            if becomes is None:
                deletes.append(tuple(key))
            elif was is None:
                inserts.append((*key, *becomes))
            else:
                updates.append((*becomes, *key))
        match = " AND ".join(f"{name} = ?" for name in change.key)
        if deletes:
            tx.conn.executemany(f"DELETE FROM {change.table} WHERE {match}", deletes)
        if updates:
            assignments = ", ".join(f"{name} = ?" for name in change.columns)
            tx.conn.executemany(f"UPDATE {change.table} SET {assignments} WHERE {match}", updates)
        if inserts:
            _insert(tx, change, inserts)
        self._announce(tx, change)

    def _announce(self, tx: sqlite_utils.Database, change: Change) -> None:
        numbered = change.table not in _UNNUMBERED
        first_ids = sorted({int(key[0]) for key, _before, _after in change.rows}) if numbered else None
        for topic in _TOPICS[change.table]:
            self._db.note(topic, first_ids if topic == _TOPICS[change.table][0] else None)
        follow = self._after.get(change.table)
        if follow is not None and first_ids is not None:
            follow(tx, first_ids)


def _check_names(tx: sqlite_utils.Database, change: Change) -> None:
    """Names come from a file that somebody else may have written: only real columns go into SQL."""
    if change.table not in _TOPICS:
        raise ValueError(f"an undo event names the table {change.table!r}")
    known = {row[1] for row in tx.execute(f"PRAGMA table_info({change.table})")}
    unknown = {*change.key, *change.columns} - known
    if unknown:
        raise ValueError(f"an undo event names the columns {sorted(unknown)} of {change.table}")


def _insert(tx: sqlite_utils.Database, change: Change, rows: list[tuple[Any, ...]]) -> None:
    """Put link rows back, except those whose asset or item is gone for good."""
    columns = (*change.key, *change.columns)
    guards = [
        f"EXISTS (SELECT 1 FROM {_PARENTS[name]} WHERE id = ?{position})"
        for position, name in enumerate(columns, start=1)
        if name in _PARENTS
    ]
    marks = ", ".join(f"?{position}" for position in range(1, len(columns) + 1))
    tx.conn.executemany(
        f"INSERT OR REPLACE INTO {change.table}({', '.join(columns)}) SELECT {marks}"
        f" WHERE {' AND '.join(guards) or '1'}",
        rows,
    )
