"""What a person changes about assets: every edit is one transaction, announced, and can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, get_args

from mmstudio.i18n import mark
from mmstudio.library.asset_rows import COLUMNS, AssetRows, asset_from
from mmstudio.library.database import IN_IDS, ids_json, last_id
from mmstudio.library.records import Rights
from mmstudio.library.roots import OWN_ROOT
from mmstudio.library.undo import Change, UndoLog
from mmstudio.library.words import fold, indexable, name_words

if TYPE_CHECKING:
    import sqlite_utils


class AssetEdits(AssetRows):
    """Undoable edits. Ids that do not exist are ignored; an edit that changes nothing leaves no trace."""

    def __init__(self, undo: UndoLog, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._undo = undo
        undo.follow("asset", self._after_undo)

    def set_title(self, ids: Sequence[int], title: str) -> None:
        """Name assets."""
        self._set(ids, {"title": title.strip()}, (mark("Rename an asset"), mark("Rename {n} assets")))

    def set_caption(self, ids: Sequence[int], caption: str) -> None:
        """Describe assets."""
        self._set(ids, {"caption": caption.strip()}, (mark("Describe an asset"), mark("Describe {n} assets")))

    def set_rating(self, ids: Sequence[int], rating: int) -> None:
        """Rate assets 0 (none) to 5. Raises ValueError outside."""
        if not 0 <= rating <= 5:
            raise ValueError(f"a rating is 0 to 5, not {rating}")
        self._set(ids, {"rating": rating}, (mark("Rate an asset"), mark("Rate {n} assets")))

    def set_rights(self, ids: Sequence[int], rights: Rights) -> None:
        """Say what may be done with assets. Raises ValueError for an unknown word."""
        if rights not in get_args(Rights):
            raise ValueError(f"rights are one of {get_args(Rights)}, not {rights!r}")
        self._set(
            ids,
            {"rights": rights},
            (mark("Set the rights of an asset"), mark("Set the rights of {n} assets")),
        )

    def relocate(self, asset_id: int, root_id: int, rel_path: str, mtime_ns: int) -> None:
        """Say where the unchanged file of an asset is now; a missing one is usable again.

        Raises NotFound, ValueError for a path that is absolute or climbs out of its root, the database's
        error where another asset has that place.
        """
        path = PurePosixPath(rel_path)
        if not rel_path or path.is_absolute() or ".." in path.parts:
            raise ValueError(f"not a path below a root: {rel_path!r}")
        values: dict[str, Any] = {"root_id": root_id, "rel_path": rel_path, "mtime_ns": mtime_ns}
        if self.get(asset_id).status == "missing":
            values |= {"status": "ok", "status_note": ""}
        self._set([asset_id], values, (mark("Find a file again"), mark("Find {n} files again")))
        self.reindex([asset_id])

    def trash(self, ids: Sequence[int]) -> None:
        """Take assets out of the library. Files the studio owns move to its trash; originals stay."""
        with self._db.write() as tx:
            rows = tx.execute(
                f"SELECT id, status, status_before FROM asset WHERE status != 'trashed' AND id {IN_IDS}",
                (ids_json(ids),),
            ).fetchall()
            self._change_status(
                tx,
                [((row[0],), (row[1], row[2]), ("trashed", row[1])) for row in rows],
                (mark("Move an asset to the trash"), mark("Move {n} assets to the trash")),
            )

    def restore(self, ids: Sequence[int]) -> None:
        """Bring trashed assets back as they were."""
        with self._db.write() as tx:
            rows = tx.execute(
                f"SELECT id, status, status_before FROM asset WHERE status = 'trashed' AND id {IN_IDS}",
                (ids_json(ids),),
            ).fetchall()
            self._change_status(
                tx,
                [((row[0],), (row[1], row[2]), (row[2] or "ok", None)) for row in rows],
                (mark("Restore an asset"), mark("Restore {n} assets")),
            )

    def add_tags(self, ids: Sequence[int], names: Iterable[str]) -> None:
        """Add tags; spellings that differ only in case or width are one tag."""
        with self._db.write() as tx:
            added = []
            for tag_id in self._tag_ids(tx, names):
                rows = tx.execute(
                    f"SELECT id FROM asset WHERE id {IN_IDS}"
                    " AND id NOT IN (SELECT asset_id FROM asset_tag WHERE tag_id = ?)",
                    (ids_json(ids), tag_id),
                )
                added += [(row[0], tag_id) for row in rows.fetchall()]
            tx.conn.executemany("INSERT INTO asset_tag(asset_id, tag_id) VALUES (?, ?)", added)
            changes: list[Any] = [(pair, None, ()) for pair in added]
            self._tags_changed(tx, changes, (mark("Tag an asset"), mark("Tag {n} assets")))

    def remove_tags(self, ids: Sequence[int], names: Iterable[str]) -> None:
        """Remove tags where they are."""
        with self._db.write() as tx:
            keys = [fold(name) for name in names]
            rows = tx.execute(
                f"SELECT asset_id, tag_id FROM asset_tag WHERE asset_id {IN_IDS} AND tag_id IN"
                f" (SELECT id FROM tag WHERE key IN ({', '.join('?' * len(keys))}))",
                (ids_json(ids), *keys),
            )
            removed = [(row[0], row[1]) for row in rows.fetchall()]
            tx.conn.executemany("DELETE FROM asset_tag WHERE asset_id = ? AND tag_id = ?", removed)
            changes: list[Any] = [(pair, (), None) for pair in removed]
            self._tags_changed(tx, changes, (mark("Untag an asset"), mark("Untag {n} assets")))

    def refuse_tag(self, ids: Sequence[int], name: str) -> None:
        """Remember that a suggested tag is wrong for assets: it is not suggested for them again."""
        with self._db.write() as tx:
            for tag_id in self._tag_ids(tx, [name]):
                rows = tx.execute(
                    f"SELECT id FROM asset WHERE id {IN_IDS}"
                    " AND id NOT IN (SELECT asset_id FROM tag_refused WHERE tag_id = ?)",
                    (ids_json(ids), tag_id),
                )
                new = [(row[0], tag_id) for row in rows.fetchall()]
                tx.conn.executemany("INSERT INTO tag_refused(asset_id, tag_id) VALUES (?, ?)", new)
                changes: list[Any] = [(pair, None, ()) for pair in new]
                if changes:
                    self._undo.record(
                        tx, mark("Refuse the tag {tag}"), {"tag": name},
                        [Change("tag_refused", ("asset_id", "tag_id"), (), changes)],
                    )  # fmt: skip
                    self._db.note("tags")

    def refused(self, name: str) -> set[int]:
        """Assets that a tag was refused for."""
        rows = self._db.read().execute(
            "SELECT asset_id FROM tag_refused JOIN tag ON tag.id = tag_id WHERE key = ?", (fold(name),)
        )
        return {row[0] for row in rows}

    def reindex(self, ids: Sequence[int]) -> None:
        """Write the full-text rows of assets anew, as a repair does."""
        with self._db.write() as tx:
            self._index(tx, ids)

    def _set(self, ids: Sequence[int], values: Mapping[str, Any], label: tuple[str, str]) -> None:
        columns = tuple(values)
        after = tuple(values.values())
        with self._db.write() as tx:
            rows = tx.execute(
                f"SELECT id, {', '.join(columns)} FROM asset WHERE id {IN_IDS}", (ids_json(ids),)
            ).fetchall()
            changed = [((row[0],), tuple(row)[1:], after) for row in rows if tuple(row)[1:] != after]
            assignments = ", ".join(f"{name} = ?" for name in columns)
            tx.conn.executemany(
                f"UPDATE asset SET {assignments} WHERE id = ?", [(*after, *key) for key, _b, _a in changed]
            )
            self._changed(tx, Change("asset", ("id",), columns, list(changed)), label)

    def _change_status(self, tx: sqlite_utils.Database, rows: list[Any], label: tuple[str, str]) -> None:
        tx.conn.executemany(
            "UPDATE asset SET status = ?, status_before = ? WHERE id = ?",
            [(*after, *key) for key, _before, after in rows],
        )
        self._changed(tx, Change("asset", ("id",), ("status", "status_before"), rows), label)

    def _changed(self, tx: sqlite_utils.Database, change: Change, label: tuple[str, str]) -> None:
        ids = [key[0] for key, _before, _after in change.rows]
        if not ids:
            return
        self._follow(tx, ids, change.columns)
        self._undo.record(tx, label[len(ids) > 1], {"n": len(ids)}, [change])
        self._db.note("assets", ids)

    def _tags_changed(self, tx: sqlite_utils.Database, rows: list[Any], label: tuple[str, str]) -> None:
        ids = sorted({key[0] for key, _before, _after in rows})
        if not ids:
            return
        self._undo.record(
            tx, label[len(ids) > 1], {"n": len(ids)}, [Change("asset_tag", ("asset_id", "tag_id"), (), rows)]
        )
        self._db.note("assets", ids)
        self._db.note("tags")

    def _tag_ids(self, tx: sqlite_utils.Database, names: Iterable[str]) -> list[int]:
        """Ids of tags, made where they are new."""
        found: dict[int, None] = {}
        for name in names:
            key, shown = fold(name), " ".join(name.split())
            if not key:
                continue
            row = tx.execute("SELECT id FROM tag WHERE key = ?", (key,)).fetchone()
            if row is None:
                tag_id = last_id(tx.execute("INSERT INTO tag(name, key) VALUES (?, ?)", (shown, key)))
                tx.execute("INSERT INTO tag_search(rowid, name) VALUES (?, ?)", (tag_id, indexable(shown)))
            else:
                tag_id = int(row[0])
            found[tag_id] = None
        return list(found)

    def _after_undo(self, tx: sqlite_utils.Database, ids: list[int]) -> None:
        self._follow(tx, ids, ("title", "status"))

    def _follow(self, tx: sqlite_utils.Database, ids: Sequence[int], columns: Sequence[str]) -> None:
        """Bring the search rows and the owned files in line with rows that changed."""
        if "title" in columns or "caption" in columns:
            self._index(tx, ids)
        if "status" in columns:
            rows = tx.execute(
                f"SELECT {COLUMNS} FROM asset WHERE root_id = ? AND id {IN_IDS}", (OWN_ROOT, ids_json(ids))
            )
            for row in rows.fetchall():
                self._trash.sync(asset_from(row))

    def _index(self, tx: sqlite_utils.Database, ids: Sequence[int]) -> None:
        """Write the full-text rows of assets anew."""
        wanted = ids_json(ids)
        rows = tx.execute(
            "SELECT id, title, caption, rel_path, COALESCE(text, '') FROM asset"
            f" LEFT JOIN asset_text ON asset_id = id WHERE id {IN_IDS}",
            (wanted,),
        ).fetchall()
        tx.execute(f"DELETE FROM asset_search WHERE rowid {IN_IDS}", (wanted,))
        tx.conn.executemany(
            "INSERT INTO asset_search(rowid, title, caption, name, text) VALUES (?, ?, ?, ?, ?)",
            [
                (row[0], indexable(row[1]), indexable(row[2]), name_words(row[3]), indexable(row[4]))
                for row in rows
            ],
        )
