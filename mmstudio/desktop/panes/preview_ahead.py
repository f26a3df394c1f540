"""The first picture of the Preview pane, drawn while nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSize

from mmstudio.desktop.models.board import read_board
from mmstudio.desktop.views.board_frames import KeptPictures, frame_source

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

Wanted = Callable[[], tuple[int, tuple[int, int], QSize] | None]


class DrawnAhead(QObject):
    """Reads and cuts out the pictures of a storyboard in a worker; they are kept for when it is shown."""

    def __init__(
        self, context: AppContext, wanted: Wanted, drawn: Callable[[int, KeptPictures], None], parent: QObject
    ) -> None:
        """``wanted``: id, shape and pixels of what to draw, or None; ``drawn`` takes the pictures."""
        super().__init__(parent)
        self._context, self._wanted, self._drawn = context, wanted, drawn
        self._done: Callable[[], Any] | None = None

    def ask(self, done: Callable[[], Any]) -> None:
        """Draw at the next :meth:`go_on`, then call ``done``, also where nothing can be drawn."""
        self._done = done

    def go_on(self) -> None:
        """The storyboards are known now."""
        studio, done = self._context.studio, self._done
        if done is None:
            return
        self._done = None
        wanted = self._wanted()
        if studio is None or wanted is None:
            done()
            return
        storyboard, shape, size = wanted
        kept = KeptPictures(studio.library)

        def work() -> None:
            board = read_board(studio.library, storyboard).board
            source = frame_source(board, studio.library, shape, kept)()
            source.frame(board.card_time, (size.width(), size.height()))

        def drawn(_none: object) -> None:
            self._drawn(storyboard, kept)
            done()

        # What cannot be drawn says so when it is shown.
        self._context.background(work, drawn, lambda _error: done(), key="preview-ahead", owner=self)
