"""The strip of earlier sets: of each its picture, its words, whether it is saved."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.sets import SetStep
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.painting import paint_card, paint_lines, paint_picture, paint_text
from mmstudio.i18n import mark

Index = QModelIndex | QPersistentModelIndex
CELL = QSize(208, 72)
_SIDE = 56


class SetDelegate(QStyledItemDelegate):
    """Paints a :class:`SetStep`; pixmaps are kept per picture."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pixmaps: dict[int, tuple[QImage, QPixmap]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: SetStep | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(2, 2, -2, -2)
        paint_card(painter, option, rect)
        picture = QRect(rect.x() + 6, rect.y() + (rect.height() - _SIDE) // 2, _SIDE, _SIDE)
        paint_picture(painter, picture, self._pixmap(row))
        left = picture.right() + 8
        words = QRect(left, rect.y() + 8, rect.right() - left - 6, 18)
        if row.assets:
            icons.paint_icon(
                painter, QRect(words.right() - 15, words.y(), 16, 16), "check-circle-fill", "success"
            )
            words.setWidth(words.width() - 20)
        paint_text(painter, words, row.words, pixels=theme.SMALL, bold=True)
        text = QRect(left, rect.y() + 28, rect.right() - left - 6, rect.height() - 34)
        paint_lines(painter, text, row.shown.text, role="muted", pixels=theme.SMALL)
        painter.restore()

    def _pixmap(self, row: SetStep) -> QPixmap | None:
        image = row.shown.picture
        if image is None:
            return QPixmap()
        kept = self._pixmaps.get(row.id)
        if kept is None or kept[0] is not image:
            kept = (image, QPixmap.fromImage(image.scaled(2 * _SIDE, 2 * _SIDE)))
            self._pixmaps[row.id] = kept
        return kept[1]


class SetStrip(QListView):
    """The sets that were made, in one row; hidden until there is more than one."""

    def __init__(self, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(CELL.height() + 18)
        self.setModel(model)
        self.setItemDelegate(SetDelegate(self))
        name(self, mark("Sets you made"), mark("Press one to go back to it"))
        self.hide()
