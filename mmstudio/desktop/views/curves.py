"""The curves of a training in groups that can be read: one plot at a time, chosen by tabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from mmstudio.desktop.texts import name
from mmstudio.desktop.views.controls import help_dot, row
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COPYING = 0.9  # the nearest ratio below which a model copies (learning.engine.judge)


@dataclass(frozen=True, slots=True)
class Group:
    """One tab. ``keys`` empty: everything that no other group takes."""

    title: str
    explanation: str
    labels: Mapping[str, str]
    keys: tuple[str, ...] = ()
    smooth: float = 0.9
    line: float | None = None


LOSSES = (
    Group(
        mark("Losses"),
        mark(
            "The losses say how far each network is from its goal. They should settle; when they have been "
            "level for a while, more steps bring little. The quality curve says more than they do."
        ),
        {
            "generator": mark("The one that draws"),
            "discriminator": mark("The one that judges"),
            "penalty": mark("Penalty"),
            "loss": mark("Loss"),
            "pixels": mark("Pixels"),
            "edges": mark("Edges"),
            "kl": mark("Order of the numbers (KL)"),
            "gradient": mark("Size of the steps"),
        },
    ),
    Group(
        mark("Real and drawn"),
        mark(
            "What the judging network says of real pictures and of drawn ones. Near each other is healthy; "
            "far apart means that it tells them all apart, and the drawing network learns little."
        ),
        {
            "real": mark("Of real pictures"),
            "fake": mark("Of drawn pictures"),
            "held": mark("Of held-out ones"),
        },
        ("real", "fake", "held"),
    ),
    Group(
        mark("Overfitting"),
        mark(
            "How well the judging network knows the training pictures by heart (0: not, 1: all), and how "
            "strongly pictures are varied against it. The strength follows by itself."
        ),
        {"overfit": mark("Known by heart"), "augment": mark("Strength of the variation")},
        ("overfit", "augment"),
    ),
)
QUALITY = (
    Group(
        mark("Quality"),
        mark(
            "Distance between what the model draws and your pictures, in the features of a small network "
            "(kernel distance). Lower is better; where it rises again, the best step before is kept."
        ),
        {"kernel_distance": mark("Distance to your own")},
        ("kernel_distance",),
        smooth=0.0,
    ),
    Group(
        mark("Copying and variety"),
        mark(
            "Distance of a drawn picture to the nearest training picture, against that of pictures it never "
            "saw: below the line at 0.9 it copies. Variety 1 means as varied as your own."
        ),
        {"nearest_ratio": mark("Distance to the nearest original"), "diversity": mark("Variety")},
        ("nearest_ratio", "diversity"),
        smooth=0.0,
        line=COPYING,
    ),
)


class CurveTabs(QWidget):
    """Plots behind tabs; a tab without numbers is not shown."""

    def __init__(self, groups: tuple[Group, ...], spoken: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups = groups
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(self.tabs, spoken)
        self.plots: list[LossPlot] = []
        self._stack, self._help = QStackedWidget(), QStackedWidget()
        for group in groups:
            self.tabs.addTab(tr(group.title))
            plot = LossPlot(
                labels=group.labels,
                smooth=group.smooth,
                line=group.line,
                spoken=group.title,
                tip=group.explanation,
            )
            self.plots.append(plot)
            self._stack.addWidget(plot)
            self._help.addWidget(help_dot(group.explanation))
        self._help.setFixedSize(self._help.sizeHint())
        self.tabs.currentChanged.connect(self._turn)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(self.tabs, self._help, None, spacing=4))
        layout.addWidget(self._stack, 1)
        self._show_tabs()

    def clear(self) -> None:
        """Start with no curves."""
        for plot in self.plots:
            plot.clear()
        self._show_tabs()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers after ``step`` steps, each into its group."""
        for group, plot in zip(self.groups, self.plots, strict=True):
            mine = {key: value for key, value in values.items() if self._group_of(key) is group}
            if mine:
                plot.add(step, mine)
        self._show_tabs()

    def show_history(self, lines: Iterable[dict[str, Any]], field: str = "losses") -> None:
        """All lines of a log (``metrics.jsonl``: losses, ``figures.jsonl``: figures)."""
        kept = list(lines)
        for group, plot in zip(self.groups, self.plots, strict=True):
            plot.show_history(
                (
                    {
                        "step": line["step"],
                        field: {k: v for k, v in line.get(field, {}).items() if self._group_of(k) is group},
                    }
                    for line in kept
                ),
                field,
            )
        self._show_tabs()

    @property
    def empty(self) -> bool:
        """True before the first number."""
        return not any(plot.keys for plot in self.plots)

    def restyle(self) -> None:
        """The theme or the language changed."""
        for place, group in enumerate(self.groups):
            self.tabs.setTabText(place, tr(group.title))
            self.plots[place].restyle()

    def _group_of(self, key: str) -> Group | None:
        own = next((group for group in self.groups if key in group.keys), None)
        return own or next((group for group in self.groups if not group.keys), None)

    def _show_tabs(self) -> None:
        for place, plot in enumerate(self.plots):
            self.tabs.setTabVisible(place, bool(plot.keys) or place == 0)
        self.tabs.updateGeometry()

    def _turn(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self._help.setCurrentIndex(place)
