"""The spectrogram of a sound: which tones are heard when. Zoomable; clicks and keys seek."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.views.painting import sized
from mmstudio.desktop.views.time_strip import TimeStrip
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STOPS = (  # share of the range -> mix of surface, accent and text
    (0.0, "raised"),
    (0.55, "accent"),
    (1.0, "text"),
)
_ROOMY = 72  # pixels from which there is room to say what is high and low


class Spectrogram(TimeStrip):
    """Loudness of each tone over time, from quiet (the ground) to loud."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(mark("Spectrogram"), parent)
        self._image = QImage()

    def set_tones(self, tones: NDArray[np.uint8], duration: float) -> None:
        """Show uint8[rows, columns], 0 silent to 255 loudest, high tones first, over ``duration`` seconds."""
        levels = np.ascontiguousarray(tones)
        rows, columns = levels.shape
        self._image = QImage()
        if rows and columns:
            seen = QImage(levels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
            self._image = seen.copy()
            self._image.setColorTable(_colours())
        self.set_duration(duration)

    def has_content(self) -> bool:
        return super().has_content() and not self._image.isNull()

    def paint_content(self, painter: QPainter) -> None:
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        painter.setClipPath(path)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        first, last = (second / self.duration * self._image.width() for second in self.sight)
        source = QRectF(first, 0, max(1e-3, last - first), self._image.height())
        painter.drawImage(QRectF(self.rect()), self._image, source)
        if self.height() >= _ROOMY:
            painter.setFont(sized(painter.font(), theme.SMALL))
            for words, at in (
                (tr("high"), Qt.AlignmentFlag.AlignTop),
                (tr("low"), Qt.AlignmentFlag.AlignBottom),
            ):
                self._paint_word(painter, words, at)

    def _paint_word(self, painter: QPainter, words: str, at: Qt.AlignmentFlag) -> None:
        width, height = painter.fontMetrics().horizontalAdvance(words) + 12, 18
        top = 4 if at == Qt.AlignmentFlag.AlignTop else self.height() - height - 4
        box = QRectF(6, top, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("overlay"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.color("on_overlay"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and not self._image.isNull():
            self._image.setColorTable(_colours())
        super().changeEvent(event)


def _colours() -> list[int]:
    """256 colours of the theme from silent to loud, of ever growing contrast to the ground."""
    places = [place for place, _role in _STOPS]
    stops = [QColor(theme.color(role)) for _place, role in _STOPS]
    steps = np.linspace(0.0, 1.0, 256)
    channels = [
        np.interp(steps, places, [getattr(stop, part)() for stop in stops])
        for part in ("red", "green", "blue")
    ]
    return [QColor(int(r), int(g), int(b)).rgb() for r, g, b in zip(*channels, strict=True)]
