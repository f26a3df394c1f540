"""Reading assets: rows, ids for a filter, counts, facets, paths, tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmstudio.errors import NotFound
from mmstudio.library import relevance
from mmstudio.library.columns import ColumnStore
from mmstudio.library.database import IN_IDS, Database, ids_json
from mmstudio.library.filtering import Filtering
from mmstudio.library.filters import AssetFilter
from mmstudio.library.records import Asset, FileState, Order
from mmstudio.library.roots import RootStore
from mmstudio.library.trash import TrashCan

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

COLUMNS = (
    "id, kind, root_id, rel_path, sha256, size, mtime_ns, width, height, duration, captured_at, phash, title,"
    " caption, language, rights, origin, status, status_note, rating, added_at"
)


BEST = 2000  # assets that are put in order of relevance; all others that match follow


@dataclass(frozen=True, slots=True)
class Matches:
    """What a filter finds: ids int64[N], newest first, and rankings by name: (ids, falling scores)."""

    ids: npt.NDArray[np.int64]
    rankings: dict[str, relevance.Ranked]


def asset_from(row: sqlite3.Row) -> Asset:
    """The asset in a row of :data:`COLUMNS`."""
    return Asset(*row)


class AssetRows:
    """What can be read about assets; safe from any thread."""

    def __init__(self, db: Database, roots: RootStore, trash: TrashCan, thumbnails: Path) -> None:
        self._db = db
        self._roots = roots
        self._trash = trash
        self._thumbnails = thumbnails
        self._columns = ColumnStore(db)

    def get(self, asset_id: int) -> Asset:
        """One asset. Raises NotFound."""
        row = self._one(f"SELECT {COLUMNS} FROM asset WHERE id = ?", asset_id)
        if row is None:
            raise NotFound("The library has no asset with the number {id}.", id=asset_id)
        return asset_from(row)

    def get_many(self, ids: Sequence[int]) -> list[Asset]:
        """Assets in the order of ``ids``; those that do not exist are left out."""
        rows = self._db.read().execute(f"SELECT {COLUMNS} FROM asset WHERE id {IN_IDS}", (ids_json(ids),))
        found = {row[0]: asset_from(row) for row in rows}
        return [found[asset_id] for asset_id in ids if asset_id in found]

    def ids(
        self, wanted: AssetFilter | None = None, order: Order = "added", descending: bool = True
    ) -> list[int]:
        """Ids of all assets that match, in order; ``best`` puts the :data:`BEST` most relevant first."""
        wanted = wanted or AssetFilter()
        question = self._question()
        mask = question.mask(wanted)
        if order != "best":
            ids: list[int] = question.in_order(mask, order, descending=descending).tolist()
            return ids
        ranked = relevance.rankings(self._db.read(), question.columns, mask, wanted, BEST)
        first = relevance.fused([ranking for ranking, _scores in ranked.values()], BEST)
        mask[question.columns.rows_of(first)] = False
        rest = question.in_order(mask, "added", descending=True)
        return [*first.tolist(), *rest.tolist()]

    def matches(self, wanted: AssetFilter, deep: int = BEST) -> Matches:
        """All ids that match, newest first, and what is known about their order (see ``relevance.py``)."""
        question = self._question()
        mask = question.mask(wanted)
        ranked = relevance.rankings(self._db.read(), question.columns, mask, wanted, deep)
        return Matches(question.in_order(mask, "added", descending=True), ranked)

    def count(self, wanted: AssetFilter | None = None) -> int:
        """How many assets match."""
        return self._question().count(wanted or AssetFilter())

    def facets(self, wanted: AssetFilter | None = None) -> dict[str, dict[str, int]]:
        """Counts of matching assets by kind, origin, rating, rights, status, language, orientation, tag,
        colour, price and duration; the values are those of the query line.

        What a person switches (all but tags and colours) is counted as if the filter did not set it, so that
        they see what the other choices would give.
        """
        return self._question().facets(wanted or AssetFilter())

    def _question(self) -> Filtering:
        return Filtering(self._db.read(), self._columns.now())

    def by_sha256(self, sha256: str) -> list[Asset]:
        """Assets with this content, trashed ones too, oldest first."""
        rows = self._db.read().execute(f"SELECT {COLUMNS} FROM asset WHERE sha256 = ? ORDER BY id", (sha256,))
        return [asset_from(row) for row in rows]

    def by_location(self, root_id: int, rel_path: str) -> Asset | None:
        """The asset at a place, trashed ones too."""
        row = self._one(f"SELECT {COLUMNS} FROM asset WHERE root_id = ? AND rel_path = ?", root_id, rel_path)
        return None if row is None else asset_from(row)

    def locations(self, root_id: int) -> dict[str, FileState]:
        """Every known relative path under a root with what a rescan compares, in one query."""
        rows = self._db.read().execute(
            "SELECT rel_path, id, size, mtime_ns, sha256, status FROM asset WHERE root_id = ?", (root_id,)
        )
        return {row[0]: FileState(*tuple(row)[1:]) for row in rows}

    def is_forgotten(self, sha256: str) -> bool:
        """True where content with this hash was deleted and its trash emptied: a rescan leaves it out."""
        return self._one("SELECT 1 FROM forgotten WHERE sha256 = ?", sha256) is not None

    def path_of(self, asset: Asset) -> Path:
        """Where the file is, in the trash too; it may be missing."""
        root = self._roots.get(asset.root_id)
        return self._trash.find(asset) if root.own else Path(root.path) / asset.rel_path

    def thumbnail_path(self, sha256: str) -> Path:
        """Where the thumbnail of some content belongs; it may not be made yet."""
        return self._thumbnails / sha256[:2] / sha256[2:4] / f"{sha256}.webp"

    def text_of(self, asset_id: int) -> str:
        """The searchable content of an asset; empty where there is none."""
        row = self._one("SELECT text FROM asset_text WHERE asset_id = ?", asset_id)
        return "" if row is None else str(row[0])

    def tags_of(self, ids: Iterable[int]) -> dict[int, list[str]]:
        """Tags by asset, alphabetically; every asked id has an entry."""
        wanted = list(ids)
        found: dict[int, list[str]] = {asset_id: [] for asset_id in wanted}
        rows = self._db.read().execute(
            "SELECT asset_id, name FROM asset_tag JOIN tag ON tag.id = tag_id"
            f" WHERE asset_id {IN_IDS} ORDER BY asset_id, key",
            (ids_json(wanted),),
        )
        for asset_id, name in rows:
            found[asset_id].append(name)
        return found

    def all_tags(self) -> list[tuple[str, int]]:
        """Every tag in use with the number of assets that are not in the trash, most used first."""
        rows = self._db.read().execute(
            "SELECT name, n FROM (SELECT tag_id, COUNT(*) AS n FROM asset_tag"
            " JOIN asset ON asset.id = asset_id WHERE status != 'trashed' GROUP BY tag_id)"
            " JOIN tag ON tag.id = tag_id ORDER BY n DESC, key"
        )
        return [(row[0], row[1]) for row in rows]

    def _one(self, sql: str, *parameters: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.read().execute(sql, parameters).fetchone()
        return row
