"""From worker threads to the GUI thread: results of short work, and the events of jobs.

One long-lived hub per kind lives on the GUI thread. Workers append to a queue and ring once; the GUI thread
drains the queue for a few milliseconds at a time, so that a burst of results never blocks painting or typing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

if TYPE_CHECKING:
    from mmstudio.jobs import JobEvent, JobRunner

log = logging.getLogger(__name__)
_SLICE_S = 0.008  # how long one drain may hold the event loop


def _owner(callback: Callable[..., Any] | None) -> QObject | None:
    bound = getattr(callback, "__self__", None)
    return bound if isinstance(bound, QObject) else None


class Bell(QObject):
    """A signal that any thread may ring.

    It has no parent: Qt deletes the children of a window while threads may still be at work, and ringing an
    object that is being deleted is a crash. This one lives for as long as a thread still holds it.
    """

    rung = Signal(object)

    def ring(self, message: object = None) -> None:
        """Tell whoever is connected; nobody is, once the receiver was deleted."""
        self.rung.emit(message)


class Background(QObject):
    """Runs short functions (queries, decodes) off the GUI thread and calls back on it."""

    def __init__(
        self, report: Callable[[Exception], None], *, threads: int = 3, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._report = report
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mm-background")
        self._ready: deque[tuple[Callable[[Any], None] | None, Any, QObject | None, Hashable, int]] = deque()
        self._latest: dict[Hashable, int] = {}
        self._tickets = count(1)
        self._pending = 0
        self._lock = threading.Lock()
        self._rung = False
        self._closed = False
        self._bell = Bell()
        self._bell.rung.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def pending(self) -> int:
        """Calls whose callbacks have not run yet."""
        return self._pending

    def run(
        self,
        fn: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        key: Hashable = None,
        owner: QObject | None = None,
    ) -> None:
        """Run ``fn()`` in a worker; ``done(result)`` or ``failed(error)`` follow on the GUI thread.

        Args:
            fn: touches no widget.
            done: called with the result.
            failed: called with the exception; without it the person gets a notice.
            key: a later call with the same key drops this one's result (and skips it when not begun yet).
            owner: callbacks are dropped once this is deleted; bound methods of a QObject know it themselves.
        """
        if self._closed:
            return
        ticket = next(self._tickets)
        if key is not None:
            self._latest[key] = ticket
        self._pending += 1
        owner = owner or _owner(done) or _owner(failed)

        def work() -> None:
            callback: Callable[[Any], None] | None
            if key is not None and self._latest.get(key) != ticket:
                self._finish(None, None, None, key, ticket)
                return
            try:
                value, callback = fn(), done
            except Exception as error:  # noqa: BLE001 - handed to the GUI thread
                value, callback = error, failed or self._report
            self._finish(callback, value, owner, key, ticket)

        self._pool.submit(work)

    def drop(self, key: Hashable) -> None:
        """Drop whatever is under way for ``key``."""
        self._latest[key] = next(self._tickets)

    def close(self) -> None:
        """Take no more work and drop what has not begun."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._ready.clear()

    def _finish(
        self,
        callback: Callable[[Any], None] | None,
        value: Any,
        owner: QObject | None,
        key: Hashable,
        ticket: int,
    ) -> None:
        with self._lock:
            self._ready.append((callback, value, owner, key, ticket))
            ring, self._rung = not self._rung, True
        if ring and not self._closed:
            self._bell.ring()

    @Slot(object)
    def _drain(self, _message: object = None) -> None:
        until = time.perf_counter() + _SLICE_S
        while True:
            with self._lock:
                if not self._ready:
                    self._rung = False
                    return
                if time.perf_counter() > until:
                    break
                callback, value, owner, key, ticket = self._ready.popleft()
            self._pending -= 1
            current = key is None or self._latest.get(key) == ticket
            if callback is None or not current or (owner is not None and not isValid(owner)):
                continue
            try:
                callback(value)
            except Exception as error:  # noqa: BLE001 - told to the person, the rest goes on
                self._report(error)
        self._bell.ring()


class JobBridge(QObject):
    """Brings the runner's events to the GUI thread, progress of one job merged to the newest."""

    arrived = Signal(object)
    _INTERVAL_MS = 60

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue: deque[JobEvent] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(self._INTERVAL_MS)
        self._timer.timeout.connect(self._drain)
        self._unsubscribe: Callable[[], Any] | None = None

    def attach(self, runner: JobRunner) -> None:
        """Listen to a runner; call on the GUI thread."""
        self.detach()
        self._unsubscribe = runner.subscribe(self._queue.append)
        self._timer.start()

    def detach(self) -> None:
        """Stop listening."""
        self._timer.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._drain()

    @Slot()
    def _drain(self) -> None:
        events: list[JobEvent] = []
        while self._queue:
            events.append(self._queue.popleft())
        for position, event in enumerate(events):
            newer = events[position + 1 :]
            if event.progress is not None and any(e.job_id == event.job_id and e.progress for e in newer):
                continue
            self.arrived.emit(event)
