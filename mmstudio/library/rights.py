"""What is known of the rights in assets, and who answers for a storyboard that is not in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

from mmstudio.errors import NotFound, UsageError
from mmstudio.i18n import mark
from mmstudio.library.codes import checked_country
from mmstudio.library.database import IN_IDS, Database, ids_json, last_id, now, to_json
from mmstudio.library.undo import Change, UndoLog

Consent = Literal["unknown", "given", "refused", "none needed"]
CONSENTS: tuple[Consent, ...] = get_args(Consent)
_COLUMNS = ("owner", "licence", "consent", "expires", "markets", "note", "updated_at")
_CLEARANCE = "id, storyboard_id, check_name, digest, finding, who, reason, created_at"


@dataclass(frozen=True, slots=True)
class AssetRights:
    """What is known of the rights in one asset beyond its word of rights ("own", "licensed", …).

    Attributes:
        owner: who holds them. licence: its name or address.
        consent: of the persons that can be seen or heard: unknown, given, refused, none needed.
        expires: last day it may be used, ISO 8601 ("2027-03-31"); "" for never.
        markets: ISO 3166 codes of the countries it may be used in; () for all.
    """

    asset_id: int
    owner: str = ""
    licence: str = ""
    consent: Consent = "unknown"
    expires: str = ""
    markets: tuple[str, ...] = ()
    note: str = ""
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Clearance:
    """A person answers for a check that is not green, for exactly the state it was in then.

    Attributes:
        check: name of the check ("rights", "consent", …). finding: what it said, for the record.
        digest: SHA-256 of the state. who, reason: as given; created_at: ISO 8601, UTC.
    """

    id: int
    storyboard_id: int
    check: str
    digest: str
    finding: str
    who: str
    reason: str
    created_at: str


class AssetRightsStore:
    """Owner, licence, consent, last day and markets of assets. Every change can be undone."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        self._db = db
        self._undo = undo

    def get(self, asset_id: int) -> AssetRights:
        """What is known of one asset; all empty where nothing is."""
        return self.of([asset_id])[asset_id]

    def of(self, ids: Iterable[int]) -> dict[int, AssetRights]:
        """What is known of several, each id with an entry."""
        wanted = list(dict.fromkeys(ids))
        rows = self._db.read().execute(
            f"SELECT asset_id, {', '.join(_COLUMNS)} FROM asset_rights WHERE asset_id {IN_IDS}",
            (ids_json(wanted),),
        )
        found = {row[0]: _rights(tuple(row)) for row in rows}
        return {asset_id: found.get(asset_id, AssetRights(asset_id)) for asset_id in wanted}

    def set(self, ids: Sequence[int], **values: Any) -> None:
        """Change the given fields of assets: owner, licence, consent, expires, markets, note.

        Ids that do not exist are ignored.

        Raises:
            UsageError: an unknown field, a consent, day or country that is none. ReadOnly.
        """
        checked = _checked(values)
        with self._db.write() as tx:
            known = [
                row[0] for row in tx.execute(f"SELECT id FROM asset WHERE id {IN_IDS}", (ids_json(ids),))
            ]
            before = self.of(known)
            changed: list[tuple[Sequence[Any], Sequence[Any] | None, Sequence[Any] | None]] = []
            for asset_id in known:
                old = before[asset_id]
                new = replace(old, **checked)
                if new == old:
                    continue
                new = replace(new, updated_at=now())
                tx.execute(
                    f"INSERT OR REPLACE INTO asset_rights(asset_id, {', '.join(_COLUMNS)})"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (asset_id, *_row(new)),
                )
                changed.append(((asset_id,), _row(old) if old.updated_at else None, _row(new)))
            self._undo.record(
                tx,
                mark("Describe the rights of an asset")
                if len(changed) == 1
                else mark("Describe the rights of {n} assets"),
                {"n": len(changed)},
                [Change("asset_rights", ("asset_id",), _COLUMNS, changed)],
            )
            self._db.note("assets", known)


class ClearanceStore:
    """Who answers for what of a storyboard. Nothing here is ever changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self, storyboard_id: int, check: str, digest: str, finding: str, who: str, reason: str
    ) -> Clearance:
        """Record one and return it. Raises UsageError without a name or reason, NotFound, ReadOnly."""
        if not who.strip() or not reason.strip():
            raise UsageError(
                "Whoever answers for a check gives a name and a reason.", hint="Say who answers, and why."
            )
        with self._db.write() as tx:
            if tx.execute("SELECT 1 FROM storyboard WHERE id = ?", (storyboard_id,)).fetchone() is None:
                raise NotFound("The library has no storyboard with the number {id}.", id=storyboard_id)
            values = (storyboard_id, check, digest, finding, who.strip(), reason.strip(), now())
            number = last_id(
                tx.execute(
                    "INSERT INTO clearance(storyboard_id, check_name, digest, finding, who, reason,"
                    " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
            )
            self._db.note("storyboards", [storyboard_id])
        return Clearance(number, *values)

    def of(self, storyboard_id: int) -> list[Clearance]:
        """All of a storyboard, the newest first."""
        rows = self._db.read().execute(
            f"SELECT {_CLEARANCE} FROM clearance WHERE storyboard_id = ? ORDER BY id DESC", (storyboard_id,)
        )
        return [Clearance(*row) for row in rows]

    def find(self, storyboard_id: int, check: str, digest: str) -> Clearance | None:
        """The newest one for exactly this state, or None."""
        return next((c for c in self.of(storyboard_id) if (c.check, c.digest) == (check, digest)), None)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises UsageError."""
    allowed = ("owner", "licence", "consent", "expires", "markets", "note")
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in allowed:
            raise UsageError(
                "Rights have no field {name}.", hint="There are: {names}.", name=key, names=", ".join(allowed)
            )
        if key == "markets":
            checked[key] = _markets(value)
        else:
            checked[key] = " ".join(str(value or "").split())[:2000]
    if checked.get("consent", "unknown") not in CONSENTS:
        raise UsageError(
            "Consent is unknown, given, refused or none needed, not {name}.", name=checked["consent"]
        )
    if checked.get("expires"):
        try:
            date.fromisoformat(checked["expires"])
        except ValueError as error:
            raise UsageError(
                "{day} is not a day.", hint="Write it as 2027-03-31.", day=checked["expires"][:40]
            ) from error
    return checked


def _markets(value: Any) -> tuple[str, ...]:
    codes = re.split(r"[\s,;]+", value) if isinstance(value, str) else [str(code) for code in value]
    return tuple(dict.fromkeys(checked_country(code) for code in codes if code.strip()))


def _row(rights: AssetRights) -> tuple[Any, ...]:
    return (
        rights.owner, rights.licence, rights.consent, rights.expires, to_json(list(rights.markets)),
        rights.note, rights.updated_at,
    )  # fmt: skip


def _rights(row: tuple[Any, ...]) -> AssetRights:
    asset_id, owner, licence, consent, expires, markets, note, updated_at = row
    return AssetRights(
        asset_id, owner, licence, consent, expires, tuple(json.loads(markets)), note, updated_at
    )
