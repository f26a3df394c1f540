"""Rulers round the editor's canvas and a person's own guides, by mouse and by keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from mmstudio.composition.editing.snapping import Axis, Guide
from mmstudio.desktop import theme
from mmstudio.desktop.views.painting import sized
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.views.editor_canvas import EditorCanvas

RULER = 15  # pixels: the rulers lie in the margin of the canvas
_NEAR = 4  # pixels from a guide that still take it
_SNAP_PX = 6
_ARROWS = {
    Qt.Key.Key_Left: ("x", -1), Qt.Key.Key_Right: ("x", 1),
    Qt.Key.Key_Up: ("y", -1), Qt.Key.Key_Down: ("y", 1),
}  # fmt: skip


@dataclass
class _Pull:
    """A guide under the mouse; ``index`` -1 is a new one."""

    axis: Axis
    index: int
    at: float
    moved: bool = False


class GuideHand:
    """The part of the canvas that deals with guides; the canvas' signals ask for what it wants changed."""

    def __init__(self, canvas: EditorCanvas) -> None:
        self._canvas = canvas
        self._pull: _Pull | None = None
        self.shown = True
        self.chosen: tuple[Axis, int] | None = None

    # --- what there is ------------------------------------------------------------------------------

    def lines(self) -> list[tuple[Axis, int, float]]:
        """Every guide: direction, place in its list, fraction of the canvas."""
        board = self._canvas.board
        if board is None or not self.shown:
            return []
        axes: tuple[Axis, Axis] = ("x", "y")
        return [(axis, n, at) for axis in axes for n, at in enumerate(board.guides.get(axis, []))]

    def to_snap_to(self) -> list[Guide]:
        """The guides that layers snap to."""
        return [Guide(axis, at, "own") for axis, _n, at in self.lines()]

    def keep_to(self) -> None:
        """The storyboard is another one: let go of a guide that is gone."""
        if self.chosen is not None and not any((a, n) == self.chosen for a, n, _at in self.lines()):
            self.choose(None)

    def choose(self, guide: tuple[Axis, int] | None) -> None:
        """Take a guide in hand, or let go."""
        if guide != self.chosen:
            self.chosen = guide
            if guide is not None:
                self._canvas.picked.emit([])  # keys mean one thing at a time
            self._canvas.guide_chosen.emit()
            self._canvas.tell()
            self._canvas.update()

    def words(self) -> str:
        """What is said of the guide in hand; "" without one."""
        board = self._canvas.board
        at = next((at for axis, n, at in self.lines() if (axis, n) == self.chosen), None)
        if board is None or at is None or self.chosen is None:
            return ""
        if self.chosen[0] == "x":
            return tr("Upright guide, {n} px from the left", n=round(at * board.size[0]))
        return tr("Level guide, {n} px from the top", n=round(at * board.size[1]))

    # --- mouse --------------------------------------------------------------------------------------

    def over(self, at: QPointF) -> Axis | None:
        """The direction of the guide, or of the ruler that gives one, under the mouse."""
        if not self.shown or not self._canvas.editable or self._canvas.board is None:
            return None
        ruler = self._ruler_at(at)
        if ruler is not None:
            return ruler
        found = self._line_at(at)
        return found[0] if found is not None else None

    def press(self, at: QPointF) -> bool:
        """Take a guide, or a new one out of a ruler; False where there is none."""
        axis = self.over(at)
        if axis is None:
            self.choose(None)
            return False
        ruler, found = self._ruler_at(at), self._line_at(at)
        index = -1 if ruler is not None or found is None else found[1]
        self._pull = _Pull(axis, index, self._fraction(axis, at))
        if index >= 0:
            self.choose((axis, index))
        return True

    def move(self, at: QPointF) -> bool:
        """The mouse moves; False where no guide is pulled."""
        pull = self._pull
        if pull is None:
            return False
        pull.moved, pull.at = True, self._snapped(pull.axis, self._fraction(pull.axis, at))
        self._canvas.update()
        return True

    def release(self, at: QPointF) -> bool:
        """Let go of it: beside the canvas it is gone."""
        pull, self._pull = self._pull, None
        if pull is None:
            return False
        inside = 0.0 <= pull.at <= 1.0 and self._ruler_at(at) is None
        if pull.moved and inside:
            self._canvas.guide_put.emit(pull.axis, pull.index, pull.at)
        elif pull.moved and pull.index >= 0:
            self._canvas.guide_gone.emit(pull.axis, pull.index)
        self._canvas.update()
        return True

    def _ruler_at(self, at: QPointF) -> Axis | None:
        if at.y() <= RULER:
            return "y"
        return "x" if at.x() <= RULER else None

    def _line_at(self, at: QPointF) -> tuple[Axis, int] | None:
        area = self._canvas.area()
        if not area.adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR).contains(at):
            return None
        for axis, n, where in self.lines():
            here = area.x() + where * area.width() if axis == "x" else area.y() + where * area.height()
            if abs((at.x() if axis == "x" else at.y()) - here) <= _NEAR:
                return axis, n
        return None

    def _fraction(self, axis: Axis, at: QPointF) -> float:
        area = self._canvas.area()
        if axis == "x":
            return (at.x() - area.x()) / area.width()
        return (at.y() - area.y()) / area.height()

    def _snapped(self, axis: Axis, at: float) -> float:
        if not self._canvas.snapping:
            return at
        area = self._canvas.area()
        near = _SNAP_PX / (area.width() if axis == "x" else area.height())
        lines = [one.at for one in self._canvas.snap_lines(set(), own=False) if one.axis == axis]
        close = min(lines, key=lambda line: abs(line - at), default=at)
        return close if abs(close - at) <= near else at

    # --- keys ---------------------------------------------------------------------------------------

    def key(self, event: QKeyEvent) -> bool:
        """Arrows move the guide in hand (Shift: ten pixels), Shift with Page Up and Down choose another."""
        key, mods = Qt.Key(event.key()), event.modifiers()
        shift = bool(mods & Qt.KeyboardModifier.ShiftModifier)
        if shift and key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            return self._step(1 if key == Qt.Key.Key_PageDown else -1)
        board = self._canvas.board
        if self.chosen is None or board is None:
            return False
        if key == Qt.Key.Key_Escape:
            self.choose(None)
            return True
        if key in _ARROWS and self._canvas.editable:
            way, by = _ARROWS[key]
            axis, index = self.chosen
            now = next((at for a, n, at in self.lines() if (a, n) == self.chosen), None)
            if way == axis and now is not None:
                far = (10 if shift else 1) / board.size[0 if axis == "x" else 1]
                self._canvas.guide_put.emit(axis, index, min(max(now + by * far, 0.0), 1.0))
            return True
        return False

    def _step(self, by: int) -> bool:
        every = [(axis, n) for axis, n, _at in self.lines()]
        if not every:
            return False
        now = every.index(self.chosen) if self.chosen in every else (-1 if by > 0 else 0)
        self.choose(every[(now + by) % len(every)])
        return True

    # --- painting -----------------------------------------------------------------------------------

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Guides over the picture, rulers in the margin."""
        if not self.shown:
            return
        painter.save()
        pull = self._pull
        for axis, n, at in self.lines():
            if pull is not None and (axis, n) == (pull.axis, pull.index):
                continue
            self._line(painter, area, axis, at, chosen=(axis, n) == self.chosen)
        if pull is not None and pull.moved and 0.0 <= pull.at <= 1.0:
            self._line(painter, area, pull.axis, pull.at, chosen=True)
        self._rulers(painter, area)
        painter.restore()

    def _line(self, painter: QPainter, area: QRectF, axis: Axis, at: float, *, chosen: bool) -> None:
        x, y = area.x() + at * area.width(), area.y() + at * area.height()
        whole = self._canvas.rect()
        ends = (
            (QPointF(x, RULER), QPointF(x, whole.height()))
            if axis == "x"
            else (QPointF(RULER, y), QPointF(whole.width(), y))
        )
        painter.setPen(QPen(theme.color("on_overlay"), 3.0 if chosen else 2.0))  # seen on any picture
        painter.drawLine(*ends)
        painter.setPen(QPen(theme.color("focus" if chosen else "accent"), 1.5 if chosen else 1.0))
        painter.drawLine(*ends)

    def _rulers(self, painter: QPainter, area: QRectF) -> None:
        board, whole = self._canvas.board, self._canvas.rect()
        if board is None:
            return
        painter.fillRect(QRectF(0, 0, whole.width(), RULER), theme.color("raised"))
        painter.fillRect(QRectF(0, 0, RULER, whole.height()), theme.color("raised"))
        painter.setFont(sized(painter.font(), 9))
        painter.setPen(QPen(theme.color("muted"), 1.0))
        for n in range(11):
            tick = 5 if n % 5 else 9
            x, y = area.x() + n / 10 * area.width(), area.y() + n / 10 * area.height()
            painter.drawLine(QPointF(x, RULER - tick), QPointF(x, RULER))
            painter.drawLine(QPointF(RULER - tick, y), QPointF(RULER, y))
            if n in (0, 5):
                painter.drawText(QPointF(x + 3, RULER - 4), str(round(n / 10 * board.size[0])))
                painter.save()
                painter.translate(RULER - 4, y + 3)
                painter.rotate(90)
                painter.drawText(QPointF(0, 0), str(round(n / 10 * board.size[1])))
                painter.restore()
