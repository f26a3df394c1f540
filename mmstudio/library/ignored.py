"""Findings of the library doctor that a person wants left alone; what they ignore can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmstudio.i18n import mark
from mmstudio.library.database import Database
from mmstudio.library.undo import Change, UndoLog


class IgnoredStore:
    """Pairs (kind, subject): what the doctor found, and a key of what it found it about."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        self._db = db
        self._undo = undo

    def all(self) -> set[tuple[str, str]]:
        """Every ignored finding."""
        return {(row[0], row[1]) for row in self._db.read().execute("SELECT kind, subject FROM ignored")}

    def add(self, findings: Iterable[tuple[str, str]]) -> None:
        """Ignore findings from now on."""
        with self._db.write() as tx:
            known = {(row[0], row[1]) for row in tx.execute("SELECT kind, subject FROM ignored")}
            new = [pair for pair in dict.fromkeys(findings) if pair not in known]
            tx.conn.executemany("INSERT INTO ignored(kind, subject) VALUES (?, ?)", new)
            self._record(tx, [(pair, None, ()) for pair in new], mark("Ignore {n} findings"))

    def remove(self, findings: Iterable[tuple[str, str]]) -> None:
        """Mind findings again."""
        with self._db.write() as tx:
            known = {(row[0], row[1]) for row in tx.execute("SELECT kind, subject FROM ignored")}
            old = [pair for pair in dict.fromkeys(findings) if pair in known]
            tx.conn.executemany("DELETE FROM ignored WHERE kind = ? AND subject = ?", old)
            self._record(tx, [(pair, (), None) for pair in old], mark("Mind {n} findings again"))

    def _record(self, tx: Any, rows: list[Any], label: str) -> None:
        if rows:
            self._undo.record(tx, label, {"n": len(rows)}, [Change("ignored", ("kind", "subject"), (), rows)])
            self._db.note("findings")
