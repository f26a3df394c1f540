"""The map of the library: points that are media, a lasso to select them, thumbnails when one comes near."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsPixmapItem, QToolTip, QVBoxLayout, QWidget

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
import pyqtgraph

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMBOLS = ("o", "s", "t", "d", "star", "p", "+", "x")
_REACH = 14  # pixels within which the pointer means a point
_NEAR = 60  # points in view below which thumbnails stand in for them
_SETTLE_MS = 80
_SIZE, _RING = 8, 14  # pixels
_THUMB = 56


class _Box(pyqtgraph.ViewBox):  # type: ignore[misc]
    """A view to drag and zoom; with the lasso, or Shift, a drag draws a loop."""

    lassoed = Signal(object, bool)  # float[N, 2] in map coordinates, whether to add

    def __init__(self) -> None:
        super().__init__(lockAspect=True, enableMenu=False)
        self.lasso = False
        self._loop: list[QPointF] = []
        self._drawn = QGraphicsPathItem()
        self._drawn.setZValue(20)
        self.addItem(self._drawn, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: Any = None) -> None:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() != Qt.MouseButton.LeftButton or not (self.lasso or shift):
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._loop = [self.mapSceneToView(event.buttonDownScenePos())]
        self._loop.append(self.mapSceneToView(event.scenePos()))
        path = QPainterPath(self._loop[0])
        for point in self._loop[1:]:
            path.lineTo(point)
        path.closeSubpath()
        pen = QPen(theme.color("accent"), 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._drawn.setPen(pen)
        fill = theme.color("accent")
        fill.setAlpha(36)
        self._drawn.setBrush(fill)
        self._drawn.setPath(path)
        if event.isFinish():
            self._drawn.setPath(QPainterPath())
            corners = np.array([(p.x(), p.y()) for p in self._loop], np.float64)
            self.lassoed.emit(corners, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))


class MapPlot(QWidget):
    """Points with ids.

    Signals:
        chosen: ids that are selected now.
        looked: ids for quick look.
        near: ids in view when few are, so that their thumbnails can be fetched.
    """

    chosen = Signal(object)
    looked = Signal(object)
    near = Signal(object)

    def __init__(self, title_of: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title_of = title_of
        self.ids: NDArray[np.int64] = np.empty(0, np.int64)
        self.xy: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self._group: NDArray[np.int64] = np.empty(0, np.int64)
        self._chosen: NDArray[np.bool_] = np.empty(0, bool)
        self._current = -1
        self._box = _Box()
        self._plot = pyqtgraph.PlotWidget(viewBox=self._box)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._plot.hideButtons()
        for side in ("left", "bottom"):
            self._plot.hideAxis(side)
        self._layers: list[Any] = []
        self._ring = pyqtgraph.ScatterPlotItem(pxMode=True, size=_RING)
        self._ring.setZValue(10)
        self._plot.addItem(self._ring, ignoreBounds=True)
        self._thumbs: dict[int, QGraphicsPixmapItem] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._plot.setFocusProxy(self)
        name(
            self,
            mark("Map of the library"),
            mark(
                "Alike things lie together. Drag moves, the wheel zooms, Shift and drag draws a loop around "
                "things; arrows go from one to the next, Space looks, Ctrl+A selects what is in view"
            ),
        )
        self._box.lassoed.connect(self._lassoed)
        self._plot.scene().sigMouseClicked.connect(self._clicked)
        self._plot.scene().sigMouseMoved.connect(self._hover)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._tell_near)
        self._box.sigRangeChanged.connect(lambda *_a: self._settle.start())
        self.restyle()

    # --- what is shown ------------------------------------------------------------------------------

    def show_points(self, ids: NDArray[np.int64], xy: NDArray[np.float32]) -> None:
        """Show a map: int64[N] ids at float32[N, 2] in -1…1; the selection of before stays where it can."""
        before = {int(i) for i in self.ids[self._chosen]}
        self.ids, self.xy = ids, xy
        self._group = np.zeros(len(ids), np.int64)
        self._chosen = np.isin(ids, np.array(sorted(before), np.int64))
        self._current = -1
        self.fit()

    def show_groups(self, group: NDArray[np.int64]) -> None:
        """Colour the points: int64[N], a place in the theme's group colours, or -1 for none."""
        self._group = group if len(group) == len(self.ids) else np.zeros(len(self.ids), np.int64)
        self._draw()

    def fit(self) -> None:
        """Show everything."""
        self._draw()
        self._box.setRange(QRectF(-1, -1, 2, 2), padding=0.06)

    def set_lasso(self, on: bool) -> None:
        """Whether a drag draws a loop instead of moving the map."""
        self._box.lasso = on
        self._plot.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def zoom(self, factor: float) -> None:
        """Nearer (below 1) or farther about the middle."""
        self._box.scaleBy((factor, factor))

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        self._plot.setBackground(theme.color("surface"))
        self._draw()

    def put_thumbnail(self, asset_id: int, pixmap: QPixmap) -> None:
        """Show a picture at its point."""
        place = np.flatnonzero(self.ids == asset_id)
        if not len(place):
            return
        item = self._thumbs.get(asset_id)
        if item is None:
            item = QGraphicsPixmapItem()
            item.setFlag(QGraphicsPixmapItem.GraphicsItemFlag.ItemIgnoresTransformations)
            item.setZValue(5)
            self._thumbs[asset_id] = item
            self._box.addItem(item, ignoreBounds=True)
        ratio = max(pixmap.devicePixelRatioF(), 1.0)
        item.setPixmap(pixmap)
        item.setOffset(-pixmap.width() / ratio / 2, -pixmap.height() / ratio / 2)
        x, y = self.xy[place[0]]
        item.setPos(float(x), float(y))

    def _draw(self) -> None:
        """One layer per group; where something is selected, the rest steps back."""
        for layer in self._layers:
            self._plot.removeItem(layer)
        self._layers = []
        some = bool(self._chosen.any())
        for group in np.unique(self._group) if len(self.ids) else ():
            here = self._group == group
            for part, faint in ((here & ~self._chosen, some), (here & self._chosen, False)):
                if part.any():
                    self._layers.append(self._layer(int(group), self.xy[part], faint=faint))
        self._tell_current()

    def _layer(self, group: int, points: NDArray[np.float32], *, faint: bool) -> Any:
        color = theme.color("muted") if group < 0 else QColor(theme.group_colors()[group % 8])
        color.setAlpha(64 if faint else 160 if group < 0 else 225)
        symbol = SYMBOLS[group % 8] if group >= 0 else "o"
        layer = pyqtgraph.ScatterPlotItem(
            x=points[:, 0], y=points[:, 1], pxMode=True, size=_SIZE, brush=color, symbol=symbol,
            pen=pyqtgraph.mkPen(color, width=1.5) if symbol in "+x" else None,
        )  # fmt: skip
        layer.setZValue(0 if faint else 1)
        self._plot.addItem(layer)
        return layer

    def _tell_current(self) -> None:
        here = 0 <= self._current < len(self.ids)
        point = self.xy[self._current : self._current + 1] if here else self.xy[:0]
        pen = pyqtgraph.mkPen(theme.color("focus"), width=2)
        self._ring.setData(x=point[:, 0], y=point[:, 1], pen=pen, brush=None, symbol="o")
        words = self._title_of(int(self.ids[self._current])) if here else str(int(self._chosen.sum()))
        self.setAccessibleDescription(words)

    # --- selecting ----------------------------------------------------------------------------------

    @property
    def selected(self) -> list[int]:
        """Ids that are selected."""
        return [int(i) for i in self.ids[self._chosen]]

    def select(self, mask: NDArray[np.bool_], *, add: bool = False) -> None:
        """Select points by a mask."""
        self._chosen = (self._chosen | mask) if add else mask.copy()
        self._draw()
        self.chosen.emit(self.selected)

    def select_ids(self, ids: list[int]) -> None:
        """Mark what another view selected, without saying so."""
        self._chosen = np.isin(self.ids, np.array(ids, np.int64))
        self._draw()

    def select_group(self, group: int) -> None:
        """Select all points of one colour."""
        self.select(self._group == group)

    def in_view(self) -> NDArray[np.bool_]:
        """Which points can be seen."""
        (left, right), (low, high) = self._box.viewRange()
        x, y = self.xy[:, 0], self.xy[:, 1]
        return np.asarray((x >= left) & (x <= right) & (y >= low) & (y <= high))

    def lasso(self, corners: NDArray[np.float64], *, add: bool = False) -> None:
        """Select what lies inside a polygon, float64[M, 2] in map coordinates."""
        self.select(inside(self.xy, corners), add=add)

    def _lassoed(self, corners: NDArray[np.float64], add: bool) -> None:
        if len(corners) > 2:
            self.lasso(corners, add=add)

    def _at(self, scene: QPointF) -> int:
        """The point under the pointer, or -1."""
        if not len(self.ids):
            return -1
        point = self._box.mapSceneToView(scene)
        width, height = self._box.viewPixelSize()
        distance = np.hypot((self.xy[:, 0] - point.x()) / width, (self.xy[:, 1] - point.y()) / height)
        best = int(distance.argmin())
        return best if distance[best] <= (_THUMB / 2 if self._thumbs else _REACH) else -1

    def _clicked(self, event: Any) -> None:
        self.setFocus()
        place = self._at(event.scenePos())
        if event.double() and place >= 0:
            self.looked.emit([int(self.ids[place])])
            return
        self._current = place
        mask = np.zeros(len(self.ids), bool)
        if place >= 0:
            mask[place] = True
        add = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if place >= 0 or not add:
            self.select(mask, add=add)

    def _hover(self, scene: QPointF) -> None:
        place = self._at(scene)
        if place < 0:
            QToolTip.hideText()
        elif (words := self._title_of(int(self.ids[place]))) and self.isVisible():
            QToolTip.showText(self._plot.mapToGlobal(self._plot.mapFromScene(scene)), words, self)

    # --- near by ------------------------------------------------------------------------------------

    def _tell_near(self) -> None:
        seen = self.ids[self.in_view()] if len(self.ids) else self.ids
        few = [int(i) for i in seen] if len(seen) <= _NEAR else []
        for gone in set(self._thumbs) - set(few):
            self._box.removeItem(self._thumbs.pop(gone))
        self.near.emit(few)

    # --- keys ---------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        arrows = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        if key in arrows and len(self.ids):
            self._step(*arrows[Qt.Key(key)], add=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_A and modifiers & Qt.KeyboardModifier.ControlModifier:
            self.select(self.in_view())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(0.8)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1.25)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Space and self.selected:
            self.looked.emit(self.selected)
        elif key == Qt.Key.Key_Escape and self._chosen.any():
            self.select(np.zeros(len(self.ids), bool))
        else:
            super().keyPressEvent(event)

    def _step(self, dx: int, dy: int, *, add: bool) -> None:
        """Go to the nearest point that lies in a direction."""
        if self._current < 0:
            middle = self._box.viewRect().center()
            here = np.array([middle.x(), middle.y()])
        else:
            here = self.xy[self._current].astype(np.float64)
        way = self.xy - here
        along = way[:, 0] * dx + way[:, 1] * dy
        aside = np.abs(way[:, 1] * dx) + np.abs(way[:, 0] * dy)
        cost = np.where(along > 1e-6, along + 2 * aside, np.inf)
        if self._current < 0:
            cost = np.hypot(way[:, 0], way[:, 1])
        best = int(cost.argmin())
        if not np.isfinite(cost[best]):
            return
        self._current = best
        mask = np.zeros(len(self.ids), bool)
        mask[best] = True
        self.select(mask, add=add)
        x, y = self.xy[best]
        if not self._box.viewRect().contains(float(x), float(y)):
            middle = self._box.viewRect().center()
            self._box.translateBy(x=float(x) - middle.x(), y=float(y) - middle.y())

    def event(self, event: QEvent) -> bool:
        # Keys that menus use must come here first: plain ones while the map has the focus.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if (plain and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_0)) or (
                event.key() == Qt.Key.Key_A and event.modifiers() == Qt.KeyboardModifier.ControlModifier
            ):
                event.accept()
                return True
        return super().event(event)


def inside(points: NDArray[np.float32], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """bool[N]: which of float[N, 2] points lie inside a polygon, by the even-odd rule."""
    found = np.zeros(len(points), bool)
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (y < y1) != (y < y2)
        found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found
