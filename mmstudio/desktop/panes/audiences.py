"""Audiences: who something is made for, and what suits them, with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QListView, QSlider, QSplitter, QTabWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.audiences import AudienceListModel, Ranking, RecommendationModel, Recommended
from mmstudio.desktop.models.items import ItemRow, item_rows
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name
from mmstudio.desktop.views.audience_editor import AudienceEditor
from mmstudio.desktop.views.controls import button, help_dot, row
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.recommendation_delegate import RecommendationDelegate
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience
    from mmstudio.studio import Studio

_K = 12
_SLIDE_MS = 200
Shown = tuple["Audience", list[ItemRow], list[ItemRow]]


class AudiencesPane(Pane):
    """Audiences at the left; recommendations and the audience itself at the right."""

    key: ClassVar[str] = "audiences"
    name: ClassVar[str] = mark("Audiences")
    icon: ClassVar[str] = "users-three"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._chosen: int | None = None
        self._page = ""
        self.pictures = Pictures(context, parent=self)
        self.model = AudienceListModel(self)
        self.recommended = RecommendationModel(self)
        self._sliding = QTimer(self)
        self._sliding.setSingleShot(True)
        self._sliding.setInterval(_SLIDE_MS)
        self._sliding.timeout.connect(self._recommend)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        self.list = QListView()
        self.list.setProperty("role", "menu")
        self.list.setModel(self.model)
        name(self.list, mark("Audiences"))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.new_button = button(mark("New audience"), self.new_audience, icon="plus")
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(8, 12, 8, 8)
        left_layout.addWidget(self.list, 1)
        left_layout.addWidget(self.new_button)
        left.setMinimumWidth(140)

        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self._build_recommendations(), "")
        self.editor = AudienceEditor(self.context, self.pictures)
        self.editor.edited.connect(self._edit)
        self.editor.removed.connect(self._remove)
        self.editor.items_dropped.connect(self._assets_dropped)
        self.tabs.addTab(self.editor, "")
        self._name_tabs()

        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.tabs)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([180, 780])
        self.states = StateStack(self.splitter)
        self.root.addWidget(self.states)
        self._new_action = action(self, mark("New audience"), self.new_audience, icon="plus")
        self._page_action = action(
            self, mark("Export the recommendation page"), self._export_page, icon="browser"
        )

    def _build_recommendations(self) -> QWidget:
        self.diversity = QSlider(Qt.Orientation.Horizontal)
        self.diversity.setRange(0, 100)
        self.diversity.setValue(20)
        self.diversity.setFixedWidth(140)
        name(self.diversity, mark("Variety"))
        self.diversity.valueChanged.connect(lambda _v: self._sliding.start())
        explanation = mark(
            "How different the recommendations are from each other. At the left the best fits come first "
            "even when they are alike; further right each next one must also bring something new."
        )
        self.compose_button = button(mark("Compose ad"), self._compose, "primary", icon="film-strip")
        self.page_button = button(mark("Export page"), self._export_page, icon="browser")
        self.page_link = button(mark("Open the page"), lambda: open_path(self._page), "link")
        self.page_link.hide()
        bar = QWidget()
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 8)
        variety = QWidget()
        variety.setLayout(
            row(label(mark("Variety"), "muted"), help_dot(explanation), self.diversity, spacing=4)
        )
        for part in (self.compose_button, self.page_button, variety, self.page_link):
            flow.addWidget(part)
        self.cards = QListView()
        self.cards.setViewMode(QListView.ViewMode.IconMode)
        self.cards.setResizeMode(QListView.ResizeMode.Adjust)
        self.cards.setMovement(QListView.Movement.Static)
        self.cards.setUniformItemSizes(True)
        self.cards.setSpacing(0)
        self.cards.setMouseTracking(True)
        self.cards.setModel(self.recommended)
        self.cards.setItemDelegate(RecommendationDelegate(self.pictures, self.cards))
        self.cards.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        name(self.cards, mark("Recommendations"))
        self.cards.activated.connect(self._open_item)
        self.cards.selectionModel().currentChanged.connect(lambda current, _previous: self._inspect(current))
        self.pictures.arrived.connect(self.cards.viewport().update)
        self.card_states = StateStack(self.cards)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        self.note = label(role="small", wrap=True)
        self.note.setContentsMargins(16, 0, 16, 8)
        self.note.hide()
        layout.addWidget(self.note)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 0, 4, 0)
        holder.addWidget(self.card_states)
        layout.addLayout(holder, 1)
        return page

    def _name_tabs(self) -> None:
        self.tabs.setTabText(0, tr("Recommendations"))
        self.tabs.setTabText(1, tr("About this audience"))

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``audience``: an id to show."""
        if args.get("audience") is not None:
            self._chosen = int(args["audience"])
            self._select_chosen()

    def library_changed(self) -> None:
        self._chosen = None
        self.pictures.forget()
        self.model.set_rows([])
        self.recommended.set_rows([])
        if self.context.studio is None:
            self._show_empty()
        else:
            self.states.show_loading(mark("Reading the audiences"))
            self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "audiences":
            self._read()
        elif topic in ("items", "features"):
            self._sliding.start()

    def retranslate(self) -> None:
        self._name_tabs()
        self._sliding.start()

    def actions_menu(self) -> list[QAction]:
        return [self._new_action, self._page_action]

    # --- audiences ----------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                studio.library.audiences.list, self._read_done, self._failed, key="audiences-list"
            )

    def _read_done(self, audiences: list[Audience]) -> None:
        self.model.set_rows(audiences)
        self.new_button.setEnabled(not self.context.read_only)
        self._new_action.setEnabled(not self.context.read_only)
        self.compose_button.setEnabled(not self.context.read_only)
        if not audiences:
            self._show_empty()
            return
        self.states.show_content()
        if self.model.row_of(self._chosen) < 0:
            self._chosen = audiences[0].id
        self._select_chosen()

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("An audience is a group of people you make things for"),
            mark("Say who they are and what they like; the studio ranks your items for them and tells why."),
            mark("New audience") if not self.context.read_only else "",
            self.new_audience,
        )

    def _select_chosen(self) -> None:
        place = self.model.row_of(self._chosen)
        if place < 0:
            return
        index = self.model.index(place)
        if self.list.currentIndex() == index:
            self._show_chosen()
        else:
            self.list.setCurrentIndex(index)

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        audience: Audience | None = current.data(ROW_ROLE) if current.isValid() else None
        if audience is not None:
            if audience.id != self._chosen:
                self.recommended.set_rows([])
            self._chosen = audience.id
            self._show_chosen()

    def _show_chosen(self) -> None:
        studio, chosen = self.context.studio, self._chosen
        if studio is None or chosen is None:
            return

        def work() -> Shown:
            audience = studio.library.audiences.get(chosen)
            rows = item_rows(studio.library, [*audience.liked, *audience.disliked])
            liked = [rows[i] for i in audience.liked if i in rows]
            return audience, liked, [rows[i] for i in audience.disliked if i in rows]

        self.context.background(work, self._shown, key="audience-detail")
        self._recommend()

    def _shown(self, shown: Shown) -> None:
        self.editor.show_audience(*shown, read_only=self.context.read_only)

    def new_audience(self) -> None:
        """Add an audience with a free name and put the cursor into its name."""
        studio = self.context.studio
        if studio is None:
            self.context.navigate("library")
            return
        first = tr("New audience")

        def work() -> int:
            taken = {a.name for a in studio.library.audiences.list()}
            free = next(n for n in (first, *(f"{first} {i}" for i in range(2, 10_000))) if n not in taken)
            return studio.library.audiences.add(name=free)

        self.context.background(work, self._added)

    def _added(self, audience_id: int) -> None:
        self._chosen = audience_id
        self._read()
        self.tabs.setCurrentIndex(1)
        self.editor.name_field.setFocus()
        self.editor.name_field.selectAll()

    def _edit(self, audience_id: int, field: str, value: object) -> None:
        studio = self.context.studio
        if studio is not None and not self.context.read_only:
            self.context.background(lambda: studio.library.audiences.update(audience_id, **{field: value}))

    def _remove(self, audience_id: int) -> None:
        studio = self.context.studio
        if studio is not None and not self.context.read_only:
            self.context.background(lambda: studio.library.audiences.remove(audience_id), self._removed)

    def _removed(self, _result: object) -> None:
        self._chosen = None
        self.context.notify(tr("The audience was removed."), action=(tr("Undo"), self.context.undo))

    def _assets_dropped(self, audience_id: int, field: str, assets: list[int]) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def work() -> int:
            items = [i for asset in assets for i in studio.library.items.items_of_asset(asset)]
            audience = studio.library.audiences.get(audience_id)
            before: list[int] = getattr(audience, field)
            new = [i for i in dict.fromkeys(items) if i not in before]
            if new:
                studio.library.audiences.update(audience_id, **{field: [*before, *new]})
            return len(items)

        def done(found: int) -> None:
            if not found:
                self.context.notify(
                    tr("These pictures belong to no item, so there is nothing to like."), level="warning"
                )

        self.context.background(work, done, owner=self)

    # --- recommendations ----------------------------------------------------------------------------

    def _recommend(self) -> None:
        studio, chosen = self.context.studio, self._chosen
        if studio is None or chosen is None:
            return
        relevance = 1.0 - self.diversity.value() / 100
        if not self.recommended.rowCount():
            self.card_states.show_loading(mark("Ranking the items"))
        self.context.ask(
            "recommend",
            lambda: recommend(studio, chosen, relevance),
            self._recommendations,
            self._recommend_failed,
        )

    def _recommendations(self, ranking: Ranking) -> None:
        self.recommended.set_rows(ranking.rows)
        self.note.setText(ranking.note)
        self.note.setVisible(bool(ranking.note))
        if ranking.rows:
            self.card_states.show_content()
            if not self.cards.currentIndex().isValid():
                self.cards.setCurrentIndex(self.recommended.index(0))
            self._inspect(self.cards.currentIndex())
        else:
            self.card_states.show_message(
                mark("Nothing to recommend yet"),
                mark("Either there are no items, or the rules of this audience leave none."),
                mark("Look at the rules"),
                lambda: self.tabs.setCurrentIndex(1),
            )

    def _recommend_failed(self, error: Exception) -> None:
        self.card_states.show_failure(error, self._recommend)

    def _inspect(self, index: QModelIndex) -> None:
        row_: Recommended | None = index.data(ROW_ROLE) if index.isValid() else None
        if row_ is not None and row_.item.hero is not None:
            self.context.select_assets([row_.item.hero])

    def _open_item(self, index: QModelIndex) -> None:
        row_: Recommended | None = index.data(ROW_ROLE)
        if row_ is not None:
            self.context.navigate("items", item=row_.item.id)

    def _compose(self) -> None:
        row_: Recommended | None = self.cards.currentIndex().data(ROW_ROLE)
        if row_ is not None and self._chosen is not None:
            self.context.navigate("preview", item=row_.item.id, audience=self._chosen)

    def _export_page(self) -> None:
        if self.context.studio is None or not self.model.rows:
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the page"), str(Path.home()))
        if folder:
            self.export_page(folder)

    def export_page(self, folder: str) -> None:
        """Write the page with the recommendations of all audiences into ``folder``."""
        handle = self.context.submit("page", {"audiences": [a.id for a in self.model.rows], "out": folder})
        if handle is not None:
            JobWatch(self.context, handle, self, on_done=self._page_done)

    def _page_done(self, result: dict[str, Any]) -> None:
        files = [str(f["path"] if isinstance(f, dict) else f) for f in result.get("files", [])]
        self._page = next((f for f in files if f.endswith(".html")), "")
        self.page_link.setVisible(bool(self._page))


def recommend(studio: Studio, audience: int, relevance: float) -> Ranking:
    """Cards for an audience; on the device thread, since features may need the engine."""
    found = studio.recommender.recommend(audience, k=_K, diversity=relevance)
    rows = item_rows(studio.library, [r.item_id for r in found])
    best = max((p.value for r in found for p in r.parts), default=1.0) or 1.0
    cards = [
        Recommended(
            rows[r.item_id],
            r.rank,
            r.score,
            r.why,
            tuple((p.label, p.value / best) for p in r.parts),
        )
        for r in found
        if r.item_id in rows
    ]
    left_out = sum(found.removed.values())
    rules = tr("{n} items are left out by the rules.", n=left_out) if left_out else ""
    return Ranking(cards, " ".join(words for words in (found.note, rules) if words))
