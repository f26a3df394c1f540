"""Trained models of this library, and how each generated asset was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmstudio.library.database import Database, last_id, now, to_json
from mmstudio.library.records import GenerationRow, ModelRow

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_MODEL = "id, name, family, path, created_at, updated_at, steps, metrics, status"
_GENERATION = "id, asset_id, model, seed, latent, params, sources, created_at"


def _model(row: sqlite3.Row) -> ModelRow:
    return ModelRow(**{**dict(row), "metrics": json.loads(row["metrics"])})


def _generation(row: sqlite3.Row) -> GenerationRow:
    decoded = {"params": json.loads(row["params"]), "sources": json.loads(row["sources"])}
    return GenerationRow(**{**dict(row), **decoded})


class ModelStore:
    """The registry of trained models; weights and cards are files in the library's ``models`` folder."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        name: str,
        family: str,
        path: str,
        *,
        steps: int = 0,
        metrics: dict[str, Any] | None = None,
        status: str = "",
    ) -> int:
        """Register a model and return its id; one with this name gets the new values."""
        with self._db.write() as tx:
            tx.execute(
                "INSERT INTO trained_model(name, family, path, steps, metrics, status, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
                " family = excluded.family, path = excluded.path, steps = excluded.steps,"
                " metrics = excluded.metrics,"
                " status = excluded.status, updated_at = excluded.updated_at",
                (name, family, path, steps, to_json(metrics or {}), status, now(), now()),
            )
            model_id = int(tx.execute("SELECT id FROM trained_model WHERE name = ?", (name,)).fetchone()[0])
            self._db.note("models", [model_id])
        return model_id

    def update(
        self,
        name: str,
        *,
        steps: int | None = None,
        metrics: dict[str, Any] | None = None,
        status: str | None = None,
        path: str | None = None,
    ) -> None:
        """Change what is given about a model."""
        given = {
            "steps": steps,
            "metrics": None if metrics is None else to_json(metrics),
            "status": status,
            "path": path,
        }
        changed = {key: value for key, value in given.items() if value is not None} | {"updated_at": now()}
        assignments = ", ".join(f"{key} = ?" for key in changed)
        with self._db.write() as tx:
            tx.execute(f"UPDATE trained_model SET {assignments} WHERE name = ?", (*changed.values(), name))
            self._db.note("models")

    def get(self, name: str) -> ModelRow | None:
        """The model with this name, or None."""
        row = (
            self._db.read().execute(f"SELECT {_MODEL} FROM trained_model WHERE name = ?", (name,)).fetchone()
        )
        return None if row is None else _model(row)

    def list(self) -> list[ModelRow]:
        """All models, last changed first."""
        rows = self._db.read().execute(
            f"SELECT {_MODEL} FROM trained_model ORDER BY updated_at DESC, id DESC"
        )
        return [_model(row) for row in rows]

    def remove(self, name: str) -> None:
        """Forget a model; its folder stays for the caller to remove."""
        with self._db.write() as tx:
            tx.execute("DELETE FROM trained_model WHERE name = ?", (name,))
            self._db.note("models")


class GenerationStore:
    """How generated assets were made: enough to make the same thing again."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        model: str,
        seed: int,
        latent: bytes | None,
        params: dict[str, Any],
        sources: Sequence[int],
        asset_id: int | None,
    ) -> int:
        """Record one generation and return its id. ``latent`` are float32 bytes, ``sources`` asset ids."""
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO generation(asset_id, model, seed, latent, params, sources, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (asset_id, model, seed, latent, to_json(params), to_json(list(sources)), now()),
            )
            self._db.note("generations", [last_id(cursor)])
            return last_id(cursor)

    def of_asset(self, asset_id: int) -> GenerationRow | None:
        """How an asset was made, or None for one that was not generated."""
        row = self._db.read().execute(
            f"SELECT {_GENERATION} FROM generation WHERE asset_id = ? ORDER BY id DESC LIMIT 1", (asset_id,)
        ).fetchone()  # fmt: skip
        return None if row is None else _generation(row)

    def of_set(self, mark: str) -> Sequence[GenerationRow]:
        """How the parts of a generated set were made, oldest first; ``mark`` tells sets apart."""
        rows = self._db.read().execute(
            f"SELECT {_GENERATION} FROM generation WHERE json_extract(params, '$.set') = ? ORDER BY id",
            (mark,),
        )
        return [_generation(row) for row in rows]

    def made_from(self, asset_id: int) -> Sequence[int]:
        """Assets that were generated from an asset."""
        rows = self._db.read().execute(
            "SELECT DISTINCT asset_id FROM generation, json_each(sources) AS source"
            " WHERE source.value = ? AND asset_id IS NOT NULL ORDER BY 1",
            (asset_id,),
        )
        return [row[0] for row in rows]

    def list(self) -> list[GenerationRow]:
        """All generations, newest first."""
        rows = self._db.read().execute(f"SELECT {_GENERATION} FROM generation ORDER BY id DESC")
        return [_generation(row) for row in rows]
