"""Jobs of the open library as a list model: the durable records, kept live by the runner's events."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.words import STATE_NAMES, date_text, span_text
from mmstudio.i18n import can_be_retold, retold, tr
from mmstudio.jobs import ACTIVE_STATES, FINAL_STATES, JobEvent, JobRecord
from mmstudio.jobs.runner import FAILED_WITH

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job as the person sees it; ``began`` is (monotonic seconds, units done) at its first progress."""

    id: int
    kind: str
    title: str
    state: str
    done: int = 0
    total: int | None = None
    note: str = ""
    error: str = ""
    hint: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""
    ended_at: str = ""
    waits_for: str = ""  # title of the job that has the device, marked English
    began: tuple[float, int] | None = None

    @property
    def active(self) -> bool:
        """Queued, running or paused."""
        return self.state in ACTIVE_STATES

    @property
    def fraction(self) -> float | None:
        """0 to 1, None while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def remaining(self) -> float | None:
        """Seconds left at the pace so far; None while unknown."""
        if self.state != "running" or self.began is None or not self.total:
            return None
        since, first = self.began
        made, spent = self.done - first, time.monotonic() - since
        return spent / made * (self.total - self.done) if made > 0 and spent > 1.0 else None


class JobModel(RowListModel[JobRow]):
    """Newest first. ``busy_changed`` tells when the job shown in the strip changed."""

    busy_changed = Signal()
    ended = Signal(object)  # JobRow that was done, failed, cancelled or paused just now

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context
        context.job_event.connect(self._hear)
        context.library_opened.connect(self._opened)
        context.library_closed.connect(self._clear)

    def text(self, row: JobRow) -> str:
        return tr(row.title)

    def spoken(self, row: JobRow) -> str:
        return f"{tr(row.title)}, {state_text(row)}"

    def identity(self, row: JobRow) -> int:
        return row.id

    @property
    def running(self) -> list[JobRow]:
        """Jobs that run or wait, the oldest running one first."""
        active = [row for row in reversed(self.rows) if row.state in ("running", "queued")]
        return sorted(active, key=lambda row: row.state != "running")

    def reload(self, then: Callable[[list[JobRow]], None] | None = None) -> None:
        """Read the records again."""
        studio = self._context.studio
        if studio is None:
            return

        def read() -> list[JobRow]:
            return [_row(record) for record in studio.library.jobs.list()[:_SHOWN]]

        def show(rows: list[JobRow]) -> None:
            live = {row.id: row for row in self.rows if row.began is not None}
            self.set_rows([live.get(row.id, row) if row.active else row for row in rows])
            self.busy_changed.emit()
            if then is not None:
                then(self.rows)

        self._context.background(read, show, key="jobs-reload", owner=self)

    def _opened(self) -> None:
        self.reload()

    def _clear(self) -> None:
        self.set_rows([])
        self.busy_changed.emit()

    # --- what can be done to a job ------------------------------------------------------------------

    def pause(self, job_id: int) -> None:
        """Ask a running job to save its state and stop."""
        if self._context.studio is not None:
            self._context.studio.runner.pause(job_id)

    def cancel(self, job_id: int) -> None:
        """Ask a job to stop; one left by an earlier run is marked as cancelled."""
        studio = self._context.studio
        if studio is not None and not studio.runner.cancel(job_id):
            self._context.background(
                lambda: studio.library.jobs.update(job_id, state="cancelled"), lambda _none: self.reload()
            )

    def resume(self, job_id: int) -> None:
        """Queue a paused, cancelled or failed job again; it goes on from its checkpoint."""
        studio = self._context.studio
        if studio is not None:
            self._context.background(lambda: studio.library.jobs.get(job_id), self._resume, owner=self)

    def _resume(self, record: JobRecord) -> None:
        if self._context.studio is not None:
            self._context.studio.resume(record)

    # --- events -------------------------------------------------------------------------------------

    def _hear(self, event: JobEvent) -> None:
        place = self.row_of(event.job_id)
        before = (
            self.rows[place] if place >= 0 else JobRow(event.job_id, event.kind, event.title, event.state)
        )
        after = _after(before, event)
        if place >= 0:
            self.rows[place] = after
            self.dataChanged.emit(self.index(place), self.index(place))
        else:
            self.beginInsertRows(self.index(-1), 0, 0)
            self.rows.insert(0, after)
            self.endInsertRows()
        if place < 0 or before.state != after.state:
            self._tell_the_waiting()
        self.busy_changed.emit()
        if event.state not in ("queued", "running"):
            self.ended.emit(after)

    def waiting_words(self, job_id: int) -> str:
        """What a job waits for, in a sentence; "" where it waits for nothing that is known."""
        place = self.row_of(job_id)
        row = self.rows[place] if place >= 0 else None
        return state_text(row) if row is not None and row.waits_for else ""

    def _tell_the_waiting(self) -> None:
        """Which job those that wait for the device wait for."""
        from mmstudio.studio import KINDS

        def on_device(row: JobRow) -> bool:
            return KINDS.get(row.kind, ("io", ""))[0] == "device"

        ahead = next((row.title for row in self.running if row.state == "running" and on_device(row)), "")
        for place, row in enumerate(self.rows):
            waits = ahead if row.state == "queued" and on_device(row) else ""
            if waits != row.waits_for:
                self.rows[place] = replace(row, waits_for=waits)
                self.dataChanged.emit(self.index(place), self.index(place))


def _row(record: JobRecord) -> JobRow:
    return JobRow(
        record.id, record.kind, record.title, record.state, record.done, record.total, record.note,
        record.error, record.hint, record.result or {}, record.created_at, record.ended_at or "",
    )  # fmt: skip


def _after(row: JobRow, event: JobEvent) -> JobRow:
    now = datetime.now(UTC).isoformat()
    row = replace(
        row,
        state=event.state,
        title=event.title or row.title,
        created_at=row.created_at or now,
        ended_at=now if event.state in FINAL_STATES else "",
    )
    if event.progress is not None:
        p = event.progress
        began = row.began
        if began is None or row.total != p.total or p.done < began[1]:
            # A new phase, or a resumed job that does not start at nothing: its speed is measured from here.
            began = (time.monotonic(), p.done)
        row = replace(row, done=p.done, total=p.total, note=p.note, began=began)
    if event.state == "queued":
        row = replace(row, began=None, error="", hint="")
    if event.error:
        row = replace(row, error=event.error, hint=event.hint)
    if event.result is not None:
        row = replace(row, result=dict(event.result))
    return row


def progress_text(row: JobRow) -> str:
    """ "1,204 of 5,000 · about 2 min left"."""
    parts: list[str] = []
    if row.total:
        parts.append(tr("{n} of {total}", n=f"{row.done:,}", total=f"{row.total:,}"))
    elif row.done:
        parts.append(f"{row.done:,}")
    left = row.remaining
    if left is not None:
        parts.append(tr("about {time} left", time=span_text(left)))
    return " · ".join(parts)


def failed_words(row: JobRow) -> tuple[str, str]:
    """(sentence, hint) of a failed job in the language in use; as it was said then where no more is known."""
    kept = row.result.get(FAILED_WITH)
    return retold(kept) if can_be_retold(kept) else (row.error, row.hint)


def state_text(row: JobRow) -> str:
    """State and progress or error in one line."""
    state = tr(STATE_NAMES.get(row.state, row.state))
    if row.state == "failed":
        what, _hint = failed_words(row)
        return f"{state}: {what}" if what else state
    if row.state in ("running", "paused"):
        return " · ".join(part for part in (state, progress_text(row), row.note) if part)
    if row.state == "queued" and row.waits_for:
        return tr("Waiting for: {job}", job=tr(row.waits_for))
    return " · ".join(part for part in (state, date_text(row.ended_at)) if part)
