"""A ranked variant as a line: picture, what it is, its id, its appeal with the band it lies in, problems."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.variants import VariantListModel, VariantRow, percent
from mmstudio.desktop.views.painting import paint_lines, paint_picture, paint_row_ground, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import tr

_HEIGHT = 92


class VariantDelegate(QStyledItemDelegate):
    """Paints :class:`VariantRow`."""

    def __init__(self, pictures: Pictures, model: VariantListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._model = pictures, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: VariantRow | None = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        rect: QRect = option.rect
        paint_row_ground(painter, option, rect)
        found = row.ranked
        picture = QRect(rect.x() + 10, rect.y() + 8, _HEIGHT - 16, _HEIGHT - 16)
        paint_picture(painter, picture, self._pictures.get(row.picture), contain=True, icon="film-strip")
        words = rect.adjusted(picture.right() - rect.x() + 12, 8, -12, -8)
        right = Qt.AlignmentFlag.AlignRight
        paint_text(
            painter,
            QRect(words.x(), words.y(), words.width() - 70, 18),
            f"{found.rank}.  {row.title}",
            bold=True,
        )
        paint_text(
            painter, QRect(words.right() - 64, words.y(), 64, 18),
            percent(found.appeal) if self._model.measured else tr("Fit {n}", n=round(100 * found.appeal)),
            role="accent", bold=True, align=right,
        )  # fmt: skip
        self._paint_band(painter, QRect(words.x(), words.y() + 24, words.width(), 8), row)
        below = QRect(words.x(), words.y() + 38, words.width(), words.height() - 38)
        if found.problems:
            icons.paint_icon(painter, QRect(below.x(), below.y() + 1, 14, 14), "warning", "warning")
            paint_lines(
                painter, below.adjusted(20, 0, 0, 0), found.problems[0], role="warning", pixels=theme.SMALL
            )
        else:
            paint_lines(painter, below, found.why or tr("No reason to tell yet."), pixels=theme.SMALL)
        painter.restore()

    def _paint_band(self, painter: QPainter, rect: QRect, row: VariantRow) -> None:
        """The interval of the appeal on a scale that all lines share, with a tick at the estimate."""
        full = max((one.ranked.high for one in self._model.rows), default=0.0) or 1.0
        found = row.ranked

        def x(share: float) -> float:
            return rect.x() + rect.width() * min(1.0, max(0.0, share / full))

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("pressed"))
        painter.drawRoundedRect(QRectF(rect), 2, 2)
        band = theme.color("accent")
        band.setAlpha(110)
        painter.setBrush(band)
        painter.drawRoundedRect(
            QRectF(x(found.low), rect.y(), max(2.0, x(found.high) - x(found.low)), rect.height()), 2, 2
        )
        painter.setPen(QPen(theme.color("accent"), 2))
        at = x(found.appeal)
        painter.drawLine(round(at), rect.y() - 2, round(at), rect.bottom() + 2)
        painter.restore()
