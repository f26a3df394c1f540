"""Recommendations for one audience, live: cards with reasons, sliders, tries, and decisions on each card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop.models.audiences import Ranking, RecommendationModel, Recommended
from mmstudio.desktop.models.beside import show_ads_beside
from mmstudio.desktop.models.items import ItemRow, item_rows
from mmstudio.desktop.models.latest import InTurn, Latest
from mmstudio.desktop.models.ranking import CARDS, Wish, ask, rank
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.card_list import CardList
from mmstudio.desktop.views.item_picker import ItemPicker
from mmstudio.desktop.views.like_chips import LikeChips
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.reason_panel import ReasonPanel, anchors_of
from mmstudio.desktop.views.recommend_bar import RecommendBar
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.why_not import WhyNotCard
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience

_SLIDE_MS = 30  # between two answers while a slider is dragged
_KEEP_MS = 1500  # after the last change the list is kept with the library
_ANCHORS = 8
_NARROW = 520  # pixels below which sliders and likes fold away


class RecommendView(QWidget):
    """Owns the cards; what the person decides goes out as edits.

    Signals:
        edited: audience id, field, value.
        ranked: a Ranking was shown. answered: one was shown, or there is none and the reason was said.
        page_wanted, page_opened, two_wanted, rules_wanted: buttons of the bar and the empty state.
    """

    edited = Signal(int, str, object)
    ranked = Signal(object)
    answered = Signal()
    page_wanted = Signal()
    page_opened = Signal()
    two_wanted = Signal()
    rules_wanted = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context, self._pictures = context, pictures
        self.audience: Audience | None = None
        self._base: dict[int, int] = {}  # item → rank while every like counts
        self._titles: dict[int, str] = {}
        self._waiting = False  # whether the list goes by the usual weights until methods are measured
        self._moved = False  # whether a slider was moved since it was last answered
        self._by_hand = False  # whether the person folded or unfolded the sliders
        self.model = RecommendationModel(self)
        self.latest = Latest(context, self)
        self._decisions = InTurn(context, self)
        self._sliding, self._keeping = QTimer(self), QTimer(self)
        for timer, wait, slot in (
            (self._sliding, _SLIDE_MS, self._slide),
            (self._keeping, _KEEP_MS, self._keep),
        ):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(slot)
        self._build()

    def _build(self) -> None:
        self.bar = RecommendBar(
            self._compose, self.page_wanted.emit, self.page_opened.emit, self.two_wanted.emit, self._ask_why,
            self._beside,
        )  # fmt: skip
        self.bar.folded.connect(self._fold_by_hand)
        self.bar.moved.connect(self._slid)
        self.chips = LikeChips()
        self.chips.changed.connect(lambda _off: self.refresh())
        self.note = label(role="small", wrap=True)
        self.gone = label(role="small", wrap=True)
        for words in (self.note, self.gone):
            words.setContentsMargins(16, 0, 16, 6)
            words.setMinimumWidth(1)
            words.hide()
        self.picker = ItemPicker(self.context, self._pictures, self)
        self.picker.picked.connect(self.why_not)
        self.why_card = WhyNotCard(self._pictures)
        self.why_card.pinned.connect(self._pin)
        self.why_card.liked.connect(self._like)
        self.why_card.taken_back.connect(self._take_back)
        self.cards = CardList(self._pictures, self.model, self)
        self.cards.activated.connect(self._open_item)
        self.cards.decided.connect(self.decide)
        self.cards.looked.connect(self._look)
        self.cards.selectionModel().currentChanged.connect(lambda _now, _before: self._inspect())
        self.states = StateStack(self.cards, self)
        self.reasons = ReasonPanel(self._pictures)
        self.reasons.decided.connect(self.decide)
        self.reasons.opened.connect(lambda item: self.context.navigate("items", item=item))
        self.reasons.looked.connect(lambda asset: self.context.quick_look([asset]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.bar, self.chips, self.note, self.gone):
            layout.addWidget(part)
        answer = QVBoxLayout()
        answer.setContentsMargins(16, 0, 16, 0)
        answer.addWidget(self.why_card)
        layout.addLayout(answer)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 0, 4, 0)
        holder.addWidget(self.states)
        layout.addLayout(holder, 1)

    def _slid(self) -> None:
        """The first move is answered at once, those that follow it in one drag every some milliseconds."""
        self._moved = True
        if not self._sliding.isActive():
            self._slide()

    def _slide(self) -> None:
        if self._moved:
            self._moved = False
            self._sliding.start()
            self.refresh()

    # --- room ---------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the cards come first; the sliders are one press away."""
        super().resizeEvent(event)
        if not self._by_hand:
            self._fold(self.width() < _NARROW)

    def _fold_by_hand(self, folded: bool) -> None:
        self._by_hand = True
        self._fold(folded)

    def _fold(self, folded: bool) -> None:
        self.bar.adjust.setChecked(not folded)
        self.bar.sliders.setVisible(not folded)
        self.chips.fold(folded)

    # --- what is shown ------------------------------------------------------------------------------

    def clear(self) -> None:
        """No library, or none of its audiences."""
        self.latest.forget()
        self._sliding.stop()
        self._keeping.stop()
        self.audience = None
        self._base, self._titles, self._waiting = {}, {}, False
        self.chips.off = frozenset()
        self.chips.show_likes([])
        self.model.set_rows([])
        self.why_card.hide()
        self.reasons.show_row(None, 1.0, read_only=True)

    def show_audience(self, audience: Audience) -> None:
        """Rank for an audience as it stands in the window; the same call follows every edit."""
        before = self.audience
        if before is None or before.id != audience.id:
            self.clear()
        elif before == audience and self.model.rowCount():
            return
        self.audience = audience
        self.cards.set_read_only(self.context.read_only)
        self.bar.compose_button.setEnabled(not self.context.read_only)
        self.refresh()

    def retranslate(self) -> None:
        """Ask again: reasons come in the language in use."""
        self.chips.retranslate()
        self.refresh()
        if not self.why_card.isHidden() and self.why_card.item is not None:
            self.why_not(self.why_card.item.id)

    @property
    def wish(self) -> Wish | None:
        """What the person wants to see now."""
        if self.audience is None:
            return None
        return Wish(
            self.audience,
            relevance=1.0 - self.bar.diversity.value() / 100,
            novelty=self.bar.novelty.value() / 100,
            explore=self.bar.explore.value() / 100,
            without=self.chips.off,
        )

    def refresh(self) -> None:
        """Ask the recommender; the newest wish wins."""
        studio, wish = self.context.studio, self.wish
        if studio is None or wish is None:
            return
        if not self.model.rowCount():
            self.states.show_loading(mark("Ranking the items"))
        trying = bool(wish.without)
        before = dict(self._base) if trying else None
        titles = dict(self._titles)
        self.latest.ask(lambda: (wish, rank(studio, wish, before, titles)), self._show, self._failed)

    def _show(self, answer: tuple[Wish, Ranking]) -> None:
        wish, ranking = answer
        if self.audience is None or wish.audience.id != self.audience.id:
            return
        current = self.cards.current
        if self._waiting and not ranking.waiting:
            self._tell_renewed(ranking)
        self._waiting = ranking.waiting
        self.chips.show_likes(ranking.likes)
        self.model.show(ranking)
        if not wish.without:
            self._base = {row.item.id: row.rank for row in ranking.rows}
            self._titles = {row.item.id: row.item.title for row in ranking.rows}
            self._keeping.start()
        left_out = sum(ranking.removed.values())
        rules = tr("{n} items are left out by the rules.", n=left_out) if left_out else ""
        self._say(self.note, " ".join(words for words in (ranking.note, ranking.method, rules) if words))
        gone = tr("No longer in the list: {titles}", titles=tr(", ").join(ranking.gone))
        self._say(self.gone, gone if wish.without and ranking.gone else "")
        if ranking.rows:
            self.states.show_content()
            place = self.model.row_of(current.item.id) if current is not None else -1
            index = self.model.index(max(0, place))
            if self.cards.currentIndex() == index:
                self._inspect()
            else:
                self.cards.setCurrentIndex(index)  # which inspects it
        else:
            self.reasons.show_row(None, 1.0, read_only=True)
            self.states.show_message(
                mark("Nothing to recommend yet"),
                mark("Either there are no items, or the rules of this audience leave none."),
                mark("Look at the rules"),
                self.rules_wanted.emit,
            )
        self.ranked.emit(ranking)
        self.answered.emit()

    def _tell_renewed(self, ranking: Ranking) -> None:
        """The list that waited for measurements has them now."""
        same = [row.item.id for row in ranking.rows] == [row.item.id for row in self.model.rows]
        if not self.isVisible():
            return
        if same:
            self.context.notify(tr("The methods were measured: the list stays as it was."))
        else:
            self.context.notify(tr("The methods were measured: the list was renewed."), ranking.method)

    def _say(self, target: Any, words: str) -> None:
        target.setText(words)
        target.setVisible(bool(words))

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.refresh)
        self.answered.emit()

    def _keep(self) -> None:
        """Keep the list with the library: pages and the shell show what the window showed."""
        studio, wish = self.context.studio, self.wish
        if studio is not None and wish is not None and not self.context.read_only and not wish.without:
            self.context.background(
                lambda: ask(studio, wish, save=True),
                failed=lambda _error: None,
                key="recommend-keep",
                owner=self,
            )

    # --- why ----------------------------------------------------------------------------------------

    def _inspect(self) -> None:
        row = self.cards.current
        self.reasons.show_row(row, self.model.full, read_only=self.context.read_only)
        if row is None:
            return
        if row.item.hero is not None:
            self.context.select_assets([row.item.hero])
        studio, wish = self.context.studio, self.wish
        if studio is None or wish is None:
            return

        def work() -> list[tuple[ItemRow, float]]:
            from mmstudio.recommendation.explanations import explain

            found = explain(studio.recommender, wish.audience.id, row.item.id, draft=wish.draft)
            sums = list(anchors_of(found).items())[:_ANCHORS]
            rows = item_rows(studio.library, [item for item, _value in sums])
            return [(rows[item], value) for item, value in sums if item in rows]

        self.context.background(
            work,
            self.reasons.show_anchors,
            lambda _error: self.reasons.show_anchors(None),
            key="recommend-why",
        )

    def _beside(self) -> None:
        if self.audience is not None:
            show_ads_beside(self.context, [self.audience.id], self)

    def _ask_why(self) -> None:
        self.picker.open_below(self.bar.why_button)

    def why_not(self, item: int) -> None:
        """Say why an item is not in the list."""
        studio, wish = self.context.studio, self.wish
        if studio is None or wish is None:
            return

        def work() -> tuple[ItemRow | None, Any, bool]:
            from mmstudio.recommendation.explanations import why_not

            answer = why_not(studio.recommender, wish.audience.id, item, k=CARDS, draft=wish.draft)
            rejected = studio.library.audiences.decisions(wish.audience.id).get(item, 0.0) < 0
            return item_rows(studio.library, [item]).get(item), answer, rejected

        def done(found: tuple[ItemRow | None, Any, bool]) -> None:
            row, answer, rejected = found
            if row is not None:
                self.why_card.show_answer(row, answer, rejected=rejected, read_only=self.context.read_only)

        self.context.background(work, done, key="recommend-why-not", owner=self)

    # --- deciding -----------------------------------------------------------------------------------

    def decide(self, row: Recommended, key: str) -> None:
        """Pin, ban, approve or reject a card; pins and bans are rules, approvals and rejections events."""
        if self.audience is None or self.context.read_only:
            return
        item = row.item.id
        if key == "pin":
            if "pinned" in row.marks:
                self._rule("pinned", [i for i in self._listed("pinned") if i != item])
            else:
                self._pin(item)
        elif key == "ban":
            self._rule("banned", [*(i for i in self._listed("banned") if i != item), item])
            self.context.notify(
                tr(
                    "{item} is never shown to {audience} again.",
                    item=row.item.title,
                    audience=self.audience.name,
                ),
                action=(tr("Undo"), self.context.undo),
            )
        else:
            self._judge(row, key)

    def _judge(self, row: Recommended, key: str) -> None:
        now = "approved" if key == "approve" else "rejected"
        if now in row.marks:
            marks = row.marks - {now}
            self._take_back(row.item.id)
        else:
            marks = (row.marks - {"approved", "rejected"}) | {now}
            self._record(row, key)
        shown = [replace(r, marks=marks) if r.item.id == row.item.id else r for r in self.model.rows]
        self.model.set_rows(shown)
        self._inspect()

    def _record(self, row: Recommended, key: str) -> None:
        studio, audience = self.context.studio, self.audience
        if studio is None or audience is None:
            return

        def work() -> None:
            from mmstudio.recommendation import decisions

            decisions.record(studio.library, audience.id, row.item.id, key, "window")  # type: ignore[arg-type]

        self._decisions.put(work, lambda _none: self.refresh(), lambda _error: self.refresh())
        if key == "reject":  # its card goes with the next list
            self.context.notify(
                tr("Rejected {item} for {name}", item=row.item.title, name=audience.name),
                action=(tr("Undo"), lambda: self._take_back(row.item.id, audience.id)),
            )

    def _take_back(self, item: int, audience_id: int | None = None) -> None:
        """An approval or rejection of an item no longer counts for an audience, by default the shown one."""
        studio, shown = self.context.studio, self.audience
        whom = audience_id if audience_id is not None or shown is None else shown.id
        if studio is None or whom is None or self.context.read_only:
            return

        def work() -> None:
            from mmstudio.recommendation import decisions

            decisions.withdraw(studio.library, whom, item, "window")

        self._decisions.put(work, lambda _none: self.refresh(), lambda _error: self.refresh())

    def _pin(self, item: int) -> None:
        self._rule("pinned", [*(i for i in self._listed("pinned") if i != item), item])

    def _like(self, item: int) -> None:
        if self.audience is not None and item not in self.audience.liked:
            self.edited.emit(self.audience.id, "liked", [*self.audience.liked, item])

    def _listed(self, rule: str) -> list[int]:
        return [int(i) for i in (self.audience.rules.get(rule) if self.audience else None) or ()]

    def _rule(self, rule: str, items: list[int]) -> None:
        if self.audience is None:
            return
        rules: dict[str, Any] = {key: value for key, value in self.audience.rules.items() if key != rule}
        if items:
            rules[rule] = items
        self.edited.emit(self.audience.id, "rules", rules)

    # --- going on -----------------------------------------------------------------------------------

    def _look(self, row: Recommended) -> None:
        if row.item.hero is not None:
            self.context.quick_look([row.item.hero])

    def _open_item(self, index: QModelIndex) -> None:
        row: Recommended | None = index.data(ROW_ROLE)
        if row is not None:
            self.context.navigate("items", item=row.item.id)

    def _compose(self) -> None:
        row = self.cards.current
        if row is not None and self.audience is not None:
            self.context.navigate("preview", item=row.item.id, audience=self.audience.id)
