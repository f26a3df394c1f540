"""Every text that holds back several ads, read one below the other and answered for with one reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.models.held import ExportWish, HeldBoard, answer_all, read_all
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import empty, page_area
from mmstudio.desktop.views.held_card import HeldCard
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.desktop.context import AppContext


class HeldAll(QDialog):
    """``answered``: the :class:`ExportWish` es whose texts may leave now."""

    answered = Signal(object)

    def __init__(
        self, context: AppContext, waiting: Sequence[ExportWish], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.waiting = list(waiting)
        self.boards: dict[int, HeldBoard] = {}
        self.cards: list[HeldCard] = []
        self._busy = False
        self.setWindowTitle(tr("Answer for all"))
        self.resize(640, 560)
        self.heading = label(role="heading", wrap=True)
        note = label(
            mark("Read every text. One name and one reason hold for all; each text is recorded by itself."),
            "muted",
            wrap=True,
        )
        body = QWidget()
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.addLayout(self._list)
        column.addStretch(1)
        area = page_area(body)
        self.who, self.reason = QLineEdit(context.settings.reviewer), QLineEdit()
        name(self.who, mark("Who answers for it"))
        name(self.reason, mark("Why it may be said"))
        say(self.who, mark("Your name"), "setPlaceholderText")
        say(self.reason, mark("Why it may be said"), "setPlaceholderText")
        self.who.setMaximumWidth(160)
        for field in (self.who, self.reason):
            field.textChanged.connect(lambda _text: self._enable())
        self.answer_button = button(
            mark("I answer for all of them"), self.answer, "primary", icon="hand-palm"
        )
        self.answer_button.setDefault(False)
        self.cancel_button = button(mark("Cancel"), self.reject)
        foot = row(self.who, self.reason, self.cancel_button, self.answer_button)
        foot.setStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        for widget in (self.heading, note):
            layout.addWidget(widget)
        layout.addWidget(area, 1)
        layout.addLayout(foot)
        self._read()

    def _read(self) -> None:
        studio = self._context.studio
        if studio is None:
            return
        ids = [wish.storyboard for wish in self.waiting]
        self._context.background(
            lambda: read_all(studio.library, ids), self._show, key="held-all", owner=self
        )

    def _show(self, boards: dict[int, HeldBoard]) -> None:
        self.boards = boards
        empty(self._list)
        self.cards = []
        for board in boards.values():
            title = label(role="strong", wrap=True)
            title.setText(board.title)
            self._list.addWidget(title)
            for held in board.texts:
                card = HeldCard(held)
                card.edit_button.hide()  # one ad at a time is changed where it stands
                self.cards.append(card)
                self._list.addWidget(card)
        count = sum(len(board.texts) for board in boards.values())
        say(self.heading, mark("{n} texts of {ads} ads are held back"), n=count, ads=len(boards))
        self._enable()

    def _enable(self) -> None:
        filled = bool(self.who.text().strip() and self.reason.text().strip())
        self.answer_button.setEnabled(
            filled and bool(self.boards) and not self._busy and not self._context.read_only
        )

    def answer(self) -> None:
        """Record it for every text and give back what may leave; what changed meanwhile is shown anew."""
        studio = self._context.studio
        if studio is None or not self.answer_button.isEnabled():
            return
        who, reason = self.who.text().strip(), self.reason.text().strip()
        read = {storyboard: board.texts for storyboard, board in self.boards.items()}
        self._busy = True
        self._enable()

        def done(result: tuple[list[int], list[int]]) -> None:
            free, wait = result
            self._busy = False
            if not self._context.settings.reviewer:
                self._context.change_setting("reviewer", who)
            # What is neither held any more nor was asked about may leave too.
            gone = [wish for wish in self.waiting if wish.storyboard in free]
            self.waiting = [wish for wish in self.waiting if wish.storyboard in wait]
            self._context.notify(
                tr("Recorded: {who} answers for the texts of {n} ads.", who=who, n=len(free)), level="success"
            )
            self.answered.emit(gone)
            if self.waiting:
                self._read()
            else:
                self.accept()

        def failed(error: Exception) -> None:
            self._busy = False
            self._enable()
            self._context.report(error)

        self._context.background(
            lambda: answer_all(studio.library, read, who, reason), done, failed, owner=self
        )
