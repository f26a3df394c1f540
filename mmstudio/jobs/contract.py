"""A job is a generator: it yields :class:`Progress` and returns its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mmstudio.errors import Cancelled

JobState = Literal["queued", "running", "paused", "done", "cancelled", "failed"]
Lane = Literal["io", "device"]
ACTIVE_STATES: tuple[JobState, ...] = ("queued", "running", "paused")
FINAL_STATES: tuple[JobState, ...] = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        done: units finished.
        total: units in all, or None while unknown.
        note: one short line for the person, already translated.
        data: live extras (losses, the path of a sample grid); never stored.
    """

    done: int
    total: int | None
    note: str = ""
    data: Mapping[str, Any] | None = None


@dataclass(slots=True)
class JobRecord:
    """One row of the durable queue."""

    id: int
    kind: str
    title: str
    params: dict[str, Any]
    state: JobState
    done: int = 0
    total: int | None = None
    note: str = ""
    error: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    checkpoint: dict[str, Any] | None = None
    created_at: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    pid: int | None = None


class JobStore(Protocol):
    """Where jobs outlive the program; the library implements it."""

    def create(self, kind: str, params: dict[str, Any], title: str) -> int:
        """Add a queued job and return its id."""

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

    def get(self, job_id: int) -> JobRecord:
        """One job. Raises NotFound."""

    def list(self, states: tuple[JobState, ...] | None = None) -> list[JobRecord]:
        """Jobs, newest first."""


@dataclass(slots=True)
class JobContext:
    """What a running job may ask and tell.

    Attributes:
        passed: seconds that other jobs had the thread between two of its steps.
    """

    job_id: int
    params: dict[str, Any]
    checkpoint: dict[str, Any] | None = None
    _cancelled: Callable[[], bool] = field(default=lambda: False)
    _pause: Callable[[], bool] = field(default=lambda: False)
    _save: Callable[[dict[str, Any]], None] = field(default=lambda _state: None)
    was_paused: bool = False
    knows_pausing: bool = False
    passed: float = 0.0

    def clock(self) -> float:
        """Seconds of a clock that stands still while another job passes this one; only differences count."""
        return time.monotonic() - self.passed

    def cancelled(self) -> bool:
        """True once the person asked to stop; long blocks poll this."""
        return self._cancelled()

    def raise_if_cancelled(self) -> None:
        """Raise :class:`Cancelled` once the person asked to stop."""
        if self._cancelled():
            raise Cancelled

    def pause_requested(self) -> bool:
        """True when the job should save its state, call :meth:`paused` and return."""
        self.knows_pausing = True
        return self._pause()

    def paused(self) -> None:
        """Say that the state is safe on disk; the job returns next and can be resumed later."""
        self.was_paused = True

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        """Keep a small JSON state that a resumed run finds as :attr:`checkpoint`."""
        self.checkpoint = state
        self._save(state)


Work = Callable[[JobContext], Generator[Progress, None, Any]]
