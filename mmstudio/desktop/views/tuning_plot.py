"""Trials of a search as points: how far each came, over its number or over one setting."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QTabBar, QVBoxLayout, QWidget

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
import pyqtgraph

from mmstudio.desktop import theme
from mmstudio.desktop.models.trials import SETTING_NAMES
from mmstudio.desktop.texts import label, name
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning.tuning.report import Trial, Tuned

_SYMBOLS = {"done": "o", "stopped": "x", "running": "t", "failed": "x"}
_ROLES = {"done": "accent", "stopped": "muted", "running": "warning", "failed": "danger"}


class TuningPlot(QWidget):
    """One plot behind tabs: over the trials, then over each setting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tuned: Tuned | None = None
        self._keys: list[str] = []
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(self.tabs, mark("What the points are drawn over"))
        self.tabs.currentChanged.connect(lambda _i: self._draw())
        self._plot = pyqtgraph.PlotWidget(enableMenu=False)  # the menu's forms cost more than the plot
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMinimumHeight(140)
        name(
            self._plot, mark("Distance of every trial"), mark("Lower is better; the star is the best so far")
        )
        self.hint = label(role="small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.tabs)
        layout.addWidget(self._plot, 1)
        layout.addWidget(self.hint)
        self.restyle()

    def show_search(self, tuned: Tuned | None) -> None:
        """Draw a search as it stands."""
        self._tuned = tuned
        trials = tuned.trials if tuned is not None else []
        keys = list(dict.fromkeys(key for trial in trials for key in trial.settings))
        if keys != self._keys or not self.tabs.count():
            self._keys = keys
            self._fill_tabs()
        self._draw()

    def restyle(self) -> None:
        """The theme or the language changed."""
        self._plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(QPen(theme.color("border"), 1))
            axis.setTextPen(QPen(theme.color("muted"), 1))
        self._plot.showGrid(x=False, y=True, alpha=0.15)
        self._fill_tabs()
        self._draw()

    def _fill_tabs(self) -> None:
        before = self.tabs.currentIndex()
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        self.tabs.addTab(tr("Trials"))
        for key in self._keys:
            self.tabs.addTab(tr(SETTING_NAMES.get(key, key)))
        self.tabs.setCurrentIndex(max(0, min(before, self.tabs.count() - 1)))
        self.tabs.blockSignals(False)

    def _draw(self) -> None:
        self._plot.clear()
        tuned, place = self._tuned, self.tabs.currentIndex()
        trials = [t for t in tuned.trials if t.value is not None] if tuned is not None else []
        key = self._keys[place - 1] if 0 < place <= len(self._keys) else ""
        along = tr(SETTING_NAMES.get(key, key)) if key else tr("Trial")
        colour = theme.tokens().muted
        self._plot.setLabel("bottom", along, color=colour)
        self._plot.setLabel("left", tr("Distance"), color=colour)
        logarithmic = key in ("rate", "gamma", "beta")
        self._plot.setLogMode(x=False, y=False)
        points: list[dict[str, Any]] = []
        for trial in trials:
            best = tuned is not None and trial.number == tuned.best
            points.append(
                {
                    "pos": (self._x(trial, key, logarithmic), trial.value),
                    "symbol": "star" if best else _SYMBOLS[trial.state],
                    "size": 16 if best else 9,
                    "brush": theme.color("success" if best else _ROLES[trial.state]),
                    "pen": None,
                }
            )
        self._plot.addItem(pyqtgraph.ScatterPlotItem(spots=points))
        xs = [point["pos"][0] for point in points]
        ticks = _powers(xs) if logarithmic and xs else None
        if not key and xs:
            every = -(-len(xs) // 12)
            ticks = [[(x, f"{x:.0f}") for x in xs[::every]]]
        self._plot.getAxis("bottom").setTicks(ticks)
        self._plot.setAccessibleDescription(
            ", ".join(f"{along} {t.settings.get(key, t.number + 1):g}: {t.value:.3g}" for t in trials)
        )
        weight = tuned.importance.get(key) if tuned is not None else None
        self.hint.setText(
            tr("{name} explains {share} % of the differences.", name=along, share=f"{100 * weight:.0f}")
            if weight is not None
            else ""
        )
        self.hint.setVisible(weight is not None)

    @staticmethod
    def _x(trial: Trial, key: str, logarithmic: bool) -> float:
        import math

        if not key:
            return float(trial.number + 1)
        value = float(trial.settings.get(key, 0.0))
        return math.log10(value) if logarithmic and value > 0 else value


def _powers(xs: list[float]) -> list[list[tuple[float, str]]]:
    """A few ticks in plain numbers on an axis of logarithms."""
    low, high = min(xs), max(xs)
    count = 4 if high > low else 1
    places = [low + (high - low) * n / max(1, count - 1) for n in range(count)]
    return [[(place, f"{10**place:.2g}") for place in places]]
