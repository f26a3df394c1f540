"""Named, ordered sets of assets."""

from __future__ import annotations

from collections.abc import Sequence

from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import mark
from mmstudio.library.database import IN_IDS, Database, ids_json, now
from mmstudio.library.records import Collection
from mmstudio.library.undo import Change, UndoLog


class CollectionStore:
    """All collections. What is in them can be undone."""

    def __init__(self, db: Database, undo: UndoLog) -> None:
        self._db = db
        self._undo = undo

    def add(self, name: str) -> int:
        """Make an empty collection and return its id; one with this name is returned as it is."""
        wanted = name.strip()
        if not wanted:
            raise StudioError("A collection needs a name.", hint="Type a short name such as Summer.")
        with self._db.write() as tx:
            tx.execute("INSERT OR IGNORE INTO collection(name, created_at) VALUES (?, ?)", (wanted, now()))
            collection_id = int(
                tx.execute("SELECT id FROM collection WHERE name = ?", (wanted,)).fetchone()[0]
            )
            self._db.note("collections", [collection_id])
        return collection_id

    def list(self) -> list[Collection]:
        """All collections by name, with the number of assets that are not in the trash."""
        rows = self._db.read().execute(
            "SELECT id, name, (SELECT COUNT(*) FROM collection_asset JOIN asset ON asset.id = asset_id"
            " WHERE collection_id = collection.id AND status != 'trashed')"
            " FROM collection ORDER BY name COLLATE NOCASE"
        )
        return [Collection(*row) for row in rows]

    def remove(self, collection_id: int) -> None:
        """Delete a collection; its assets stay."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM collection WHERE id = ?", (collection_id,))
            self._db.note("collections", [collection_id])

    def put(self, collection_id: int, ids: Sequence[int]) -> None:
        """Add assets at the end. Raises NotFound."""
        with self._db.write() as tx:
            name = self._name(collection_id)
            last = tx.execute(
                "SELECT COALESCE(MAX(position), -1) FROM collection_asset WHERE collection_id = ?",
                (collection_id,),
            ).fetchone()[0]
            rows = tx.execute(
                f"SELECT id FROM asset WHERE id {IN_IDS} AND id NOT IN"
                " (SELECT asset_id FROM collection_asset WHERE collection_id = ?)",
                (ids_json(ids), collection_id),
            )
            new = {row[0] for row in rows.fetchall()}
            added = [asset_id for asset_id in dict.fromkeys(ids) if asset_id in new]
            placed = [(collection_id, asset_id, last + 1 + place) for place, asset_id in enumerate(added)]
            tx.conn.executemany(
                "INSERT INTO collection_asset(collection_id, asset_id, position) VALUES (?, ?, ?)", placed
            )
            change = Change(
                "collection_asset",
                ("collection_id", "asset_id"),
                ("position",),
                [((owner, asset_id), None, (place,)) for owner, asset_id, place in placed],
            )
            self._undo.record(tx, mark("Add to the collection {name}"), {"name": name}, [change])
            self._db.note("collections", [collection_id])

    def take(self, collection_id: int, ids: Sequence[int]) -> None:
        """Take assets out of a collection. Raises NotFound."""
        with self._db.write() as tx:
            name = self._name(collection_id)
            rows = tx.execute(
                "SELECT asset_id, position FROM collection_asset"
                f" WHERE collection_id = ? AND asset_id {IN_IDS}",
                (collection_id, ids_json(ids)),
            ).fetchall()
            tx.conn.executemany(
                "DELETE FROM collection_asset WHERE collection_id = ? AND asset_id = ?",
                [(collection_id, row[0]) for row in rows],
            )
            change = Change(
                "collection_asset",
                ("collection_id", "asset_id"),
                ("position",),
                [((collection_id, row[0]), (row[1],), None) for row in rows],
            )
            self._undo.record(tx, mark("Take out of the collection {name}"), {"name": name}, [change])
            self._db.note("collections", [collection_id])

    def _name(self, collection_id: int) -> str:
        row = self._db.read().execute("SELECT name FROM collection WHERE id = ?", (collection_id,)).fetchone()
        if row is None:
            raise NotFound("The library has no collection with the number {id}.", id=collection_id)
        return str(row[0])
