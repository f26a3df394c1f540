"""The durable queue of jobs: what a killed program finds again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound
from mmstudio.jobs import FINAL_STATES, JobRecord, JobState
from mmstudio.library.database import Database, last_id, now, to_json

if TYPE_CHECKING:
    from mmstudio.library.sqlite import sqlite3

_COLUMNS = (
    "id, kind, title, params, state, done, total, note, error, hint, result, checkpoint, created_at,"
    " started_at, ended_at, pid"
)


def _record(row: sqlite3.Row) -> JobRecord:
    fields = dict(row)
    for name in ("params", "result", "checkpoint"):
        fields[name] = None if fields[name] is None else json.loads(fields[name])
    return JobRecord(**fields)


class SqlJobStore:
    """Implements :class:`mmstudio.jobs.JobStore` over table ``job``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, kind: str, params: dict[str, Any], title: str) -> int:
        """Add a queued job and return its id."""
        with self._db.write() as tx:
            cursor = tx.execute(
                "INSERT INTO job(kind, title, params, state, created_at) VALUES (?, ?, ?, 'queued', ?)",
                (kind, title, to_json(params), now()),
            )
            job_id = last_id(cursor)
            self._db.note("jobs", [job_id])
        return job_id

    def update(
        self,
        job_id: int,
        *,
        state: JobState | None = None,
        done: int | None = None,
        total: int | None = None,
        note: str | None = None,
        error: str | None = None,
        hint: str | None = None,
        result: dict[str, Any] | None = None,
        checkpoint: dict[str, Any] | None = None,
    ) -> None:
        """Change what is given; a state also sets the times and the process id that belong to it."""
        given: dict[str, Any] = {
            "state": state,
            "done": done,
            "total": total,
            "note": note,
            "error": error,
            "hint": hint,
            "result": None if result is None else to_json(result),
            "checkpoint": None if checkpoint is None else to_json(checkpoint),
        }
        changed = {name: value for name, value in given.items() if value is not None}
        if state == "running":
            changed |= {"started_at": now(), "ended_at": None, "pid": os.getpid()}
        elif state in FINAL_STATES:
            changed |= {"ended_at": now(), "pid": None}
        elif state is not None:
            changed |= {"pid": None}
        if not changed:
            return
        assignments = ", ".join(f"{name} = ?" for name in changed)
        with self._db.write() as tx:
            tx.execute(f"UPDATE job SET {assignments} WHERE id = ?", (*changed.values(), job_id))
            self._db.note("jobs", [job_id])

    def get(self, job_id: int) -> JobRecord:
        """One job. Raises NotFound."""
        row = self._db.read().execute(f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotFound(
                "There is no job with the number {id}.",
                hint="“mmstudio jobs LIB list” names those there are.",
                id=job_id,
            )
        return _record(row)

    def list(self, states: tuple[JobState, ...] | None = None) -> list[JobRecord]:
        """Jobs, newest first; only those in ``states`` where given."""
        wanted = "1" if states is None else f"state IN ({', '.join('?' * len(states))})"
        rows = self._db.read().execute(
            f"SELECT {_COLUMNS} FROM job WHERE {wanted} ORDER BY id DESC", states or ()
        )
        return [_record(row) for row in rows]

    def pause_interrupted(self) -> int:
        """Mark jobs that a killed program left queued or running as paused, so that they can be resumed.

        Called when a library is opened for writing: holding its lock proves that no other program runs them.
        """
        with self._db.write() as tx:
            cursor = tx.execute(
                "UPDATE job SET state = 'paused', pid = NULL WHERE state IN ('queued', 'running')"
            )
            return int(cursor.rowcount)
