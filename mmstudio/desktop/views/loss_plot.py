"""Loss curves, drawn while a model learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)
_ROLES = ("accent", "warning", "success", "danger", "muted")
_SMOOTH = 0.9  # weight of the past in the drawn curve; the eye wants the trend


class LossPlot(QWidget):
    """One curve per loss, told apart by colour and by dashes; smoothed, newest at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        import os

        os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
        import pyqtgraph

        self._graph = pyqtgraph
        self._points: dict[str, tuple[list[float], list[float]]] = {}
        self._curves: dict[str, Any] = {}
        self._plot = pyqtgraph.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._legend = self._plot.addLegend(offset=(-8, 8))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setMinimumHeight(160)
        name(self, mark("Loss curves"), mark("Lower and flatter is better; the exact height means little"))
        self.restyle()

    def clear(self) -> None:
        """Start with no curves."""
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        self._curves.clear()
        self._points.clear()

    def add(self, step: int, losses: dict[str, float]) -> None:
        """One more point per loss."""
        for key, value in losses.items():
            xs, ys = self._points.setdefault(key, ([], []))
            if xs and step <= xs[-1]:
                continue
            xs.append(float(step))
            ys.append(float(value) if not ys else _SMOOTH * ys[-1] + (1 - _SMOOTH) * float(value))
        self._draw(losses)

    def show_history(self, lines: Iterable[dict[str, Any]]) -> None:
        """The curves of a finished or paused training (lines of metrics.jsonl)."""
        self.clear()
        for line in lines:
            for key, value in line.get("losses", {}).items():
                xs, ys = self._points.setdefault(key, ([], []))
                xs.append(float(line["step"]))
                ys.append(float(value) if not ys else _SMOOTH * ys[-1] + (1 - _SMOOTH) * float(value))
        self._draw(list(self._points))
        shown = [f"{k} {ys[-1]:.3g}" for k, (_xs, ys) in self._points.items() if ys]
        self.setAccessibleDescription(", ".join(shown))

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        self._plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(QPen(theme.color("border"), 1))
            axis.setTextPen(QPen(theme.color("muted"), 1))
        self._plot.setLabel("bottom", tr("Steps"), color=theme.tokens().muted)
        self._plot.showGrid(x=False, y=True, alpha=0.15)
        self._legend.setLabelTextColor(theme.color("text"))
        self._legend.setBrush(theme.color("surface"))  # words stay readable where a curve passes below
        for place, curve in enumerate(self._curves.values()):
            curve.setPen(_pen(place))

    def _draw(self, keys: Iterable[str]) -> None:
        # Losses of one training differ a thousandfold; on a linear scale all but the largest lie flat.
        self._plot.setLogMode(x=False, y=all(min(ys) > 0 for _xs, ys in self._points.values()))
        for key in keys:
            if key not in self._curves:
                self._curves[key] = self._plot.plot(pen=_pen(len(self._curves)), name=key.replace("_", " "))
            xs, ys = self._points[key]
            self._curves[key].setData(xs, ys)


def _pen(place: int) -> QPen:
    pen = QPen(QColor(theme.color(_ROLES[place % len(_ROLES)])), 2)
    pen.setCosmetic(True)
    pen.setStyle(_STYLES[place % len(_STYLES)])
    return pen
