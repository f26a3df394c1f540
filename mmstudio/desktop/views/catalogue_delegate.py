"""A line of the catalogue: icon, name, kind, size and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.catalogue import ICONS, CatalogueModel
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_row_ground, paint_text

if TYPE_CHECKING:
    from mmstudio.learning.catalogue import Row

HEIGHT = 56
_MARKS = {
    "installed": ("check-circle", "success"),
    "damaged": ("warning", "warning"),
    "available": ("cloud-arrow-down", "muted"),
    "partial": ("cloud-arrow-down", "accent"),
    "running": ("arrow-circle-down", "accent"),
}


class CatalogueDelegate(QStyledItemDelegate):
    """Paints a row of :class:`CatalogueModel`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Row | None = index.data(ROW_ROLE)
        model = index.model()
        if row is None or not isinstance(model, CatalogueModel):
            return
        rect: QRect = option.rect
        painter.save()
        paint_row_ground(painter, option, rect)
        icons.paint_icon(
            painter, QRect(rect.x() + 12, rect.y() + 16, 24, 24), ICONS.get(row.kind, "image"), "muted"
        )
        left = rect.x() + 48
        width = rect.right() - left - 40
        paint_text(painter, QRect(left, rect.y() + 9, width, 20), row.title, bold=True)
        role = "warning" if row.state == "damaged" else "muted"
        paint_text(
            painter, QRect(left, rect.y() + 29, width, 18), model.line(row), role=role, pixels=theme.SMALL
        )
        icon, colour = _MARKS[model.state(row)]
        icons.paint_icon(painter, QRect(rect.right() - 32, rect.y() + 18, 20, 20), icon, colour)
        painter.restore()
