"""Two sounds, A and B, equally loud and heard from the same place: what differs is the sound itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mmstudio.desktop.models.heard import Heard, heard, matched
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import tool
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext

Sound = tuple["NDArray[np.float32]", int]
_KEYS = {"a": 0, "b": 1}


class ABPlayer(QWidget):
    """Keys A and B, or X for the other one, switch without a gap.

    ``switched`` carries 0 for A, 1 for B; ``closed`` that the person has heard enough.
    """

    switched = Signal(int)
    closed = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._sounds: list[Heard] = []
        self._names = ["", ""]
        self.at = 0
        self.view = SoundView(context)
        self.setProperty("surface", "strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sides: list[QPushButton] = []
        group = QButtonGroup(self)
        column = QVBoxLayout()
        column.setSpacing(4)
        for place, (words, tip) in enumerate(
            (
                (mark("Hear A"), mark("Hear A from the same place (A)")),
                (mark("Hear B"), mark("Hear B from the same place (B)")),
            )
        ):
            side = QPushButton()
            side.setCheckable(True)
            side.setAutoDefault(True)
            side.setMinimumWidth(140)
            side.setMaximumWidth(240)
            name(side, words, tip)
            side.clicked.connect(lambda _on=False, place=place: self.switch(place))
            group.addButton(side)
            self.sides.append(side)
            column.addWidget(side)
        self.note = label(mark("Equally loud, so that the louder one does not seem the better."), "small",
                          wrap=True)  # fmt: skip
        column.addWidget(self.note)
        column.addStretch(1)
        self.close_button = tool("x", mark("Close the comparison"), self._close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(12)
        layout.addLayout(column)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setFocusProxy(self.view)

    @property
    def ready(self) -> bool:
        """Whether both sounds are there."""
        return len(self._sounds) == 2

    def compare(self, a: Sound, b: Sound, names: tuple[str, str]) -> None:
        """Take two sounds (float32[C, N], rate); they are levelled in a worker, then A is shown."""
        self.clear()
        self._names = list(names)
        self._context.background(
            lambda: [heard(samples, rate) for samples, rate in matched([a, b])],
            self._prepared,
            key=("ab", id(self)),
        )

    def _prepared(self, sounds: list[Heard]) -> None:
        self._sounds, self.at = sounds, 0
        self.view.show_heard(sounds[0])
        self._say()
        self.sides[0].setChecked(True)

    def switch(self, place: int) -> None:
        """Hear A (0) or B (1) from where the other one was."""
        if not self.ready:
            return
        self.sides[place].setChecked(True)
        if place == self.at:
            return
        self.at = place
        self.view.play.swap(self._sounds[place].samples)
        self.view.draw(self._sounds[place])
        self.switched.emit(place)

    def clear(self) -> None:
        """Fall silent."""
        self._context.drop(("ab", id(self)))
        self._sounds = []
        self.view.clear()
        self._say()

    def retranslate(self) -> None:
        """Words on the buttons."""
        self._say()

    def _say(self) -> None:
        for place, side in enumerate(self.sides):
            words = self._names[place] or tr("nothing")
            side.setText(f"{'AB'[place]}  {words}")
            side.setAccessibleDescription(words)
            side.setEnabled(self.ready)

    def _close(self) -> None:
        self.clear()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        words = event.text().lower()
        if words in _KEYS:
            self.switch(_KEYS[words])
        elif words == "x":
            self.switch(1 - self.at)
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)
