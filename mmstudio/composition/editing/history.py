"""Undo and redo of everything: every step is a whole storyboard, and the steps of one drag are one."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from mmstudio.composition.storyboard import Storyboard

_MOST = 300  # steps kept; they share what did not change
_TOGETHER_S = 1.0  # edits of one kind that follow each other this quickly are one step


@dataclass(frozen=True, slots=True)
class Step:
    """A storyboard as it was before something was done, and what that was (marked English)."""

    board: Storyboard
    label: str


class History:
    """The storyboard as it is now, and the way back and forth.

    Args:
        board: where it starts. clock: seconds, for tests.
    """

    def __init__(self, board: Storyboard, clock: Callable[[], float] = time.monotonic) -> None:
        self.board = board
        self._clock = clock
        self._back: list[Step] = []
        self._forth: list[Step] = []
        self._key: Hashable = None
        self._at = 0.0

    def do(
        self,
        edit: Callable[[Storyboard], Storyboard],
        label: str,
        key: Hashable = None,
        *,
        anew: bool = False,
    ) -> bool:
        """Apply an edit; False where it changed nothing.

        Args:
            label: what it does, for the menu.
            key: edits with the same key in a row (a drag, a slider, typing) become one step until a second
                passes or :meth:`seal` is called.
            anew: within one step each edit starts from where the step began (a drag there and back again
                leaves no trace).

        Raises:
            StudioError: as the edit; nothing is changed then.
        """
        now = self._clock()
        together = key is not None and key == self._key and now - self._at <= _TOGETHER_S
        made = edit(self._back[-1].board if anew and together and self._back else self.board)
        if made is self.board or made == self.board:
            return False
        if not together:
            self._back.append(Step(self.board, label))
            del self._back[:-_MOST]
        self._forth.clear()
        self._key, self._at, self.board = key, now, made
        return True

    def seal(self) -> None:
        """The next edit is a step of its own (the mouse was let go)."""
        self._key = None

    def undo(self) -> str | None:
        """Take the newest step back; what it was, or None where there is none."""
        return self._walk(self._back, self._forth)

    def redo(self) -> str | None:
        """Do the newest step that was taken back again; what it was, or None."""
        return self._walk(self._forth, self._back)

    def _walk(self, source: list[Step], target: list[Step]) -> str | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(self.board, step.label))
        self.board, self._key = step.board, None
        return step.label

    @property
    def labels(self) -> tuple[str | None, str | None]:
        """What undo and redo would do now."""
        return (
            self._back[-1].label if self._back else None,
            self._forth[-1].label if self._forth else None,
        )

    def rebase(self, board: Storyboard) -> None:
        """Go on from another state (somebody else's), with the way back to one's own."""
        self._back.append(Step(self.board, "Take over"))
        self._forth.clear()
        self.board, self._key = board, None
