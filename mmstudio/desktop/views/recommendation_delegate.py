"""A recommendation as a card: picture, score, the reason in words, the parts of the score as bars."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import theme
from mmstudio.desktop.models.audiences import Recommended
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_card, paint_lines, paint_picture, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import tr

_HEIGHT = 352
_LEAST = 184  # narrowest card, pixels
_GAP = 8
_BARS = 4


class RecommendationDelegate(QStyledItemDelegate):
    """Paints :class:`Recommended`."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = option.widget.viewport().width() - 4 if isinstance(option.widget, QListView) else _LEAST
        return QSize(width // max(1, width // _LEAST), _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Recommended | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
        paint_card(painter, option, rect)
        inner = rect.adjusted(12, 12, -12, -12)
        picture = QRect(inner.x(), inner.y(), inner.width(), 136)
        paint_picture(painter, picture, self._pictures.get(row.item.hero), contain=True)
        badge = QRect(picture.x() + 6, picture.y() + 6, 28, 22)
        _paint_badge(painter, badge, str(row.rank))
        y = picture.bottom() + 10
        paint_text(painter, QRect(inner.x(), y, inner.width(), 18), row.item.title, bold=True)
        paint_text(
            painter,
            QRect(inner.x(), y + 19, inner.width() - 84, 18),
            row.item.price,
            role="muted",
            pixels=theme.SMALL,
        )
        fit = tr("Score {score}", score=f"{row.score:.2f}")
        right = Qt.AlignmentFlag.AlignRight
        paint_text(
            painter,
            QRect(inner.right() - 84, y + 19, 84, 18),
            fit,
            role="accent",
            pixels=theme.SMALL,
            bold=True,
            align=right,
        )
        bars = row.parts[:_BARS]
        top = inner.bottom() - len(bars) * 18 + 1
        paint_lines(
            painter, QRect(inner.x(), y + 42, inner.width(), top - y - 48), row.why, pixels=theme.SMALL
        )
        for i, (words, value) in enumerate(bars):
            _paint_bar(painter, QRect(inner.x(), top + i * 18, inner.width(), 16), words, value)
        painter.restore()


def _paint_badge(painter: QPainter, rect: QRect, text: str) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("overlay"))
    painter.drawRoundedRect(QRectF(rect), 4, 4)
    painter.restore()
    paint_text(
        painter,
        rect,
        text,
        role="on_overlay",
        pixels=theme.SMALL,
        bold=True,
        align=Qt.AlignmentFlag.AlignHCenter,
    )


def _paint_bar(painter: QPainter, rect: QRect, words: str, value: float) -> None:
    half = rect.width() * 13 // 20
    paint_text(painter, QRect(rect.x(), rect.y(), half - 8, 16), words, role="muted", pixels=theme.SMALL)
    track = QRectF(rect.x() + half, rect.y() + 6, rect.width() - half, 4)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("pressed"))
    painter.drawRoundedRect(track, 2, 2)
    filled = QRectF(track)
    filled.setWidth(max(4.0, track.width() * max(0.0, min(1.0, value))))
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(filled, 2, 2)
    painter.restore()
