"""Variants that can be shown to an audience, plans that compare them, and the results that came back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import NotFound
from mmstudio.i18n import mark
from mmstudio.library.database import Database, ids_json, last_id, now, to_json
from mmstudio.library.undo import Change, UndoLog, Values

if TYPE_CHECKING:
    import sqlite_utils

    from mmstudio.library.sqlite import sqlite3

Names = tuple[str, ...]
VariantKind = Literal["storyboard", "set", "asset"]
_COLUMNS = "id, audience_id, item_id, kind, source, features, checks, appeal, created_at"
_JSON = ("source", "features", "checks")
_RESULT_KEY = ("variant_id", "day", "channel", "event")


@dataclass(frozen=True, slots=True)
class Variant:
    """A finished asset that can be shown to an audience.

    Attributes:
        id: ``v-`` and 8 letters or digits of base32, the same for the same content and audience.
        source: ``{"storyboard_id": n}``, ``{"asset_ids": […], "manifest": {…}}`` or ``{"asset_ids": [n]}``.
        features: name → number, what its appeal is predicted from.
        checks: name of a check → ``{"ok": bool, "words": sentence}``.
        appeal: predicted share of people who act, 0…1; None before it was ranked.
    """

    id: str
    audience_id: int | None
    item_id: int | None
    kind: VariantKind
    source: dict[str, Any]
    features: dict[str, float]
    checks: dict[str, Any]
    appeal: float | None
    created_at: str


@dataclass(frozen=True, slots=True)
class VariantResult:
    """What came back for a variant on one day (``2026-03-31``) in one channel: `event` of so many shown."""

    variant_id: str
    day: str
    channel: str
    event: str
    shown: int
    happened: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A saved comparison; `shares` is variant id → share of the people who see it, adding up to 1."""

    id: int
    name: str
    audience_id: int | None
    data: dict[str, Any]
    created_at: str
    shares: dict[str, float]


def variant_id(content: Mapping[str, Any]) -> str:
    """The stable id of a content: ``v-`` and 8 characters of base32 of its SHA-256 (40 bits)."""
    plain = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(plain.encode("utf-8")).digest()
    return "v-" + base64.b32encode(digest[:5]).decode("ascii").lower()


class VariantStore:
    """All variants of a library with plans and results. Plans and results can be undone."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        self._db = db
        self._undo = undo

    def add(
        self,
        kind: VariantKind,
        source: Mapping[str, Any],
        *,
        content: Mapping[str, Any] | None = None,
        audience_id: int | None = None,
        item_id: int | None = None,
        features: Mapping[str, float] | None = None,
        checks: Mapping[str, Any] | None = None,
        appeal: float | None = None,
    ) -> str:
        """Keep a variant and return its id; the same content for the same audience is kept once.

        Args:
            content: what the id is made from (a storyboard's data, a set's parts); `source` where None.
        """
        what = {
            "kind": kind,
            "audience": audience_id,
            "content": dict(source if content is None else content),
        }
        own = variant_id(what)
        values = [to_json(dict(value or {})) for value in (source, features, checks)]
        with self._db.write() as tx:
            tx.execute(
                f"INSERT INTO variant({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET item_id = excluded.item_id, source = excluded.source,"
                " features = excluded.features, checks = excluded.checks,"
                " appeal = COALESCE(excluded.appeal, appeal)",
                (own, audience_id, item_id, kind, *values, appeal, now()),
            )
            self._db.note("variants")
        return own

    def get(self, id: str) -> Variant:  # noqa: A002 - the field's name
        """One variant. Raises NotFound."""
        row = self._db.read().execute(f"SELECT {_COLUMNS} FROM variant WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(
                "The library has no variant {id}.",
                hint="`mmstudio variants LIB list` names those there are.",
                id=id,
            )
        return _variant(row)

    def list(self, audience_id: int | None = None, item_id: int | None = None) -> list[Variant]:
        """Variants, oldest first; those for an audience or of an item where given."""
        rows = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM variant WHERE (?1 IS NULL OR audience_id = ?1)"
            " AND (?2 IS NULL OR item_id = ?2) ORDER BY created_at, id",
            (audience_id, item_id),
        )
        return [_variant(row) for row in rows]

    def of_storyboard(self, storyboard_id: int) -> Sequence[Variant]:
        """Variants made from a storyboard, newest last; more than one where it was changed in between."""
        rows = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM variant WHERE kind = 'storyboard'"
            " AND json_extract(source, '$.storyboard_id') = ? ORDER BY created_at, id",
            (storyboard_id,),
        )
        return [_variant(row) for row in rows]

    def set_appeal(self, appeals: Mapping[str, float]) -> None:
        """Remember predicted appeals (share of people who act, 0…1) by variant id."""
        with self._db.write() as tx:
            tx.conn.executemany(
                "UPDATE variant SET appeal = ? WHERE id = ?", [(v, k) for k, v in appeals.items()]
            )
            self._db.note("variants")

    def remove(self, id: str) -> None:  # noqa: A002
        """Delete a variant with its results and its place in plans; it can be undone. Raises NotFound."""
        self.get(id)
        with self._db.write() as tx:
            changes = [  # last first when it is undone: the variant before what belongs to it
                self._rows(tx, "variant_result", "variant_id", id, _RESULT_KEY, ("shown", "happened")),
                self._rows(tx, "ab_plan_variant", "variant_id", id, ("plan_id", "variant_id"), ("share",)),
                self._rows(tx, "variant", "id", id, ("id",), tuple(_COLUMNS.split(", ")[1:])),
            ]
            tx.execute("DELETE FROM variant WHERE id = ?", (id,))
            self._undo.record(tx, mark("Remove the variant {id}"), {"id": id}, changes)
            self._db.note("variants")

    def can_be_taken_back(self, ids: Iterable[str]) -> None:
        """Make one step of undo of variants that a person has just taken in; unknown ids are passed over.

        :meth:`add` itself makes none: exporting adds variants too, and nobody would look for them there.
        """
        with self._db.write() as tx:
            columns = tuple(_COLUMNS.split(", ")[1:])
            found = [self._rows(tx, "variant", "id", one, ("id",), columns).rows for one in ids]
            rows: list[tuple[Values, Values | None, Values | None]] = [
                (key, None, values) for some in found for key, values, _gone in some
            ]
            change = Change("variant", ("id",), columns, rows)
            self._undo.record(tx, mark("Take in variants: {n}"), {"n": len(rows)}, [change])

    @staticmethod
    def _rows(
        tx: sqlite_utils.Database, table: str, match: str, value: str, key: Names, columns: Names
    ) -> Change:
        """Rows of a table that are about to go, as an undo takes them."""
        names = ", ".join((*key, *columns))
        found = tx.execute(f"SELECT {names} FROM {table} WHERE {match} = ?", (value,)).fetchall()
        n = len(key)
        return Change(table, key, columns, [(tuple(row)[:n], tuple(row)[n:], None) for row in found])

    # -- results -----------------------------------------------------------------------------------------

    def add_results(self, results: Iterable[VariantResult]) -> int:
        """Keep results; those of the same variant, day, channel and event replace the earlier. How many.

        All of them are one step of undo.

        Raises ValueError for negative counts; an unknown variant breaks the whole batch (sqlite error), so
        look ids up first.
        """
        given = list(results)
        if any(one.shown < 0 or one.happened < 0 for one in given):
            raise ValueError("counts are never negative")
        if not given:
            return 0
        after = {(r.variant_id, r.day, r.channel, r.event): (r.shown, r.happened) for r in given}
        before = {
            (r.variant_id, r.day, r.channel, r.event): (r.shown, r.happened)
            for r in self.results({key[0] for key in after})
        }
        rows: list[tuple[Values, Values | None, Values | None]] = [
            (key, before.get(key), counts) for key, counts in after.items() if before.get(key) != counts
        ]
        with self._db.write() as tx:
            tx.conn.executemany(
                "INSERT INTO variant_result(variant_id, day, channel, event, shown, happened)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET shown = excluded.shown,"
                " happened = excluded.happened",
                [(*key, *counts) for key, counts in after.items()],
            )
            change = Change("variant_result", _RESULT_KEY, ("shown", "happened"), rows)
            self._undo.record(tx, mark("Read results of variants: {n} rows"), {"n": len(rows)}, [change])
            self._db.note("variants")
        return len(given)

    def results(self, variant_ids: Iterable[str] | None = None) -> Sequence[VariantResult]:
        """Results by variant and day; of all variants where None."""
        wanted = None if variant_ids is None else to_json(list(variant_ids))
        rows = self._db.read().execute(
            "SELECT variant_id, day, channel, event, shown, happened FROM variant_result"
            " WHERE ?1 IS NULL OR variant_id IN (SELECT value FROM json_each(?1))"
            " ORDER BY variant_id, day, channel, event",
            (wanted,),
        )
        return [VariantResult(*row) for row in rows]

    # -- plans -------------------------------------------------------------------------------------------

    def add_plan(
        self, name: str, shares: Mapping[str, float], data: Mapping[str, Any], audience_id: int | None = None
    ) -> int:
        """Keep a comparison and return its number; it can be undone. Raises NotFound."""
        for one in shares:
            self.get(one)
        columns = ("name", "audience_id", "data", "created_at")
        values = (name, audience_id, to_json(dict(data)), now())
        with self._db.write() as tx:
            plan = last_id(
                tx.execute(f"INSERT INTO ab_plan({', '.join(columns)}) VALUES (?, ?, ?, ?)", values)
            )
            parts = [((plan, one), (float(share),)) for one, share in shares.items()]
            tx.conn.executemany(
                "INSERT INTO ab_plan_variant(plan_id, variant_id, share) VALUES (?, ?, ?)",
                [(*key, *share) for key, share in parts],
            )
            changes = [
                Change("ab_plan", ("id",), columns, [((plan,), None, values)]),
                Change(
                    "ab_plan_variant",
                    ("plan_id", "variant_id"),
                    ("share",),
                    [(key, None, share) for key, share in parts],
                ),
            ]
            self._undo.record(tx, mark("Plan the comparison {name}"), {"name": name}, changes)
            self._db.note("variants")
        return plan

    def plan(self, plan_id: int) -> PlanRow:
        """One plan. Raises NotFound."""
        found = self._plans([plan_id])
        if not found:
            raise NotFound("The library has no plan with the number {id}.", id=plan_id)
        return found[0]

    def plans(self) -> Sequence[PlanRow]:
        """All plans, oldest first."""
        return self._plans(None)

    def _plans(self, ids: Sequence[int] | None) -> Sequence[PlanRow]:
        wanted = None if ids is None else ids_json(ids)
        reader = self._db.read()
        where = "WHERE ?1 IS NULL OR {} IN (SELECT value FROM json_each(?1))"
        shares: dict[int, dict[str, float]] = {}
        for row in reader.execute(
            f"SELECT plan_id, variant_id, share FROM ab_plan_variant {where.format('plan_id')}"
            " ORDER BY plan_id, variant_id",
            (wanted,),
        ):
            shares.setdefault(row[0], {})[row[1]] = row[2]
        rows = reader.execute(
            f"SELECT id, name, audience_id, data, created_at FROM ab_plan {where.format('id')} ORDER BY id",
            (wanted,),
        )
        return [
            PlanRow(row[0], row[1], row[2], json.loads(row[3]), row[4], shares.get(row[0], {}))
            for row in rows
        ]


def _variant(row: sqlite3.Row) -> Variant:
    return Variant(**{**dict(row), **{name: json.loads(row[name]) for name in _JSON}})
