"""A line of the model list: sample, name, family, source and state."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import theme
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.trained import SOURCES, ModelLine, state_of
from mmstudio.desktop.views.painting import paint_picture, paint_row_ground, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import tr

HEIGHT = 64


class ModelDelegate(QStyledItemDelegate):
    """Paints a :class:`ModelLine`."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: ModelLine | None = index.data(ROW_ROLE)
        if row is None:
            return
        rect: QRect = option.rect
        painter.save()
        paint_row_ground(painter, option, rect)
        picture = QRect(rect.x() + 8, rect.y() + 8, 48, 48)
        icon = {
            "audio": "music-notes",
            "text": "article",
            "set": "puzzle-piece",
            "items": "share-network",
        }.get(row.modality, "image")
        paint_picture(painter, picture, self._pictures.get(row.picture), icon=icon)
        left = picture.right() + 12
        width = rect.right() - left - 12
        paint_text(painter, QRect(left, rect.y() + 12, width, 20), row.name, bold=True)
        words = f"{tr(row.label)} · {tr(SOURCES[row.info.source])}"
        role = "muted"
        if row.training or row.info.status != "ready":
            words = f"{state_of(row)} · {tr(row.label)}"
            role = "accent" if row.training else "warning"
        paint_text(painter, QRect(left, rect.y() + 33, width, 18), words, role=role, pixels=theme.SMALL)
        painter.restore()
