"""What the Preview is asked for: item, audience and recipe in one line, or in two where it is narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from mmstudio.desktop.texts import name
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.pictures import Pictures

_ONE_LINE = 620  # pixels: from here on the words of all fit beside each other


class PreviewBar(QWidget):
    """Item, audience, recipe, *Compose*, earlier ads and the way to the editor.

    Args:
        compose, offer_saved, edit: called when their buttons are pressed.
    """

    def __init__(
        self,
        context: AppContext,
        pictures: Pictures,
        compose: Callable[[], object],
        offer_saved: Callable[[], object],
        edit: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setProperty("surface", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.item = ItemButton(context, pictures)
        self.item.setMinimumWidth(112)
        self.audience = QComboBox()
        name(self.audience, mark("Audience"))
        self.recipe = QComboBox()
        name(self.recipe, mark("Recipe"), mark("How the ad is built"))
        for box in (self.audience, self.recipe):  # what is advertised has the most room
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(7)
            box.setMinimumWidth(88)  # in a narrow window, rather than under the button
        self.compose_button = button(mark("Compose"), compose, "primary", icon="film-strip")
        self.saved_button = tool("clock-counter-clockwise", mark("Earlier ads"), offer_saved)
        self.edit_button = tool(
            "pencil-simple", mark("Edit the storyboard"), edit,
            tip=mark("Move, change and replace everything by hand"),
        )  # fmt: skip
        self.edit_button.setEnabled(False)
        self._lines = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setSpacing(8)
        self._arrange(1)

    def _arrange(self, lines: int) -> None:
        if lines == self._lines:
            return
        self._lines = lines
        while self._grid.count():
            self._grid.takeAt(0)
        below, first = (0, 1) if lines == 1 else (1, 0)
        self._grid.addWidget(self.item, 0, 0, 1, 1 if lines == 1 else 3)
        for place, widget in enumerate((self.audience, self.recipe, self.compose_button)):
            self._grid.addWidget(widget, below, first + place)
        self._grid.addWidget(self.saved_button, 0, 4)
        self._grid.addWidget(self.edit_button, 0, 5)
        for column in range(6):  # the item takes what is left; in two lines the boxes share it
            self._grid.setColumnStretch(column, 1 if column == 0 or (lines == 2 and column == 1) else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(1 if event.size().width() >= _ONE_LINE else 2)
