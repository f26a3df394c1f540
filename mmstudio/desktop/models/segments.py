"""Segments as a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from mmstudio.desktop import theme
from mmstudio.desktop.models.rows import Index, RowListModel
from mmstudio.desktop.views.map_plot import SYMBOLS
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.items import ItemRow
    from mmstudio.recommendation.segments import Segment, Segmentation
    from mmstudio.studio import Studio

_SIDE = 14


class SegmentListModel(RowListModel["Segment"]):
    """Segments, largest first, each with the colour and shape of its points."""

    def text(self, row: Segment) -> str:
        return tr("{name}  ·  {n} people", name=row.name, n=f"{row.size:,}")

    def spoken(self, row: Segment) -> str:
        return tr("{name}, {n} people, {share} %", name=row.name, n=row.size, share=round(100 * row.share))

    def identity(self, row: Segment) -> tuple[str, int]:
        return (row.name, row.colour)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if index.isValid() and index.row() < len(self.rows):
            if role == Qt.ItemDataRole.DecorationRole:
                return _mark(self.rows[index.row()].colour)
            if role == Qt.ItemDataRole.ToolTipRole:
                return self.spoken(self.rows[index.row()])
        return super().data(index, role)


@dataclass(frozen=True, slots=True)
class Found:
    """Segments with the rows of their items."""

    segments: Segmentation
    items: dict[int, ItemRow] = field(default_factory=dict)


def find_segments(
    studio: Studio, count: int | None, seed: int, cancelled: Callable[[], bool] = lambda: False
) -> Found:
    """Find segments and read the items that speak for them; not for the GUI thread.

    Raises Cancelled once ``cancelled()`` is true, between two steps.
    """
    from mmstudio.desktop.models.items import item_rows
    from mmstudio.recommendation.segments import find

    found = find(studio.recommender, count, seed, cancelled)
    ids = list(dict.fromkeys(i for one in found for i in one.items[:SHOWN]))
    return Found(found, item_rows(studio.library, ids))


SHOWN = 6  # items of a segment that are shown


def _mark(group: int) -> QIcon:
    """A dot in the colour of a group, with the shape its points have."""
    shape = SYMBOLS[group % len(SYMBOLS)]
    pixmap = QPixmap(_SIDE * 2, _SIDE * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.group_colors()[group % 8]))
    painter.translate(_SIDE / 2, _SIDE / 2)
    painter.scale(_SIDE - 3, _SIDE - 3)
    painter.drawPath(_path(shape))
    painter.end()
    return QIcon(pixmap)


def _path(shape: str) -> Any:
    from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols

    return Symbols[shape]
