"""Items: products, lessons, films. Their assets by role, and what a person edits about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import mark
from mmstudio.library.conditions import item_tests
from mmstudio.library.database import IN_IDS, Database, ids_json, in_batches, now, to_json
from mmstudio.library.item_query import item_query
from mmstudio.library.item_texts import ItemTexts
from mmstudio.library.records import ROLES, Item, ItemAsset, NewItem, Role
from mmstudio.library.undo import Change, UndoLog
from mmstudio.library.words import indexable

if TYPE_CHECKING:
    import sqlite_utils

    from mmstudio.library.filters import AssetFilter
    from mmstudio.library.sqlite import sqlite3

_COLUMNS = "id, sku, title, description, price, currency, category, url, attributes"
_EDITABLE = ("sku", "title", "description", "price", "currency", "category", "url", "attributes")


def _item(row: sqlite3.Row) -> Item:
    return Item(**{**dict(row), "attributes": json.loads(row["attributes"])})


class ItemStore(ItemTexts):
    """All items. Reading is safe from any thread."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        super().__init__(db)
        self._undo = undo
        undo.follow("item", self._index)

    def get(self, item_id: int) -> Item:
        """One item. Raises NotFound."""
        row = self._db.read().execute(f"SELECT {_COLUMNS} FROM item WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise NotFound("The library has no item with the number {id}.", id=item_id)
        return _item(row)

    def get_many(self, ids: Sequence[int]) -> list[Item]:
        """Items in the order of ``ids``; those that do not exist are left out."""
        rows = self._db.read().execute(f"SELECT {_COLUMNS} FROM item WHERE id {IN_IDS}", (ids_json(ids),))
        found = {row[0]: _item(row) for row in rows}
        return [found[item_id] for item_id in ids if item_id in found]

    def by_sku(self, sku: str) -> Item | None:
        """The item with this sku, or None."""
        row = self._db.read().execute(f"SELECT {_COLUMNS} FROM item WHERE sku = ?", (sku,)).fetchone()
        return None if row is None else _item(row)

    def skus(self) -> dict[str, int]:
        """Every sku with its item id: one query for the import of a large table."""
        return {row[0]: row[1] for row in self._db.read().execute("SELECT sku, id FROM item")}

    def ids(self, text: str = "", category: str | None = None) -> list[int]:
        """Ids by title, or best match first where ``text`` holds words.

        Words are looked for in title (which counts most), description, sku, category and attributes.
        ``text`` is a query line: ``price:10..30`` and ``category:`` narrow the items, and filters of media
        (``color:teal``) keep the items that have such media.
        """
        source, conditions, parameters, order = item_query(self._db.read(), text, category)
        sql = f"SELECT id FROM {source} WHERE {conditions} ORDER BY {order}"
        return [row[0] for row in self._db.read().execute(sql, parameters)]

    def ids_of(self, wanted: AssetFilter) -> list[int]:
        """Ids of the items that a filter's own wishes of items (price, category) allow."""
        tests = item_tests(wanted)
        sql = f"SELECT id FROM item WHERE {' AND '.join(test for test, _value in tests) or '1'} ORDER BY id"
        return [row[0] for row in self._db.read().execute(sql, [value for _test, value in tests])]

    def count(self, text: str = "", category: str | None = None) -> int:
        """How many items match."""
        source, conditions, parameters, _order = item_query(self._db.read(), text, category)
        row = (
            self._db.read()
            .execute(f"SELECT COUNT(*) FROM {source} WHERE {conditions}", parameters)
            .fetchone()
        )
        return int(row[0])

    def categories(self) -> list[tuple[str, int]]:
        """Categories in use with their number of items, largest first."""
        rows = self._db.read().execute(
            "SELECT category, COUNT(*) FROM item WHERE category != '' GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return [(row[0], row[1]) for row in rows]

    def upsert_many(self, items: Iterable[NewItem]) -> list[int]:
        """Add items, or replace the fields of those whose sku is known; returns their ids in order."""
        ids: list[int] = []
        for batch in in_batches(items):
            with self._db.write() as tx:
                written = [self._upsert(tx, item) for item in batch]
                self._miss(tx, {i: item.missing_media for i, item in zip(written, batch, strict=True)})
                self._index(tx, list(dict.fromkeys(written)))
                self._db.note("items", written)
                ids += written
        return ids

    def _upsert(self, tx: sqlite_utils.Database, item: NewItem) -> int:
        moment = now()
        values = (
            item.title, item.description, item.price, item.currency, item.category, item.url,
            to_json(item.attributes), item.sku, moment, moment,
        )  # fmt: skip
        row = tx.execute(
            "INSERT INTO item(title, description, price, currency, category, url, attributes, sku,"
            " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(sku) DO UPDATE SET"
            " title = excluded.title, description = excluded.description, price = excluded.price,"
            " currency = excluded.currency, category = excluded.category, url = excluded.url,"
            " attributes = excluded.attributes, updated_at = excluded.updated_at RETURNING id",
            values,
        ).fetchone()
        return int(row[0])

    def update(self, item_id: int, **fields: Any) -> None:
        """Change fields of an item (sku, title, description, price, currency, category, url, attributes).

        Undoable. Raises NotFound, StudioError where the sku is taken, ValueError for an unknown field.
        """
        unknown = set(fields) - set(_EDITABLE)
        if unknown:
            raise ValueError(f"an item has no {sorted(unknown)}")
        if "attributes" in fields:
            fields["attributes"] = to_json(fields["attributes"])
        item = self.get(item_id)
        other = self.by_sku(fields["sku"]) if "sku" in fields else None
        if other is not None and other.id != item_id:
            raise StudioError(
                "There is an item with the sku {sku} already.", hint="Choose another sku.", sku=other.sku
            )
        with self._db.write() as tx:
            columns = tuple(fields)
            if not columns:
                return
            row = tx.execute(f"SELECT {', '.join(columns)} FROM item WHERE id = ?", (item_id,)).fetchone()
            before, after = tuple(row), tuple(fields.values())
            if before == after:
                return
            assignments = ", ".join(f"{name} = ?" for name in columns)
            tx.execute(
                f"UPDATE item SET {assignments}, updated_at = ? WHERE id = ?", (*after, now(), item_id)
            )
            self._index(tx, [item_id])
            self._undo.record(
                tx,
                mark("Edit {title}"),
                {"title": item.title or item.sku},
                [Change("item", ("id",), columns, [((item_id,), before, after)])],
            )
            self._db.note("items", [item_id])

    # -- assets of items ---------------------------------------------------------------------------------

    def assets_of(self, item_id: int) -> list[ItemAsset]:
        """Usable assets of an item, by role (hero first) and position."""
        rows = self._db.read().execute(
            "SELECT asset_id, role, position FROM item_asset JOIN asset ON asset.id = asset_id"
            " WHERE item_id = ? AND status = 'ok'",
            (item_id,),
        )
        found = [ItemAsset(*row) for row in rows]
        return sorted(found, key=lambda link: (ROLES.index(link.role), link.position, link.asset_id))

    def all_assets_of(self, item_id: int) -> list[ItemAsset]:
        """The same with assets that are missing, corrupt or in the trash, by role and position."""
        rows = self._db.read().execute(
            "SELECT asset_id, role, position FROM item_asset WHERE item_id = ?"
            " ORDER BY role, position, asset_id",
            (item_id,),
        )
        return [ItemAsset(*row) for row in rows]

    def hero_of(self, item_id: int) -> int | None:
        """The asset that shows the item: its hero, else its first picture, else None."""
        return self.heroes_of([item_id]).get(item_id)

    def heroes_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Hero by item, in one query; items without a picture are left out."""
        rows = self._db.read().execute(
            "SELECT item_id, asset_id FROM item_asset JOIN asset ON asset.id = asset_id"
            f" WHERE item_id {IN_IDS} AND status = 'ok' AND kind = 'image'"
            " AND role IN ('hero', 'detail') ORDER BY item_id, role = 'hero' DESC, position, asset_id",
            (ids_json(ids),),
        )
        heroes: dict[int, int] = {}
        for item_id, asset_id in rows:
            heroes.setdefault(item_id, asset_id)
        return heroes

    def asset_ids_by_item(self) -> dict[int, list[int]]:
        """Ids of the usable assets of every item that has any, in one query."""
        found: dict[int, list[int]] = {}
        for item_id, asset_id in self._db.read().execute(
            "SELECT item_id, asset_id FROM item_asset JOIN asset ON asset.id = asset_id"
            " WHERE status = 'ok' ORDER BY item_id, position, asset_id"
        ):
            found.setdefault(item_id, []).append(asset_id)
        return found

    def rights_by_item(self) -> dict[int, frozenset[str]]:
        """Rights of the usable assets of every item, in one query; items without assets are left out."""
        found: dict[int, set[str]] = {}
        for item_id, rights in self._db.read().execute(
            "SELECT DISTINCT item_id, rights FROM item_asset JOIN asset ON asset.id = asset_id"
            " WHERE status = 'ok'"
        ):
            found.setdefault(item_id, set()).add(rights)
        return {item_id: frozenset(rights) for item_id, rights in found.items()}

    def items_of_asset(self, asset_id: int) -> list[int]:
        """Items that use an asset."""
        rows = self._db.read().execute(
            "SELECT DISTINCT item_id FROM item_asset WHERE asset_id = ? ORDER BY 1", (asset_id,)
        )
        return [row[0] for row in rows]

    def set_assets(self, item_id: int, links: Iterable[ItemAsset]) -> None:
        """Replace the assets of an item. Undoable."""
        after = {(link.asset_id, link.role): link.position for link in links}
        with self._db.write() as tx:
            rows = tx.execute("SELECT asset_id, role, position FROM item_asset WHERE item_id = ?", (item_id,))
            before = {(row[0], row[1]): row[2] for row in rows.fetchall()}
            changes = [
                (
                    (item_id, *pair),
                    (before[pair],) if pair in before else None,
                    (after[pair],) if pair in after else None,
                )
                for pair in {**before, **after}
                if before.get(pair) != after.get(pair)
            ]
            if not changes:
                return
            tx.execute("DELETE FROM item_asset WHERE item_id = ?", (item_id,))
            tx.conn.executemany(
                "INSERT INTO item_asset(item_id, asset_id, role, position) VALUES (?, ?, ?, ?)",
                [(item_id, *pair, position) for pair, position in after.items()],
            )
            title = tx.execute("SELECT title FROM item WHERE id = ?", (item_id,)).fetchone()
            self._undo.record(
                tx,
                mark("Change the media of {title}"),
                {"title": title[0] if title else ""},
                [Change("item_asset", ("item_id", "asset_id", "role"), ("position",), list(changes))],
            )
            self._db.note("items", [item_id])

    def link_asset(self, item_id: int, asset_id: int, role: Role, position: int = 0) -> None:
        """Give an item one more asset, as an import does; the same link only moves to ``position``."""
        with self._db.write() as tx:
            tx.execute(
                "INSERT INTO item_asset(item_id, asset_id, role, position) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET position = excluded.position",
                (item_id, asset_id, role, position),
            )
            self._db.note("items", [item_id])

    def missing_media(self, item_id: int) -> list[str]:
        """Names a catalogue gave for an item that no imported file has."""
        rows = self._db.read().execute(
            "SELECT name FROM item_missing_media WHERE item_id = ? ORDER BY name", (item_id,)
        )
        return [row[0] for row in rows]

    def set_missing_media(self, item_id: int, names: Iterable[str]) -> None:
        """Replace the names of media that an item still misses."""
        self.set_missing_media_of({item_id: names})

    def set_missing_media_of(self, names: Mapping[int, Iterable[str]]) -> None:
        """The same of many items: item id → names."""
        with self._db.write() as tx:
            self._miss(tx, names)
            self._db.note("items", names)

    @staticmethod
    def _miss(tx: sqlite_utils.Database, names: Mapping[int, Iterable[str]]) -> None:
        tx.execute(f"DELETE FROM item_missing_media WHERE item_id {IN_IDS}", (ids_json(names),))
        tx.conn.executemany(
            "INSERT OR IGNORE INTO item_missing_media(item_id, name) VALUES (?, ?)",
            [(item_id, name) for item_id, own in names.items() for name in own],
        )

    def _index(self, tx: sqlite_utils.Database, ids: Sequence[int]) -> None:
        wanted = ids_json(ids)
        rows = tx.execute(
            f"SELECT id, title, description, sku, category, attributes FROM item WHERE id {IN_IDS}", (wanted,)
        ).fetchall()
        tx.execute(f"DELETE FROM item_search WHERE rowid {IN_IDS}", (wanted,))
        tx.conn.executemany(
            "INSERT INTO item_search(rowid, title, description, other) VALUES (?, ?, ?, ?)",
            [
                (
                    row[0],
                    indexable(row[1]),
                    indexable(row[2]),
                    indexable(" ".join([row[3], row[4], *map(str, json.loads(row[5]).values())])),
                )
                for row in rows
            ],
        )
