"""The waveform of a sound, zoomable; clicks and keys seek."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.views.time_strip import TimeStrip
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 6000  # peaks of a whole sound: enough to look ten times closer
_QUIET = 0.05  # what is quieter than this fills not the whole height: silence looks like silence


class Waveform(TimeStrip):
    """Peaks; what has been heard in the accent colour, the rest muted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(mark("Waveform"), parent)
        self._peaks: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self._shape: tuple[object, QPolygonF] | None = None

    def set_peaks(self, peaks: NDArray[np.float32], duration: float) -> None:
        """Show float32[bins, 2] of lows and highs, -1 to 1, over ``duration`` seconds."""
        self._peaks, self._shape = peaks, None
        self.set_duration(duration)

    def has_content(self) -> bool:
        return super().has_content() and len(self._peaks) > 0

    def paint_content(self, painter: QPainter) -> None:
        heard = max(0.0, min(float(self.width()), self.x_of(self.position)))
        middle = self.height() / 2
        painter.setPen(QPen(theme.color("border"), 1.0))
        painter.drawLine(QPointF(4, middle), QPointF(self.width() - 4, middle))
        shape = self._polygon()
        for role, left, right in (("accent", 0.0, heard), ("muted", heard, float(self.width()))):
            painter.setClipRect(QRectF(left, 0, right - left, self.height()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(role))
            painter.drawPolygon(shape)

    def _polygon(self) -> QPolygonF:
        key = (self.sight, self.width(), self.height())
        if self._shape is None or self._shape[0] != key:
            self._shape = (key, self._outline())
        return self._shape[1]

    def _outline(self) -> QPolygonF:
        """The peaks in sight, at most one pair per pixel."""
        first, last = (share / self.duration * len(self._peaks) for share in self.sight)
        low, high = int(first), min(len(self._peaks), int(np.ceil(last)) + 1)
        seen = self._peaks[low:high]
        columns = max(2, min(self.width(), len(seen)))
        edges = np.arange(columns) * len(seen) // columns
        lows, highs = np.minimum.reduceat(seen[:, 0], edges), np.maximum.reduceat(seen[:, 1], edges)
        loudest = max(_QUIET, float(np.abs(self._peaks).max()))
        middle, half = self.height() / 2, (self.height() - 16) / 2 / loudest
        places = (low + (edges + 0.5 * len(seen) / columns) - first) / max(1e-9, last - first)
        xs = places * self.width()
        tops = middle - np.maximum(highs * half, 0.5)
        feet = middle - np.minimum(lows * half, -0.5)
        points = [QPointF(x, y) for x, y in zip(xs, tops, strict=True)]
        points += [QPointF(x, y) for x, y in zip(xs[::-1], feet[::-1], strict=True)]
        return QPolygonF(points)
