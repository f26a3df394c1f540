"""Hearing what a set is beside its slots: its sound against an earlier one, its line spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop.views.ab_player import ABPlayer
from mmstudio.desktop.views.speak_bar import SpeakBar

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.sets import SetHistory, SetStep


class SetHearing(QWidget):
    """The two bars, each made when first asked for."""

    def __init__(self, context: AppContext, history: SetHistory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._history = context, history
        self._ab: ABPlayer | None = None
        self._voice: SpeakBar | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    @property
    def ab(self) -> ABPlayer:
        """The comparison of two sounds."""
        if self._ab is None:
            self._ab = ABPlayer(self._context)
            self._ab.closed.connect(self._ab.hide)
            self._column.addWidget(self._ab)
        return self._ab

    def compare(self, step: SetStep, other: SetStep) -> None:
        """Hear two sets in turn, equally loud."""
        self.ab.show()
        self.ab.compare(
            (step.made.sound, step.made.rate), (other.made.sound, other.made.rate), (step.words, other.words)
        )
        self.ab.setFocus()

    def other(self) -> SetStep | None:
        """The newest earlier set whose sound is another one, else a later one; of the one that is shown."""
        rows, step = self._history.model.rows, self._history.current
        if step is None or step not in rows:
            return None
        at = rows.index(step)
        others = [*reversed(rows[:at]), *rows[at + 1 :]]
        sounds = step.made.sound
        return next((o for o in others if o.made.sound is not sounds), None)

    def speak(self, step: SetStep) -> None:
        """Speak the line of a set."""
        if self._voice is None:
            self._voice = SpeakBar(self._context)
            self._column.addWidget(self._voice)
        self._voice.speak(step.made.text, item=step.made.wish.item_id, language=step.made.wish.locale)

    def drop(self) -> None:
        """Another library, or the page closes."""
        if self._ab is not None:
            self._ab.clear()
            self._ab.hide()
        if self._voice is not None:
            self._voice.close_bar()

    def retranslate(self) -> None:
        """Words of the comparison."""
        if self._ab is not None:
            self._ab.retranslate()
