"""Where a person is among the things they made, and how they came there: one step back, one forth."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

S = TypeVar("S")


class History(QObject, Generic[S]):
    """Going to a step can be undone like any change; :attr:`moved` says that it is another one now.

    Args:
        kept: steps that going back remembers.
    """

    moved = Signal(object)  # a step or None

    def __init__(self, kept: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: S | None = None
        self._kept = kept
        self._back: list[S] = []
        self._forth: list[S] = []

    @property
    def can_undo(self) -> bool:
        """True where there is a step before."""
        return bool(self._back)

    @property
    def can_redo(self) -> bool:
        """True where something was undone."""
        return bool(self._forth)

    def go(self, step: S) -> None:
        """To a step; nothing where it is the current one."""
        if step is self.current:
            return
        if self.current is not None:
            self._back.append(self.current)
            del self._back[: -self._kept]
        self._forth.clear()
        self._move(step)

    def undo(self) -> None:
        """To where the person was before the newest change."""
        if self._back:
            if self.current is not None:
                self._forth.append(self.current)
            self._move(self._back.pop())

    def redo(self) -> None:
        """The newest undone change again."""
        if self._forth:
            if self.current is not None:
                self._back.append(self.current)
            self._move(self._forth.pop())

    def forget(self) -> None:
        """Nowhere, and no way back."""
        self._back.clear()
        self._forth.clear()
        self._move(None)

    def _move(self, step: S | None) -> None:
        self.current = step
        self.moved.emit(step)
