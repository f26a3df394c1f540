"""Paints one asset of the grid: a thumbnail that fills its cell undistorted, badges, title, rating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate

from mmstudio.desktop import theme
from mmstudio.desktop.icons import KIND_ICONS, paint_icon
from mmstudio.desktop.models.rows import ROW_ROLE, Index
from mmstudio.desktop.views.painting import paint_picture, sized
from mmstudio.desktop.words import duration_text

if TYPE_CHECKING:
    from mmstudio.desktop.thumbnails import ThumbnailLoader
    from mmstudio.library import Asset

_MARGIN = 6
_CAPTION = 24
_BADGE = 20


class AssetDelegate(QStyledItemDelegate):
    """Cells of one size; nothing is measured or loaded while painting."""

    def __init__(self, thumbnails: ThumbnailLoader, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self.side = side

    @property
    def cell(self) -> QSize:
        """Size of a cell: the picture, its margin and the title line."""
        return QSize(self.side + 2 * _MARGIN, round(self.side * 0.75) + _CAPTION + 2 * _MARGIN)

    def fit(self, side: int, room: int) -> None:
        """Make pictures at least ``side`` wide that fill ``room`` pixels without a rest."""
        columns = max(1, room // (side + 2 * _MARGIN))
        self.side = room // columns - 2 * _MARGIN

    def sizeHint(self, option: Any, index: Index) -> QSize:
        return self.cell

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        asset: Asset | None = index.data(ROW_ROLE)
        rect = QRect(option.rect)
        picture = QRect(
            rect.x() + _MARGIN, rect.y() + _MARGIN, rect.width() - 2 * _MARGIN, round(self.side * 0.75)
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection" if selected else "skeleton"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
        if asset is None:
            paint_picture(painter, picture, None)
        else:
            self._paint_asset(painter, picture, asset, option)
        if selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(picture).adjusted(0, 0, 0, 0), theme.RADIUS, theme.RADIUS)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), theme.RADIUS, theme.RADIUS)
        painter.restore()

    def _paint_asset(self, painter: QPainter, picture: QRect, asset: Asset, option: Any) -> None:
        ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0
        icon = KIND_ICONS.get(asset.kind, "file")
        if asset.status == "ok" and not self._thumbnails.failed(asset):
            pixmap = self._thumbnails.pixmap(asset, thumbnail_side(self.side * ratio))
            paint_picture(painter, picture, pixmap, icon=icon)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("skeleton"))
            painter.drawRoundedRect(picture, theme.RADIUS - 2, theme.RADIUS - 2)
            box = QRect(0, 0, 32, 32)
            box.moveCenter(picture.center())
            paint_icon(painter, box, "warning-circle" if asset.status != "ok" else icon, "muted")
        if asset.kind != "image" or asset.duration:
            self._badge(painter, picture, icon, duration_text(asset.duration) if asset.duration else "")
        if asset.origin == "generated":
            self._corner(painter, QPointF(picture.right() - _BADGE - 3, picture.y() + 4), "sparkle")
        caption = QRect(picture.x() + 2, picture.bottom() + 3, picture.width() - 4, _CAPTION - 2)
        font = sized(option.font, theme.SMALL)
        painter.setFont(font)
        width = caption.width()
        if asset.rating:
            stars = "★" * asset.rating
            painter.setPen(theme.color("warning"))
            painter.drawText(
                caption, int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter), stars
            )
            width -= QFontMetrics(font).horizontalAdvance(stars) + 6
        painter.setPen(theme.color("text"))
        title = QFontMetrics(font).elidedText(asset.title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(caption, int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter), title)

    def _badge(self, painter: QPainter, picture: QRect, icon: str, text: str) -> None:
        font = sized(painter.font(), 11)
        width = _BADGE + (QFontMetrics(font).horizontalAdvance(text) + 4 if text else 0)
        box = QRectF(picture.x() + 4, picture.bottom() - _BADGE - 3, width, _BADGE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("overlay"))
        painter.drawRoundedRect(box, 4, 4)
        paint_icon(painter, QRectF(box.x() + 3, box.y() + 3, 14, 14), icon, "on_overlay")
        if text:
            painter.setFont(font)
            painter.setPen(theme.color("on_overlay"))
            painter.drawText(box.adjusted(_BADGE, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _corner(self, painter: QPainter, at: QPointF, icon: str) -> None:
        box = QRectF(at.x(), at.y(), _BADGE, _BADGE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("overlay"))
        painter.drawRoundedRect(box, 4, 4)
        paint_icon(painter, box.adjusted(3, 3, -3, -3), icon, "on_overlay")


def thumbnail_side(pixels: float) -> int:
    """The cached size for a cell: few steps, so that zooming reuses what is loaded."""
    return next((step for step in (192, 288, 384) if step >= pixels), 384)
