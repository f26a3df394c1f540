"""Feature vectors of assets and items, as float32 BLOBs in the database: the vectors of record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmstudio.library.database import IN_IDS, Database, ids_json, in_batches, last_id, now
from mmstudio.library.records import FeatureSet, FeatureStats, Target

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_FLOAT = np.dtype("<f4")
_COLUMNS = "id, extractor, version, params_hash, dimension, modality, target"


class FeatureStore:
    """Sets of vectors, one per extractor, version and parameters."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ensure_set(
        self,
        extractor: str,
        version: str,
        params_hash: str,
        dimension: int,
        modality: str,
        target: Target = "asset",
    ) -> int:
        """The id of a set, made where it is new; one of another dimension is dropped first."""
        row = self._db.read().execute(
            "SELECT id, dimension FROM feature_set WHERE extractor = ? AND version = ? AND params_hash = ?"
            " AND target = ?",
            (extractor, version, params_hash, target),
        ).fetchone()  # fmt: skip
        if row is not None and row["dimension"] == dimension:
            return int(row["id"])
        with self._db.write() as tx:
            if row is not None:
                tx.execute("DELETE FROM feature_set WHERE id = ?", (row["id"],))
            cursor = tx.execute(
                "INSERT INTO feature_set(extractor, version, params_hash, dimension, modality, target,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (extractor, version, params_hash, dimension, modality, target, now()),
            )
            self._db.note("features")
            return last_id(cursor)

    def put_many(self, set_id: int, vectors: Iterable[tuple[int, npt.NDArray[np.float32]]]) -> int:
        """Store float32 [D] vectors by asset or item id, replacing earlier ones; returns how many.

        Ids that were deleted meanwhile are skipped. Raises ValueError for a wrong shape or values that are
        not finite.
        """
        chosen = self._set(set_id)
        stored = 0
        for batch in in_batches(vectors):
            rows = [(set_id, target_id, self._blob(vector, chosen.dimension)) for target_id, vector in batch]
            with self._db.write() as tx:
                cursor = tx.conn.executemany(
                    "INSERT OR REPLACE INTO feature(set_id, target_id, vector) SELECT ?1, ?2, ?3"
                    f" WHERE EXISTS (SELECT 1 FROM {chosen.target} WHERE id = ?2)",
                    rows,
                )
                stored += cursor.rowcount
                self._db.note("features")
        return stored

    def missing(self, set_id: int) -> list[int]:
        """Ids without a vector: usable assets of the set's modality, or all items; oldest first."""
        chosen = self._set(set_id)
        if chosen.target == "item":
            source, parameters = "item WHERE 1", []
        else:
            source, parameters = "asset WHERE status = 'ok' AND kind = ?", [chosen.modality]
        rows = self._db.read().execute(
            f"SELECT id FROM {source} AND id NOT IN (SELECT target_id FROM feature WHERE set_id = ?)"
            " ORDER BY id",
            [*parameters, set_id],
        )
        return [row[0] for row in rows]

    def matrix(self, set_id: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """(ids [N], X [N, D]) by rising id; assets that are missing, corrupt or trashed are left out."""
        chosen = self._set(set_id)
        rows = self._db.read().execute(
            f"SELECT target_id, vector FROM feature WHERE set_id = ?{self._usable(chosen)}"
            " ORDER BY target_id",
            (set_id,),
        ).fetchall()  # fmt: skip
        ids = np.array([row[0] for row in rows], np.int64)
        joined = np.frombuffer(b"".join(row[1] for row in rows), _FLOAT)
        return ids, joined.reshape(len(rows), chosen.dimension).astype(np.float32)

    def chunks(
        self, set_id: int, rows: int = 2048
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """The rows of `matrix` in pieces of at most `rows`, so that the memory does not grow with the
        library.

        Each piece is read when it is asked for; what is written meanwhile may or may not be seen.
        """
        chosen, last = self._set(set_id), -1
        usable = self._usable(chosen)
        while True:
            found = self._db.read().execute(
                f"SELECT target_id, vector FROM feature WHERE set_id = ? AND target_id > ?{usable}"
                " ORDER BY target_id LIMIT ?",
                (set_id, last, rows),
            ).fetchall()  # fmt: skip
            if not found:
                return
            last = int(found[-1][0])
            joined = np.frombuffer(b"".join(row[1] for row in found), _FLOAT)
            yield (
                np.array([row[0] for row in found], np.int64),
                joined.reshape(len(found), chosen.dimension).astype(np.float32),
            )

    def versions(
        self, set_id: int, ids: Iterable[int] | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(ids, versions) by rising id of the rows of `matrix`, or of some of them; a vector that is written
        anew gets another version. No vector is read.
        """
        chosen = self._set(set_id)
        some = "" if ids is None else f" AND target_id {IN_IDS}"
        given = () if ids is None else (ids_json(ids),)
        cursor = self._db.read().cursor()
        cursor.row_factory = None
        rows = cursor.execute(
            f"SELECT target_id, rowid FROM feature WHERE set_id = ?{some}{self._usable(chosen)}"
            " ORDER BY target_id",
            (set_id, *given),
        ).fetchall()  # fmt: skip
        table = np.array(rows, np.int64).reshape(len(rows), 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def some(self, set_id: int, ids: Iterable[int]) -> npt.NDArray[np.float32]:
        """float32[N, D]: the vectors of these ids, by rising id; ids without one are left out."""
        chosen = self._set(set_id)
        rows = self._db.read().execute(
            f"SELECT vector FROM feature WHERE set_id = ? AND target_id {IN_IDS}{self._usable(chosen)}"
            " ORDER BY target_id",
            (set_id, ids_json(ids)),
        ).fetchall()  # fmt: skip
        joined = np.frombuffer(b"".join(row[0] for row in rows), _FLOAT)
        return joined.reshape(len(rows), chosen.dimension).astype(np.float32)

    def count(self, set_id: int) -> int:
        """How many rows `matrix` has."""
        chosen = self._set(set_id)
        found = self._db.read().execute(
            f"SELECT COUNT(*) FROM feature WHERE set_id = ?{self._usable(chosen)}", (set_id,)
        )
        return int(found.fetchone()[0])

    def get(self, set_id: int, target_id: int) -> npt.NDArray[np.float32] | None:
        """One vector, or None where it is not extracted."""
        row = self._db.read().execute(
            "SELECT vector FROM feature WHERE set_id = ? AND target_id = ?", (set_id, target_id)
        ).fetchone()  # fmt: skip
        return None if row is None else np.frombuffer(row[0], _FLOAT).astype(np.float32)

    def save_stats(
        self,
        set_id: int,
        mean: npt.NDArray[np.float32],
        std: npt.NDArray[np.float32],
        count: int,
        fitted_on: str,
    ) -> None:
        """Keep normalisation statistics (float32 [D] each) with the set."""
        chosen = self._set(set_id)
        with self._db.write() as tx:
            tx.execute(
                "UPDATE feature_set SET mean = ?, std = ?, stat_count = ?, fitted_on = ? WHERE id = ?",
                (
                    self._blob(mean, chosen.dimension), self._blob(std, chosen.dimension), count, fitted_on,
                    set_id,
                ),
            )  # fmt: skip
            self._db.note("features")

    def stats(self, set_id: int) -> FeatureStats | None:
        """The statistics of a set, or None before they were fitted."""
        row = self._db.read().execute(
            "SELECT mean, std, stat_count, fitted_on FROM feature_set WHERE id = ?", (set_id,)
        ).fetchone()  # fmt: skip
        if row is None or row["mean"] is None:
            return None
        mean, std = (np.frombuffer(row[name], _FLOAT).astype(np.float32) for name in ("mean", "std"))
        return FeatureStats(mean, std, row["stat_count"], row["fitted_on"])

    def sets(self) -> list[FeatureSet]:
        """Every set with the number of its vectors."""
        rows = self._db.read().execute(
            f"SELECT {_COLUMNS}, (SELECT COUNT(*) FROM feature WHERE set_id = feature_set.id)"
            " FROM feature_set ORDER BY id"
        )
        return [FeatureSet(*row) for row in rows]

    def delete_for(self, ids: Sequence[int], target: Target = "asset", set_id: int | None = None) -> None:
        """Drop the vectors of assets (or items) in every set, or in one."""
        chosen, parameter = ("target = ?", target) if set_id is None else ("id = ?", set_id)
        with self._db.write() as tx:
            tx.execute(
                f"DELETE FROM feature WHERE target_id {IN_IDS}"
                f" AND set_id IN (SELECT id FROM feature_set WHERE {chosen})",
                (ids_json(ids), parameter),
            )
            self._db.note("features")

    def _set(self, set_id: int) -> FeatureSet:
        row: sqlite3.Row | None = self._db.read().execute(
            f"SELECT {_COLUMNS}, 0 FROM feature_set WHERE id = ?", (set_id,)
        ).fetchone()  # fmt: skip
        if row is None:
            raise ValueError(f"there is no feature set {set_id}")
        return FeatureSet(*row)

    @staticmethod
    def _usable(chosen: FeatureSet) -> str:
        wanted = "SELECT id FROM asset WHERE status = 'ok'"
        return "" if chosen.target == "item" else f" AND target_id IN ({wanted})"

    @staticmethod
    def _blob(vector: npt.NDArray[Any], dimension: int) -> bytes:
        array = np.ascontiguousarray(vector, _FLOAT)
        if array.shape != (dimension,) or not np.isfinite(array).all():
            raise ValueError(f"a vector is finite float32 [{dimension}], not {array.dtype} {array.shape}")
        return array.tobytes()
