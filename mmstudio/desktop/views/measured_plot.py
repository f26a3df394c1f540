"""One figure of all methods as bars with their spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.measured import BASELINES, best_of, figure, metric_of, row_name
from mmstudio.desktop.views.rows_plot import RowsPlot
from mmstudio.i18n import mark, tr


class MeasuredPlot(RowsPlot):
    """Horizontal bars, one per method, names at the left; the best is in the accent colour with a star."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(mark("The methods compared"), mark("One bar per method, with its spread"), parent)
        self._rows: list[Mapping[str, Any]] = []
        self._key = ""

    def show_rows(self, rows: Sequence[Mapping[str, Any]], key: str) -> None:
        """Draw one figure of a measurement."""
        self._rows, self._key = list(rows), key
        self.restyle()

    def restyle(self) -> None:
        """Draw in the colours and the language in use."""
        from pyqtgraph import BarGraphItem

        rows = [row for row in self._rows if isinstance(row.get(self._key), int | float)]
        plot = self.begin(len(rows))
        if not rows:
            return
        best = best_of(rows, self._key)
        most = 0.0
        for place, row in enumerate(rows):
            value, y = float(row[self._key]), len(rows) - 1 - place
            colour = QColor(theme.color("accent" if place in best else "muted"))
            if str(row.get("method")) in BASELINES:
                colour.setAlpha(110)
            plot.addItem(BarGraphItem(x0=0, y=y, width=value, height=0.6, brush=colour, pen=None))
            band = row.get(f"{self._key}_spread")
            if isinstance(band, int | float) and band > 0:
                self.spread(value, y, float(band), float(band))
            most = max(most, value + float(band or 0))
        self.finish(
            [row_name(row) + ("  ★" if i in best else "") for i, row in enumerate(rows)],
            tr(metric_of(self._key).name),
            0.0,
            max(most, 1e-6) * 1.02,
            ", ".join(f"{row_name(r)}: {figure(r, self._key)}" for r in rows),
        )
