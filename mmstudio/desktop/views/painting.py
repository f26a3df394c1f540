"""Strokes that several delegates share."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from mmstudio.desktop import icons, theme


def sized(font: QFont, pixels: int, *, bold: bool = False) -> QFont:
    """The same face at another size."""
    other = QFont(font)
    other.setPixelSize(pixels)
    other.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return other


def paint_row_ground(painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
    """Selection, hover and focus behind a row."""
    state = option.state
    selected = bool(state & QStyle.StateFlag.State_Selected)
    hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    if not selected and not hovered:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.color("selection" if selected else "raised"))
    focused = selected and bool(state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(QPen(theme.color("focus"), 1.5) if focused else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
    painter.restore()


def paint_card(painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
    """A raised card with a border that tells selection and focus."""
    state = option.state
    selected = bool(state & QStyle.StateFlag.State_Selected)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.color("selection" if selected else "raised"))
    edge = QPen(theme.color("focus" if selected else "border"), 1.5 if selected else 1.0)
    painter.setPen(edge)
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
    painter.restore()


def paint_picture(
    painter: QPainter, rect: QRect, pixmap: QPixmap | None, *, contain: bool = False, icon: str = "image"
) -> None:
    """A picture with rounded corners: filling the rectangle, or whole on a quiet ground.

    None paints the skeleton of a picture on its way, a null pixmap the icon of a missing one.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    path = QPainterPath()
    path.addRoundedRect(QRectF(rect), theme.RADIUS - 2, theme.RADIUS - 2)
    painter.setClipPath(path)
    painter.fillRect(rect, theme.color("skeleton"))
    if pixmap is not None and pixmap.isNull():
        side = min(24, rect.width() // 2)
        box = QRect(0, 0, side, side)
        box.moveCenter(rect.center())
        icons.paint_icon(painter, box, icon, "muted")
    elif pixmap is not None:
        if contain:
            shown = pixmap.size().scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, shown.width(), shown.height())
            target.moveCenter(rect.center())
            painter.drawPixmap(target, pixmap)
        else:
            painter.drawPixmap(QRectF(rect), pixmap, cover_source(pixmap, rect))
    painter.restore()


def cover_source(pixmap: QPixmap, rect: QRect) -> QRectF:
    """The part of a pixmap that fills ``rect`` without distortion, centred."""
    wanted = rect.width() / max(1, rect.height())
    width, height = float(pixmap.width()), float(pixmap.height())
    if width / max(1.0, height) > wanted:
        shown = height * wanted
        return QRectF((width - shown) / 2, 0, shown, height)
    shown = width / wanted
    return QRectF(0, (height - shown) / 2, width, shown)


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    *,
    role: str = "text",
    pixels: int = theme.BODY,
    bold: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line, cut with an ellipsis where it does not fit."""
    painter.setFont(sized(painter.font(), pixels, bold=bold))
    painter.setPen(theme.color(role))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, int(align) | int(Qt.AlignmentFlag.AlignVCenter), shown)


def paint_lines(
    painter: QPainter, rect: QRect, text: str, *, role: str = "text", pixels: int = theme.BODY
) -> None:
    """As many whole lines as fit, the last one with an ellipsis."""
    font = sized(painter.font(), pixels)
    painter.setFont(font)
    painter.setPen(theme.color(role))
    y = rect.y()
    metrics = QFontMetrics(font)
    for line in _lines(text, font.key(), rect.width(), max(1, rect.height() // metrics.lineSpacing())):
        painter.drawText(QPointF(rect.x(), y + metrics.ascent()), line)
        y += metrics.lineSpacing()


@lru_cache(maxsize=256)
def _lines(text: str, font: str, width: int, most: int) -> tuple[str, ...]:
    """:func:`wrapped` for a font's key: the same words are painted many times."""
    face = QFont()
    face.fromString(font)
    return tuple(wrapped(text, QFontMetrics(face), width, most))


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of ``width`` pixels, Chinese between any two signs."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        if metrics.horizontalAdvance(rest) <= width:
            lines.append(rest)
            break
        if len(lines) == most - 1:
            lines.append(metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width))
            break
        cut = _fitting(rest, metrics, width)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _fitting(text: str, metrics: QFontMetrics, width: int) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if metrics.horizontalAdvance(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    for cut in range(low, 0, -1):
        if (
            text[cut - 1].isspace()
            or (cut < len(text) and text[cut].isspace())
            or ord(text[cut - 1]) > 0x2E7F
        ):
            return cut
    return low


def paint_chip(painter: QPainter, right: int, y: int, text: str, role: str = "muted") -> int:
    """A small rounded label that ends at ``right``; returns its left edge."""
    font = sized(painter.font(), theme.SMALL)
    width = QFontMetrics(font).horizontalAdvance(text) + 12
    rect = QRect(right - width, y, width, 20)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(theme.color("border"))
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.setFont(font)
    painter.setPen(theme.color(role))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)
    painter.restore()
    return rect.left()
