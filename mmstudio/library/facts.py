"""What was measured of the assets: numbers, colours and scenes that a person reads and searches by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from mmstudio.library.database import IN_IDS, Database, ids_json, in_batches
from mmstudio.library.records import Facts, Scene


class FactStore:
    """Measures, colours and scenes by asset. They follow the content: a changed file loses them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put_many(self, rows: Iterable[Facts]) -> int:
        """Store facts; returns how many assets.

        A measure replaces the one of its name. Colours and scenes replace all earlier ones of the asset where
        they are given. Assets that were deleted meanwhile are skipped. Raises ValueError for a value that is
        not finite.
        """
        stored = 0
        for batch in in_batches(rows):
            for row in batch:
                if not all(np.isfinite(value) for value in (*row.measures.values(), *row.colours.values())):
                    raise ValueError(f"facts of asset {row.asset_id} are not finite")
            with self._db.write() as tx:
                wanted = ids_json(row.asset_id for row in batch)
                there = {one[0] for one in tx.execute(f"SELECT id FROM asset WHERE id {IN_IDS}", (wanted,))}
                kept = [row for row in batch if row.asset_id in there]
                tx.conn.executemany(
                    "INSERT OR REPLACE INTO measure(asset_id, name, value) VALUES (?, ?, ?)",
                    [
                        (row.asset_id, name, float(value))
                        for row in kept
                        for name, value in row.measures.items()
                    ],
                )
                coloured = [row for row in kept if row.colours]
                tx.execute(
                    f"DELETE FROM colour WHERE asset_id {IN_IDS}",
                    (ids_json(row.asset_id for row in coloured),),
                )
                tx.conn.executemany(
                    "INSERT INTO colour(asset_id, name, share) VALUES (?, ?, ?)",
                    [
                        (row.asset_id, name, float(share))
                        for row in coloured
                        for name, share in row.colours.items()
                    ],
                )
                cut = [row for row in kept if row.scenes is not None]
                tx.execute(
                    f"DELETE FROM scene WHERE asset_id {IN_IDS}", (ids_json(row.asset_id for row in cut),)
                )
                tx.conn.executemany(
                    "INSERT INTO scene(asset_id, position, start, stop, key_time) VALUES (?, ?, ?, ?, ?)",
                    [
                        (row.asset_id, place, scene.start, scene.stop, scene.key_time)
                        for row in cut
                        for place, scene in enumerate(row.scenes or ())
                    ],
                )
                stored += len(kept)
                self._db.note("facts", [row.asset_id for row in kept])
        return stored

    def measures_of(self, ids: Iterable[int]) -> dict[int, dict[str, float]]:
        """Measures by asset; every asked id has an entry."""
        wanted = list(ids)
        found: dict[int, dict[str, float]] = {asset_id: {} for asset_id in wanted}
        rows = self._db.read().execute(
            f"SELECT asset_id, name, value FROM measure WHERE asset_id {IN_IDS}", (ids_json(wanted),)
        )
        for asset_id, name, value in rows:
            found[asset_id][name] = value
        return found

    def colours_of(self, ids: Iterable[int]) -> dict[int, dict[str, float]]:
        """Shares of named colours by asset, largest first; every asked id has an entry."""
        wanted = list(ids)
        found: dict[int, dict[str, float]] = {asset_id: {} for asset_id in wanted}
        rows = self._db.read().execute(
            f"SELECT asset_id, name, share FROM colour WHERE asset_id {IN_IDS} ORDER BY asset_id, share DESC",
            (ids_json(wanted),),
        )
        for asset_id, name, share in rows:
            found[asset_id][name] = share
        return found

    def scenes_of(self, asset_id: int) -> list[Scene]:
        """The shots of a video in order; empty where they were not looked for."""
        rows = self._db.read().execute(
            "SELECT start, stop, key_time FROM scene WHERE asset_id = ? ORDER BY position", (asset_id,)
        )
        return [Scene(*row) for row in rows]

    def column(self, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """(ids int64[N], values float64[N]) of one measure over the usable assets, by rising id."""
        rows = self._db.read().execute(
            "SELECT asset_id, value FROM measure WHERE name = ?"
            " AND asset_id IN (SELECT id FROM asset WHERE status = 'ok') ORDER BY asset_id",
            (name,),
        ).fetchall()  # fmt: skip
        return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)

    def without(self, name: str, kinds: Sequence[str]) -> list[int]:
        """Usable assets of these kinds that lack a measure, oldest first."""
        rows = self._db.read().execute(
            f"SELECT id FROM asset WHERE status = 'ok' AND kind IN ({', '.join('?' * len(kinds))})"
            " AND id NOT IN (SELECT asset_id FROM measure WHERE name = ?) ORDER BY id",
            (*kinds, name),
        )
        return [row[0] for row in rows]
