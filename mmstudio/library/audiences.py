"""Audiences, their members, and what members did with items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import mark
from mmstudio.library.codes import checked_country, checked_locale
from mmstudio.library.database import IN_IDS, Database, ids_json, in_batches, last_id, now, to_json
from mmstudio.library.interactions import InteractionStore
from mmstudio.library.pseudonyms import Pseudonyms
from mmstudio.library.records import Audience, Decision, Interactions, NewInteraction
from mmstudio.library.undo import Change, UndoLog

if TYPE_CHECKING:
    import sqlite_utils

    from mmstudio.library.sqlite import sqlite3

_COLUMNS = "id, name, brief, locale, tone, traits, liked, disliked, rules, origin, segment"
_JSON = ("traits", "liked", "disliked", "rules")
_EDITABLE = ("name", "brief", "locale", "tone", *_JSON)
DECISIONS = {"approve": 1.0, "reject": -1.0}
_WITHDRAW = "withdraw"  # a row of its own: what was decided before stays in the log


def _audience(row: sqlite3.Row) -> Audience:
    told = [json.loads(row[name]) for name in (*_JSON, "segment")]
    fields = [*tuple(row)[:5], *told[:-1], row["origin"], told[-1]]
    return Audience(*fields)


def _checked(rules: Mapping[str, Any] | None) -> dict[str, Any]:
    """Rules with their market as a code. Raises UsageError."""
    plain = dict(rules or {})
    if plain.get("market"):
        plain["market"] = checked_country(str(plain["market"]))
    return plain


class AudienceStore:
    """All audiences. Adding, editing and removing can be undone."""

    def __init__(self, db: Database, undo: UndoLog, pseudonyms: Pseudonyms) -> None:
        self._db = db
        self._undo = undo
        self._pseudonyms = pseudonyms

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
        segment: dict[str, Any] | None = None,
    ) -> int:
        """Add an audience and return its id; with ``segment`` one that was found in the events.

        Raises StudioError where the name is taken or empty, UsageError for a locale or market that is none.
        """
        locale, rules = checked_locale(locale), _checked(rules)
        values = (to_json(traits or {}), to_json(list(liked)), to_json(list(disliked)), to_json(rules or {}))
        found = ("hand" if segment is None else "found", to_json(segment or {}))
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO audience(name, brief, locale, tone, traits, liked, disliked, rules, origin,"
                " segment, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._free_name(name, None), brief, locale, tone, *values, *found, now()),
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

        Raises NotFound, StudioError where the name is taken, UsageError for a locale or market that is none,
        ValueError for an unknown field.
        """
        unknown = set(fields) - set(_EDITABLE)
        if unknown:
            raise ValueError(f"an audience has no {sorted(unknown)}")
        audience = self.get(audience_id)
        if "name" in fields:
            fields["name"] = self._free_name(fields["name"], audience_id)
        if "locale" in fields:
            fields["locale"] = checked_locale(str(fields["locale"]))
        if "rules" in fields:
            fields["rules"] = _checked(fields["rules"])
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

    # -- members -----------------------------------------------------------------------------------------

    def members(self, audience_id: int) -> Sequence[int]:
        """Ids of the members of an audience."""
        rows = self._db.read().execute(
            "SELECT id FROM member WHERE audience_id = ? ORDER BY id", (audience_id,)
        )
        return [row[0] for row in rows]

    def member_count(self, audience_id: int) -> int:
        """How many members an audience has."""
        sql = "SELECT COUNT(*) FROM member WHERE audience_id = ?"
        return int(self._db.read().execute(sql, (audience_id,)).fetchone()[0])

    def names_of(self, member_ids: Iterable[int]) -> dict[int, str]:
        """Member id → pseudonym."""
        sql = f"SELECT id, name FROM member WHERE id {IN_IDS}"
        return {row[0]: row[1] for row in self._db.read().execute(sql, (ids_json(member_ids),))}

    def add_members(self, audience_id: int, names: Iterable[str], *, keep_ids: bool = False) -> int:
        """Put people into an audience by their own ids; returns how many are new there.

        Pseudonyms of the ids are kept; with ``keep_ids`` the ids too, encrypted
        (:mod:`mmstudio.library.pseudonyms`). A person is in one audience: the last one.

        Raises:
            NotFound: no such audience. StudioError: ``keep_ids`` where there is no keyring.
        """
        audience = self.get(audience_id)
        before = self.member_count(audience.id)
        for batch in in_batches(dict.fromkeys(name.strip() for name in names if name.strip())):
            pseudonyms = self._pseudonyms.of_many(batch)
            sealed = [self._pseudonyms.seal(name) if keep_ids else None for name in batch]
            with self._db.write() as tx:
                tx.conn.executemany(
                    "INSERT INTO member(name, audience_id, sealed) VALUES (?, ?, ?) ON CONFLICT(name)"
                    " DO UPDATE SET audience_id = excluded.audience_id,"
                    " sealed = COALESCE(excluded.sealed, sealed)",
                    [(name, audience_id, blob) for name, blob in zip(pseudonyms, sealed, strict=True)],
                )
                self._pseudonyms.remember_numbers()
                self._db.note("audiences", [audience_id])
        return self.member_count(audience_id) - before

    def take_members(self, audience_id: int, member_ids: Iterable[int]) -> int:
        """Put members into a segment's audience, except those a person put elsewhere; returns how many."""
        with self._db.write() as tx:
            cursor = tx.execute(
                f"UPDATE member SET audience_id = ? WHERE id {IN_IDS} AND (audience_id IS NULL OR"
                " audience_id IN (SELECT id FROM audience WHERE removed = 1 OR origin = 'found'))",
                (audience_id, ids_json(member_ids)),
            )
            self._db.note("audiences", [audience_id])
        return int(cursor.rowcount)

    # -- decisions ---------------------------------------------------------------------------------------

    def decide(
        self, audience_id: int, item_id: int, event: str, *, weight: float = 1.0, source: str = ""
    ) -> None:
        """Record that a person approved or rejected an item for an audience; the newest decision counts.

        Raises:
            NotFound: no such audience or item. ValueError: another event, or a weight that is not above 0.
        """
        if event not in DECISIONS or not weight > 0:
            raise ValueError(f"no decision: {event!r} with weight {weight}")
        self.get(audience_id)
        with self._db.write() as tx:
            if tx.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone() is None:
                raise NotFound("The library has no item with the number {id}.", id=item_id)
            self._decided(tx, audience_id, item_id, event, weight, source)

    def withdraw(self, audience_id: int, item_id: int, *, source: str = "") -> float:
        """Take back the approval (above 0) or rejection (below 0) that holds, and return it.

        The log keeps both; a new decision about the item counts again.

        Raises:
            NotFound: no such audience. StudioError: nothing is decided about the item.
        """
        audience = self.get(audience_id)
        with self._db.write() as tx:
            held = self.decisions(audience_id).get(item_id)
            if held is None:
                raise StudioError(
                    "Nothing is decided about this item for {audience}.",
                    hint="Approve or reject an item first; only that can be taken back.",
                    audience=audience.name,
                )
            self._decided(tx, audience_id, item_id, _WITHDRAW, 1.0, source)
        return held

    def decision_log(self, audience_id: int) -> Sequence[Decision]:
        """Every approval, rejection and withdrawal, oldest first."""
        rows = self._db.read().execute(
            "SELECT audience_id, item_id, event, weight, source, created_at FROM audience_event"
            " WHERE audience_id = ? ORDER BY id",
            (audience_id,),
        )
        return [Decision(*row) for row in rows]

    def decisions(self, audience_id: int) -> dict[int, float]:
        """Item id → what holds now: above 0 approved, below 0 rejected; the newest decision per item.

        An item whose decision was withdrawn is left out.
        """
        held: dict[int, float] = {}
        for one in self.decision_log(audience_id):
            held.pop(one.item_id, None)
            if one.event in DECISIONS:
                held[one.item_id] = DECISIONS[one.event] * one.weight
        return held

    # -- interactions ------------------------------------------------------------------------------------

    def add_interactions(self, interactions: Iterable[NewInteraction]) -> int:
        """See :meth:`mmstudio.library.interactions.InteractionStore.add`."""
        return InteractionStore(self._db, self._pseudonyms).add(interactions)

    def interactions(self) -> Interactions:
        """See :meth:`mmstudio.library.interactions.InteractionStore.read`."""
        return InteractionStore(self._db, self._pseudonyms).read()

    def _decided(
        self,
        tx: sqlite_utils.Database,
        audience_id: int,
        item_id: int,
        event: str,
        weight: float,
        source: str,
    ) -> None:
        tx.execute(
            "INSERT INTO audience_event(audience_id, item_id, event, weight, source, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (audience_id, item_id, event, weight, source, now()),
        )
        self._db.note("audiences", [audience_id])

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
