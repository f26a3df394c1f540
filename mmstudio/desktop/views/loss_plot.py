"""Curves of a training: losses, what the networks say, quality; drawn while a model learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STYLES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)
_ROLES = ("accent", "warning", "success", "danger", "muted")
_SMOOTH = 0.9  # weight of the past in the drawn curve; the eye wants the trend
_MOST_POINTS = 2000  # more than a plot has pixels; every second one is dropped beyond it


def plotting() -> Any:
    """The plotting library; the first call takes a second, so a worker makes it before plots are shown."""
    import os

    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    import pyqtgraph

    return pyqtgraph


class LossPlot(QWidget):
    """One curve per number, told apart by colour and by dashes; smoothed, newest at the right."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        smooth: float = _SMOOTH,
        line: float | None = None,
        spoken: str = mark("Loss curves"),
        tip: str = mark("Lower and flatter is better; the exact height means little"),
    ) -> None:
        """
        Args:
            labels: marked English by key; a key without one is shown as it is.
            smooth: weight of the past; 0 draws every point, with a dot.
            line: a height to mark, in the units of the curves.
            spoken, tip: marked English for its accessible name and tool tip.
        """
        super().__init__(parent)
        self._labels, self._smooth, self._height = dict(labels or {}), smooth, line
        self._points: dict[str, tuple[list[float], list[float]]] = {}
        self._curves: dict[str, Any] = {}
        self._plot: Any = None  # made with the first curve that is seen: a page with ten plots opens at once
        self._legend: Any = None
        self._line: Any = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.setMinimumHeight(120)
        name(self, spoken, tip)

    def _make(self) -> None:
        graph = plotting()
        self._plot = graph.PlotWidget(enableMenu=False)  # the menu's forms cost more than the plot
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._legend = self._plot.addLegend(offset=(8, 8))  # at the left: the newest numbers stay in sight
        if self._height is not None:
            self._line = graph.InfiniteLine(pos=self._height, angle=0)
            self._plot.addItem(self._line, ignoreBounds=True)
        self._box.addWidget(self._plot)
        self.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while nobody looked."""
        super().showEvent(event)
        self._draw(list(self._points))

    @property
    def keys(self) -> list[str]:
        """What is drawn."""
        return list(self._points)

    def clear(self) -> None:
        """Start with no curves."""
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        self._curves.clear()
        self._points.clear()

    def add(self, step: int, values: dict[str, float]) -> None:
        """Numbers after ``step`` steps; an event that came twice is drawn once."""
        for key, value in values.items():
            self._put(key, step, value)
        self._draw(values)
        self._speak()

    def show_history(self, lines: Iterable[dict[str, Any]], field: str = "losses") -> None:
        """The curves of a finished or paused training (lines of metrics.jsonl or figures.jsonl)."""
        self.clear()
        for line in lines:
            for key, value in line.get(field, {}).items():
                self._put(key, line["step"], value)
        self._draw(list(self._points))
        self._speak()

    def _put(self, key: str, step: float, value: float) -> None:
        xs, ys = self._points.setdefault(key, ([], []))
        if xs and step <= xs[-1]:
            return
        xs.append(float(step))
        ys.append(float(value) if not ys else self._smooth * ys[-1] + (1 - self._smooth) * float(value))
        if len(xs) > _MOST_POINTS:
            del xs[1:-1:2], ys[1:-1:2]

    def _speak(self) -> None:
        shown = [f"{self._word(k)} {ys[-1]:.3g}" for k, (_xs, ys) in self._points.items() if ys]
        self.setAccessibleDescription(", ".join(shown))

    def _word(self, key: str) -> str:
        return tr(self._labels[key]) if key in self._labels else key.replace("_", " ")

    def restyle(self) -> None:
        """Take the colours of the theme and the words of the language in use."""
        if self._plot is None:
            return
        self._plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(QPen(theme.color("border"), 1))
            axis.setTextPen(QPen(theme.color("muted"), 1))
        self._plot.setLabel("bottom", tr("Steps"), color=theme.tokens().muted)
        self._plot.showGrid(x=False, y=True, alpha=0.15)
        self._legend.setLabelTextColor(theme.color("text"))
        self._legend.setBrush(theme.color("surface"))  # words stay readable where a curve passes below
        if self._line is not None:
            dashes = QPen(theme.color("muted"), 1, Qt.PenStyle.DashLine)
            dashes.setCosmetic(True)
            self._line.setPen(dashes)
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        self._curves.clear()
        if self._points:
            self._draw(list(self._points))

    def _draw(self, keys: Iterable[str]) -> None:
        if not self._points or not self.isVisible():
            return
        if self._plot is None:
            self._make()
        # Losses of one training differ a thousandfold; on a linear scale all but the largest lie flat.
        log = bool(self._smooth) and all(min(ys) > 0 for _xs, ys in self._points.values())
        self._plot.setLogMode(x=False, y=log)
        for key in keys:
            if key not in self._curves:
                place = list(self._points).index(key)
                dots: dict[str, Any] = {}
                if not self._smooth:
                    colour = theme.color(_ROLES[place % len(_ROLES)])
                    dots = {"symbol": "o", "symbolSize": 6, "symbolBrush": colour, "symbolPen": None}
                self._curves[key] = self._plot.plot(pen=_pen(place), name=self._word(key), **dots)
            xs, ys = self._points[key]
            self._curves[key].setData(xs, ys)
        self._legend.setVisible(len(self._curves) > 1)  # one curve is what the plot is called


def _pen(place: int) -> QPen:
    pen = QPen(QColor(theme.color(_ROLES[place % len(_ROLES)])), 2)
    pen.setCosmetic(True)
    pen.setStyle(_STYLES[place % len(_STYLES)])
    return pen
