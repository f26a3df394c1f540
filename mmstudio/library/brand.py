"""Rules of the library's brand, and the texts that persons answer for."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from mmstudio.errors import NotFound, UsageError
from mmstudio.library.copy_records import RULE_KINDS, Brand, BrandRule, Override, RuleKind
from mmstudio.library.database import Database, last_id, now, to_json

_OVERRIDE = "id, item_id, sku, locale, text, spans, who, reason, created_at"


class BrandStore:
    """Banned, allowed and required words of a library."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self) -> Brand:
        """All rules, the oldest first."""
        rows = self._db.read().execute(
            "SELECT kind, text, locale, needed_when, id FROM brand_rule ORDER BY id"
        )
        return Brand(tuple(BrandRule(*row) for row in rows))

    def add(self, kind: RuleKind, text: str, locale: str = "", when: str = "") -> int:
        """Add a rule and return its id; the same rule again is one rule.

        Banning what was allowed takes the permission back, and the reverse.

        Raises:
            UsageError: an empty text or an unknown kind.
        """
        words = " ".join(text.split())
        if not words or kind not in RULE_KINDS:
            raise UsageError("A rule of the brand needs words.", hint="Give a word, a phrase or a sentence.")
        row = (kind, words, locale.strip(), " ".join(when.split()))
        with self._db.write() as tx:
            if kind != "require":
                other = "allow" if kind == "ban" else "ban"
                tx.execute(
                    "DELETE FROM brand_rule WHERE kind = ? AND lower(text) = lower(?) AND locale = ?",
                    (other, words, row[2]),
                )
            known = tx.execute(
                "SELECT id FROM brand_rule WHERE kind = ? AND text = ? AND locale = ? AND needed_when = ?",
                row,
            ).fetchone()
            if known is not None:
                return int(known[0])
            rule = last_id(
                tx.execute(
                    "INSERT INTO brand_rule(kind, text, locale, needed_when, created_at) VALUES (?, "
                    "?, ?, ?, ?)",
                    (*row, now()),
                )
            )
            self._db.note("brand", [rule])
        return rule

    def remove(self, text: str, kind: RuleKind | None = None) -> int:
        """Forget all rules with these words; returns how many there were."""
        words = " ".join(text.split())
        with self._db.write() as tx:
            cursor = tx.execute(
                "DELETE FROM brand_rule WHERE lower(text) = lower(?) AND (? IS NULL OR kind = ?)",
                (words, kind, kind),
            )
            self._db.note("brand")
        return int(cursor.rowcount)


class OverrideStore:
    """Texts that are exported as they are because a person answers for them. Nothing here is ever changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        item_id: int | None,
        locale: str,
        text: str,
        spans: Iterable[Mapping[str, Any]],
        who: str,
        reason: str,
    ) -> Override:
        """Record an override and return it. Raises NotFound where there is no such item."""
        with self._db.write() as tx:
            sku = ""
            if item_id is not None:
                row = tx.execute("SELECT sku FROM item WHERE id = ?", (item_id,)).fetchone()
                if row is None:
                    raise NotFound("The library has no item with the number {id}.", id=item_id)
                sku = row[0]
            values = (item_id, sku, locale, text, to_json([dict(span) for span in spans]), who, reason, now())
            number = last_id(
                tx.execute(
                    "INSERT INTO copy_override(item_id, sku, locale, text, spans, who, reason, "
                    "created_at, digest)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*values, digest_of(text)),
                )
            )
            self._db.note("overrides", [number])
        return self.get(number)

    def get(self, override_id: int) -> Override:
        """One override. Raises NotFound."""
        row = self._db.read().execute(
            f"SELECT {_OVERRIDE} FROM copy_override WHERE id = ?", (override_id,)
        ).fetchone()  # fmt: skip
        if row is None:
            raise NotFound("The library has no override with the number {id}.", id=override_id)
        return _override(tuple(row))

    def of_text(self, text: str, item_id: int | None) -> list[Override]:
        """Overrides of exactly this text (white space apart) for an item, the newest first."""
        rows = self._db.read().execute(
            f"SELECT {_OVERRIDE} FROM copy_override WHERE digest = ? AND item_id IS ? ORDER BY id DESC",
            (digest_of(text), item_id),
        )
        return [_override(tuple(row)) for row in rows]

    def list(self, item_id: int | None = None) -> list[Override]:
        """All overrides, or those of an item, the newest first."""
        rows = self._db.read().execute(
            f"SELECT {_OVERRIDE} FROM copy_override WHERE ? IS NULL OR item_id = ? ORDER BY id DESC",
            (item_id, item_id),
        )
        return [_override(tuple(row)) for row in rows]


def digest_of(text: str) -> str:
    """SHA-256 of a text, the same however its white space is set."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _override(row: tuple[Any, ...]) -> Override:
    number, item_id, sku, locale, text, spans, who, reason, created_at = row
    return Override(number, item_id, sku, locale, text, tuple(json.loads(spans)), who, reason, created_at)
