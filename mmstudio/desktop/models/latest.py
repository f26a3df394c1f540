"""Work of a live view: one question at a time with the newest next, and writes in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

Work = Callable[[], Any]
Done = Callable[[Any], None]
Failed = Callable[[Exception], None]


class Latest(QObject):
    """Asks in a worker; while one answer is on its way only the newest question waits behind it.

    A slider that is dragged so shows every answer that there was time for, and always the last one.
    """

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._next: tuple[Work, Done, Failed] | None = None
        self._busy = False
        self._generation = 0

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._busy

    def ask(self, fn: Work, done: Done, failed: Failed) -> None:
        """Run ``fn()`` in a worker as soon as the one before it is answered; a later question replaces it."""
        self._next = (fn, done, failed)
        if not self._busy:
            self._go()

    def forget(self) -> None:
        """Another library: no answer of before is wanted."""
        self._generation += 1
        self._next, self._busy = None, False

    def _go(self) -> None:
        if self._next is None:
            return
        (fn, done, failed), self._next = self._next, None
        self._busy = True
        generation = self._generation

        def answered(callback: Callable[[Any], None], value: Any) -> None:
            if generation != self._generation:
                return
            self._busy = False
            self._go()
            callback(value)

        self._context.background(
            fn, lambda value: answered(done, value), lambda error: answered(failed, error), owner=self
        )


class InTurn(QObject):
    """Writes one after the other: two edits of one field must not overtake each other."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._waiting: deque[tuple[Work, Done | None, Failed | None]] = deque()
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether a write is under way or waiting."""
        return self._busy

    def put(self, fn: Work, done: Done | None = None, failed: Failed | None = None) -> None:
        """Run ``fn()`` in a worker after all that were put before; an error becomes a notice, too."""
        self._waiting.append((fn, done, failed))
        if not self._busy:
            self._go()

    def _go(self) -> None:
        if not self._waiting:
            return
        fn, done, failed = self._waiting.popleft()
        self._busy = True

        def over(value: Any) -> None:
            self._busy = False
            self._go()
            if done is not None:
                done(value)

        def wrong(error: Exception) -> None:
            self._busy = False
            self._context.report(error)
            self._go()
            if failed is not None:
                failed(error)

        self._context.background(fn, over, wrong, owner=self)
