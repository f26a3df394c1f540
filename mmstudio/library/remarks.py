"""Remarks on a moment or a place of a storyboard, left in the window or in a preview package."""

from __future__ import annotations

import hashlib
import math
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.errors import NotFound, UsageError
from mmstudio.library.database import Database, last_id, now

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

MOST_WORDS = 4000  # characters of a remark
MOST_NAME = 60  # characters of initials or a name
_REMARK = "id, storyboard_id, who, text, at, x, y, done, source, created_at"


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark.

    Attributes:
        who: initials or a name.
        at: seconds, None for the whole. x, y: fractions of the canvas, None for no place.
        done: somebody has dealt with it.
        source: "window", "shell" or "package <id>".
        created_at: ISO 8601, UTC.
    """

    id: int
    storyboard_id: int
    who: str
    text: str
    at: float | None
    x: float | None
    y: float | None
    done: bool
    source: str
    created_at: str


class RemarkStore:
    """Remarks of a library; they go with their storyboard."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        storyboard_id: int,
        who: str,
        text: str,
        at: float | None = None,
        x: float | None = None,
        y: float | None = None,
        source: str = "window",
        *,
        digest: str | None = None,
        created_at: str | None = None,
    ) -> int:
        """Keep a remark and return its id.

        Args:
            at: seconds, 0 or more. x, y: 0 to 1, both or none.
            digest: what tells an imported remark from another; the id of the one that is there is returned
                where it was imported before. None makes a new one every time.
            created_at: when it was made elsewhere (ISO 8601); now where None.

        Raises:
            NotFound: no such storyboard.
            UsageError: no words, too many of them, or a place that is none.
        """
        words, name = tidy(text), tidy(who).replace("\n", " ")
        if not words:
            raise UsageError("A remark needs words.", hint="Say what should change.")
        if len(words) > MOST_WORDS:
            raise UsageError("A remark has {most} characters at most.", most=MOST_WORDS)
        for value, most in ((at, math.inf), (x, 1.0), (y, 1.0)):
            if value is not None and not (math.isfinite(value) and 0.0 <= value <= most):
                raise UsageError(
                    "The place of a remark is seconds from the start and two fractions from 0 to 1."
                )
        if (x is None) != (y is None):
            raise UsageError("The place of a remark is seconds from the start and two fractions from 0 to 1.")
        mark = digest or hashlib.sha256(uuid.uuid4().bytes).hexdigest()
        with self._db.write() as tx:
            if (known := self.find(mark)) is not None:
                return known
            if tx.execute("SELECT 1 FROM storyboard WHERE id = ?", (storyboard_id,)).fetchone() is None:
                raise NotFound("The library has no storyboard with the number {id}.", id=storyboard_id)
            kept = last_id(
                tx.execute(
                    "INSERT INTO remark(storyboard_id, who, text, at, x, y, source, digest, created_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (storyboard_id, name[:MOST_NAME], words, at, x, y, source, mark, created_at or now()),
                )
            )
            self._db.note("remarks", [storyboard_id])
        return kept

    def of(self, storyboard_id: int) -> Sequence[Remark]:
        """Remarks of a storyboard: those on the whole first, then by time, then as they were made."""
        rows = self._db.read().execute(
            f"SELECT {_REMARK} FROM remark WHERE storyboard_id = ?"
            " ORDER BY at IS NOT NULL, at, created_at, id",
            (storyboard_id,),
        )
        return [_remark(row) for row in rows]

    def set_done(self, remark_id: int, done: bool = True) -> None:
        """Mark a remark as dealt with, or not. Raises NotFound."""
        with self._db.write() as tx:
            row = tx.execute("SELECT storyboard_id FROM remark WHERE id = ?", (remark_id,)).fetchone()
            if row is None:
                raise NotFound("There is no remark with the number {id}.", id=remark_id)
            tx.execute("UPDATE remark SET done = ? WHERE id = ?", (int(done), remark_id))
            self._db.note("remarks", [row[0]])

    def find(self, digest: str) -> int | None:
        """The id of the remark that was kept under a digest."""
        row = self._db.read().execute("SELECT id FROM remark WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else int(row[0])


def tidy(text: str) -> str:
    """Words without control and direction characters; line ends stay."""
    kept = "".join(
        c
        for c in text.replace("\r\n", "\n")
        if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    return kept.strip()


def _remark(row: sqlite3.Row) -> Remark:
    return Remark(**{**dict(row), "done": bool(row["done"])})
