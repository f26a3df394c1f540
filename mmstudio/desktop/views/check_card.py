"""One line of the compliance page: its state in colour, sign and word, what was found, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.export.compliance import Check

_SIGNS = {
    "green": ("check-circle", "success", mark("In order")),
    "amber": ("warning", "warning", mark("Leaves with a note")),
    "red": ("x-circle", "danger", mark("Held back")),
}


class CheckCard(QFrame):
    """
    Signals:
        media_wanted: ids of the assets it is about.
        answer_wanted: name of the check that a person wants to answer for.
    """

    media_wanted = Signal(object)
    answer_wanted = Signal(str)

    def __init__(self, check: Check, title: str, *, writing: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.check = check
        self.setProperty("surface", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        answered = check.clearance
        sign, role, words = _SIGNS[check.state] if answered is None else _SIGNS["green"]
        mark_label = QLabel()
        mark_label.setPixmap(icon(sign, role).pixmap(QSize(20, 20)))
        self.state = label(role="small")
        self.state.setText(tr(words) if answered is None else tr("{who} answers for it", who=answered.who))
        head = label(role="strong")
        head.setText(title)
        self.media = button(
            mark("Show the media"), lambda: self.media_wanted.emit(list(check.assets)), icon="image"
        )
        if not check.assets or check.state == "green":
            self.media.hide()
        self.answer = button(
            mark("Answer for it…"), lambda: self.answer_wanted.emit(check.name), icon="hand-palm"
        )
        if check.state != "red" or answered is not None:
            self.answer.hide()
        self.answer.setEnabled(writing)
        top = row(mark_label, head, self.state, None, self.media, self.answer)
        self.message = label(wrap=True)
        self.message.setText(check.message)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.hint = label(role="muted", wrap=True)
        self.hint.setText(check.hint if answered is None else tr("Reason: {reason}", reason=answered.reason))
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        if not self.hint.text() or check.state == "green":
            self.hint.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.hint)
        name(self, title)
        self.setAccessibleDescription(f"{self.state.text()}. {check.message}")
        let_wrap(self)
