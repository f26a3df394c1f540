"""One line of the compliance page: its state in colour, sign and word, what was found, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.card_page import SignCard
from mmstudio.desktop.views.controls import button
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.export.compliance import Check

_SIGNS = {
    "green": ("check-circle", "success", mark("In order")),
    "amber": ("warning", "warning", mark("Allowed, with a note")),
    "red": ("x-circle", "danger", mark("Held back")),
}


class CheckCard(SignCard):
    """
    Signals:
        media_wanted: ids of the assets it is about.
        answer_wanted: name of the check that a person wants to answer for. brand_wanted: the page of the kit.
    """

    media_wanted = Signal(object)
    answer_wanted = Signal(str)
    brand_wanted = Signal()

    def __init__(self, check: Check, title: str, *, writing: bool, parent: QWidget | None = None) -> None:
        answered = check.clearance
        sign, role, words = _SIGNS[check.state] if answered is None else _SIGNS["green"]
        super().__init__(sign, role, title, "muted", parent)
        self.check = check
        self.state = label(role="small")
        self.state.setText(tr(words) if answered is None else tr("{who} answers for it", who=answered.who))
        self.media = button(
            mark("Show the media"), lambda: self.media_wanted.emit(list(check.assets)), icon="image"
        )
        self.brand = button(mark("Open the brand page"), self.brand_wanted.emit, icon="palette")
        self.answer = button(
            mark("Answer for it…"), lambda: self.answer_wanted.emit(check.name), icon="hand-palm"
        )
        open_ = check.state != "green"
        for made, wanted in (
            (self.media, open_ and bool(check.assets)),
            (self.brand, open_ and check.name == "brand"),
            (self.answer, check.state == "red" and answered is None),
        ):
            if not wanted:
                made.hide()
        self.answer.setEnabled(writing)
        self.top.addWidget(self.state)
        self.top.addStretch(1)
        for made in (self.media, self.brand, self.answer):
            self.top.addWidget(made)
        hint = check.hint if answered is None else tr("Reason: {reason}", reason=answered.reason)
        name(self, title)
        self.say(check.message, hint if open_ else "", f"{self.state.text()}. {check.message}")
