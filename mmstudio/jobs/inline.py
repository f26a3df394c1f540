"""Run a job in the calling thread: the shell, tests and scripts."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from mmstudio.errors import Cancelled
from mmstudio.i18n import tr_error
from mmstudio.jobs.contract import JobContext, JobStore, Progress, Work

_STORE_GAP = 0.5  # seconds between progress rows


def run_inline(
    work: Work,
    params: dict[str, Any] | None = None,
    *,
    store: JobStore | None = None,
    kind: str = "work",
    title: str = "",
    job_id: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Any:
    """Drive ``work`` to its end and return its result.

    With a ``store`` the job is recorded like one of the window's, so that a killed run is found again.

    Raises:
        Cancelled: where ``cancelled()`` became true or the person pressed Ctrl+C.
        StudioError: whatever the work raises; the record says so too.
    """
    if store is not None and job_id is None:
        job_id = store.create(kind, params or {}, title)
    saved = store.get(job_id).checkpoint if store is not None and job_id is not None else None

    def save(state: dict[str, Any]) -> None:
        if store is not None and job_id is not None:
            store.update(job_id, checkpoint=state)

    stop = cancelled or (lambda: False)
    context = JobContext(job_id or 0, params or {}, saved, _save=save)
    if store is not None and job_id is not None:
        store.update(job_id, state="running")
    progress = Progress(0, None)
    stored = 0.0
    try:
        with _interrupts() as interrupted:
            # A job that can save its state is asked to; any other hears a cancel at once.
            context._pause = interrupted.is_set
            context._cancelled = lambda: stop() or (interrupted.is_set() and not context.knows_pausing)
            generator = work(context)
            try:
                while True:
                    try:
                        progress = next(generator)
                    except StopIteration as end:
                        result = end.value
                        break
                    if on_progress is not None:
                        on_progress(progress)
                    now = time.monotonic()
                    if store is not None and job_id is not None and now - stored >= _STORE_GAP:
                        store.update(job_id, done=progress.done, total=progress.total, note=progress.note)
                        stored = now
                    if context.cancelled():
                        raise Cancelled
            finally:
                generator.close()
            if context.was_paused:
                raise Cancelled
    except (Cancelled, KeyboardInterrupt) as error:
        if store is not None and job_id is not None:
            # Ctrl+C is a stop, not a farewell: the same command again goes on with the job.
            stopped = interrupted.is_set() or isinstance(error, KeyboardInterrupt)
            store.update(job_id, state="paused" if stopped else "cancelled")
        raise Cancelled from error
    except Exception as error:
        if store is not None and job_id is not None:
            sentence, hint = tr_error(error)
            store.update(job_id, state="failed", error=sentence, hint=hint)
        raise
    if store is not None and job_id is not None:
        store.update(
            job_id,
            state="done",
            done=progress.done,
            total=progress.done if progress.total is None else progress.total,
            result=result if isinstance(result, dict) else None,
        )
    return result


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl+C sets, so that work stops between its steps; a second one breaks in."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def heard(_signal: int, _frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
