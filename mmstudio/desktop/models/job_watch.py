"""Follows one submitted job on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent, JobHandle


class JobWatch(QObject):
    """Calls back about one job until it ends; lives as long as its parent.

    Args:
        context: where events arrive.
        handle: what ``studio.submit`` returned.
        on_event: every event of the job.
        on_done: its result, once.
        on_ended: the last event where it failed, was cancelled or paused.
    """

    def __init__(
        self,
        context: AppContext,
        handle: JobHandle,
        parent: QObject,
        *,
        on_event: Callable[[JobEvent], None] | None = None,
        on_done: Callable[[dict[str, Any]], None] | None = None,
        on_ended: Callable[[JobEvent], None] | None = None,
    ) -> None:
        super().__init__(parent)
        self.handle = handle
        self._on_event, self._on_done, self._on_ended = on_event, on_done, on_ended
        self._over = False
        context.job_event.connect(self._hear)

    @property
    def over(self) -> bool:
        """True once the job ended or paused."""
        return self._over

    def _hear(self, event: JobEvent) -> None:
        if self._over or not event.job_id or event.job_id != self.handle.id:
            return
        if self._on_event is not None:
            self._on_event(event)
        if event.state == "done":
            self._end()
            if self._on_done is not None:
                self._on_done(dict(event.result or {}))
        elif event.state in FINAL_STATES or event.state == "paused":
            self._end()
            if self._on_ended is not None:
                self._on_ended(event)

    def _end(self) -> None:
        self._over = True
        self.deleteLater()
