"""Write: copy for an item and an audience, several variants, every claim held against the item's facts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.writing import Draft, EngineLine, Writing, answer_for, engine_lines, save_text
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.brand_rules import BrandRules
from mmstudio.desktop.views.controls import button, column, row
from mmstudio.desktop.views.files import copy_text
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.desktop.views.guarded_text import GuardedText
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.speak_bar import SpeakBar
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.variant_card import VariantCard
from mmstudio.desktop.views.write_controls import WriteControls
from mmstudio.generation.copywriting.contract import TASK_WORDS
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.copy_records import Brand, BrandRule, Override
    from mmstudio.library.records import Audience
    from mmstudio.studio import Studio


class WritePane(Pane):
    """Controls at the left, the variants as cards, the brand's rules behind them."""

    key: ClassVar[str] = "write"
    name: ClassVar[str] = mark("Write")
    icon: ClassVar[str] = "note-pencil"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._wanted: dict[str, Any] = {}
        self._batches: list[list[Draft]] = []  # earlier texts, newest first
        self._at = 0
        self._rules: BrandRules | None = None
        self._voice: SpeakBar | None = None
        self.cards: list[VariantCard] = []
        self.pictures = Pictures(context, parent=self)
        self.writing = Writing(context, self)
        self._build()
        self._make_actions()
        self.writing.heard.connect(self._heard)
        self.writing.written.connect(self._written)
        self.writing.failed.connect(self._failed)
        self.writing.ended.connect(self._ended)
        self.writing.checked.connect(self._checked)
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        left = QWidget(self.splitter)
        self.controls = WriteControls(self.context, self.pictures, left)
        self.controls.write_wanted.connect(self.write)
        self.controls.changed.connect(self._enable)
        self.controls.rules_wanted.connect(self.show_rules)
        self.controls.setup_wanted.connect(lambda: self.context.navigate("preferences", section="writing"))
        self.heading = label(role="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        name(self.bar, mark("Writing"))
        self.stop_button = button(mark("Stop"), self.writing.stop, icon="x")
        self.older = button(mark("Earlier texts"), lambda: self.step(1), icon="caret-left")
        self.newer = button(mark("Later texts"), lambda: self.step(-1), icon="caret-right")
        bar = row(
            self.heading,
            self.bar,
            self.stop_button,
            self.older,
            self.newer,
            spacing=6,
            margins=(16, 8, 16, 8),
        )
        bar.setStretch(0, 1)
        body = QWidget()
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        lines = QVBoxLayout(body)
        lines.setContentsMargins(16, 4, 16, 16)
        lines.addLayout(self._list)
        lines.addStretch(1)
        let_wrap(body)
        self.cards_area = QScrollArea()
        self.cards_area.setWidgetResizable(True)
        self.cards_area.setFrameShape(QFrame.Shape.NoFrame)
        self.cards_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cards_area.setWidget(body)
        self.coming = GuardedText()  # what an engine writes, while it does
        self.coming.set_read_only(True)
        self.coming.hide()
        name(self.coming.field, mark("Text that is being written"))
        self.card_states = StateStack(self.cards_area)
        self.pages = QStackedWidget(self.splitter)
        texts = QWidget(self.pages)
        layout = QVBoxLayout(texts)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        live = QVBoxLayout()
        live.setContentsMargins(16, 0, 16, 8)
        live.addWidget(self.coming)
        layout.addLayout(live)
        layout.addWidget(self.card_states, 1)
        self._texts = layout
        self.pages.addWidget(texts)
        # The next step is seen however low the window is.
        foot = QWidget(left)
        foot.setProperty("surface", "strip")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        foot.setLayout(column(self.controls.write_button, margins=(16, 8, 16, 8)))
        left.setLayout(column(self.controls, foot, spacing=0))
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.pages)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([272, 800])

    def _make_actions(self) -> None:
        add = partial(action, self)
        self._write = add(mark("Write"), self.write, shortcut="Ctrl+G", icon="note-pencil")
        self._stop = add(mark("Stop writing"), self.writing.stop, icon="x")
        self._older = add(mark("Earlier texts"), lambda: self.step(1), shortcut="Alt+Left", icon="caret-left")
        self._newer = add(
            mark("Later texts"), lambda: self.step(-1), shortcut="Alt+Right", icon="caret-right"
        )
        self._copy_action = add(mark("Copy the text in hand"), self._copy_in_hand, icon="copy")
        self._speak_action = add(mark("Speak the text in hand"), self._speak_in_hand, icon="speaker-high")
        self._save_action = add(
            mark("Save the text in hand"), self._save_in_hand, shortcut="Ctrl+S", icon="floppy-disk"
        )
        self._rules_action = add(mark("Rules of the brand"), self.show_rules, icon="shield-check")
        self._set_action = add(
            mark("Make a set of it"), self._go_sets, icon="puzzle-piece",
            tip=mark("A picture, a sound and a text for this item"),
        )  # fmt: skip
        self._enable()

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``item``, ``audience``, ``task``: what to write about; ``make``: at once; ``rules``: open them."""
        if args.pop("rules", False):
            self.show_rules()
        self._wanted = {key: value for key, value in args.items() if value is not None}
        if self.context.studio is not None:
            self._read()

    def library_changed(self) -> None:
        self.writing.stop()
        if self._voice is not None:
            self._voice.close_bar()
        self.pictures.forget()
        self._batches, self._at = [], 0
        self.controls.item.clear()
        self._show_batch()
        self.pages.setCurrentIndex(0)
        if self.context.studio is None:
            self.states.show_message(
                mark("Write about your items"),
                mark("Headlines, descriptions, scripts, with every claim checked. Open a library first."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.states.show_loading(mark("Looking at the items"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("items", "audiences"):
            self._read()
        elif topic == "brand":
            self._read_rules()
            for card in self.cards:
                self._check(card.draft)
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self.controls.retranslate()
        if self._rules is not None:
            self._rules.retranslate()
        for card in self.cards:
            card.retranslate()
        self._show_heading()
        if self.context.studio is not None:
            self._read()

    def actions_menu(self) -> list[QAction]:
        return [made for made in self.actions() if made.text()]

    def close_pane(self) -> None:
        self.writing.stop()
        if self._voice is not None:
            self._voice.close_bar()

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: _choices(studio),
                self._read_done,
                lambda error: self.states.show_failure(error, self.library_changed),
                key="write-choices",
                owner=self,
            )
            self._read_rules()

    def _read_done(self, choices: tuple[int, list[Audience], list[EngineLine]]) -> None:
        items, audiences, engines = choices
        self.controls.set_audiences(audiences)
        self.controls.set_engines(engines)
        if not items:
            self.states.show_message(
                mark("There is nothing to write about yet"),
                mark("Texts are written about items: products, lessons, films. Bring a catalogue in first."),
                mark("Go to the Items"),
                lambda: self.context.navigate("items"),
            )
            return
        self.states.show_content()
        if not self._batches:
            self._show_batch()
        wanted, self._wanted = self._wanted, {}
        self.controls.choose(
            item=wanted.get("item"), audience=wanted.get("audience"), task=str(wanted.get("task", ""))
        )
        self._enable()

    # --- writing ------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write as many texts as asked for."""
        problem = self.controls.problem
        if problem:
            self.context.notify(tr(problem), level="warning")
            return
        self.pages.setCurrentIndex(0)
        self.coming.set_text("")
        self.writing.begin(self.controls.wish(first=not self._batches))
        if not self._batches:
            self.card_states.show_loading(mark("Writing"))
        self._enable()

    def _heard(self, piece: str) -> None:
        self.coming.show()
        self.coming.append(piece)

    def _written(self, drafts: list[Draft]) -> None:
        if not drafts:
            self.card_states.show_message(
                mark("Nothing could be written"),
                mark("The facts of this item say too little for this kind of text. Try another kind."),
            )
            return
        self._batches.insert(0, drafts)
        del self._batches[20:]
        self._at = 0
        self._show_batch()
        self.cards_area.verticalScrollBar().setValue(0)

    def _failed(self, error: Exception) -> None:
        if self._batches:
            self.context.report(error)
        else:
            self.card_states.show_failure(error, self.write)

    def _ended(self) -> None:
        self.coming.hide()
        if not self._batches and self.card_states.currentWidget() is not self.card_states.message:
            self._show_batch()
        self._enable()

    def step(self, by: int) -> None:
        """To earlier (1) or later (-1) texts."""
        if 0 <= self._at + by < len(self._batches):
            self._at += by
            self._show_batch()

    def _show_batch(self) -> None:
        empty(self._list)
        self.cards = []
        if not self._batches:
            self.card_states.show_message(
                mark("No texts yet"),
                mark(
                    "Choose an item and a kind of text, then press Write. Numbers, materials and claims are "
                    "marked: what a fact supports, and what none does."
                ),
            )
            self._enable()
            return
        self.card_states.show_content()
        for rank, draft in enumerate(self._batches[self._at], 1):
            card = VariantCard(draft, rank)
            card.show_draft(read_only=self.context.read_only)
            card.edited.connect(self._check)
            card.copied.connect(self._copy)
            card.saved.connect(self._save)
            card.spoken.connect(self._speak)
            card.overridden.connect(self._answer)
            self.cards.append(card)
            self._list.addWidget(card)
        self._enable()

    def _show_heading(self) -> None:
        if not self._batches:
            self.heading.setText(
                tr("This library is open for reading only: texts can be written and copied, not saved.")
                if self.context.read_only and self.context.studio is not None
                else tr("Texts rest on what is known of the item.")
            )
            return
        drafts = self._batches[self._at]
        kind = tr(TASK_WORDS.get(drafts[0].task, drafts[0].task))  # type: ignore[call-overload]
        self.heading.setText(tr("{kind}: {n} texts, the best first", kind=kind, n=len(drafts)))

    def _enable(self) -> None:
        if not hasattr(self, "_write"):
            return
        busy, problem = self.writing.busy, self.controls.problem
        self.controls.write_button.setEnabled(not busy and not problem)
        say(self.controls.write_button, problem or mark("Write"), "setToolTip")
        self._write.setEnabled(not busy and not problem)
        self._stop.setEnabled(busy)
        for widget in (self.bar, self.stop_button):
            widget.setVisible(busy)
        many = len(self._batches) > 1
        self.older.setVisible(many)
        self.newer.setVisible(many)
        for made, may in (
            (self._older, self._at + 1 < len(self._batches)),
            (self._newer, self._at > 0),
        ):
            made.setEnabled(may)
        self.older.setEnabled(self._older.isEnabled())
        self.newer.setEnabled(self._newer.isEnabled())
        self._copy_action.setEnabled(bool(self.cards))
        self._speak_action.setEnabled(bool(self.cards))
        self._save_action.setEnabled(bool(self.cards) and not self.context.read_only)
        self._set_action.setEnabled(self.controls.item.item_id is not None)
        self._show_heading()

    # --- with a text --------------------------------------------------------------------------------

    def _card(self, draft: Draft) -> VariantCard | None:
        return next((card for card in self.cards if card.draft is draft), None)

    def _in_hand(self) -> VariantCard | None:
        """The card that has the focus, else the best one."""
        focused = next((card for card in self.cards if card.isAncestorOf(self.focusWidget() or card)), None)
        return focused or next(iter(self.cards), None)

    def _check(self, draft: Draft) -> None:
        draft.checking = True
        self.writing.check(draft)

    def _checked(self, draft_id: int, text: str, spans: list[Any]) -> None:
        for card in self.cards:
            if card.draft.id == draft_id:
                card.show_checked(text, spans)
                card.show_draft(read_only=self.context.read_only)

    def _copy(self, draft: Draft) -> None:
        copy_text(draft.text)
        self.context.notify(tr("Copied."))

    @property
    def voice(self) -> SpeakBar:
        """What speaks a text, made when first asked for."""
        if self._voice is None:
            self._voice = SpeakBar(self.context)
            self._texts.addWidget(self._voice)
        return self._voice

    def _speak(self, draft: Draft) -> None:
        if draft.text.strip():
            self.voice.speak(draft.text, item=draft.item, language=draft.locale)

    def _speak_in_hand(self) -> None:
        card = self._in_hand()
        if card is not None:
            self._speak(card.draft)

    def _copy_in_hand(self) -> None:
        card = self._in_hand()
        if card is not None:
            self._copy(card.draft)

    def _save(self, draft: Draft) -> None:
        studio = self.context.studio
        if studio is None or self.context.read_only or draft.asset is not None:
            return

        def saved(asset: int) -> None:
            draft.asset = asset
            card = self._card(draft)
            if card is not None:
                card.show_draft()
            self.context.notify(
                tr("The text is in the library."),
                level="success",
                action=(tr("Show"), lambda: self.context.navigate("library", select=[asset])),
            )

        self.context.background(lambda: save_text(studio, draft), saved, owner=self)

    def _save_in_hand(self) -> None:
        card = self._in_hand()
        if card is not None:
            self._save(card.draft)

    def _answer(self, draft: Draft, who: str, reason: str) -> None:
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return

        def recorded(override: Override | None) -> None:
            if override is None:  # a fact supports it by now
                self._check(draft)
                return
            draft.answered = override.who
            card = self._card(draft)
            if card is not None:
                card.show_draft()
            self.context.notify(
                tr("Recorded: {who} answers for this text.", who=override.who),
                tr("It can be exported now. Change it, and it is checked anew."),
                level="success",
            )

        self.context.background(lambda: answer_for(studio, draft, who, reason), recorded, owner=self)

    def _go_sets(self) -> None:
        wish = self.controls
        self.context.navigate("sets", item=wish.item.item_id, audience=None)

    # --- rules of the brand -------------------------------------------------------------------------

    @property
    def rules(self) -> BrandRules:
        """The brand's rules, made when first asked for: the page opens sooner without them."""
        if self._rules is None:
            self._rules = BrandRules()
            self._rules.added.connect(self._add_rule)
            self._rules.removed.connect(self._remove_rule)
            self._rules.closed.connect(lambda: self.pages.setCurrentIndex(0))
            self.pages.addWidget(self._rules)
        return self._rules

    def show_rules(self) -> None:
        """The brand's rules."""
        self.pages.setCurrentWidget(self.rules)
        self._read_rules()
        self.rules.fields["ban"].setFocus()

    def _read_rules(self) -> None:
        studio = self.context.studio
        if studio is not None and self._rules is not None:
            self.context.background(studio.library.brand.get, self._show_rules, key="brand-rules", owner=self)

    def _show_rules(self, brand: Brand) -> None:
        self.rules.show_rules(brand.rules, read_only=self.context.read_only)

    def _add_rule(self, rule: BrandRule) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: studio.library.brand.add(rule.kind, rule.text, rule.locale, rule.when),
                lambda _id: self._read_rules(),
                owner=self,
            )

    def _remove_rule(self, rule: BrandRule) -> None:
        studio = self.context.studio
        if studio is None:
            return
        brand = studio.library.brand
        self.context.background(
            lambda: brand.remove(rule.text, rule.kind), lambda _n: self._rule_removed(rule), owner=self
        )

    def _rule_removed(self, rule: BrandRule) -> None:
        self._read_rules()
        self.context.notify(
            tr("Removed: {what}", what=rule.text),
            action=(tr("Undo"), lambda: self._add_rule(rule)),
        )


def _choices(studio: Studio) -> tuple[int, list[Audience], list[EngineLine]]:
    """Number of items, audiences, engines. Not for the GUI thread."""
    return studio.library.items.count(), studio.library.audiences.list(), engine_lines(studio)
