"""Members as points, alike ones together, with the names of their segments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QWidget

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
import pyqtgraph

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.map_plot import MapPlot
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.recommendation.segments import Segment, SegmentMap


class SegmentPlot(MapPlot):
    """A map of members; pressing a point, or walking there with the arrows, chooses its segment.

    Signals:
        segment_chosen: index into the segments, -1 for none.
    """

    segment_chosen = Signal(int)

    def __init__(self, title_of: Callable[[int], str], parent: QWidget | None = None) -> None:
        self._labels: list[Any] = []
        self._spots: list[tuple[str, tuple[float, float]]] = []
        super().__init__(title_of, parent)
        name(
            self,
            mark("Map of the members"),
            mark(
                "People who choose alike lie together. Press a point or walk with the arrows to choose its "
                "segment; the wheel zooms, drag moves, 0 shows everything"
            ),
        )
        self.chosen.connect(self._tell_segment)

    def show_segments(self, segments: Sequence[Segment], found: SegmentMap) -> None:
        """Show a map of segments."""
        self._spots = [(one.name, (float(one.spot[0]), float(one.spot[1]))) for one in segments]
        self.show_points(
            np.asarray(found.members, np.int64), np.ascontiguousarray(found.points, dtype=np.float32)
        )
        self.show_groups(np.asarray(found.segment, np.int64))

    def mark_segment(self, index: int) -> None:
        """Let one segment stand out, without saying so; -1 for none."""
        self._chosen = (self._group == index) if index >= 0 else np.zeros(len(self.ids), bool)
        self._draw()

    def _tell_segment(self, ids: list[int]) -> None:
        if len(ids) == 0:
            self.segment_chosen.emit(-1)
            return
        place = np.flatnonzero(self.ids == ids[0])
        if len(place):
            self.segment_chosen.emit(int(self._group[place[0]]))

    def _draw(self) -> None:
        super()._draw()
        for gone in self._labels:
            self._plot.removeItem(gone)
        self._labels = []
        for words, spot in self._spots:
            ground = theme.color("surface")
            ground.setAlpha(215)
            text = pyqtgraph.TextItem(
                words if len(words) <= 32 else words[:31] + "…", color=theme.color("text"), anchor=(0.5, 0.5),
                fill=ground, border=theme.color("border"),
            )  # fmt: skip
            text.setZValue(15)
            self._plot.addItem(text, ignoreBounds=True)
            text.setPos(QPointF(*spot))
            self._labels.append(text)
