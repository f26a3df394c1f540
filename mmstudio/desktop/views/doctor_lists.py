"""Lines of the doctor's lists: a kind with its count, a subject with its picture."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import theme
from mmstudio.desktop.icons import paint_icon
from mmstudio.desktop.models.findings import KindRow, SubjectRow
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.thumbnails import ThumbnailLoader
from mmstudio.desktop.views.painting import paint_picture, paint_row_ground, paint_text
from mmstudio.i18n import tr

Index = QModelIndex | QPersistentModelIndex
_ICONS = {
    "problem": ("warning-octagon", "danger"),
    "warning": ("warning", "warning"),
    "advice": ("info", "muted"),
}
_KIND, _SUBJECT, _PICTURE = 40, 56, 40
_SYMBOLS = {"image": "image", "audio": "music-notes", "video": "film-strip", "text": "text-align-left"}


class KindDelegate(QStyledItemDelegate):
    """Paints a :class:`KindRow`: shape and colour tell how much it matters."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, _KIND)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, KindRow):
            return
        rect = QRect(option.rect)
        painter.save()
        paint_row_ground(painter, option, rect)
        symbol, role = _ICONS[row.severity] if row.count else ("check-circle", "success")
        paint_icon(painter, QRectF(rect.x() + 12, rect.y() + 11, 18, 18), symbol, role)
        number = f"{row.count:,}" if row.count else ""
        wide = 8 + 9 * len(number)
        words = QRect(rect.x() + 38, rect.y(), rect.width() - 50 - wide, rect.height())
        paint_text(painter, words, row.title, bold=bool(row.count), role="text" if row.count else "muted")
        right = QRect(rect.right() - 60, rect.y(), 48, rect.height())
        paint_text(painter, right, number, role="muted", align=Qt.AlignmentFlag.AlignRight)
        painter.restore()


class SubjectDelegate(QStyledItemDelegate):
    """Paints a :class:`SubjectRow`."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, _SUBJECT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, SubjectRow):
            return
        rect = QRect(option.rect)
        painter.save()
        paint_row_ground(painter, option, rect)
        left = rect.x() + 12
        if row.asset is not None:
            box = QRect(rect.x() + 8, rect.y() + 8, _PICTURE, _PICTURE)
            usable = row.asset.status == "ok" and not self._thumbnails.failed(row.asset)
            side = round(2 * _PICTURE * painter.device().devicePixelRatio())
            pixmap = self._thumbnails.pixmap(row.asset, side) if usable else QPixmap()
            paint_picture(painter, box, pixmap, icon=_SYMBOLS[row.asset.kind])
            left = box.right() + 12
        width = rect.right() - 10 - left
        paint_text(painter, QRect(left, rect.y() + 9, width, 20), row.title)
        below = QRect(left, rect.y() + 29, width, 18)
        paint_text(
            painter, below, row.detail or tr("Nothing more is known"), role="muted", pixels=theme.SMALL
        )
        painter.restore()
