"""Numbers as colours: spectrograms, vectors, and heat over a picture."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.canvas import fitted

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LABELS = 40  # pixels at the left for what the rows are
_FOOT = 16  # pixels below for the time


def heat_image(values: NDArray[np.float32], low: float, high: float, scale: str = "viridis") -> QImage:
    """float32[H, W] → a picture; ``low`` and below is the first colour of the scale, ``high`` the last."""
    import pyqtgraph

    span = high - low if high > low else 1.0
    level = np.nan_to_num((values - low) / span).clip(0, 1)
    table = pyqtgraph.colormap.get(scale).getLookupTable(0.0, 1.0, 256)
    return to_qimage(np.ascontiguousarray(table[(level * 255).astype(np.uint8)][..., :3], dtype=np.uint8))


class HeatPlot(QWidget):
    """Rows over time as colours, low rows at the bottom; what the rows are at the left, seconds below."""

    def __init__(self, title: str, tip: str, height: int = 120) -> None:
        super().__init__()
        self._image = QImage()
        self._rows: tuple[str, str] = ("", "")
        self._seconds = 0.0
        self.setMinimumHeight(height + _FOOT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        name(self, title, tip)

    def show_values(self, values: NDArray[np.float32], seconds: float, rows: tuple[str, str]) -> None:
        """float32[rows, frames] over ``seconds``; ``rows`` names the lowest and the highest row."""
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, (2, 99.5)) if finite.size else (0.0, 1.0)
        self._image = heat_image(values[::-1], float(low), float(high))
        self._rows, self._seconds = rows, seconds
        self.update()

    def clear(self) -> None:
        """Show a resting ground until something comes."""
        self._image = QImage()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.rect().adjusted(_LABELS, 0, 0, -_FOOT)
        if self._image.isNull():
            painter.fillRect(area, theme.color("skeleton"))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._image)
        font = painter.font()
        font.setPixelSize(theme.SMALL - 2)
        painter.setFont(font)
        painter.setPen(theme.color("muted"))
        side = QRect(0, area.y(), _LABELS - 6, area.height())
        right = int(Qt.AlignmentFlag.AlignRight)
        painter.drawText(side, right | int(Qt.AlignmentFlag.AlignTop), self._rows[1])
        painter.drawText(side, right | int(Qt.AlignmentFlag.AlignBottom), self._rows[0])
        for part in range(5):
            x = area.x() + area.width() * part / 4
            align = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)[
                0 if part == 0 else 2 if part == 4 else 1
            ]
            box = QRectF(x - (0 if part == 0 else 60 if part == 4 else 30), area.bottom() + 2, 60, _FOOT)
            painter.drawText(box, int(align), f"{self._seconds * part / 4:.1f} s")


class VectorStrip(QWidget):
    """One vector as a strip: a column per number, blue below the library's mean, red above."""

    def __init__(self, title: str, normalised: NDArray[np.float32]) -> None:
        super().__init__()
        self._image = heat_image(normalised[None, :], -3.0, 3.0, "CET-D1A")
        self.setFixedHeight(22)
        self.setAccessibleName(title)
        self.setToolTip(title)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).drawImage(self.rect(), self._image)


class HeatPicture(QWidget):
    """A picture with what a network looks at laid over it, and the box the eye goes to."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._picture = QImage()
        self._heat = QImage()
        self._box: tuple[float, float, float, float] | None = None
        self._salient: tuple[float, float, float, float] | None = None
        self.opacity = 0.55
        self.setMinimumSize(200, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        name(self, title)

    def show_picture(self, picture: QImage) -> None:
        """Another picture, with nothing over it."""
        self._picture, self._heat, self._box, self._salient = picture, QImage(), None, None
        self.update()

    def show_heat(
        self, heat: NDArray[np.float32] | None, box: tuple[float, float, float, float] | None
    ) -> None:
        """float32[H, W] in 0…1 over a part of the picture (x, y, width, height as shares), or nothing."""
        self._box = box
        self._heat = QImage()
        if heat is not None:
            rgb = to_rgb(heat)
            alpha = (np.clip(heat, 0, 1) ** 0.7 * 255).astype(np.uint8)
            self._heat = to_qimage(np.dstack([rgb, alpha]))
        self.update()

    def show_salient(self, box: tuple[float, float, float, float] | None) -> None:
        """Mark where one looks first."""
        self._salient = box
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture.isNull():
            painter.fillRect(self.rect(), theme.color("skeleton"))
            return
        area = fitted(self._picture.size(), self.rect())
        painter.drawImage(area, self._picture)
        if not self._heat.isNull() and self._box is not None:
            painter.setOpacity(self.opacity)
            painter.drawImage(_part(area, self._box), self._heat)
            painter.setOpacity(1.0)
        if self._salient is not None:
            pen = QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRect(_part(area, self._salient))


def to_rgb(heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """float32[H, W] in 0…1 → uint8[H, W, 3] on the inferno scale."""
    import pyqtgraph

    table = pyqtgraph.colormap.get("inferno").getLookupTable(0.0, 1.0, 256)
    return np.ascontiguousarray(table[(np.clip(heat, 0, 1) * 255).astype(np.uint8)][..., :3], dtype=np.uint8)


def _part(area: QRect, box: tuple[float, float, float, float]) -> QRectF:
    x, y, width, height = box
    return QRectF(
        area.x() + x * area.width(),
        area.y() + y * area.height(),
        width * area.width(),
        height * area.height(),
    )
