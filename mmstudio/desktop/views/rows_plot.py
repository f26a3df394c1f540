"""A plot of named rows, the first on top: what bars of methods and intervals of variants have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
import pyqtgraph

from mmstudio.desktop import theme
from mmstudio.desktop.texts import name

_LINE = 30  # pixels per row


class RowsPlot(QWidget):
    """Names at the left, numbers along the bottom; it neither moves nor zooms."""

    def __init__(self, accessible: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pyqtgraph.PlotWidget(enableMenu=False)  # the menu's forms cost more than the plot
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        name(self._plot, accessible, tip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)

    def begin(self, count: int) -> Any:
        """The empty plot in the colours in use, high enough for so many rows (at least three)."""
        plot = self._plot
        plot.clear()
        plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(QPen(theme.color("border"), 1))
            axis.setTextPen(QPen(theme.color("text"), 1))
        plot.showGrid(x=True, y=False, alpha=0.15)
        self.setMinimumHeight(70 + _LINE * max(3, count))
        return plot

    def spread(self, x: float, y: float, left: float, right: float, role: str = "text") -> None:
        """A line from ``x - left`` to ``x + right`` with ends."""
        self._plot.addItem(
            pyqtgraph.ErrorBarItem(
                x=_one(x), y=_one(y), left=_one(left), right=_one(right), beam=0.25,
                pen=pyqtgraph.mkPen(theme.color(role), width=1.5),
            )
        )  # fmt: skip

    def finish(self, names: Sequence[str], words: str, low: float, high: float, spoken: str) -> None:
        """Name the rows and the numbers (translated), and show ``low`` to ``high``."""
        count = len(names)
        self._plot.getAxis("left").setTicks([[(count - 1 - i, one) for i, one in enumerate(names)]])
        self._plot.setLabel("bottom", words, color=theme.tokens().muted)
        self._plot.setXRange(low, high, padding=0)
        self._plot.setYRange(-0.6, count - 0.4, padding=0)
        self._plot.setAccessibleDescription(spoken)

    def png(self) -> bytes:
        """The plot as it stands, as PNG."""
        image = self._plot.grab()
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        return bytes(data.data())


def _one(value: float) -> Any:
    import numpy as np

    return np.array([value], np.float64)
