"""One figure of all methods as bars with their spread."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
import pyqtgraph

from mmstudio.desktop import theme
from mmstudio.desktop.models.measured import BASELINES, best_of, figure, metric_of, row_name
from mmstudio.desktop.texts import name
from mmstudio.i18n import mark, tr

_LINE = 30  # pixels per method


class MeasuredPlot(QWidget):
    """Horizontal bars, one per method, names at the left; the best is in the accent colour with a star."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Mapping[str, Any]] = []
        self._key = ""
        self._plot = pyqtgraph.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        name(self._plot, mark("The methods compared"), mark("One bar per method, with its spread"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)

    def show_rows(self, rows: Sequence[Mapping[str, Any]], key: str) -> None:
        """Draw one figure of a measurement."""
        self._rows, self._key = list(rows), key
        self.restyle()

    def restyle(self) -> None:
        """Draw in the colours and the language in use."""
        plot = self._plot
        plot.clear()
        plot.setBackground(theme.color("surface"))
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(QPen(theme.color("border"), 1))
            axis.setTextPen(QPen(theme.color("text"), 1))
        plot.showGrid(x=True, y=False, alpha=0.15)
        rows = [row for row in self._rows if isinstance(row.get(self._key), int | float)]
        self.setMinimumHeight(70 + _LINE * max(3, len(rows)))
        if not rows:
            return
        best = best_of(rows, self._key)
        count = len(rows)
        for place, row in enumerate(rows):
            value = float(row[self._key])
            y = count - 1 - place
            role = "accent" if place in best else "muted"
            colour = QColor(theme.color(role))
            if str(row.get("method")) in BASELINES:
                colour.setAlpha(110)
            plot.addItem(pyqtgraph.BarGraphItem(x0=0, y=y, width=value, height=0.6, brush=colour, pen=None))
            band = row.get(f"{self._key}_spread")
            if isinstance(band, int | float) and band > 0:
                plot.addItem(
                    pyqtgraph.ErrorBarItem(
                        x=_one(value), y=_one(y), left=_one(band), right=_one(band), beam=0.25,
                        pen=pyqtgraph.mkPen(theme.color("text"), width=1.5),
                    )
                )  # fmt: skip
        ticks = [(count - 1 - i, row_name(row) + ("  ★" if i in best else "")) for i, row in enumerate(rows)]
        plot.getAxis("left").setTicks([ticks])
        plot.setLabel("bottom", tr(metric_of(self._key).name), color=theme.tokens().muted)
        most = max(
            (float(r[self._key]) + float(r.get(f"{self._key}_spread") or 0) for r in rows), default=1.0
        )
        plot.setXRange(0, max(most, 1e-6) * 1.02, padding=0)
        plot.setYRange(-0.6, count - 0.4, padding=0)
        plot.setAccessibleDescription(", ".join(f"{row_name(r)}: {figure(r, self._key)}" for r in rows))

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
