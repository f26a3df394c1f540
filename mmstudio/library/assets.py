"""The assets of a library: what an import adds and what a rescan finds changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mmstudio.library.asset_edits import AssetEdits
from mmstudio.library.asset_rows import COLUMNS, asset_from
from mmstudio.library.database import IN_IDS, ids_json, in_batches, now, to_json
from mmstudio.library.records import STATUSES, FileUpdate, NewAsset, Status
from mmstudio.library.roots import OWN_ROOT
from mmstudio.library.words import indexable, name_words

if TYPE_CHECKING:
    import sqlite_utils

_FILE_COLUMNS = (
    "root_id", "rel_path", "sha256", "size", "mtime_ns", "width", "height", "duration", "captured_at",
    "phash", "status", "status_note", "language",
)  # fmt: skip
_INSERT = (
    "INSERT INTO asset(id, kind, root_id, rel_path, sha256, size, mtime_ns, width, height, duration,"
    " captured_at, phash, title, caption, language, rights, origin, status, status_note, rating, added_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class AssetStore(AssetEdits):
    """All assets. Reading is safe from any thread; writes are one transaction per call."""

    def add_many(self, assets: Iterable[NewAsset]) -> list[int]:
        """Add assets and return their ids in order; a place that is taken keeps its row and gives its id.

        One transaction per thousand rows, or none of its own inside ``db.write()``.

        Raises:
            ValueError: for a relative path that is absolute or climbs out of its root.
        """
        ids: list[int] = []
        for batch in in_batches(assets):
            with self._db.write() as tx:
                added = self._add(tx, batch)
                ids += added
                self._db.note("assets", added)
                if any(asset.tags for asset in batch):
                    self._db.note("tags")
        return ids

    def _add(self, tx: sqlite_utils.Database, assets: Sequence[NewAsset]) -> list[int]:
        for asset in assets:
            _check_path(asset.rel_path)
        places = to_json([(asset.root_id, asset.rel_path) for asset in assets])
        known = {
            (row[0], row[1]): int(row[2])
            for row in tx.execute(
                "SELECT root_id, rel_path, asset.id FROM asset JOIN json_each(?) AS place"
                " ON root_id = place.value ->> 0 AND rel_path = place.value ->> 1",
                (places,),
            )
        }
        row = tx.execute("SELECT seq FROM sqlite_sequence WHERE name = 'asset'").fetchone()
        next_id = (int(row[0]) if row is not None else 0) + 1
        new: list[tuple[int, NewAsset]] = []
        ids = []
        for asset in assets:
            place = (asset.root_id, asset.rel_path)
            if place not in known:
                known[place] = next_id
                new.append((next_id, asset))
                next_id += 1
            ids.append(known[place])
        self._insert(tx, new)
        return ids

    def _insert(self, tx: sqlite_utils.Database, new: Sequence[tuple[int, NewAsset]]) -> None:
        moment = now()
        tx.conn.executemany(
            _INSERT,
            [
                (
                    asset_id, asset.kind, asset.root_id, asset.rel_path, asset.sha256, asset.size,
                    asset.mtime_ns, asset.width, asset.height, asset.duration, asset.captured_at, asset.phash,
                    asset.title, asset.caption, asset.language, asset.rights, asset.origin, asset.status,
                    asset.status_note, asset.rating, moment,
                )
                for asset_id, asset in new
            ],
        )  # fmt: skip
        tx.conn.executemany(
            "INSERT INTO asset_text(asset_id, text) VALUES (?, ?)",
            [(asset_id, asset.text) for asset_id, asset in new if asset.text],
        )
        tx.conn.executemany(
            "INSERT INTO asset_search(rowid, title, caption, name, text) VALUES (?, ?, ?, ?, ?)",
            [
                (
                    asset_id, indexable(asset.title), indexable(asset.caption), name_words(asset.rel_path),
                    indexable(asset.text),
                )
                for asset_id, asset in new
            ],
        )  # fmt: skip
        tags: dict[tuple[str, ...], list[int]] = {}
        for _asset_id, asset in new:
            if asset.tags not in tags:
                tags[asset.tags] = self._tag_ids(tx, asset.tags)
        tx.conn.executemany(
            "INSERT INTO asset_tag(asset_id, tag_id) VALUES (?, ?)",
            [(asset_id, tag_id) for asset_id, asset in new for tag_id in tags[asset.tags]],
        )

    def update_files(self, updates: Iterable[FileUpdate]) -> None:
        """Record what changed about files: moved, edited, found again. New content drops the old vectors."""
        for batch in in_batches(updates):
            with self._db.write() as tx:
                for update in batch:
                    self._update_file(tx, update)
                # Only a new place or new words change what a search finds.
                self._index(
                    tx, [one.asset_id for one in batch if one.rel_path is not None or one.text is not None]
                )
                self._db.note("assets", [one.asset_id for one in batch])

    def _update_file(self, tx: sqlite_utils.Database, update: FileUpdate) -> None:
        given = {name: getattr(update, name) for name in _FILE_COLUMNS if getattr(update, name) is not None}
        if update.rel_path is not None:
            _check_path(update.rel_path)
        if update.sha256 is not None:
            row = tx.execute("SELECT sha256 FROM asset WHERE id = ?", (update.asset_id,)).fetchone()
            if row is not None and row[0] != update.sha256:
                self._drop_vectors(tx, [update.asset_id])
        if given:
            # What is in the trash stays there, whatever a rescan finds on the disk.
            kept = {"status": "CASE status WHEN 'trashed' THEN status ELSE ? END"}
            assignments = ", ".join(f"{name} = {kept.get(name, '?')}" for name in given)
            tx.execute(f"UPDATE asset SET {assignments} WHERE id = ?", (*given.values(), update.asset_id))
        if update.text is not None:
            self._put_text(tx, update.asset_id, update.text)

    def set_text(self, asset_id: int, text: str, language: str | None = None) -> None:
        """Set the searchable content of an asset (a document's text, a transcript) and its language."""
        with self._db.write() as tx:
            self._put_text(tx, asset_id, text)
            tx.execute("UPDATE asset SET language = ? WHERE id = ?", (language, asset_id))
            self._index(tx, [asset_id])
            self._db.note("assets", [asset_id])

    def set_status(self, asset_id: int, status: Status, note: str = "") -> None:
        """Record what a check or rescan found; a trashed asset stays trashed. Raises ValueError."""
        if status not in STATUSES or status == "trashed":
            raise ValueError(f"a status is one of {STATUSES} and trash() trashes, not {status!r}")
        with self._db.write() as tx:
            tx.execute(
                "UPDATE asset SET status = ?, status_note = ? WHERE id = ? AND status != 'trashed'",
                (status, note, asset_id),
            )
            self._db.note("assets", [asset_id])

    def remember(self, sha256: str) -> None:
        """Take a hash off the list of deleted content, because a person imports it again on purpose."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM forgotten WHERE sha256 = ?", (sha256,))

    def empty_trash(self) -> int:
        """Delete trashed assets for good, with the files the studio owns; returns how many.

        Originals outside the library stay. The hashes are remembered. This and every edit before it can no
        longer be undone.
        """
        rows = self._db.read().execute(f"SELECT {COLUMNS} FROM asset WHERE status = 'trashed'").fetchall()
        trashed = [asset_from(row) for row in rows]
        gone = [asset for asset in trashed if asset.root_id != OWN_ROOT or self._trash.delete(asset)]
        with self._db.write() as tx:
            tx.conn.executemany(
                "INSERT OR IGNORE INTO forgotten(sha256, at) VALUES (?, ?)",
                [(asset.sha256, now()) for asset in gone],
            )
            tx.execute(f"DELETE FROM asset WHERE id {IN_IDS}", (ids_json(asset.id for asset in gone),))
            if gone:
                self._undo.forget(tx)
            self._db.note("assets", [asset.id for asset in gone])
            self._db.note("tags")
        for asset in gone:
            if not self.by_sha256(asset.sha256):
                self.thumbnail_path(asset.sha256).unlink(missing_ok=True)
        return len(gone)

    def _put_text(self, tx: sqlite_utils.Database, asset_id: int, text: str) -> None:
        tx.execute("INSERT OR REPLACE INTO asset_text(asset_id, text) VALUES (?, ?)", (asset_id, text))

    def _drop_vectors(self, tx: sqlite_utils.Database, ids: Sequence[int]) -> None:
        tx.execute(
            f"DELETE FROM feature WHERE target_id {IN_IDS}"
            " AND set_id IN (SELECT id FROM feature_set WHERE target = 'asset')",
            (ids_json(ids),),
        )
        for table in ("measure", "colour", "scene"):
            tx.execute(f"DELETE FROM {table} WHERE asset_id {IN_IDS}", (ids_json(ids),))
        self._db.note("features")
        self._db.note("facts", ids)


def _check_path(rel_path: str) -> None:
    path = PurePosixPath(rel_path)
    if not rel_path or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"not a path below a root: {rel_path!r}")
