"""Before an export: are all texts supported? Those that are not are shown, with two ways on.

A text is changed where it stands, or a person answers for it with name and reason; then the export goes on.
Nothing here writes files: the owner exports once ``passed`` says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.held import ExportWish, HeldBoard, read_held
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.flow import empty, let_wrap, page_area
from mmstudio.desktop.views.held_card import HeldCard
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_STAYS = mark("Name, reason and the texts are kept in the library and stand beside the export")
_GOES_ON = mark("Name, reason and the texts are kept and stand beside the export, which goes on at once")
_LOOKED_AT = ("storyboards", "items", "brand", "overrides")  # what can change the answer


class ExportGate(QWidget):
    """
    Signals:
        passed: an :class:`ExportWish` whose texts may leave.
        opened: texts are held and shown here; the owner brings this page to the front.
        closed: the page is done with; the owner shows its own again.
        edit_wanted: the :class:`Held` text and the :class:`HeldBoard` that the person wants to change.
    """

    passed = Signal(object)
    opened = Signal()
    closed = Signal()
    edit_wanted = Signal(object, object)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.wish: ExportWish | None = None  # while its texts are shown
        self.board: HeldBoard | None = None
        self.cards: list[HeldCard] = []
        self._answering = False
        self._build()

    def _build(self) -> None:
        self._sign = QLabel()
        self._sign.setPixmap(icon("warning", "danger").pixmap(QSize(20, 20)))
        self.heading = label(role="heading", wrap=True)
        self.close_button = tool("x", mark("Back to the ad (Esc)"), self.close_gate)
        head = row(self._sign, self.heading, self.close_button, margins=(16, 12, 12, 4))
        head.setStretch(1, 1)
        self.note = label(
            mark("Nothing was written. Change the texts, or answer for them with your name and a reason."),
            "muted",
            wrap=True,
        )
        self.note.setContentsMargins(16, 0, 16, 8)
        body = QWidget()
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 4, 16, 16)
        column.addLayout(self._list)
        column.addStretch(1)
        self._area = page_area(body)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.note)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._build_answer())
        let_wrap(self)

    def _build_answer(self) -> QWidget:
        self.who, self.reason = QLineEdit(), QLineEdit()
        name(self.who, mark("Who answers for it"))
        name(self.reason, mark("Why it may be said"))
        say(self.who, mark("Your name"), "setPlaceholderText")
        say(self.reason, mark("Why it may be said"), "setPlaceholderText")
        self.answer_button = button(
            mark("I answer for it"), self.answer, "primary", icon="hand-palm",
            tip=_STAYS,
        )  # fmt: skip
        for field in (self.who, self.reason):
            field.textChanged.connect(lambda _text: self._may_answer())
            field.returnPressed.connect(self.answer)
        self.who.setMaximumWidth(130)
        foot = QFrame()
        foot.setProperty("surface", "strip")
        line = row(self.who, self.reason, self.answer_button, margins=(16, 8, 16, 8))
        line.setStretch(1, 1)
        foot.setLayout(line)
        return foot

    # --- asking -------------------------------------------------------------------------------------

    def ask(self, wish: ExportWish) -> None:
        """Ask in a worker whether the texts may leave; ``passed`` or ``opened`` follows."""
        studio = self._context.studio
        if studio is None:
            return

        def answered(board: HeldBoard) -> None:
            if board.texts:
                self._show(wish, board)
            elif wish.look_only:
                self._settled(wish)
            else:
                self._forget()
                self.closed.emit()
                self.passed.emit(wish)

        self._context.background(
            lambda: read_held(studio.library, wish.storyboard), answered, key="export-gate", owner=self
        )

    def data_changed(self, topic: str) -> None:
        """Something changed in the library: ask again while texts are shown."""
        studio, wish = self._context.studio, self.wish
        if studio is None or wish is None or self._answering or topic not in _LOOKED_AT:
            return

        def answered(board: HeldBoard) -> None:
            if self.wish != wish or self._answering:
                return
            if board.texts:
                self._show(wish, board)
            else:
                self._settled(wish)

        self._context.background(
            lambda: read_held(studio.library, wish.storyboard), answered, key="export-gate", owner=self
        )

    def _settled(self, wish: ExportWish) -> None:
        """The last text was changed: the export is offered, not begun; the person may have more to say."""
        self.close_gate()
        export = (tr("Export"), lambda: self.ask(replace(wish, look_only=False))) if wish.channels else None
        self._context.notify(tr("Every text may be exported now."), level="success", action=export)

    # --- showing ------------------------------------------------------------------------------------

    def _show(self, wish: ExportWish, board: HeldBoard) -> None:
        fresh = self.wish is None or self.wish.storyboard != wish.storyboard
        same = not fresh and self.board is not None and self.board.texts == board.texts
        self.wish, self.board = wish, board
        if fresh:
            self.who.setText(self._context.settings.reviewer)
            self.reason.clear()
        if not same:
            empty(self._list)
            self.cards = [HeldCard(held) for held in board.texts]
            for card in self.cards:
                card.edit_wanted.connect(self._edit)
                self._list.addWidget(card)
        for card in self.cards:
            card.edit_button.setEnabled(not self._context.read_only)
        self._say()
        self._may_answer()
        if fresh:
            self.opened.emit()
            self.cards[0].edit_button.setFocus()

    def _say(self) -> None:
        if self.board is None:
            return
        n = len(self.board.texts)
        words = mark("1 text of {title} may not be exported yet") if n == 1 else mark(
            "{n} texts of {title} may not be exported yet"
        )  # fmt: skip
        say(self.heading, words, n=n, title=self.board.title)
        self.setAccessibleName(self.heading.text())
        if self._context.read_only:
            say(self.note, mark("The library is open for reading only: nothing can be changed or exported."))
        else:
            say(
                self.note,
                mark(
                    "Nothing was written. Change the texts, or answer for them with your name and a reason."
                ),
            )
        going_on = self.wish is not None and bool(self.wish.channels)
        say(self.answer_button, _GOES_ON if going_on else _STAYS, "setToolTip")

    def retranslate(self) -> None:
        """Words that hold numbers or data."""
        self._say()
        for card in self.cards:
            card.retranslate()

    def close_gate(self) -> None:
        """Leave things as they are."""
        if self.wish is not None:
            self._forget()
            self.closed.emit()

    def _forget(self) -> None:
        self._context.drop("export-gate")
        self.wish = self.board = None
        self.cards = []
        self._answering = False
        empty(self._list)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_gate()
            return
        super().keyPressEvent(event)

    # --- the two ways on ----------------------------------------------------------------------------

    def _edit(self, held: Any) -> None:
        self.edit_wanted.emit(held, self.board)

    def _may_answer(self) -> None:
        may = not self._context.read_only and not self._answering
        for field in (self.who, self.reason):
            field.setEnabled(may)
        self.answer_button.setEnabled(
            may and bool(self.who.text().strip()) and bool(self.reason.text().strip())
        )

    def answer(self) -> None:
        """Record that the person answers for all texts shown, then let the export go on."""
        studio, wish = self._context.studio, self.wish
        if studio is None or wish is None or not self.answer_button.isEnabled():
            return
        who, reason, shown = self.who.text().strip(), self.reason.text().strip(), self.board
        self._answering = True
        self._may_answer()

        def work() -> HeldBoard:
            from mmstudio.composition import Storyboard
            from mmstudio.export.copy_gate import answer_for

            now = read_held(studio.library, wish.storyboard)
            if shown is None or now.texts != shown.texts:
                return now  # nobody answers for a text that they have not read
            kept = studio.library.storyboards.get(wish.storyboard)
            answer_for(studio.library, Storyboard.from_dict(kept.data, kept.id), who, reason)
            return read_held(studio.library, wish.storyboard)

        def recorded(board: HeldBoard) -> None:
            self._answering = False
            if self.wish != wish:
                return
            if board.texts:
                self._show(wish, board)
                return
            self._forget()
            self.closed.emit()
            if not self._context.settings.reviewer:
                self._context.change_setting("reviewer", who)
            if wish.channels:
                self.passed.emit(wish)
            else:
                self._context.notify(
                    tr("Recorded: {who} answers for this text.", who=who),
                    tr("It can be exported now. Change it, and it is checked anew."),
                    level="success",
                )

        def failed(error: Exception) -> None:
            self._answering = False
            self._may_answer()
            self._context.report(error)

        self._context.background(work, recorded, failed, owner=self)
