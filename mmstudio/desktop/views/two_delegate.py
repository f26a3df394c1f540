"""A line of one of two lists: picture, title, score as a bar, where the item stands in the other list."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.two import TwoLine, TwoListModel, other_text
from mmstudio.desktop.views.painting import paint_picture, paint_row_ground, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.score_bars import paint_bar

_HEIGHT = 60


class TwoDelegate(QStyledItemDelegate):
    """Paints :class:`TwoLine`."""

    def __init__(self, pictures: Pictures, model: TwoListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._model = pictures, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        line: TwoLine | None = index.data(ROW_ROLE)
        if line is None:
            return
        painter.save()
        rect: QRect = option.rect
        paint_row_ground(painter, option, rect)
        right = Qt.AlignmentFlag.AlignRight
        number = QRect(rect.x() + 4, rect.y(), 24, rect.height())
        paint_text(painter, number, str(line.row.rank), role="muted", align=right)
        picture = QRect(number.right() + 8, rect.y() + 6, _HEIGHT - 12, _HEIGHT - 12)
        paint_picture(painter, picture, self._pictures.get(line.row.item.hero), contain=True)
        words = rect.adjusted(picture.right() - rect.x() + 10, 6, -10, -6)
        other = other_text(line)
        paint_text(painter, QRect(words.x(), words.y(), words.width(), 18), line.row.item.title, bold=True)
        below = QRect(words.x(), words.y() + 18, words.width(), 18)
        box = QRect(below.x(), below.y() + 3, 12, 12)
        only = line.other == 0
        icons.paint_icon(painter, box, "star" if only else "intersect", "accent" if only else "muted")
        paint_text(
            painter, below.adjusted(18, 0, 0, 0), other, role="accent" if only else "muted",
            pixels=theme.SMALL,
        )  # fmt: skip
        bar = QRect(words.x(), words.bottom() - 7, words.width(), 7)
        paint_bar(painter, bar, line.row.parts, self._model.full)
        painter.restore()
