"""Brand kits of a library: several looks, one of which new storyboards take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmstudio.errors import NotFound, UsageError
from mmstudio.library.database import Database, last_id, now, to_json

_COLUMNS = "id, name, data, chosen, updated_at"


@dataclass(frozen=True, slots=True)
class BrandKitRow:
    """A saved kit; ``data`` is its plain form (see ``mmstudio.composition.brand.kit.BrandKit``)."""

    id: int
    name: str
    data: dict[str, Any]
    chosen: bool
    updated_at: str


class BrandKitStore:
    """Kits by name. At most one is chosen."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list(self) -> list[BrandKitRow]:
        """Every kit, by name."""
        rows = self._db.read().execute(f"SELECT {_COLUMNS} FROM brand_kit ORDER BY name COLLATE NOCASE")
        return [_row(tuple(row)) for row in rows]

    def get(self, kit: int | str) -> BrandKitRow:
        """A kit by its number or its name. Raises NotFound."""
        column = "id" if isinstance(kit, int) else "name"
        row = (
            self._db.read().execute(f"SELECT {_COLUMNS} FROM brand_kit WHERE {column} = ?", (kit,)).fetchone()
        )
        if row is None:
            raise NotFound(
                "There is no brand kit named {name}.",
                hint="mmstudio brand LIB kits lists them.",
                name=str(kit),
            )
        return _row(tuple(row))

    def chosen(self) -> BrandKitRow | None:
        """The kit that new storyboards take, if any."""
        row = self._db.read().execute(f"SELECT {_COLUMNS} FROM brand_kit WHERE chosen = 1").fetchone()
        return None if row is None else _row(tuple(row))

    def save(self, name: str, data: Mapping[str, Any], id: int | None = None) -> int:  # noqa: A002 - the field's name
        """Keep a kit and return its id; with ``id`` an earlier one is replaced. The first kit is chosen.

        Raises:
            UsageError: no name, or another kit has it. NotFound: no kit with this id.
        """
        words = " ".join(name.split())[:120]
        if not words:
            raise UsageError("A brand kit needs a name.", hint="Give it a name.")
        with self._db.write() as tx:
            same = tx.execute("SELECT id FROM brand_kit WHERE name = ?", (words,)).fetchone()
            if same is not None and same[0] != id:
                raise UsageError(
                    "There is a brand kit named {name} already.", hint="Choose another name.", name=words
                )
            if id is not None:
                self.get(id)
                tx.execute(
                    "UPDATE brand_kit SET name = ?, data = ?, updated_at = ? WHERE id = ?",
                    (words, to_json(dict(data)), now(), id),
                )
                kept = id
            else:
                first = tx.execute("SELECT count(*) FROM brand_kit").fetchone()[0] == 0
                kept = last_id(
                    tx.execute(
                        "INSERT INTO brand_kit(name, data, chosen, updated_at) VALUES (?, ?, ?, ?)",
                        (words, to_json(dict(data)), int(first), now()),
                    )
                )
            self._db.note("brand", [kept])
        return kept

    def choose(self, kit_id: int | None) -> None:
        """Let new storyboards take this kit; None: none. Raises NotFound."""
        if kit_id is not None:
            self.get(kit_id)
        with self._db.write() as tx:
            tx.execute("UPDATE brand_kit SET chosen = (id IS ?)", (kit_id,))
            self._db.note("brand")

    def remove(self, kit_id: int) -> None:
        """Forget a kit; storyboards made with it keep their look. Raises NotFound."""
        self.get(kit_id)
        with self._db.write() as tx:
            tx.execute("DELETE FROM brand_kit WHERE id = ?", (kit_id,))
            self._db.note("brand")


def _row(row: tuple[Any, ...]) -> BrandKitRow:
    number, name, data, chosen, updated_at = row
    return BrandKitRow(number, name, json.loads(data), bool(chosen), updated_at)
