"""Cropping on the canvas: the whole picture with a frame over it to pull; Enter keeps it, Escape leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QFrame, QWidget

from mmstudio.composition.editing.snapping import Handle, scaled
from mmstudio.composition.storyboard import Rect
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.editor_overlay import paint_handles
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.views.editor_canvas import EditorCanvas

_WIDE = 660  # pixels: narrower, the buttons stand without the words
LEAST = 0.02  # smallest side, fraction of the picture
_ROOM = 26  # pixels round the picture, and twice that for the buttons below


@dataclass
class Cropping:
    """What is cropped: the whole picture, the part to begin with, the part that holds what is looked at."""

    picture: QImage
    box: Rect
    subject: Rect
    name: str


@dataclass
class _Pull:
    start: QPointF
    box: Rect
    handle: Handle | None = None


@dataclass
class CropHand:
    """The part of the canvas that crops. ``done`` is called with the part, or None where it was left."""

    canvas: EditorCanvas
    done: Callable[[Rect | None], None] = field(default=lambda _box: None)
    now: Cropping | None = None
    _pull: _Pull | None = None

    @property
    def active(self) -> bool:
        """Whether a picture is being cropped."""
        return self.now is not None

    def begin(self, cropping: Cropping) -> None:
        """Show the whole picture with the frame."""
        self.now, self._pull = cropping, None
        self.canvas.tell()
        self.canvas.update()

    def end(self, keep: bool) -> None:
        """Back to the storyboard, with or without the part chosen."""
        held, self.now, self._pull = self.now, None, None
        if held is not None:
            self.canvas.setCursor(Qt.CursorShape.ArrowCursor)
            self.done(held.box if keep else None)
            self.canvas.tell()
            self.canvas.update()

    def set_box(self, box: Rect) -> None:
        """Another part, kept inside the picture."""
        if self.now is None:
            return
        w, h = min(max(box.w, LEAST), 1.0), min(max(box.h, LEAST), 1.0)
        self.now.box = Rect(min(max(box.x, 0.0), 1.0 - w), min(max(box.y, 0.0), 1.0 - h), w, h)
        self.canvas.tell()
        self.canvas.update()

    def words(self) -> str:
        """What is said of the frame."""
        if self.now is None:
            return ""
        box = self.now.box
        return tr(
            "Cropping {name}: {x} % from the left, {y} % from the top, {w} % wide, {h} % high",
            name=self.now.name, x=round(box.x * 100), y=round(box.y * 100), w=round(box.w * 100),
            h=round(box.h * 100),
        )  # fmt: skip

    # --- places -------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the whole picture lies in the canvas."""
        assert self.now is not None
        size = self.now.picture.size()
        wide = max(self.canvas.width() - 2 * _ROOM, 8)
        tall = max(self.canvas.height() - 3.5 * _ROOM, 8)
        scale = min(wide / max(size.width(), 1), tall / max(size.height(), 1))
        w, h = size.width() * scale, size.height() * scale
        return QRectF((self.canvas.width() - w) / 2, _ROOM + (tall - h) / 2, w, h)

    def frame(self) -> QRectF:
        """Where the part that stays lies in the canvas."""
        assert self.now is not None
        area, box = self.area(), self.now.box
        return QRectF(area.x() + box.x * area.width(), area.y() + box.y * area.height(),
                      box.w * area.width(), box.h * area.height())  # fmt: skip

    # --- mouse --------------------------------------------------------------------------------------

    def press(self, at: QPointF, handle: Handle | None) -> None:
        """Take a handle, the frame itself, or begin a new frame beside it."""
        if self.now is None:
            return
        if handle is None and not self.frame().contains(at):
            if not self.area().contains(at):
                return
            area = self.area()
            x, y = (at.x() - area.x()) / area.width(), (at.y() - area.y()) / area.height()
            self.set_box(Rect(x, y, LEAST, LEAST))
            handle = "se"
        self._pull = _Pull(at, self.now.box, handle)

    def move(self, at: QPointF, mods: Qt.KeyboardModifier) -> None:
        """Shift keeps the shape, Alt pulls both sides."""
        pull = self._pull
        if pull is None or self.now is None:
            return
        area = self.area()
        dx, dy = (at.x() - pull.start.x()) / area.width(), (at.y() - pull.start.y()) / area.height()
        box = pull.box
        if pull.handle is None:
            self.set_box(Rect(box.x + dx, box.y + dy, box.w, box.h))
            return
        keep = bool(mods & Qt.KeyboardModifier.ShiftModifier)
        made = scaled(box, pull.handle, dx, dy, keep=keep,
                      centred=bool(mods & Qt.KeyboardModifier.AltModifier))  # fmt: skip
        left, top = max(made.x, 0.0), max(made.y, 0.0)
        right, bottom = min(made.x + made.w, 1.0), min(made.y + made.h, 1.0)
        self.set_box(Rect(left, top, right - left, bottom - top))

    def release(self) -> None:
        """The frame stays where it is."""
        self._pull = None

    # --- keys ---------------------------------------------------------------------------------------

    def key(self, event: QKeyEvent, ways: dict[Qt.Key, tuple[int, int]]) -> bool:
        """Arrows move the frame, with Ctrl its size; Enter keeps, Escape leaves. True where it was meant."""
        if self.now is None:
            return False
        key, mods = Qt.Key(event.key()), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.end(True)
        elif key == Qt.Key.Key_Escape:
            self.end(False)
        elif key in ways:
            far = 0.05 if mods & Qt.KeyboardModifier.ShiftModifier else 0.01
            dx, dy = ways[key][0] * far, ways[key][1] * far
            box = self.now.box
            if mods & Qt.KeyboardModifier.ControlModifier:
                self.set_box(Rect(box.x, box.y, box.w + dx, box.h + dy))
            else:
                self.set_box(Rect(box.x + dx, box.y + dy, box.w, box.h))
        return True  # nothing else happens to the storyboard meanwhile

    # --- painting -----------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """The whole picture, dark where it is cut off, thirds inside the frame."""
        if self.now is None:
            return
        area, frame = self.area(), self.frame()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self.now.picture)
        outside = QPainterPath()
        outside.addRect(area)
        inside = QPainterPath()
        inside.addRect(frame)
        painter.fillPath(outside.subtracted(inside), QColor(0, 0, 0, 150))
        painter.setPen(QPen(QColor(255, 255, 255, 120), 1.0))
        for part in (1 / 3, 2 / 3):
            x, y = frame.x() + part * frame.width(), frame.y() + part * frame.height()
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
        paint_handles(painter, frame, "", handles=True, focused=self.canvas.hasFocus(), named=False)


class CropBar(QFrame):
    """What can be done with the frame, below the picture."""

    def __init__(self, hand: CropHand, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hand = hand
        self.subject = button(mark("What matters"), self._subject, icon="crosshair",
                              tip=mark("The frame goes to what is looked at"))  # fmt: skip
        self.whole = button(mark("All of it"), lambda: hand.set_box(Rect()))
        self.cancel = button(mark("Cancel"), lambda: hand.end(False))
        self.keep = button(mark("Crop"), lambda: hand.end(True), "primary", icon="crop")
        self.words = label(mark("Pull the frame. Enter crops, Esc leaves."), role="muted")
        self.setLayout(
            row(self.words, self.subject, self.whole, self.cancel, self.keep, margins=(10, 4, 6, 4))
        )
        self.hide()

    def _subject(self) -> None:
        if self._hand.now is not None:
            self._hand.set_box(self._hand.now.subject)

    def place(self) -> None:
        """Stand at the foot of the canvas, while something is cropped."""
        self.setVisible(self._hand.active)
        if self._hand.active:
            parent = self._hand.canvas
            self.words.setVisible(parent.width() >= _WIDE)
            self.adjustSize()
            self.resize(min(self.width(), parent.width() - 8), self.height())
            self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - 6)
            self.raise_()
