"""What lies over the editor's canvas: handles, guides, safe zones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen

from mmstudio.composition.editing.snapping import Guide
from mmstudio.desktop import icons, theme
from mmstudio.desktop.views.painting import sized

_SQUARE = 8  # pixels of a handle
_PLACES = ((0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5))


def paint_handles(
    painter: QPainter,
    box: QRectF,
    label: str,
    *,
    handles: bool = False,
    locked: bool = False,
    focused: bool = False,
    named: bool = True,
) -> None:
    """A box round a layer: visible on any picture, dashed where it is locked, with its name above."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 220), 3.0))
    painter.drawRect(box)
    style = Qt.PenStyle.DashLine if locked else Qt.PenStyle.SolidLine
    painter.setPen(QPen(theme.color("focus" if focused else "accent"), 1.5, style))
    painter.drawRect(box)
    if named:
        _tag(painter, box, label, locked)
    if handles and not locked:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(QColor("#ffffff"))
        for fx, fy in _PLACES:
            at = QPointF(box.x() + fx * box.width(), box.y() + fy * box.height())
            painter.drawRect(QRectF(at.x() - _SQUARE / 2, at.y() - _SQUARE / 2, _SQUARE, _SQUARE))
    painter.restore()


def _tag(painter: QPainter, box: QRectF, label: str, locked: bool) -> None:
    font = sized(painter.font(), theme.SMALL)
    painter.setFont(font)
    room = 18 if locked else 0
    width = QFontMetrics(font).horizontalAdvance(label) + 12 + room
    top = box.y() - 20 if box.y() >= 20 else box.y() + 2
    place = QRect(round(max(box.x(), 0)), round(top), width, 18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("overlay"))
    painter.drawRoundedRect(QRectF(place), 4, 4)
    if locked:
        icons.paint_icon(painter, QRect(place.x() + 5, place.y() + 2, 14, 14), "lock-simple", "on_overlay")
    painter.setPen(theme.color("on_overlay"))
    painter.drawText(place.adjusted(6 + room, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), label)


def paint_lines(painter: QPainter, area: QRectF, lines: Sequence[Guide]) -> None:
    """The lines that a dragged box lies on."""
    painter.save()
    for line in lines:
        painter.setPen(QPen(QColor("#e0218a"), 1.0))  # the colour of no ground, no token: it must show on any
        if line.axis == "x":
            x = area.x() + line.at * area.width()
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        else:
            y = area.y() + line.at * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    painter.restore()


def paint_safe(painter: QPainter, area: QRectF, safe: QRectF) -> None:
    """Shade what a channel may cover with its own buttons, hatched so that it is not told by colour alone."""
    painter.save()
    outside = QPainterPath()
    outside.addRect(area)
    inside = QPainterPath()
    inside.addRect(safe)
    path = outside.subtracted(inside)
    painter.fillPath(path, QColor(0, 0, 0, 70))
    painter.setClipPath(path)
    painter.setPen(QPen(QColor(255, 255, 255, 70), 1.0))
    step, reach = 10, round(area.width() + area.height())
    for n in range(0, reach, step):
        painter.drawLine(
            QPointF(area.x() + n, area.y()), QPointF(area.x() + n - area.height(), area.y() + area.height())
        )
    painter.setClipping(False)
    painter.setPen(QPen(QColor(255, 255, 255, 200), 1.0, Qt.PenStyle.DashLine))
    painter.drawRect(safe)
    painter.restore()


def paint_thirds(painter: QPainter, area: QRectF) -> None:
    """Thirds and the middle."""
    painter.save()
    for part in (1 / 3, 0.5, 2 / 3):
        painter.setPen(QPen(QColor(255, 255, 255, 150 if part != 0.5 else 220), 1.0, Qt.PenStyle.DotLine))
        x, y = area.x() + part * area.width(), area.y() + part * area.height()
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    painter.restore()
