"""Frames of a storyboard while it is edited: a quick one at once, the exact one when the hand rests."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QSize, Signal
from PySide6.QtGui import QImage

from mmstudio.i18n import tr_error

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.desktop.views.board_frames import KeptPictures
    from mmstudio.library import Library

log = logging.getLogger(__name__)
_REST_S = 0.25  # without a new wish, before the exact frame is drawn


@dataclass(frozen=True, slots=True)
class EditFrame:
    """A picture of a storyboard at a second.

    ``texts``: where each text of the scene stands, in fractions of the canvas (a text in a stack has no place
    of its own). ``exact``: as it is exported. ``number``: of the wish that it answers.
    """

    image: QImage
    texts: dict[str, QRectF]
    exact: bool
    number: int


class EditFrames(QObject):
    """One thread that draws the newest wish; wishes that come while it draws replace each other.

    A wish is answered by a draft, drawn on a canvas of the size that is shown (all places are fractions), and
    once nothing new was wished for a quarter of a second by the frame that export would draw.
    """

    drawn = Signal(object)  # EditFrame
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._wish: tuple[Storyboard, float, QSize, int] | None = None
        self._last: tuple[Storyboard, float, QSize, int] | None = None
        self._library: Library | None = None
        self._kept: KeptPictures | None = None
        self._number = 0
        self._busy = self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="editor-frames", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True until the newest wish is answered exactly."""
        return self._busy

    def use(self, library: Library | None, kept: KeptPictures | None) -> None:
        """Take pictures from this library from now on; None forgets everything."""
        with self._wake:
            self._library, self._kept = library, kept
            self._wish = self._last = None

    def want(self, board: Storyboard, t: float, size: QSize) -> int:
        """Ask for the frame at ``t`` seconds, at most ``size`` pixels large; the number of this wish."""
        with self._wake:
            self._number += 1
            if self._library is not None and not size.isEmpty():
                self._wish = (board, t, QSize(size), self._number)
                self._busy = True
                self._wake.notify()
            return self._number

    def close(self) -> None:
        """End the thread; waits for the frame in hand."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while True:
            with self._wake:
                if self._wish is None and self._last is not None and not self._closing:
                    self._wake.wait(_REST_S)
                while self._wish is None and self._last is None and not self._closing:
                    self._busy = False
                    self._wake.wait()
                if self._closing:
                    return
                exact = self._wish is None
                wish = self._last if exact else self._wish
                self._wish, self._last = None, None if exact else wish
                library, kept = self._library, self._kept
            if wish is None or library is None or kept is None:
                continue
            try:
                frame = _draw(*wish, library, kept, exact)
            except Exception as error:
                log.exception("a frame of the editor could not be drawn")
                with self._wake:
                    self._last = None
                if not self._closing:
                    self.failed.emit(" ".join(tr_error(error)).strip())
                continue
            if not self._closing:
                self.drawn.emit(frame)


def _draw(
    board: Storyboard, t: float, size: QSize, number: int, library: Library, kept: KeptPictures, exact: bool
) -> EditFrame:
    from mmstudio.composition.render import Renderer
    from mmstudio.composition.render.scene_text import texts_of
    from mmstudio.export.provenance.label import labelled

    full, small = kept.both()
    width, height = board.size
    scale = min(size.width() / width, size.height() / height, 1.0)
    shown = (max(round(width * scale), 2), max(round(height * scale), 2))
    drawn = labelled(board if exact else replace(board, size=shown))
    renderer = Renderer(drawn, library, full if exact else small)
    t = min(max(t, 0.0), max(board.duration - 1.0 / max(board.fps, 1), 0.0))
    image = renderer.frame(t, shown)
    texts: dict[str, QRectF] = {}
    if drawn.scenes:
        for name, placed in texts_of(drawn, drawn.scenes[drawn.scene_at(t)]).items():
            box = placed.box if placed.plate is None else placed.plate
            top = placed.y if placed.plate is None else box.y()
            texts[name] = QRectF(
                box.x() / drawn.size[0],
                top / drawn.size[1],
                box.width() / drawn.size[0],
                placed.height / drawn.size[1],
            )
    return EditFrame(image, texts, exact, number)
