"""The first pictures of a training as the network will see them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.i18n import mark, tr

_GAP = 6
_AREA = 88 * 88  # pixels a picture covers, whatever its shape


class CropStrip(QWidget):
    """Pictures in one or two rows, all of one shape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._aspect = 1.0
        self._message = ""
        self.waiting = 0  # cells drawn as skeletons
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        name(self, mark("Pictures as the network sees them"))

    @property
    def images(self) -> list[QImage]:
        """What is shown."""
        return self._images

    def wait(self, count: int, aspect: float) -> None:
        """Pictures are on their way."""
        self.waiting, self._aspect, self._images, self._message = count, aspect, [], ""
        self._changed()

    def show_images(self, images: list[QImage], aspect: float) -> None:
        """All of one shape (``aspect`` is width / height)."""
        self._images, self._aspect, self.waiting = images, aspect, 0
        self._message = "" if images else tr("No picture to show.")
        self.setAccessibleDescription(tr("{n} pictures", n=len(images)))
        self._changed()

    def _changed(self) -> None:
        self.updateGeometry()
        self.update()

    def _cell(self) -> QSize:
        width = round((_AREA * self._aspect) ** 0.5)
        return QSize(width, round(width / self._aspect))

    def _columns(self, width: int) -> int:
        return max(1, (width + _GAP) // (self._cell().width() + _GAP))

    def sizeHint(self) -> QSize:
        return QSize(560, self.heightForWidth(560))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._cell().height())

    def heightForWidth(self, width: int) -> int:
        rows = min(2, max(1, -(-self._count() // self._columns(width))))
        return rows * (self._cell().height() + _GAP) - _GAP

    def _count(self) -> int:
        return len(self._images) or self.waiting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._count():
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), self._message)
            return
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        cell, columns = self._cell(), self._columns(self.width())
        for place in range(min(self._count(), 2 * columns)):
            area = QRect(
                (place % columns) * (cell.width() + _GAP),
                (place // columns) * (cell.height() + _GAP),
                cell.width(),
                cell.height(),
            )
            if place < len(self._images):
                painter.drawImage(area, self._images[place])
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("skeleton"))
                painter.drawRoundedRect(area, 4, 4)
