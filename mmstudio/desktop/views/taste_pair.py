"""A set made without an audience's taste beside the same set made with it: what the taste changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.set_shared import SharedBar
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.models.sets import SetStep


class _Side(QWidget):
    """One of the two: its words, picture, line, and what its parts share."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.step: SetStep | None = None
        self.heading = label(words, "strong")
        self.canvas = PictureCanvas()
        name(self.canvas, words)
        self.line = label(wrap=True)
        self.line.setMinimumWidth(1)
        self.shared = SharedBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.line)
        column.addWidget(self.shared)

    def show_step(self, step: SetStep) -> None:
        self.step = step
        if step.shown.picture is not None:
            self.canvas.show_image(step.shown.picture)
        self.line.setText(" – ".join(part for part in (step.shown.title, step.shown.text) if part))
        self.shared.show_set(step.made)


class TastePair(QWidget):
    """
    Signals:
        closed: back to one set. compared: (without, with), to hear both in turn.
    """

    closed = Signal()
    compared = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name(self, mark("Without and with their taste"))
        self.without, self.with_taste = (
            _Side(words, self) for words in (mark("Without their taste"), mark("With their taste"))
        )
        self.hear_button = button(mark("Hear both in turn"), self._compare, icon="swap")
        self.back_button = button(mark("Back to one"), self.closed.emit, icon="arrow-left")
        sides = QHBoxLayout()
        sides.setSpacing(16)
        sides.addWidget(self.without, 1)
        sides.addWidget(self.with_taste, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(8)
        column.addLayout(sides, 1)
        column.addLayout(row(self.hear_button, None, self.back_button))

    def take(self, step: SetStep) -> bool:
        """Show a set on the side it belongs to; True where both of a pair are there now.

        A step of a pair has "pair" and "percent" (of the taste, 0 for none) among its values.
        """
        if not step.values.get("pair"):
            return False
        if not step.values["percent"]:
            self.without.show_step(step)
            self.with_taste.step = None
            return False
        self.with_taste.show_step(step)
        return self.without.step is not None

    def retranslate(self) -> None:
        """Words of what the parts share."""
        for side in (self.without, self.with_taste):
            side.shared.retranslate()

    def _compare(self) -> None:
        if self.without.step is not None and self.with_taste.step is not None:
            self.compared.emit(self.without.step, self.with_taste.step)
