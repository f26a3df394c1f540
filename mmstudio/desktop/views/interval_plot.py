"""What came back per variant as intervals, beside the smallest difference that is worth finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.variants import percent
from mmstudio.desktop.views.rows_plot import RowsPlot
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.recommendation.variants.records import Plan, Verdict

_NAME = 18  # letters of a title


class IntervalPlot(RowsPlot):
    """One row a variant: its rate as a dot, the 95 % interval (Wilson 1927) as a line, a star for the winner.

    The band reaches as far from the rate of the first variant, the control, as the plan's smallest
    difference: whatever ends inside it is too near to matter.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            mark("Intervals of the variants"),
            mark(
                "Dot: share who acted. Line: where it lies with 95 %. Band: differences too small to matter"
            ),
            parent,
        )
        self._shown: tuple[Plan, Verdict] | None = None
        self._titles: dict[str, str] = {}

    def show_verdict(self, plan: Plan, verdict: Verdict, titles: Mapping[str, str]) -> None:
        """Draw a verdict with counts; ``titles``: variant id → words."""
        self._shown, self._titles = (plan, verdict), dict(titles)
        self.restyle()

    def restyle(self) -> None:
        """Draw in the colours and the language in use."""
        from pyqtgraph import InfiniteLine, LinearRegionItem, ScatterPlotItem, mkPen

        if self._shown is None:
            return
        plan, verdict = self._shown
        counts = verdict.counts
        plot = self.begin(len(counts))
        self.setMaximumHeight(self.minimumHeight())
        control, effect = 100 * counts[0].rate, 100 * abs(plan.effect)
        band = QColor(theme.color("muted"))
        band.setAlpha(45)
        region = LinearRegionItem((control - effect, control + effect), movable=False, brush=band)
        for edge in region.lines:
            edge.setPen(mkPen(None))
        plot.addItem(region)
        plot.addItem(InfiniteLine(control, pen=mkPen(theme.color("muted"), width=1, dash=[4, 4])))
        low, high = control - effect, control + effect
        names, spoken = [], []
        for place, count in enumerate(counts):
            y = len(counts) - 1 - place
            rate, left, right = 100 * count.rate, 100 * count.low, 100 * count.high
            wins = count.variant_id == verdict.winner
            role = "accent" if wins else "text"
            if count.shown:
                self.spread(rate, y, rate - left, right - rate, role)
                plot.addItem(ScatterPlotItem([rate], [y], size=10, brush=theme.color(role), pen=mkPen(None)))
                low, high = min(low, left), max(high, right)
            title = self._titles.get(count.variant_id, count.variant_id)
            short = title if len(title) <= _NAME else title[: _NAME - 1] + "…"
            names.append(short + ("  ★" if wins else ""))
            spoken.append(
                f"{title}: {percent(count.rate, 2)} ({percent(count.low, 2)} – {percent(count.high, 2)})"
            )
        room = max(high - low, 0.1) * 0.06
        words = tr("Share who acted, per cent")
        self.finish(names, words, max(0.0, low - room), min(100.0, high + room), ", ".join(spoken))
