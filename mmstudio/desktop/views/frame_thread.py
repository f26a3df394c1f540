"""Draws frames on a thread of its own: the newest wish first, else ahead of what plays, kept in a cache."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from mmstudio.i18n import tr_error

log = logging.getLogger(__name__)
_AHEAD = 12  # frames drawn before they are due: 0.4 s at 30 a second
_CACHE_BYTES = 96 * 1024 * 1024  # 26 frames of 1280 x 720


class FrameSource(Protocol):
    """What draws the frame at ``t`` seconds (composition's Renderer).

    A source with ``prepare(t, size) -> bool`` is asked, on a second thread, to make itself better step by
    step from ``t`` on until it returns False; what was drawn before is then drawn again.
    """

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        """The picture at ``t``, at most ``size`` pixels."""


class FrameThread(QObject):
    """One thread that draws; wishes that come while it draws replace each other.

    Frames are counted from 0 at ``fps`` a second; the cache keeps them for one source and one size.

    Signals:
        drawn: a wished picture, its second and the number of its source.
        failed: a sentence, and the number of the source.
    """

    drawn = Signal(QImage, float, int)
    failed = Signal(str, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wish: int | None = None
        self._last: int | None = None  # the wish answered last, drawn again when the source gets better
        self._head: tuple[int, int] | None = (
            None  # frame that is due and the step to the next, while it plays
        )
        self._make: Callable[[], FrameSource] | None = None
        self._source: FrameSource | None = None
        self._generation = 0
        self._fps = 30.0
        self._count = 1
        self._size = QSize(640, 640)
        self._cache: dict[int, QImage] = {}
        self._bytes = 0
        self._busy = False
        self._closing = False
        self._better: threading.Thread | None = None
        self._better_of = 0  # the generation it works for
        self._prepared = False
        self._cost = 0.0  # seconds a frame takes, lately
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="preview-frames", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True while a frame is wished for or being drawn, or the source gets better."""
        better = self._better
        return self._busy or (better is not None and better.is_alive())

    def use(self, make: Callable[[], FrameSource] | None, duration: float = 0.0, fps: float = 30.0) -> int:
        """Draw from another source from now on (made on the thread itself); returns its generation number."""
        with self._wake:
            self._generation += 1
            self._make, self._source, self._wish, self._last, self._head = make, None, None, None, None
            self._fps, self._count = max(fps, 1.0), max(round(duration * fps), 1)
            self._prepared, self._cost = False, 0.0
            self._forget()
            return self._generation

    def set_size(self, size: QSize) -> None:
        """Largest picture wanted, in device pixels; what is kept in another size goes."""
        with self._wake:
            if size != self._size:
                self._size, self._prepared = QSize(size), False
                self._forget()

    def index_of(self, t: float) -> int:
        """The frame shown at ``t`` seconds: the last one begun, within the first and the last."""
        return min(max(int(t * self._fps + 1e-6), 0), self._count - 1)

    def want(self, t: float) -> None:
        """Ask for the frame nearest ``t`` seconds, and stop drawing ahead."""
        with self._wake:
            if self._make is None:
                return
            self._head = None
            index = min(max(round(t * self._fps), 0), self._count - 1)
            self._last = index
            kept, generation = self._cache.get(index), self._generation
            if kept is None:
                self._wish = index
                self._busy = True
                self._wake.notify()
        if kept is not None:
            self.drawn.emit(kept, index / self._fps, generation)

    def follow(self, t: float, speed: float) -> tuple[int, QImage] | None:
        """While it plays: say what is due, get the newest frame there is (its number and picture)."""
        due, step = self.index_of(t), max(round(abs(speed)), 1) * (1 if speed >= 0 else -1)
        with self._wake:
            if self._make is None:
                return None
            self._head, self._wish, self._last = (due, step), None, due
            self._busy = True
            self._wake.notify()
            span = abs(step) * 60
            shown = [i for i in self._cache if 0 <= (due - i) * (1 if step > 0 else -1) <= span]
            if not shown:
                return None
            best = max(shown) if step > 0 else min(shown)
            return best, self._cache[best]

    def rest(self) -> None:
        """It plays no longer: draw nothing ahead."""
        with self._wake:
            self._head = None

    def close(self) -> None:
        """End the threads; waits for the frame in hand."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join(timeout=5.0)
        if self._better is not None:
            self._better.join(timeout=5.0)

    # --- on the drawing thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                job = self._next_job()
                while job is None and not self._closing:
                    self._busy = False
                    self._wake.wait()
                    job = self._next_job()
                if self._closing:
                    self._source = None
                    return
                assert job is not None
                index, wished = job
                make, source, generation = self._make, self._source, self._generation
                size, fps = self._size, self._fps
            if make is None:
                continue
            try:
                if source is None:
                    source = make()
                began = time.perf_counter()
                image = source.frame(index / fps, (size.width(), size.height()))
                took = time.perf_counter() - began
            except Exception as error:
                log.exception("a preview frame could not be drawn")
                self._fail(" ".join(tr_error(error)).strip(), generation)
                continue
            with self._wake:
                current = generation == self._generation
                if current:
                    self._source = source
                    self._cost += (took - self._cost) * 0.3
                    if size == self._size:
                        self._keep(index, image)
                    if not self._prepared and self._better_of != generation:
                        self._improve(source, generation)
            if wished and current and not self._closing:
                self.drawn.emit(image, index / fps, generation)

    def _next_job(self) -> tuple[int, bool] | None:
        """The wish, else the next frame ahead that is not there yet; called with the lock held."""
        if self._wish is not None:
            index, self._wish = self._wish, None
            return index, True
        if self._head is None or self._make is None:
            return None
        due, step = self._head
        due += step * int(self._cost * self._fps / abs(step))  # a slow frame is aimed at when it will be done
        for index in range(due, due + step * _AHEAD, step):
            if not 0 <= index < self._count:
                return None
            if index not in self._cache:
                return index, False
        return None

    def _keep(self, index: int, image: QImage) -> None:
        if index in self._cache:
            self._bytes -= self._cache[index].sizeInBytes()
        self._cache[index] = image
        self._bytes += image.sizeInBytes()
        centre = self._head[0] if self._head is not None else index
        while self._bytes > _CACHE_BYTES and len(self._cache) > 2:
            farthest = max(self._cache, key=lambda i: abs(i - centre))
            self._bytes -= self._cache.pop(farthest).sizeInBytes()

    def _forget(self) -> None:
        self._cache.clear()
        self._bytes = 0

    def _fail(self, message: str, generation: int) -> None:
        with self._wake:
            if generation == self._generation:
                self._make = self._wish = self._head = None
        if not self._closing:
            self.failed.emit(message, generation)

    # --- on the second thread -----------------------------------------------------------------------

    def _improve(self, source: FrameSource, generation: int) -> None:
        prepare = getattr(source, "prepare", None)
        if prepare is None:
            self._prepared = True
            return
        self._better_of = generation
        self._better = threading.Thread(
            target=self._get_better, args=(prepare, generation), name="preview-prepare", daemon=True
        )
        self._better.start()

    def _get_better(self, prepare: Callable[[float, tuple[int, int]], bool], generation: int) -> None:
        while True:
            with self._wake:
                if self._closing or generation != self._generation:
                    return
                index, size = self._last or 0, self._size
                t = index / self._fps
            try:
                went_on = prepare(t, (size.width(), size.height()))
            except Exception:  # the draft stays; drawing itself says what is wrong
                log.exception("a preview could not be made ready")
                with self._wake:
                    if generation == self._generation:
                        self._prepared, self._better_of = True, 0
                return
            with self._wake:
                if self._closing or generation != self._generation:
                    return
                if not went_on:
                    if size == self._size:
                        self._prepared, self._better_of = True, 0
                        return
                    continue
                self._forget()
                if self._head is None and self._last is not None:
                    self._wish = self._last
                    self._busy = True
                    self._wake.notify()
