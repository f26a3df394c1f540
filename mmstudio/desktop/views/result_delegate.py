"""A generated picture or sound as a tile, and a past batch in the history strip."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.results import Batch, Result
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.views.painting import paint_card, paint_lines, paint_picture, paint_text
from mmstudio.i18n import tr

Index = QModelIndex | QPersistentModelIndex
TILE = QSize(192, 224)
_LEAST = 152  # narrowest tile, pixels
BATCH = QSize(76, 84)


class ResultDelegate(QStyledItemDelegate):
    """Paints a :class:`Result`; pixmaps are kept per result."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pixmaps: dict[int, tuple[QImage, QPixmap]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = option.widget.viewport().width() - 4 if isinstance(option.widget, QListView) else TILE.width()
        side = min(TILE.width() + 48, width // max(1, width // _LEAST))
        return QSize(side, side + TILE.height() - TILE.width())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Result | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(4, 4, -4, -4)
        paint_card(painter, option, rect)
        picture = QRect(rect.x() + 8, rect.y() + 8, rect.width() - 16, rect.width() - 16)
        icon = "warning" if row.error else "music-notes" if row.recipe.modality == "audio" else "image"
        pixmap = QPixmap() if row.error else self._pixmap(row)
        paint_picture(painter, picture, pixmap, contain=True, icon=icon)
        if row.text:
            paint_lines(painter, picture.adjusted(8, 8, -8, -8), row.text)
        line = QRect(picture.x(), picture.bottom() + 6, picture.width() - 22, 18)
        if row.error:
            paint_text(painter, line, row.error, role="danger", pixels=theme.SMALL)
        else:
            words = tr("Making…") if row.image is None else row.recipe.words
            if row.copied is not None:
                words = tr("{share} copied", share=f"{row.copied:.0%}")
            paint_text(painter, line, words, role="muted", pixels=theme.SMALL)
        mark = QRect(picture.right() - 17, picture.bottom() + 6, 18, 18)
        if row.asset is not None:
            icons.paint_icon(painter, mark, "check-circle-fill", "success")
        elif row.samples is not None:
            icons.paint_icon(painter, mark, "play-circle", "muted")
        painter.restore()

    def forget(self) -> None:
        """Other results are shown."""
        self._pixmaps.clear()

    def _pixmap(self, row: Result) -> QPixmap | None:
        if row.image is None:
            return None
        kept = self._pixmaps.get(row.id)
        if kept is None or kept[0] is not row.image:
            shown = row.image
            if shown.width() < TILE.width():  # a small picture is enlarged once and smoothly
                side = TILE.width() * 2
                shown = shown.scaled(
                    side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            kept = (row.image, QPixmap.fromImage(shown))
            self._pixmaps[row.id] = kept
        return kept[1]


class BatchDelegate(QStyledItemDelegate):
    """Paints a :class:`Batch`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return BATCH

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Batch | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(2, 2, -2, -2)
        paint_card(painter, option, rect)
        picture = rect.adjusted(6, 6, -6, -26)
        cover = row.cover
        paint_picture(painter, picture, None if cover is None else QPixmap.fromImage(cover), contain=True)
        words = tr("{n} made", n=len(row.results))
        paint_text(
            painter,
            QRect(rect.x() + 4, rect.bottom() - 21, rect.width() - 8, 18),
            words,
            role="muted",
            pixels=theme.SMALL,
            align=Qt.AlignmentFlag.AlignHCenter,
        )
        painter.restore()
