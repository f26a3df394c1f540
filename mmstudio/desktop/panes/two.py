"""Two audiences side by side: what each gets, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListView, QVBoxLayout, QWidget

from mmstudio.desktop.models.beside import show_ads_beside
from mmstudio.desktop.models.latest import Latest
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.two import TwoLine, TwoListModel, TwoLists, two_lists
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.taste_strip import TasteStrip
from mmstudio.desktop.views.two_delegate import TwoDelegate
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience


class _Side(QWidget):
    """One audience: its name to choose, its taste, its list."""

    def __init__(self, context: AppContext, pictures: Pictures, words: str, items: str) -> None:
        super().__init__()
        self.combo = QComboBox()
        name(self.combo, words)
        self.combo.setMinimumWidth(140)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.taste = TasteStrip()
        self.note = label(role="small", wrap=True)
        self.note.setMinimumWidth(1)
        self.model = TwoListModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(TwoDelegate(pictures, self.model, self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        name(self.list, items)
        pictures.arrived.connect(self.list.viewport().update)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.combo)
        layout.addWidget(self.taste)
        layout.addWidget(self.note)
        layout.addWidget(self.list, 1)

    def show_side(self, lines: list[TwoLine], note: str, taste: Any, full: float) -> None:
        self.model.full = full
        self.model.set_rows(lines)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.taste.show_taste(taste)


class TwoPane(Pane):
    """Two lists; where the same item stands in both is said in words."""

    key: ClassVar[str] = "two"
    name: ClassVar[str] = mark("Two audiences")
    icon: ClassVar[str] = "columns"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._audiences: list[Audience] = []
        self._wanted: dict[str, int] = {}
        self.lists: TwoLists | None = None
        self.pictures = Pictures(context, parent=self)
        self._latest = Latest(context, self)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        self.back_button = button(
            mark("Back to the audiences"), lambda: self.context.navigate("audiences"), icon="users-three"
        )
        self.swap_button = button(mark("Swap sides"), self._swap, icon="arrows-left-right")
        self.beside_button = button(
            mark("Ads side by side"), self._beside, icon="monitor-play",
            tip=mark("Play an ad for each of the two beside each other"),
        )  # fmt: skip
        self.summary = label(role="strong", wrap=True)
        self.summary.setMinimumWidth(1)
        bar = QWidget()
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 4)
        flow.addWidget(self.back_button)
        flow.addWidget(self.swap_button)
        flow.addWidget(self.beside_button)
        self.a = _Side(self.context, self.pictures, mark("First audience"), mark("Its recommendations"))
        self.b = _Side(self.context, self.pictures, mark("Second audience"), mark("Its recommendations"))
        for side in (self.a, self.b):
            side.combo.activated.connect(lambda _i: self._rank())
            side.list.activated.connect(self._open)
            side.list.selectionModel().currentChanged.connect(lambda now, _before: self._inspect(now))
        sides = QHBoxLayout()
        sides.setContentsMargins(16, 4, 16, 8)
        sides.setSpacing(24)
        sides.addWidget(self.a, 1)
        sides.addWidget(self.b, 1)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(bar)
        line = QVBoxLayout()
        line.setContentsMargins(16, 0, 16, 0)
        line.addWidget(self.summary)
        layout.addLayout(line)
        layout.addLayout(sides, 1)
        self.states = StateStack(body)
        self.root.addWidget(self.states)
        self._swap_action = action(self, mark("Swap sides"), self._swap, icon="arrows-left-right")

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``a`` and ``b``: ids of audiences."""
        wanted = {side: int(args[side]) for side in ("a", "b") if args.get(side) is not None}
        if wanted:
            self._wanted = wanted
            self._fill()

    def library_changed(self) -> None:
        self._audiences, self.lists = [], None
        self._latest.forget()
        self.pictures.forget()
        for side in (self.a, self.b):
            side.combo.clear()
            side.model.set_rows([])
        if self.context.studio is None:
            self.states.show_message(
                mark("Compare two audiences"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.states.show_loading(mark("Reading the audiences"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "audiences":
            self._read()
        elif topic in ("items", "features", "methods") and self.isVisible():
            self._rank()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self._rank()

    def actions_menu(self) -> list[QAction]:
        return [self._swap_action]

    # --- audiences ----------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                studio.library.audiences.list,
                self._read_done,
                lambda error: self.states.show_failure(error, self.library_changed),
                key="two-audiences",
            )

    def _read_done(self, audiences: list[Audience]) -> None:
        self._audiences = audiences
        if len(audiences) < 2:
            self.states.show_message(
                mark("Two audiences are needed"),
                mark("Make one more, and come back to see what each gets and what differs."),
                mark("Go to the audiences"),
                lambda: self.context.navigate("audiences"),
            )
            return
        self.states.show_content()
        self._fill()

    def _fill(self) -> None:
        if len(self._audiences) < 2:
            return
        ids = [one.id for one in self._audiences]
        a = next(i for i in (self._wanted.get("a"), self.a.combo.currentData(), ids[0]) if i in ids)
        b = next(i for i in (self._wanted.get("b"), self.b.combo.currentData(), *ids) if i in ids and i != a)
        self._wanted = {}
        for side, chosen in ((self.a, a), (self.b, b)):
            side.combo.clear()
            for one in self._audiences:
                side.combo.addItem(one.name, one.id)
            side.combo.setCurrentIndex(side.combo.findData(chosen))
        self._rank()

    @property
    def chosen(self) -> tuple[Audience, Audience] | None:
        """The two audiences; None where there are not two different ones."""
        by_id = {one.id: one for one in self._audiences}
        a, b = by_id.get(self.a.combo.currentData()), by_id.get(self.b.combo.currentData())
        return (a, b) if a is not None and b is not None and a.id != b.id else None

    def _swap(self) -> None:
        a, b = self.a.combo.currentIndex(), self.b.combo.currentIndex()
        self.a.combo.setCurrentIndex(b)
        self.b.combo.setCurrentIndex(a)
        self._rank()

    def _beside(self) -> None:
        if self.chosen is not None:
            show_ads_beside(self.context, [one.id for one in self.chosen], self)

    def _rank(self) -> None:
        studio, chosen = self.context.studio, self.chosen
        if studio is None or not self._audiences:
            return
        if chosen is None:
            say(self.summary, mark("Choose two different audiences."))
            return
        self._latest.ask(
            lambda: two_lists(studio, *chosen),
            self._show,
            lambda error: self.states.show_failure(error, self._read),
        )

    def _show(self, lists: TwoLists) -> None:
        self.lists = lists
        self.a.show_side(lists.a, lists.note_a, lists.taste_a, lists.full)
        self.b.show_side(lists.b, lists.note_b, lists.taste_b, lists.full)
        moved = sum(0 < line.other != line.row.rank for line in lists.a)
        say(
            self.summary,
            mark("{shared} of {n} items are in both lists, {moved} of them at another rank."),
            shared=lists.shared,
            n=max(len(lists.a), len(lists.b)),
            moved=moved,
        )

    def _inspect(self, index: QModelIndex) -> None:
        line: TwoLine | None = index.data(ROW_ROLE) if index.isValid() else None
        if line is not None and line.row.item.hero is not None:
            self.context.select_assets([line.row.item.hero])

    def _open(self, index: QModelIndex) -> None:
        line: TwoLine | None = index.data(ROW_ROLE)
        if line is not None:
            self.context.navigate("items", item=line.row.item.id)
