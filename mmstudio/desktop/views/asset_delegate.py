"""Paints one asset of the grid: a thumbnail that fills its cell undistorted, badges, title, rating."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QPixmap
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
_BADGE_TEXT = 11
_CELLS_KEPT = 400


@dataclass(slots=True)
class _Drawn:
    """A cell drawn once, and what it was drawn from."""

    asset: Asset
    made_of: tuple[int, int, float, str]  # thumbnail, width, device pixels per pixel, theme
    cell: QPixmap


class AssetDelegate(QStyledItemDelegate):
    """Cells of one size; a cell is drawn once and then only copied, so scrolling costs next to nothing."""

    def __init__(self, thumbnails: ThumbnailLoader, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._drawn: OrderedDict[int, _Drawn] = OrderedDict()
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
            _skeleton(painter, picture)
        else:
            ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0
            self._paint_asset(painter, rect, asset, ratio, option.font)
        if selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(picture), theme.RADIUS - 2, theme.RADIUS - 2)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), theme.RADIUS, theme.RADIUS)
        painter.restore()

    def _paint_asset(self, painter: QPainter, rect: QRect, asset: Asset, ratio: float, font: QFont) -> None:
        thumbnail = None
        usable = asset.status == "ok" and not self._thumbnails.failed(asset)
        if usable:
            thumbnail = self._thumbnails.pixmap(asset, thumbnail_side(self.side * ratio))
        made_of = (thumbnail.cacheKey() if thumbnail else 0, self.side, ratio, theme.tokens().name)
        known = self._drawn.get(asset.id)
        if known is None or known.asset is not asset or known.made_of != made_of:
            known = _Drawn(asset, made_of, self._draw(asset, thumbnail, usable, ratio, font))
            self._drawn[asset.id] = known
            while len(self._drawn) > _CELLS_KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(asset.id)
        painter.drawPixmap(rect.topLeft(), known.cell)

    def _draw(
        self, asset: Asset, thumbnail: QPixmap | None, usable: bool, ratio: float, font: QFont
    ) -> QPixmap:
        cell = QPixmap(self.cell * ratio)
        cell.setDevicePixelRatio(ratio)
        cell.fill(Qt.GlobalColor.transparent)
        painter = QPainter(cell)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        picture = QRect(_MARGIN, _MARGIN, self.side, round(self.side * 0.75))
        icon = KIND_ICONS.get(asset.kind, "file")
        if thumbnail is not None:
            if asset.kind == "text":  # a page begins at its top
                thumbnail = thumbnail.copy(0, 0, thumbnail.width(), round(thumbnail.width() * 0.75))
            paint_picture(painter, picture, thumbnail, icon=icon)
        else:
            _skeleton(painter, picture)
            if not usable:
                box = QRect(0, 0, 32, 32)
                box.moveCenter(picture.center())
                paint_icon(painter, box, "warning-circle" if asset.status != "ok" else icon, "muted")
        if asset.kind != "image" or asset.duration:
            self._badge(painter, picture, icon, duration_text(asset.duration) if asset.duration else "", font)
        if asset.origin == "generated":
            self._corner(painter, QPointF(picture.right() - _BADGE - 3, picture.y() + 4), "sparkle")
        self._caption(painter, picture, asset, sized(font, theme.SMALL))
        painter.end()
        return cell

    def _caption(self, painter: QPainter, picture: QRect, asset: Asset, font: QFont) -> None:
        line = QRect(picture.x() + 2, picture.bottom() + 3, picture.width() - 4, _CAPTION - 2)
        painter.setFont(font)
        width = line.width()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        if asset.rating:
            stars = "★" * asset.rating
            painter.setPen(theme.color("warning"))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignRight) | middle, stars)
            width -= QFontMetrics(font).horizontalAdvance(stars) + 6
        painter.setPen(theme.color("text"))
        title = QFontMetrics(font).elidedText(asset.title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft) | middle, title)

    def _badge(self, painter: QPainter, picture: QRect, icon: str, text: str, base: QFont) -> None:
        font = sized(base, _BADGE_TEXT)
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


def _skeleton(painter: QPainter, picture: QRect) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("skeleton"))
    painter.drawRoundedRect(picture, theme.RADIUS - 2, theme.RADIUS - 2)


def thumbnail_side(pixels: float) -> int:
    """The cached size for a cell: few steps, so that zooming reuses what is loaded."""
    return next((step for step in (192, 288, 384) if step >= pixels), 384)
