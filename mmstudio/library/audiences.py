"""Audiences, their members, and what members did with items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import mark
from mmstudio.library.database import Database, in_batches, last_id, now, to_json
from mmstudio.library.records import Audience, Interactions, NewInteraction
from mmstudio.library.undo import Change, UndoLog

if TYPE_CHECKING:
    import sqlite_utils

    from mmstudio.library.sqlite import sqlite3

_COLUMNS = "id, name, brief, locale, tone, traits, liked, disliked, rules"
_JSON = ("traits", "liked", "disliked", "rules")
_EDITABLE = ("name", "brief", "locale", "tone", *_JSON)


def _audience(row: sqlite3.Row) -> Audience:
    return Audience(*tuple(row)[:5], *(json.loads(row[name]) for name in _JSON))


class AudienceStore:
    """All audiences. Adding, editing and removing can be undone."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        self._db = db
        self._undo = undo

    def add(
        self,
        name: str,
        brief: str = "",
        *,
        locale: str = "en",
        tone: str = "",
        traits: dict[str, Any] | None = None,
        liked: Iterable[int] = (),
        disliked: Iterable[int] = (),
        rules: dict[str, Any] | None = None,
    ) -> int:
        """Add an audience and return its id. Raises StudioError where the name is taken or empty."""
        values = (to_json(traits or {}), to_json(list(liked)), to_json(list(disliked)), to_json(rules or {}))
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO audience(name, brief, locale, tone, traits, liked, disliked, rules, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._free_name(name, None), brief, locale, tone, *values, now()),
            )
            audience_id = last_id(cursor)
            self._edited(
                tx, mark("Add the audience {name}"), name.strip(), audience_id, ("removed",), (1,), (0,)
            )
        return audience_id

    def get(self, audience_id: int) -> Audience:
        """One audience. Raises NotFound."""
        row = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM audience WHERE id = ? AND removed = 0", (audience_id,)
        ).fetchone()  # fmt: skip
        if row is None:
            raise NotFound("The library has no audience with the number {id}.", id=audience_id)
        return _audience(row)

    def by_name(self, name: str) -> Audience | None:
        """The audience with this name, or None."""
        row = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM audience WHERE name = ? AND removed = 0", (name.strip(),)
        ).fetchone()  # fmt: skip
        return None if row is None else _audience(row)

    def list(self) -> list[Audience]:
        """All audiences by name."""
        rows = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM audience WHERE removed = 0 ORDER BY name COLLATE NOCASE"
        )
        return [_audience(row) for row in rows]

    def update(self, audience_id: int, **fields: Any) -> None:
        """Change fields (name, brief, locale, tone, traits, liked, disliked, rules).

        Raises NotFound, StudioError where the name is taken, ValueError for an unknown field.
        """
        unknown = set(fields) - set(_EDITABLE)
        if unknown:
            raise ValueError(f"an audience has no {sorted(unknown)}")
        audience = self.get(audience_id)
        if "name" in fields:
            fields["name"] = self._free_name(fields["name"], audience_id)
        columns = tuple(fields)
        if not columns:
            return
        after = tuple(
            to_json(list(value) if name in ("liked", "disliked") else value) if name in _JSON else value
            for name, value in fields.items()
        )
        with self._db.write() as tx:
            row = tx.execute(
                f"SELECT {', '.join(columns)} FROM audience WHERE id = ?", (audience_id,)
            ).fetchone()
            before = tuple(row)
            if before == after:
                return
            assignments = ", ".join(f"{name} = ?" for name in columns)
            tx.execute(f"UPDATE audience SET {assignments} WHERE id = ?", (*after, audience_id))
            self._edited(
                tx, mark("Edit the audience {name}"), audience.name, audience_id, columns, before, after
            )

    def remove(self, audience_id: int) -> None:
        """Take an audience out; its interactions stay for the recommender. Raises NotFound."""
        audience = self.get(audience_id)
        with self._db.write() as tx:
            tx.execute("UPDATE audience SET removed = 1 WHERE id = ?", (audience_id,))
            self._edited(
                tx, mark("Remove the audience {name}"), audience.name, audience_id, ("removed",), (0,), (1,)
            )

    # -- members and interactions ------------------------------------------------------------------------

    def members(self, audience_id: int) -> Sequence[int]:
        """Ids of the members of an audience."""
        rows = self._db.read().execute(
            "SELECT id FROM member WHERE audience_id = ? ORDER BY id", (audience_id,)
        )
        return [row[0] for row in rows]

    def add_interactions(self, interactions: Iterable[NewInteraction]) -> int:
        """Add interactions and the members they name; returns how many were new.

        The same member, item, event and time come in once; a later weight replaces the earlier.
        """
        known: dict[str, tuple[int, int | None]] = {}
        before = self._count()
        for batch in in_batches(interactions):
            with self._db.write() as tx:
                rows = [
                    (self._member(tx, one, known), one.item_id, one.event, one.weight, one.time)
                    for one in batch
                ]
                tx.conn.executemany(
                    "INSERT INTO interaction(member_id, item_id, event, weight, time) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET weight = excluded.weight",
                    rows,
                )
                self._db.note("audiences")
        return self._count() - before

    def interactions(self) -> Interactions:
        """Every interaction, oldest first, as columns."""
        rows = self._db.read().execute(
            "SELECT member_id, item_id, weight, time, event FROM interaction ORDER BY time, id"
        ).fetchall()  # fmt: skip
        return Interactions(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.float32),
            np.array([np.nan if row[3] is None else row[3] for row in rows], np.float64),
            [row[4] for row in rows],
        )

    def _count(self) -> int:
        return int(self._db.read().execute("SELECT COUNT(*) FROM interaction").fetchone()[0])

    def _member(
        self, tx: sqlite_utils.Database, one: NewInteraction, known: dict[str, tuple[int, int | None]]
    ) -> int:
        name = one.member.strip() or f"audience {one.audience_id}"
        found = known.get(name)
        if found is None or (one.audience_id is not None and found[1] != one.audience_id):
            tx.execute(
                "INSERT INTO member(name, audience_id) VALUES (?, ?) ON CONFLICT(name)"
                " DO UPDATE SET audience_id = COALESCE(excluded.audience_id, audience_id)",
                (name, one.audience_id),
            )
            row = tx.execute("SELECT id, audience_id FROM member WHERE name = ?", (name,)).fetchone()
            found = known[name] = (row[0], row[1])
        return found[0]

    def _free_name(self, name: str, own_id: int | None) -> str:
        wanted = name.strip()
        if not wanted:
            raise StudioError("An audience needs a name.", hint="Type a short name such as Home cooks.")
        taken = self.by_name(wanted)
        if taken is not None and taken.id != own_id:
            raise StudioError(
                "There is an audience named {name} already.", hint="Choose another name.", name=wanted
            )
        return wanted

    def _edited(
        self, tx: sqlite_utils.Database, label: str, name: str, audience_id: int, columns: tuple[str, ...],
        before: tuple[Any, ...], after: tuple[Any, ...],
    ) -> None:  # fmt: skip
        change = Change("audience", ("id",), columns, [((audience_id,), before, after)])
        self._undo.record(tx, label, {"name": name}, [change])
        self._db.note("audiences", [audience_id])
