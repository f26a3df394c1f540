"""Pictures that can be pressed, and small cards."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.items import items_mime
from mmstudio.desktop.views.painting import paint_picture, paint_text
from mmstudio.desktop.views.pictures import Key, Pictures


class PictureTile(QAbstractButton):
    """One picture of ``side`` pixels, an optional caption below; pressed like a button."""

    def __init__(
        self,
        pictures: Pictures,
        key: Key | None,
        name: str,
        *,
        side: int = 96,
        caption: str = "",
        note: str = "",
        icon: str = "image",
        contain: bool = False,
        drag_item: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures, self._key, self._side = pictures, key, side
        self._caption, self._note, self._icon, self._contain = caption, note, icon, contain
        self._drag_item = drag_item
        self._pressed_at = QPoint()
        self.set_name(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())
        pictures.arrived.connect(self.update)

    def set_name(self, name: str) -> None:
        """What it is called."""
        if name == self.text():
            return
        self.setText(name)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def set_note(self, note: str) -> None:
        """The line below the caption; a tile made without one has no room for it."""
        if note != self._note:
            self._note = note
            self.update()

    def sizeHint(self) -> QSize:
        words = 18 * (bool(self._caption) + bool(self._note))
        return QSize(self._side, self._side + (words + 4 if words else 0))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = (event.position().toPoint() - self._pressed_at).manhattanLength()
        if self._drag_item is None or not self.isDown() or far < QApplication.startDragDistance():
            super().mouseMoveEvent(event)
            return
        self.setDown(False)
        drag = QDrag(self)
        drag.setMimeData(items_mime([self._drag_item]))
        drag.exec(Qt.DropAction.CopyAction)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = QRect(0, 0, self._side, self._side)
        paint_picture(painter, square, self._pictures.get(self._key), contain=self._contain, icon=self._icon)
        if self.hasFocus() or self.underMouse() or self.isChecked():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("focus" if self.hasFocus() or self.isChecked() else "muted"), 2))
            painter.drawRoundedRect(square.adjusted(1, 1, -1, -1), theme.RADIUS - 2, theme.RADIUS - 2)
        y = self._side + 4
        for words, role in ((self._caption, "text"), (self._note, "muted")):
            if words:
                paint_text(painter, QRect(0, y, self._side, 18), words, role=role, pixels=theme.SMALL)
                y += 18


class DropZone(QWidget):
    """Accepts items or assets dragged from other panes; the owner fills it with whatever it likes."""

    dropped = Signal(QMimeData)

    def __init__(self, formats: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._over = False
        self.setAcceptDrops(True)

    def _takes(self, mime: QMimeData) -> bool:
        return any(mime.hasFormat(f) for f in self._formats)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._takes(event.mimeData()):
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        if self._takes(event.mimeData()):
            event.acceptProposedAction()
            self.dropped.emit(event.mimeData())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.color("accent" if self._over else "border"), 1.5 if self._over else 1)
        if not self._over:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), theme.RADIUS, theme.RADIUS)


class Swatch(QWidget):
    """One colour of a palette with its value as accessible name."""

    def __init__(self, rgb: tuple[int, int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rgb = rgb
        self.setFixedSize(32, 32)
        self.setAccessibleName("#{:02x}{:02x}{:02x}".format(*rgb))
        self.setToolTip(self.accessibleName())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(*self.rgb))
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), theme.RADIUS, theme.RADIUS)


class Stars(QWidget):
    """A rating of five, in words for screen readers."""

    def __init__(self, rating: float, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rating = rating
        self.setFixedSize(84, 16)
        self.setAccessibleName(words)
        self.setToolTip(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for i in range(5):
            filled = self._rating >= i + 0.75
            half = not filled and self._rating >= i + 0.25
            name = "star-fill" if filled else "star-half-fill" if half else "star"
            icons.paint_icon(
                painter, QRect(i * 17, 0, 16, 16), name, "warning" if filled or half else "muted"
            )
