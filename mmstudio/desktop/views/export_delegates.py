"""Painting of the export matrix and of finished files."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.export_lines import ExportedFile, ExportLine
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_card, paint_picture, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import tr

Index = QModelIndex | QPersistentModelIndex
LINE_HEIGHT = 56
FILE_CARD = QSize(216, 236)
_WRITTEN = (".html", ".eml", ".xml", ".json", ".jsonld", ".otio", ".zip", ".srt", ".vtt", ".svg")


class AdDelegate(QStyledItemDelegate):
    """First column of the matrix: the ad."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: ExportLine | None = index.data(ROW_ROLE)
        if line is None:
            return
        painter.save()
        rect: QRect = option.rect
        _paint_cell_ground(painter, option, rect)
        picture = QRect(rect.x() + 8, rect.y() + 8, 40, 40)
        paint_picture(painter, picture, self._pictures.get(line.item.hero))
        left = picture.right() + 12
        width = rect.right() - left - 8
        paint_text(painter, QRect(left, rect.y() + 9, width, 20), line.item.title, bold=True)
        role = (
            "danger" if line.verdict == "rejected" else "success" if line.verdict == "approved" else "muted"
        )
        paint_text(painter, QRect(left, rect.y() + 29, width, 18), line.note, role=role, pixels=theme.SMALL)
        painter.restore()


class TickDelegate(QStyledItemDelegate):
    """A box in the middle of its cell; a click anywhere in the cell or Space ticks it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        painter.save()
        _paint_cell_ground(painter, option, rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRect(0, 0, 18, 18)
        box.moveCenter(rect.center())
        ticked = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        painter.setBrush(theme.color("accent" if ticked else "raised"))
        painter.setPen(QPen(theme.color("accent" if ticked else "muted"), 1))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if ticked:
            icons.paint_icon(painter, box.adjusted(2, 2, -2, -2), "check-bold", "on_accent")
        painter.restore()

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        kind = event.type()
        pressed = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select)
        if kind == QEvent.Type.MouseButtonRelease or (kind == QEvent.Type.KeyPress and pressed):
            ticked = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
            state = Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked
            return model.setData(index, state, int(Qt.ItemDataRole.CheckStateRole))
        return False


class ExportedDelegate(QStyledItemDelegate):
    """A finished file as a card."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return FILE_CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: ExportedFile | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(4, 4, -4, -4)
        paint_card(painter, option, rect)
        inner = rect.adjusted(10, 10, -10, -10)
        picture = QRect(inner.x(), inner.y(), inner.width(), 144)
        drawn = row.there and not row.path.lower().endswith(_WRITTEN)
        shown = self._pictures.get(row.path if drawn else None)
        paint_picture(painter, picture, shown, contain=True, icon=_icon_of(row.path))
        y = picture.bottom() + 8
        paint_text(painter, QRect(inner.x(), y, inner.width(), 18), row.channel, bold=True)
        paint_text(painter, QRect(inner.x(), y + 18, inner.width(), 18), row.title, pixels=theme.SMALL)
        note, role = (row.note, "muted") if row.there else (tr("The file is no longer there"), "warning")
        paint_text(painter, QRect(inner.x(), y + 36, inner.width(), 18), note, role=role, pixels=theme.SMALL)
        painter.restore()


def _icon_of(path: str) -> str:
    suffix = path.rsplit(".", 1)[-1].lower()
    names = {
        "mp4": "film-strip",
        "webm": "film-strip",
        "wav": "music-notes",
        "html": "browser",
        "json": "brackets-curly",
        "zip": "package",
    }
    return names.get(suffix, "file")


def _paint_cell_ground(painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
    state = option.state
    if state & QStyle.StateFlag.State_Selected:
        painter.fillRect(rect, theme.color("selection"))
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QPen(theme.color("focus"), 2))
        painter.drawRect(rect.adjusted(1, 1, -2, -2))
