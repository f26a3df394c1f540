"""A line of the item list: hero picture, title, category, price."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import theme
from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_picture, paint_row_ground, paint_text, sized
from mmstudio.desktop.views.pictures import Pictures

HEIGHT = 64
_PICTURE = 48


class ItemDelegate(QStyledItemDelegate):
    """Paints an :class:`ItemRow`."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        row: ItemRow | None = index.data(ROW_ROLE)
        painter.save()
        paint_row_ground(painter, option, rect)
        picture = QRect(rect.x() + 8, rect.y() + (HEIGHT - _PICTURE) // 2, _PICTURE, _PICTURE)
        paint_picture(painter, picture, None if row is None else self._pictures.get(row.hero))
        if row is not None:
            left, right = picture.right() + 12, rect.right() - 12
            paint_text(painter, QRect(left, rect.y() + 12, right - left, 20), row.title, bold=True)
            price = QFontMetrics(sized(painter.font(), theme.SMALL)).horizontalAdvance(row.price)
            second = QRect(left, rect.y() + 33, right - left, 18)
            if price:
                end = Qt.AlignmentFlag.AlignRight
                paint_text(painter, second, row.price, pixels=theme.SMALL, align=end)
                second.setRight(right - price - 12)
            small = QFontMetrics(sized(painter.font(), theme.SMALL))
            words = row.category
            if small.horizontalAdvance(words) > second.width():
                words = words.rsplit(">", 1)[-1].strip()  # the nearest heading says most
            paint_text(painter, second, words, role="muted", pixels=theme.SMALL)
        painter.restore()
