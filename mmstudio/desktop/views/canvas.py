"""Shows one picture as large as fits, sharp on every screen."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_HIGHEST = 480  # pixels of a hugging canvas


class PictureCanvas(QWidget):
    """A picture centred on a quiet ground; says how many device pixels it can show."""

    resized = Signal(QSize)

    def __init__(self, parent: QWidget | None = None, *, hug: bool = False) -> None:
        """``hug``: as high as the picture is at the width there is."""
        super().__init__(parent)
        self._hug = hug
        self._image = QImage()
        self._message = ""
        self.setMinimumSize(160, 160)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        if hug:
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setMinimumSize(1, 1)
        self.setSizePolicy(policy)

    @property
    def image(self) -> QImage:
        """The picture shown now."""
        return self._image

    def show_image(self, image: QImage) -> None:
        """Replace the picture."""
        self._image = image
        self._message = ""
        if self._hug:
            self.updateGeometry()
        self.update()

    def show_message(self, text: str) -> None:
        """Words instead of a picture."""
        self._image = QImage()
        self._message = text
        self.update()

    def device_size(self) -> QSize:
        """Device pixels of the widget."""
        ratio = self.devicePixelRatioF()
        return QSize(round(self.width() * ratio), round(self.height() * ratio))

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(480)) if self._hug else QSize(480, 480)

    def heightForWidth(self, width: int) -> int:
        if not self._hug:
            return -1
        size = self._image.size() if not self._image.isNull() else QSize(3, 1)
        return min(width * size.height() // size.width(), _HIGHEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(self.device_size())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image.isNull():
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._message)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(fitted(self._image.size(), self.rect()), self._image)


def fitted(size: QSize, area: QRect) -> QRect:
    """The largest rectangle of ``size``'s shape centred in ``area``."""
    shown = size.scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    return QRect(
        area.x() + (area.width() - shown.width()) // 2,
        area.y() + (area.height() - shown.height()) // 2,
        shown.width(),
        shown.height(),
    )
