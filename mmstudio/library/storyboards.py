"""Recommendations, storyboards with their approvals, and what was exported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmstudio.errors import Conflict, NotFound
from mmstudio.library.database import Database, last_id, now, to_json
from mmstudio.library.records import Approval, ExportRow, StoryboardRow

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_STORYBOARD = "id, name, recipe, item_id, audience_id, data, created_at, updated_at"
VERDICTS = ("approved", "changes", "rejected")


def _storyboard(row: sqlite3.Row) -> StoryboardRow:
    return StoryboardRow(**{**dict(row), "data": json.loads(row["data"])})


class RecommendationStore:
    """The last recommendations of each audience, as they were explained."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, audience_id: int, recommendations: Sequence[Mapping[str, Any]]) -> None:
        """Replace those of an audience. Each holds ``item_id`` and ``score``; the order is the rank."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM recommendation WHERE audience_id = ?", (audience_id,))
            tx.conn.executemany(
                "INSERT INTO recommendation(audience_id, rank, item_id, score, data, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (audience_id, rank, one["item_id"], float(one["score"]), to_json(dict(one)), now())
                    for rank, one in enumerate(recommendations, start=1)
                ],
            )
            self._db.note("recommendations", [audience_id])

    def load(self, audience_id: int) -> list[dict[str, Any]]:
        """What was saved for an audience, best first."""
        rows = self._db.read().execute(
            "SELECT data FROM recommendation WHERE audience_id = ? ORDER BY rank", (audience_id,)
        )
        return [json.loads(row[0]) for row in rows]


class StoryboardStore:
    """Saved storyboards and the verdicts on them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(
        self,
        name: str,
        recipe: str,
        item_id: int | None,
        audience_id: int | None,
        data: Mapping[str, Any],
        id: int | None = None,  # noqa: A002 - the field's name
        *,
        expected: Mapping[str, Any] | None = None,
    ) -> int:
        """Keep a storyboard and return its id; with ``id`` an earlier one is replaced.

        Args:
            expected: the state one began with; another one in the library is not overwritten.

        Raises:
            NotFound: nothing has this id. Conflict: it is not in the ``expected`` state any more.
        """
        values = (name, recipe, item_id, audience_id, to_json(dict(data)), now())
        with self._db.write() as tx:
            if id is None:
                cursor = tx.execute(
                    "INSERT INTO storyboard(name, recipe, item_id, audience_id, data, updated_at, created_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*values, now()),
                )
                kept = last_id(cursor)
            else:
                if expected is not None and self.get(id).data != json.loads(to_json(dict(expected))):
                    raise Conflict(
                        "The storyboard was changed elsewhere meanwhile.",
                        hint="Take those changes over, or keep yours.",
                    )
                self.get(id)
                tx.execute(
                    "UPDATE storyboard SET name = ?, recipe = ?, item_id = ?, audience_id = ?, data = ?,"
                    " updated_at = ? WHERE id = ?",
                    (*values, id),
                )
                kept = id
            self._db.note("storyboards", [kept])
        return kept

    def get(self, storyboard_id: int) -> StoryboardRow:
        """One storyboard. Raises NotFound."""
        row = self._db.read().execute(
            f"SELECT {_STORYBOARD} FROM storyboard WHERE id = ?", (storyboard_id,)
        ).fetchone()  # fmt: skip
        if row is None:
            raise NotFound(
                "The library has no storyboard with the number {id}.",
                hint="“mmstudio compose” makes one and says its number.",
                id=storyboard_id,
            )
        return _storyboard(row)

    def list(self, item_id: int | None = None, audience_id: int | None = None) -> list[StoryboardRow]:
        """Storyboards, last changed first; those of an item or audience where given."""
        rows = self._db.read().execute(
            f"SELECT {_STORYBOARD} FROM storyboard WHERE (?1 IS NULL OR item_id = ?1)"
            " AND (?2 IS NULL OR audience_id = ?2) ORDER BY updated_at DESC, id DESC",
            (item_id, audience_id),
        )
        return [_storyboard(row) for row in rows]

    def remove(self, storyboard_id: int) -> None:
        """Delete a storyboard and its approvals; exported files stay."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM storyboard WHERE id = ?", (storyboard_id,))
            self._db.note("storyboards", [storyboard_id])

    def approve(
        self, storyboard_id: int, who: str, verdict: str, comment: str = "", *, created_at: str | None = None
    ) -> int:
        """Record a verdict (approved, changes, rejected), made now or at ``created_at`` (ISO 8601).

        Raises NotFound, or ValueError for another word.
        """
        if verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {VERDICTS}, not {verdict!r}")
        self.get(storyboard_id)
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO approval(storyboard_id, who, verdict, comment, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (storyboard_id, who, verdict, comment, created_at or now()),
            )
            self._db.note("storyboards", [storyboard_id])
            return last_id(cursor)

    def approvals(self, storyboard_id: int) -> Sequence[Approval]:
        """Verdicts on a storyboard, oldest first."""
        rows = self._db.read().execute(
            "SELECT id, storyboard_id, who, verdict, comment, created_at FROM approval"
            " WHERE storyboard_id = ? ORDER BY id",
            (storyboard_id,),
        )
        return [Approval(*row) for row in rows]


class ExportStore:
    """What was exported, where to, and how long it took."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        storyboard_id: int | None,
        channel: str,
        path: str,
        sha256: str,
        size: int,
        seconds: float,
        kind: str,
    ) -> int:
        """Record one exported file and return its id. ``size`` in bytes."""
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO export(storyboard_id, channel, path, sha256, size, seconds, kind, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (storyboard_id, channel, str(path), sha256, size, seconds, kind, now()),
            )
            self._db.note("exports", [last_id(cursor)])
            return last_id(cursor)

    def list(self) -> list[ExportRow]:
        """All exported files, newest first."""
        rows = self._db.read().execute(
            "SELECT id, storyboard_id, channel, path, sha256, size, seconds, kind, created_at FROM export"
            " ORDER BY id DESC"
        )
        return [ExportRow(*row) for row in rows]

    def forget_in(self, folder: str) -> None:
        """Take files out of the list that lay in a folder which is gone (a bundle was made of it)."""
        start = folder.rstrip("/\\")
        with self._db.write() as tx:
            tx.execute(
                "DELETE FROM export WHERE substr(path, 1, ?) IN (?, ?)",
                (len(start) + 1, start + "/", start + "\\"),
            )
            self._db.note("exports", None)
