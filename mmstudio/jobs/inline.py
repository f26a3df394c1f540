"""Run a job in the calling thread: the shell, tests and scripts."""

from __future__ import annotations

import time
from collections.abc import Callable
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

    context = JobContext(job_id or 0, params or {}, saved, cancelled or (lambda: False), lambda: False, save)
    if store is not None and job_id is not None:
        store.update(job_id, state="running")
    generator = work(context)
    progress = Progress(0, None)
    stored = 0.0
    try:
        while True:
            try:
                progress = next(generator)
            except StopIteration as stop:
                result = stop.value
                break
            if on_progress is not None:
                on_progress(progress)
            now = time.monotonic()
            if store is not None and job_id is not None and now - stored >= _STORE_GAP:
                store.update(job_id, done=progress.done, total=progress.total, note=progress.note)
                stored = now
            if context.cancelled():
                raise Cancelled
    except (Cancelled, KeyboardInterrupt) as error:
        generator.close()
        if store is not None and job_id is not None:
            # Ctrl+C is a stop, not a farewell: the same command again goes on with the job.
            stopped = isinstance(error, KeyboardInterrupt)
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
