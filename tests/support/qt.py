"""Helpers for tests of the window: waiting without sleeping, and a watch over the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer

from mmstudio.desktop.context import AppContext


def settle(context: AppContext, timeout: float = 180.0) -> None:
    """Run the event loop until no background call is under way and nothing is queued."""
    until = time.monotonic() + timeout
    quiet = 0
    with _ticking() as wait:
        while quiet < 3:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            QCoreApplication.sendPostedEvents()
            if context.idle:
                quiet += 1
                continue
            quiet = 0
            assert time.monotonic() < until, "background work did not end"
            wait()


@contextmanager
def _ticking() -> Iterator[Callable[[], None]]:
    """Gives what waits for the next event, some milliseconds at most.

    A loop that only asks again keeps the interpreter's lock, and a core, from the very work it waits for.
    """
    timer = QTimer()
    timer.setInterval(2)
    waiting = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
    timer.start()
    try:
        yield lambda: QCoreApplication.processEvents(waiting)
    finally:
        timer.stop()


def dispose(*things: QObject) -> None:
    """Delete Qt objects now rather than at the next turn of a loop that a test may never run."""
    for thing in things:
        thing.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def wait_until(met: Callable[[], bool], timeout: float = 180.0) -> None:
    """Run the event loop until ``met()``."""
    until = time.monotonic() + timeout
    with _ticking() as wait:
        while not met():
            wait()
            assert time.monotonic() < until, "it did not happen in time"


@dataclass
class Gaps:
    """Times between two turns of the event loop, in seconds: by the clock, and spent by the GUI thread."""

    clock: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """Longest gap on the clock; on a busy machine other programs are part of it."""
        return max(self.clock, default=0.0)

    @property
    def longest_own(self) -> float:
        """Longest time the GUI thread itself computed without returning to the loop."""
        return max(self.own, default=0.0)


@contextmanager
def watched_event_loop(parent: QObject) -> Iterator[Gaps]:
    """Measure the gaps of the event loop inside the block, which runs it with :func:`wait_until`."""
    gaps = Gaps()
    last = [time.perf_counter(), time.thread_time()]
    timer = QTimer(parent)
    timer.setInterval(1)

    def tick() -> None:
        now = [time.perf_counter(), time.thread_time()]
        gaps.clock.append(now[0] - last[0])
        gaps.own.append(now[1] - last[1])
        last[:] = now

    timer.timeout.connect(tick)
    timer.start()
    try:
        yield gaps
    finally:
        timer.stop()
        timer.deleteLater()
