"""Before it leaves: rights, consent, dates, countries, disclosure, claims, brand of one storyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QLineEdit, QWidget

from mmstudio.desktop.models.latest import Latest
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.card_page import CardPage
from mmstudio.desktop.views.check_card import CheckCard
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.export.compliance import Check
    from mmstudio.studio import Studio

LABELS = {
    "auto": mark("Label where the law asks for it"),
    "always": mark("Always show the label"),
    "never": mark("Never show the label"),
}
_LOOKED_AT = ("storyboards", "assets", "items", "brand", "overrides", "brand_kits")


class CompliancePane(Pane):
    """Seven checks; red ones are put right where they come from, or answered for by name."""

    key: ClassVar[str] = "compliance"
    name: ClassVar[str] = mark("Compliance")
    icon: ClassVar[str] = "shield-check"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.checks: list[Check] = []
        self.cards: list[CheckCard] = []
        self._wanted: int | None = None
        self._answering: set[str] = set()
        self._latest = Latest(context, self)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        self.back_button = button(mark("Back to Preview"), lambda: self._go("preview"), icon="arrow-left")
        self.boards = QComboBox()
        name(self.boards, mark("Storyboard"))
        self.boards.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.boards.setMinimumWidth(220)
        self.boards.activated.connect(lambda _i: self._look())
        self.market = QLineEdit()
        name(self.market, mark("Country"), mark("Two letters of the country it is made for; empty for any"))
        say(self.market, mark("any; DE, CN…"), "setPlaceholderText")
        self.market.setFixedWidth(110)
        self.market.editingFinished.connect(self._look)
        self.labels = QComboBox()
        name(self.labels, mark("Visible label of AI"))
        for key in LABELS:
            self.labels.addItem("", key)
        self.labels.activated.connect(lambda _i: self._look())
        self.export_button = button(
            mark("Go to Exports"), lambda: self._go("exports"), "primary", icon="export"
        )
        country = label(mark("Country"), "muted")
        law = label(
            mark("What is asked for here is our reading of the rules, not legal advice."), "small", wrap=True
        )
        bar = (self.back_button, self.boards, country, self.market, self.labels, self.export_button)
        self.page = CardPage(bar, law, self._build_answer())
        self.summary = self.page.summary
        self.states = StateStack(self.page)
        self.root.addWidget(self.states)
        action(self, mark("Look again"), self._look, icon="arrows-clockwise")
        self.retranslate()

    def _build_answer(self) -> QWidget:
        self.who, self.reason = QLineEdit(), QLineEdit()
        name(self.who, mark("Who answers for it"))
        name(self.reason, mark("Why it may leave"))
        say(self.who, mark("Your name"), "setPlaceholderText")
        say(self.reason, mark("Why it may leave"), "setPlaceholderText")
        self.who.setMaximumWidth(160)
        self.about: QLabel = label(role="strong")
        self.answer_button = button(
            mark("I answer for it"), self.answer, "primary", icon="hand-palm",
            tip=mark(
                "Name and reason are kept in the library and stand in the manifest; when anything changes"
                " they no longer count"
            ),
        )  # fmt: skip
        self.cancel_button = button(mark("Cancel"), self._stop_answering)
        for field in (self.who, self.reason):
            field.textChanged.connect(lambda _text: self._may_answer())
            field.returnPressed.connect(self.answer)
        self.foot = QFrame()
        self.foot.setProperty("surface", "strip")
        line = row(
            self.about, self.who, self.reason, self.answer_button, self.cancel_button, margins=(16, 8, 16, 8)
        )
        line.setStretch(2, 1)
        self.foot.setLayout(line)
        self.foot.hide()
        return self.foot

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``storyboard``: number of the one to look at; ``market``: country; ``label``: as exported."""
        if args.get("label") in LABELS:
            self.labels.setCurrentIndex(self.labels.findData(args["label"]))
        if args.get("market"):
            self.market.setText(str(args["market"]))
        if args.get("storyboard") is not None:
            self._wanted = int(args["storyboard"])
        self._read()

    def library_changed(self) -> None:
        self.checks = []
        self._latest.forget()
        self.boards.clear()
        self._stop_answering()
        if self.context.studio is None:
            self.states.show_message(
                mark("Compliance"), mark("Open a library first."), mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.states.show_loading(mark("Looking at what leaves"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in _LOOKED_AT and self.isVisible():
            self._read()

    def retranslate(self) -> None:
        for at, words in enumerate(LABELS.values()):
            self.labels.setItemText(at, tr(words))
        if self.checks:
            self._look()

    # --- reading ------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self.context.background(
            lambda: [(row.id, row.name) for row in studio.library.storyboards.list()],
            self._fill,
            lambda error: self.states.show_failure(error, self._read),
            key="compliance-boards",
            owner=self,
        )

    def _fill(self, boards: list[tuple[int, str]]) -> None:
        if not boards:
            self.states.show_message(
                mark("Nothing is composed yet"),
                mark("Compose an item for an audience; here you see whether it may be exported."),
                mark("Go to Preview"), lambda: self.context.navigate("preview"),
            )  # fmt: skip
            return
        chosen = self._wanted if self._wanted is not None else self.boards.currentData()
        self._wanted = None
        self.boards.clear()
        for number, words in boards:
            self.boards.addItem(f"{words}  (#{number})", number)
        self.boards.setCurrentIndex(max(self.boards.findData(chosen), 0))
        self._look()

    def _options(self) -> Any:
        from mmstudio.export.options import ExportOptions

        return ExportOptions(
            market=self.market.text().strip().upper(), label=self.labels.currentData() or "auto"
        )

    def _look(self) -> None:
        studio, number = self.context.studio, self.boards.currentData()
        if studio is None or number is None:
            return
        options = self._options()
        self._latest.ask(
            lambda: _look(studio, number, options),
            self._show,
            lambda error: self.states.show_failure(error, self._read),
        )

    def _show(self, checks: list[Check]) -> None:
        from mmstudio.export.compliance import TITLES

        self.checks = checks
        self.cards = []
        order = ("red", "amber", "green")
        for check in sorted(checks, key=lambda one: (one.passes, order.index(one.state))):
            card = CheckCard(check, tr(TITLES[check.name]), writing=not self.context.read_only)
            card.media_wanted.connect(lambda ids: self.context.navigate("library", query="", select=ids))
            card.answer_wanted.connect(self.answer_for)
            card.brand_wanted.connect(lambda: self._go("brand"))
            self.cards.append(card)
        held = [check for check in checks if not check.passes]
        noted = [check for check in checks if check.state == "amber"]
        words = tr("It may be exported: all checks are green.")
        if held:
            words = tr("Held back: {n} of {total} checks are red.", n=len(held), total=len(checks))
        elif len(noted) == 1:
            words = tr("It may be exported, with one note.")
        elif noted:
            words = tr("It may be exported, with {n} notes.", n=len(noted))
        self.page.show_cards(self.cards, words)
        self.export_button.setEnabled(not held)
        self.states.show_content()
        if not self._answering <= {check.name for check in held}:
            self._stop_answering()

    # --- answering ----------------------------------------------------------------------------------

    def answer_for(self, check: str) -> None:
        """Ask for a name and a reason for a red check."""
        from mmstudio.export.compliance import TITLES

        self._answering = {check}
        self.about.setText(tr(TITLES[check]))
        self.foot.show()
        (self.reason if self.who.text().strip() else self.who).setFocus()
        self._may_answer()

    def answer(self) -> None:
        """Record name and reason for the check that was asked about."""
        studio, number = self.context.studio, self.boards.currentData()
        who, reason = self.who.text().strip(), self.reason.text().strip()
        if studio is None or number is None or not (who and reason and self._answering):
            return
        names, options = set(self._answering), self._options()
        self.answer_button.setEnabled(False)

        def done(checks: list[Check]) -> None:
            self.reason.clear()
            self._stop_answering()
            self._show(checks)

        self.context.background(lambda: _answer(studio, number, names, who, reason, options), done)

    def _stop_answering(self) -> None:
        self._answering = set()
        self.foot.hide()

    def _may_answer(self) -> None:
        ready = bool(self.who.text().strip() and self.reason.text().strip())
        self.answer_button.setEnabled(ready and not self.context.read_only)

    def _go(self, pane: str) -> None:
        number = self.boards.currentData()
        self.context.navigate(pane, **({"storyboard": number} if number is not None else {}))


def _look(studio: Studio, number: int, options: Any) -> list[Check]:
    from mmstudio.composition import Storyboard
    from mmstudio.export.compliance import look

    row = studio.library.storyboards.get(number)
    return look(studio.library, Storyboard.from_dict(row.data, row.id), options)


def _answer(studio: Studio, number: int, names: set[str], who: str, reason: str, options: Any) -> list[Check]:
    from mmstudio.composition import Storyboard
    from mmstudio.export.compliance import answer_for

    row = studio.library.storyboards.get(number)
    return answer_for(studio.library, Storyboard.from_dict(row.data, row.id), names, who, reason, options)
