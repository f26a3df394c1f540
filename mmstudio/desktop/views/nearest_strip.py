"""Drawn pictures beside the training picture nearest to each: whether a model copies, seen by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import paint_icon
from mmstudio.desktop.models.rows import ROW_ROLE, RowListModel
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.painting import paint_picture, paint_row_ground, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning.evaluation.report import Nearest

_SIDE, _GAP = 84, 8
_CELL = QSize(2 * _SIDE + 3 * _GAP, _SIDE + 44)


class NearestModel(RowListModel["Nearest"]):
    """The pairs, the nearest first."""

    def text(self, row: Nearest) -> str:
        words = tr("Distance {ratio}", ratio=f"{row.ratio:.2f}")
        return f"{words}, {tr('too near')}" if row.too_near else words

    def spoken(self, row: Nearest) -> str:
        return tr("Drawn picture {n}: {what}", n=row.sample, what=self.text(row))

    def identity(self, row: Nearest) -> int:
        return row.sample


class _Delegate(QStyledItemDelegate):
    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return _CELL

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Nearest | None = index.data(ROW_ROLE)
        if row is None:
            return
        rect = QRect(option.rect)
        painter.save()
        paint_row_ground(painter, option, rect)
        left = QRect(rect.x() + _GAP, rect.y() + _GAP, _SIDE, _SIDE)
        right = left.translated(_SIDE + _GAP, 0)
        paint_picture(painter, left, self._pictures.get(row.drawn or None), icon="sparkle")
        paint_picture(painter, right, self._pictures.get(row.training or row.asset or None), icon="image")
        below = QRect(rect.x() + _GAP, left.bottom() + 6, rect.width() - 2 * _GAP, 20)
        if row.too_near:
            paint_icon(painter, QRectF(below.x(), below.y() + 2, 16, 16), "warning", "danger")
            below.adjust(20, 0, 0, 0)
        words = str(index.data())
        paint_text(painter, below, words, role="danger" if row.too_near else "muted", pixels=theme.SMALL)
        painter.restore()


class NearestStrip(QListView):
    """One row of pairs; :attr:`looked` carries the asset id of a training picture (Enter, double click)."""

    looked = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs = NearestModel(self)
        self.setModel(self.pairs)
        self.setItemDelegate(_Delegate(pictures, self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFixedHeight(_CELL.height() + 18)
        name(
            self,
            mark("Drawn pictures and their nearest training pictures"),
            mark("Left what the model drew, right the training picture nearest to it"),
        )
        pictures.arrived.connect(self.viewport().update)
        self.doubleClicked.connect(self._look)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._look(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _look(self, index: QModelIndex) -> None:
        row: Nearest | None = index.data(ROW_ROLE)
        if row is not None and row.asset:
            self.looked.emit(row.asset)
