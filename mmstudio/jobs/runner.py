"""Worker threads for jobs: an io lane, and one device thread that also answers live requests."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from mmstudio.errors import Cancelled
from mmstudio.i18n import kept_error, tr_error
from mmstudio.jobs.awake import Awake
from mmstudio.jobs.contract import JobContext, JobState, JobStore, Lane, Progress, Work

log = logging.getLogger(__name__)
FAILED_WITH = "failed_with"  # in the result of a failed job: see i18n.kept_error
_EVENT_GAP = 0.05  # seconds between progress events without extras: more is only flicker
_PATIENCE = 200  # yields of a job that knows about pausing
_STORE_GAP = 0.5  # seconds between progress rows


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something happened to a job; sent from worker threads."""

    job_id: int
    kind: str
    title: str
    state: JobState
    progress: Progress | None = None
    error: str = ""
    hint: str = ""
    result: Mapping[str, Any] | None = None


@dataclass(slots=True, eq=False)
class JobHandle:
    """A submitted job. ``id`` is None until the job is recorded, a moment after submit.

    A ``patient`` job takes long and lets others of the device lane pass between two of its steps.
    """

    kind: str
    title: str
    lane: Lane
    future: Future[Any]
    work: Work
    params: dict[str, Any]
    id: int | None = None
    state: JobState = "queued"
    patient: bool = False
    _cancel: threading.Event = field(default_factory=threading.Event)
    _pause: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the job to stop; acknowledged at its next yield."""
        self._cancel.set()

    def pause(self) -> None:
        """Ask the job to save its state and stop; it can be resumed."""
        self._pause.set()

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the end (never call it on the GUI thread). Raises Cancelled or the job's error."""
        return self.future.result(timeout)


class JobRunner:
    """Runs jobs in lanes and keeps their records.

    All writes to the store go through one clerk thread in order, so that neither the caller of
    :meth:`submit` nor a running job ever waits for the database.
    """

    def __init__(self, store: JobStore | None = None, io_threads: int = 2) -> None:
        self._store = store
        self._ids = itertools.count(1)
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="job-clerk")
        self._io = ThreadPoolExecutor(io_threads, thread_name_prefix="job-io")
        self._listeners: list[Callable[[JobEvent], None]] = []
        self._lock = threading.Condition()
        self._active: list[JobHandle] = []
        self._device_queue: deque[JobHandle] = deque()
        self._asks: OrderedDict[str, tuple[Callable[[], Any], Future[Any]]] = OrderedDict()
        self._closing = False
        self._awake = Awake()
        self._device = threading.Thread(target=self._device_loop, name="job-device", daemon=True)
        self._device.start()

    def submit(
        self,
        kind: str,
        work: Work,
        params: dict[str, Any] | None = None,
        *,
        title: str = "",
        lane: Lane = "io",
        job_id: int | None = None,
        patient: bool = False,
    ) -> JobHandle:
        """Queue ``work`` without blocking; with ``job_id`` an earlier record goes on from its checkpoint.

        A ``patient`` job of the device lane lets those that are not go between two of its steps.
        """
        handle = JobHandle(kind, title, lane, Future(), work, dict(params or {}), job_id, patient=patient)
        with self._lock:
            if self._closing:
                handle.future.set_exception(Cancelled())
                return handle
            self._active.append(handle)
        self._clerk.submit(self._enqueue, handle)
        return handle

    def ask(self, key: str, fn: Callable[[], Any]) -> Future[Any]:
        """Run ``fn`` on the device thread as soon as it is free or between two steps of its job.

        A newer request with the same key cancels one that has not started: the latest wins.
        """
        future: Future[Any] = Future()
        with self._lock:
            older = self._asks.pop(key, None)
            if older is not None:
                older[1].cancel()
            if self._closing:
                future.cancel()
                return future
            self._asks[key] = (fn, future)
            self._lock.notify_all()
        return future

    def subscribe(self, listener: Callable[[JobEvent], None]) -> Callable[[], None]:
        """Hear of every event, on a worker thread; returns the function that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def active(self) -> list[JobHandle]:
        """Jobs that are queued or running now."""
        with self._lock:
            return list(self._active)

    def cancel(self, job_id: int) -> bool:
        """Ask one job to stop; False where it is not active."""
        return self._signal(job_id, JobHandle.cancel)

    def pause(self, job_id: int) -> bool:
        """Ask one job to pause; False where it is not active."""
        return self._signal(job_id, JobHandle.pause)

    def pause_all(self, timeout: float = 5.0) -> bool:
        """Pause every job and wait; False where one did not reach a checkpoint in time."""
        deadline = time.monotonic() + timeout
        with self._lock:
            for handle in self._active:
                handle.pause()
            return self._lock.wait_for(lambda: not self._active, max(0.0, deadline - time.monotonic()))

    def close(self, timeout: float = 5.0) -> bool:
        """Pause what runs, end the threads, flush the records. Returns False where a job had to be left."""
        with self._lock:
            if self._closing:
                return True
            self._closing = True
            for _fn, future in self._asks.values():
                future.cancel()
            self._asks.clear()
        stopped = self.pause_all(timeout)
        with self._lock:
            self._lock.notify_all()
        self._io.shutdown(wait=stopped, cancel_futures=True)
        if stopped:
            self._device.join(timeout)
        self._clerk.shutdown(wait=True)
        return stopped

    # -- lanes -------------------------------------------------------------------------------------------

    def _enqueue(self, handle: JobHandle) -> None:
        try:
            if handle.id is None:
                handle.id = (
                    self._store.create(handle.kind, handle.params, handle.title)
                    if self._store is not None
                    else next(self._ids)
                )
            elif self._store is not None:
                self._store.update(handle.id, state="queued", error="", hint="")
        except Exception as error:  # noqa: BLE001 - reaches the person through the handle and the event
            self._finish(handle, "failed", error=error)
            return
        self._emit(handle, "queued")
        if handle.lane == "device":
            with self._lock:
                self._device_queue.append(handle)
                self._lock.notify_all()
        else:
            try:
                self._io.submit(self._run, handle)
            except RuntimeError:  # the runner closed in the meantime
                self._finish(handle, "paused")

    def _device_loop(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._asks or self._device_queue or self._closing)
                if self._closing and not self._device_queue:
                    return
                handle = self._device_queue.popleft() if self._device_queue else None
            self._serve_asks()
            if handle is not None:
                self._run(handle)

    def _serve_asks(self) -> None:
        while True:
            with self._lock:
                if not self._asks:
                    return
                _key, (fn, future) = self._asks.popitem(last=False)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(fn())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                future.set_exception(error)

    def _run(self, handle: JobHandle) -> None:
        if handle._cancel.is_set():
            self._finish(handle, "cancelled")
            return
        if handle._pause.is_set():
            self._finish(handle, "paused")
            return
        try:
            with self._awake:
                state, result = self._drive(handle)
        except Cancelled:
            self._finish(handle, "cancelled")
        except Exception as error:  # noqa: BLE001 - reaches the person through the handle and the event
            self._finish(handle, "failed", error=error)
        else:
            self._finish(handle, state, result=result)

    def _drive(self, handle: JobHandle) -> tuple[JobState, Any]:
        checkpoint = None
        if self._store is not None and handle.id is not None:
            checkpoint = self._store.get(handle.id).checkpoint
        context = JobContext(
            handle.id or 0,
            handle.params,
            checkpoint,
            handle._cancel.is_set,
            handle._pause.is_set,
            lambda state: self._record(handle, checkpoint=state),
        )
        handle.state = "running"
        self._record(handle, state="running")
        self._emit(handle, "running")
        generator = handle.work(context)
        try:
            return self._step_through(handle, context, generator)
        finally:
            generator.close()

    def _step_through(
        self, handle: JobHandle, context: JobContext, generator: Generator[Progress, None, Any]
    ) -> tuple[JobState, Any]:
        emitted = stored = 0.0
        yields_after_pause = 0
        last: Progress | None = None
        while True:
            try:
                last = next(generator)
            except StopIteration as stop:
                if last is not None:
                    self._store_progress(handle, replace(last, total=last.total or last.done))
                return ("paused" if context.was_paused else "done"), stop.value
            now = time.monotonic()
            if last.data is not None or now - emitted >= _EVENT_GAP:
                self._emit(handle, "running", progress=last)
                emitted = now
            if now - stored >= _STORE_GAP:
                self._store_progress(handle, last)
                stored = now
            if handle._cancel.is_set():
                raise Cancelled
            if context.was_paused:
                return "paused", None
            if handle._pause.is_set():
                # A job that knows about pausing saves and returns once it comes to ask, which may be some
                # yields away; any other is stopped at a yield, where what it committed is whole, and starts
                # over its remaining work when resumed.
                yields_after_pause += 1
                if yields_after_pause > (_PATIENCE if context.knows_pausing else 1):
                    return "paused", None
            if handle.lane == "device":
                self._serve_asks()
                if handle.patient:
                    self._let_others_pass(context)

    def _let_others_pass(self, context: JobContext) -> None:
        """Run what somebody waits for now; a patient job goes on where it is afterwards."""
        while True:
            with self._lock:
                other = next((one for one in self._device_queue if not one.patient), None)
                if other is None:
                    return
                self._device_queue.remove(other)
            began = time.monotonic()
            self._run(other)
            context.passed += time.monotonic() - began

    def _finish(
        self, handle: JobHandle, state: JobState, *, result: Any = None, error: Exception | None = None
    ) -> None:
        handle.state = state
        sentence = hint = ""
        if error is not None:
            sentence, hint = tr_error(error)
            log.info("job %s (%s) failed", handle.id, handle.kind, exc_info=error)
        stored = result if isinstance(result, dict) else None
        if error is not None:
            stored = {FAILED_WITH: kept_error(error)}  # the sentence follows a change of language
        self._record(handle, state=state, error=sentence, hint=hint, result=stored)
        with self._lock:
            if handle in self._active:
                self._active.remove(handle)
            self._lock.notify_all()
        self._emit(handle, state, error=sentence, hint=hint, result=stored)
        if error is not None:
            handle.future.set_exception(error)
        elif state == "done":
            handle.future.set_result(result)
        else:
            handle.future.set_exception(Cancelled())

    # -- records and events ------------------------------------------------------------------------------

    def _store_progress(self, handle: JobHandle, progress: Progress) -> None:
        self._record(handle, done=progress.done, total=progress.total, note=progress.note)

    def _record(self, handle: JobHandle, **fields: Any) -> None:
        if self._store is None or handle.id is None:
            return
        try:
            self._clerk.submit(self._write, handle.id, fields)
        except RuntimeError:  # the clerk has gone home; the job is found as interrupted at the next start
            log.info("job %s ended after the runner closed", handle.id)

    def _write(self, job_id: int, fields: dict[str, Any]) -> None:
        assert self._store is not None
        try:
            self._store.update(job_id, **fields)
        except Exception as error:  # noqa: BLE001 - a record that cannot be written must not stop the work
            log.warning("the record of job %s could not be written: %s", job_id, error)

    def _emit(self, handle: JobHandle, state: JobState, **extras: Any) -> None:
        event = JobEvent(handle.id or 0, handle.kind, handle.title, state, **extras)
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("a listener of job events failed")

    def _signal(self, job_id: int, action: Callable[[JobHandle], None]) -> bool:
        with self._lock:
            found = [handle for handle in self._active if handle.id == job_id]
        for handle in found:
            action(handle)
        return bool(found)
