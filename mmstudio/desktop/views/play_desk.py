"""The parts of Play in their places; no logic but what is shown when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.play import StepListModel
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import action_tool, button, row
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.play_bars import AbBar, HistoryStrip, WalkBar
from mmstudio.desktop.views.play_controls import PlayControls
from mmstudio.desktop.views.play_sliders import SettledSlider, SliderPanel
from mmstudio.desktop.views.play_stage import NeighbourGrid, PlayStage
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.latents.point import Point

_MODES = {"ab": mark("A and B"), "walk": mark("Walk")}


class PlayDesk(QWidget):
    """Controls, picture, sliders, and below them the bars and the history."""

    def __init__(
        self, context: AppContext, pictures: Pictures, steps: StepListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.shown_point: Point | None = None
        self._tool_buttons: list[QToolButton] = []
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)  # from the outside in: docs/adr/0207
        self.controls = PlayControls(context, pictures, self.splitter)
        self.controls.setMinimumWidth(236)
        self.sliders = SliderPanel(self.splitter)
        self.sliders.setMinimumWidth(204)
        for part in (self.controls, self._middle(), self.sliders):
            self.splitter.addWidget(part)
        self.splitter.setChildrenCollapsible(False)
        for place, share in enumerate((0, 1, 0)):
            self.splitter.setStretchFactor(place, share)
        self.splitter.setSizes([248, 700, 240])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self._below(steps))
        self.show_stage()

    # --- parts --------------------------------------------------------------------------------------

    def _middle(self) -> QWidget:
        middle = QWidget(self.splitter)
        self.views = QStackedWidget(middle)
        room = QWidget(self.views)
        self.stage = PlayStage(room)
        self.grid = NeighbourGrid(self.views)
        self.stage_states = StateStack(self.stage, room)
        around = QVBoxLayout(room)
        around.setContentsMargins(12, 0, 12, 0)
        around.addWidget(self.stage_states)
        self.stage_page = room
        self.views.addWidget(room)
        self.views.addWidget(self.grid)
        self.vary_button = button(mark("Variations"), lambda: None, icon="circles-four")
        say(self.vary_button, mark("Eight neighbours of this picture (V)"), "setToolTip")
        self.near = SettledSlider()
        self.near.setRange(5, 100)
        self.near.setValue(35)
        self.near.setFixedWidth(88)
        name(self.near, mark("From close to far"), mark("How far variations may be from this picture"))
        self.near_words = label(mark("Close – far"), "small")
        self.back_button = button(mark("Back"), lambda: self.grid.left.emit(), icon="arrow-u-up-left")
        say(self.back_button, mark("Back to the one picture (Esc)"), "setToolTip")
        self.save_button = button(mark("Save to library"), lambda: None, "primary", icon="floppy-disk")
        self._tools = QHBoxLayout()
        self._tools.setSpacing(0)
        self._tools.setContentsMargins(0, 0, 0, 0)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 8)
        bar.setSpacing(6)
        bar.addWidget(self.vary_button)
        bar.addWidget(self.near_words)
        bar.addWidget(self.near)
        bar.addStretch(1)
        bar.addLayout(self._tools)
        bar.addWidget(self.back_button)
        bar.addWidget(self.save_button)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.views, 1)
        layout.addLayout(bar)
        return middle

    def _below(self, steps: StepListModel) -> QWidget:
        below = QWidget(self)
        self.bars = QStackedWidget(below)
        self.ab = AbBar(self.bars)
        self.walk = WalkBar(self.bars)
        self.modes = QTabBar()
        self.modes.setDrawBase(False)
        self.modes.setExpanding(False)
        name(self.modes, mark("Between pictures"))
        for words in _MODES.values():
            self.modes.addTab(tr(words))
        self.bars.addWidget(self.ab)
        self.bars.addWidget(self.walk)
        self.bars.setFixedHeight(48)
        self.modes.currentChanged.connect(self.bars.setCurrentIndex)
        self.strip = HistoryStrip(steps, below)
        below.setProperty("surface", "strip")
        below.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(below)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(2)
        line = row(self.modes, self.bars, spacing=12)
        line.setStretch(1, 1)
        layout.addLayout(line)
        layout.addWidget(self.strip)
        return below

    def add_tools(self, *actions: QAction) -> None:
        """Icon buttons beside the picture's main one."""
        for made in actions:
            self._tool_buttons.append(action_tool(made))
            self._tools.addWidget(self._tool_buttons[-1])

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def spread(self) -> float:
        """How far variations may be, 0 to 1."""
        return self.near.value() / 100

    @property
    def in_grid(self) -> bool:
        """True while neighbours are shown."""
        return self.views.currentWidget() is self.grid

    def show_grid(self) -> None:
        """Neighbours around the picture."""
        self.grid.begin(self.stage.image)
        self.views.setCurrentWidget(self.grid)
        say(self.vary_button, mark("Try others"))
        self._show_near(True)
        self.grid.middle.setFocus()

    def show_stage(self) -> None:
        """The one picture."""
        had = self.in_grid
        self.views.setCurrentWidget(self.stage_page)
        say(self.vary_button, mark("Variations"))
        self._show_near(False)
        if had:
            self.stage.setFocus()

    def _show_near(self, shown: bool) -> None:
        self.near.setVisible(shown)
        self.near_words.setVisible(shown)
        self.back_button.setVisible(shown)
        for part in (self.save_button, *self._tool_buttons):
            part.setVisible(not shown)

    def show_picture(self, point: Point | None, image: QImage) -> None:
        """Show what was drawn for a point; None for a frame of a film."""
        self.shown_point = point
        self.stage_states.show_content()
        self.stage.show_image(image)

    def show_mode(self, mode: str) -> None:
        """The bar of "ab" or "walk"."""
        self.modes.setCurrentIndex(list(_MODES).index(mode))

    def enable(self, there: bool, *, may_save: bool, saved: bool) -> None:
        """What can be pressed now."""
        for part in (
            self.vary_button,
            self.near,
            self.walk,
            self.ab,
            self.sliders,
            self.controls.roll_button,
        ):
            part.setEnabled(there)
        self.save_button.setEnabled(may_save)
        say(self.save_button, mark("Saved") if saved else mark("Save to library"))

    def retranslate(self) -> None:
        """Name again what was not said."""
        for place, words in enumerate(_MODES.values()):
            self.modes.setTabText(place, tr(words))
        self.grid.retranslate()
        self.ab.retranslate()
        self.walk.retranslate()
        self.sliders.retranslate()
        self.controls.retranslate()
