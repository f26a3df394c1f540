"""One text that was written: its marks, what it rests on, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.writing import Draft
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.guarded_text import GuardedText
from mmstudio.generation.copywriting.lines import weight
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.generation.copywriting.contract import Span

ENGINES = {
    "facts": mark("Facts writer"),
    "folder": mark("Local language model"),
    "server": mark("Local server"),
}
_FACTS = 160  # characters of the facts that are named; all of them are in the tool tip


class VariantCard(QFrame):
    """
    Signals (each with the :class:`Draft`):
        edited: the text changed and is to be checked. copied, saved, spoken: with its text as it stands.
        overridden: also who answers for it, and why.
    """

    edited = Signal(object)
    copied = Signal(object)
    saved = Signal(object)
    spoken = Signal(object)
    overridden = Signal(object, str, str)

    def __init__(self, draft: Draft, rank: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.setProperty("surface", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.rank = label(role="strong")
        self.rank.setText(str(rank))
        self.sign = QLabel()
        self.state = label(role="muted")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.length = label(role="small")
        self.copy_button = tool("copy", mark("Copy the text"), lambda: self.copied.emit(self.draft))
        self.speak_button = tool("speaker-high", mark("Speak this"), lambda: self.spoken.emit(self.draft))
        self.save_button = tool(
            "floppy-disk", mark("Save as a text in the library"), lambda: self.saved.emit(self.draft)
        )
        self.revert_button = tool(
            "arrow-counter-clockwise", mark("Back to the text as it was written"), self._revert
        )
        self.answer_button = button(
            mark("Use it anyway…"), self._open_answer, icon="hand-palm",
            tip=mark("Answer for what no fact supports; who and why is recorded"),
        )  # fmt: skip
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.rank)
        head.addWidget(self.sign)
        head.addWidget(self.state, 1)
        head.addWidget(self.length)
        for control in (
            self.answer_button, self.revert_button, self.speak_button, self.copy_button, self.save_button,
        ):  # fmt: skip
            head.addWidget(control)
        self.text = GuardedText()
        self.text.edited.connect(self._edited)
        self.text.typed.connect(self._typed)
        self.notes = label(role="small", wrap=True)
        self.rests = label(role="small", wrap=True)
        self._build_answer()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.text)
        for widget in (self.rests, self.notes, self.answer):
            layout.addWidget(widget)
        let_wrap(self)
        self.text.set_text(draft.text, draft.spans)
        self.show_draft()

    def _build_answer(self) -> None:
        self.answer = QWidget()
        self.who, self.reason = QLineEdit(), QLineEdit()
        name(self.who, mark("Who answers for it"))
        name(self.reason, mark("Why it may be said"))
        say(self.who, mark("Your name"), "setPlaceholderText")
        say(self.reason, mark("Why it may be said"), "setPlaceholderText")
        self.who.setMaximumWidth(160)
        self.confirm = button(mark("I answer for this text"), self._answer, "primary")
        self.cancel = button(mark("Cancel"), self._close_answer)
        line = row(self.who, self.reason, self.confirm, self.cancel)
        line.setStretch(1, 1)
        self.answer.setLayout(line)
        for field in (self.who, self.reason):
            field.textChanged.connect(lambda _text: self._may_answer())
            field.returnPressed.connect(self._answer)
        self.answer.hide()
        self._may_answer()

    # --- what is shown ------------------------------------------------------------------------------

    def show_draft(self, *, read_only: bool = False) -> None:
        """State, facts and buttons as the draft stands."""
        draft = self.draft
        blocked = [span for span in draft.spans if span.blocks]
        if draft.checking:
            sign, role, words = "circle-dashed", "muted", tr("Checking…")
        elif draft.answered:
            sign, role, words = "hand-palm", "warning", tr("Answered for by {who}", who=draft.answered)
        elif blocked:
            n = len(blocked)
            sign, role = "warning", "danger"
            words = tr("1 thing must be settled before export") if n == 1 else tr(
                "{n} things must be settled before export", n=n
            )  # fmt: skip
        elif draft.spans:
            sign, role, words = "check-circle", "success", tr("Every claim rests on a fact")
        else:
            sign, role, words = "check-circle", "muted", tr("Nothing in it needs a fact")
        self.sign.setPixmap(icon(sign, role).pixmap(QSize(16, 16)))
        self.state.setText(words)
        self.setAccessibleName(tr("Text {n}: {state}", n=self.rank.text(), state=words))
        signs = weight(draft.text)
        over = draft.longest and signs > draft.longest
        self.length.setText(
            tr("{n} of {most} characters", n=signs, most=draft.longest) if draft.longest
            else tr("{n} characters", n=signs)
        )  # fmt: skip
        self.length.setProperty("role", "error" if over else "small")
        self.length.style().unpolish(self.length)
        self.length.style().polish(self.length)
        engine = tr(ENGINES.get(draft.engine, draft.engine))
        facts = "; ".join(draft.facts)
        facts = facts if len(facts) <= _FACTS else facts[: _FACTS - 1] + "…"
        self.rests.setText(tr("{engine}. Rests on: {facts}", engine=engine, facts=facts) if facts else engine)
        self.rests.setToolTip("\n".join(draft.facts))
        self.notes.setText("\n".join(draft.notes))
        self.notes.setVisible(bool(draft.notes))
        self.answer_button.setVisible(bool(blocked) and not draft.answered and not draft.checking)
        self.answer_button.setEnabled(not read_only and draft.item is not None)
        self.revert_button.setVisible(draft.text != draft.written)
        self.save_button.setEnabled(not read_only and bool(draft.text.strip()) and draft.asset is None)
        say(
            self.save_button,
            mark("Saved") if draft.asset is not None else mark("Save as a text in the library"),
            "setToolTip",
        )
        self.save_button.setIcon(icon("check-circle-fill" if draft.asset is not None else "floppy-disk"))
        if not blocked or draft.answered:
            self.answer.hide()

    def show_checked(self, text: str, spans: Sequence[Span]) -> None:
        """The guard's answer for a text."""
        if text == self.draft.text:
            self.draft.spans, self.draft.checking = tuple(spans), False
            self.text.show_spans(text, spans)

    def _typed(self) -> None:
        self.draft.change(self.text.text)
        self.show_draft()

    def _edited(self, _text: str) -> None:
        self.edited.emit(self.draft)

    def _revert(self) -> None:
        self.text.field.setPlainText(self.draft.written)
        self.text.flush()

    # --- answering ----------------------------------------------------------------------------------

    def _open_answer(self) -> None:
        self.answer.show()
        (self.reason if self.who.text() else self.who).setFocus()

    def _close_answer(self) -> None:
        self.answer.hide()
        self.answer_button.setFocus()

    def _may_answer(self) -> None:
        self.confirm.setEnabled(bool(self.who.text().strip() and self.reason.text().strip()))

    def _answer(self) -> None:
        if self.confirm.isEnabled():
            self.overridden.emit(self.draft, self.who.text().strip(), self.reason.text().strip())

    def retranslate(self) -> None:
        """Words that hold numbers."""
        self.text.retranslate()
        self.show_draft()

    def keyPressEvent(self, event: object) -> None:
        key = getattr(event, "key", lambda: None)()
        if key == Qt.Key.Key_Escape and self.answer.isVisible():
            self._close_answer()
            return
        super().keyPressEvent(event)  # type: ignore[arg-type]
