"""Reading a brief: what it seems to say, each thing for a person to take or to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, help_dot, row, tool
from mmstudio.desktop.views.flow import empty
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.recommendation.assistant import Proposal

_PARTS = {
    "trait": mark("Trait"),
    "rule": mark("Rule"),
    "tag": mark("They like"),
    "angle": mark("Angle for copy"),
}


class BriefReader(QWidget):
    """A button, then one line per proposal.

    Signals:
        wanted: read the brief.
        taken: a Proposal that the person confirmed.
    """

    wanted = Signal()
    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.proposals: list[Proposal] = []
        self.button = button(
            mark("Read the brief"), self.wanted.emit, icon="magic-wand",
            tip=mark("Proposes traits and rules from the brief; nothing is taken without you"),
        )  # fmt: skip
        self.note = label(role="small", wrap=True)
        self.note.setMinimumWidth(1)
        self.note.hide()
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        explanation = mark(
            "Looks for prices, materials, ages and the like in your words, with your language model too "
            "where one is set up. Each find is shown with the words it rests on; you take it or leave it."
        )
        layout.addLayout(row(self.button, help_dot(explanation), None, spacing=4))
        layout.addWidget(self.note)
        layout.addLayout(self._lines)

    def begin(self) -> None:
        """The brief is being read."""
        self.button.setEnabled(False)
        say(self.note, mark("Reading…"))
        self.note.show()

    def end(self) -> None:
        """Reading failed; the notice says why."""
        self.button.setEnabled(True)
        self.note.hide()

    def show_proposals(self, proposals: list[Proposal]) -> None:
        """Show what was found."""
        self.end()
        self.proposals = list(proposals)
        self._fill()
        if proposals:
            say(self.note, mark("{n} things found. Take what is right."), n=len(proposals))
        else:
            say(self.note, mark("The brief says nothing that could become a trait or a rule."))
        self.note.show()

    def forget(self) -> None:
        """Another audience."""
        self.proposals = []
        self.end()
        self._fill()

    def retranslate(self) -> None:
        """Say the lines in the language in use."""
        self._fill()

    def _fill(self) -> None:
        empty(self._lines)
        for proposal in self.proposals:
            self._lines.addWidget(self._line(proposal))

    def _line(self, proposal: Proposal) -> QWidget:
        frame = QFrame()
        frame.setProperty("surface", "card")
        what = label(role="strong", wrap=True)
        what.setTextFormat(Qt.TextFormat.PlainText)
        what.setText(f"{tr(_PARTS.get(proposal.part, proposal.part))}: {proposal.label}")
        from_words = label(role="small", wrap=True)
        from_words.setTextFormat(Qt.TextFormat.PlainText)
        who = "" if proposal.by == "rules" else tr(" (found by {engine})", engine=proposal.by)
        from_words.setText(tr("from “{words}”", words=proposal.words) + who if proposal.words else who)
        from_words.setVisible(bool(from_words.text()))
        for words in (what, from_words):
            words.setMinimumWidth(1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(what)
        column.addWidget(from_words)
        take = button(mark("Take"), lambda: self._take(proposal), icon="check")
        take.setAccessibleName(tr("Take: {what}", what=proposal.label))
        leave = tool("x", mark("Leave it"), lambda: self._leave(proposal))
        leave.setAccessibleName(tr("Leave: {what}", what=proposal.label))
        line = QHBoxLayout(frame)
        line.setContentsMargins(12, 6, 6, 6)
        line.addLayout(column, 1)
        line.addWidget(take)
        line.addWidget(leave)
        return frame

    def _take(self, proposal: Proposal) -> None:
        self._leave(proposal)
        self.taken.emit(proposal)

    def _leave(self, proposal: Proposal) -> None:
        self.proposals = [one for one in self.proposals if one is not proposal]
        self._fill()
        if self.proposals:
            say(self.note, mark("{n} things found. Take what is right."), n=len(self.proposals))
        else:
            self.note.hide()
            self.button.setFocus()
