"""Audiences: who something is made for, and what suits them, with the reason."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QFileDialog, QListView, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.audience_detail import AudienceDetail, read_detail, shelf_ids
from mmstudio.desktop.models.audiences import AudienceListModel, Ranking
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.latest import InTurn, Latest
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, name
from mmstudio.desktop.views.audience_editor import AudienceEditor
from mmstudio.desktop.views.calm_tabs import CalmTabs
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.recommend_view import RecommendView
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.assistant import Proposal
    from mmstudio.recommendation.taste import Taste

_PAGES = (
    ("segments", mark("Find segments"), "circles-three"),
    ("variants", mark("Variants and tests"), "flask"),
    ("measure", mark("How good is it?"), "gauge"),
)


class AudiencesPane(Pane):
    """Audiences at the left; recommendations and the audience itself at the right."""

    key: ClassVar[str] = "audiences"
    name: ClassVar[str] = mark("Audiences")
    icon: ClassVar[str] = "users-three"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._chosen: int | None = None
        self._detail: AudienceDetail | None = None
        self._page = ""
        self._converting = False
        self.pictures = Pictures(context, parent=self)
        self.model = AudienceListModel(self)
        self._writes = InTurn(context, self)
        self._tastes = Latest(context, self)
        self._due: Audience | None = None  # whose detail is read when the list is there
        self._taste_due: Audience | None = None  # whose taste is asked when its page is seen
        self._held: tuple[int, dict[str, int]] | None = None  # audience, what its list left out
        self._build()
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        left = QWidget(self.splitter)
        self.tabs = CalmTabs(self.splitter)
        self.list = QListView(left)
        self.list.setProperty("role", "menu")
        self.list.setModel(self.model)
        self.list.setIconSize(QSize(16, 16))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        name(self.list, mark("Audiences"), mark("Made by hand, or found in the events as a segment"))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.new_button = button(mark("New audience"), self.new_audience, icon="plus")
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(8, 12, 8, 8)
        left_layout.setSpacing(4)
        left_layout.addWidget(self.list, 1)
        left_layout.addWidget(self.new_button)
        self.page_buttons = {
            key: button(words, partial(self._go, key), "quiet", icon=symbol) for key, words, symbol in _PAGES
        }
        for made in self.page_buttons.values():
            left_layout.addWidget(made)
        left.setMinimumWidth(150)

        self.view = RecommendView(self.context, self.pictures, self.tabs)
        self.recommended = self.view.model
        self.view.edited.connect(self._edit)
        self.view.ranked.connect(self._ranked)
        self.view.answered.connect(self._after_ranking)
        self.view.page_wanted.connect(self._export_page)
        self.view.page_opened.connect(lambda: open_path(self._page))
        self.view.two_wanted.connect(lambda: self.context.navigate("two", a=self._chosen))
        self.view.rules_wanted.connect(self._show_about)
        self.cards = self.view.cards
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.view, "")
        self.editor = AudienceEditor(self.context, self.pictures, self.tabs)
        self.editor.edited.connect(self._edit)
        self.editor.removed.connect(self._remove)
        self.editor.items_dropped.connect(self._assets_dropped)
        self.editor.brief_wanted.connect(self._read_brief)
        self.editor.proposal_taken.connect(self._take)
        self.editor.pseudonyms_wanted.connect(self._convert_members)
        self.tabs.addTab(self.editor, "")
        self.tabs.currentChanged.connect(lambda _tab: self._ask_taste())
        self._name_tabs()

        self.splitter.addWidget(left)
        self.splitter.addWidget(self.tabs)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([180, 780])
        self._new_action = action(self, mark("New audience"), self.new_audience, icon="plus")
        self._page_action = action(
            self, mark("Export the recommendation page"), self._export_page, icon="browser"
        )
        self._why_action = action(
            self, mark("Why not this item?"), lambda: self.view.bar.why_button.click(), icon="question"
        )

    def _name_tabs(self) -> None:
        self.tabs.setTabText(0, tr("Recommendations"))
        self.tabs.setTabText(1, tr("About this audience"))

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``audience``: an id to show; ``about``: show the audience itself rather than its list."""
        if args.get("audience") is not None:
            self._chosen = int(args["audience"])
            self._select_chosen()
        if args.get("about"):
            self.tabs.setCurrentIndex(1)

    def library_changed(self) -> None:
        self._chosen, self._detail, self._held = None, None, None
        self._due, self._taste_due = None, None
        self.pictures.forget()
        self._tastes.forget()
        self.model.set_rows([])
        self.view.clear()
        if self.context.studio is None:
            self._show_empty()
        else:
            self.states.show_loading(mark("Reading the audiences"))
            self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "audiences":
            self._read()
        elif topic in ("items", "features", "methods"):
            self.view.refresh()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self._name_tabs()
        self.editor.retranslate()
        self.view.retranslate()
        self._show_chosen()

    def inspector(self) -> QWidget | None:
        return self.view.reasons

    def actions_menu(self) -> list[QAction]:
        return [self._new_action, self._page_action, self._why_action]

    def _show_about(self) -> None:
        self.tabs.setCurrentIndex(1)

    def _go(self, page: str) -> None:
        self.context.navigate(page, **({"audience": self._chosen} if page == "variants" else {}))

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
        if not audiences:
            self._detail = None
            self.view.clear()
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
            self._chosen = audience.id
            self._show_chosen()

    @property
    def audience(self) -> Audience | None:
        """The chosen audience as the list knows it."""
        place = self.model.row_of(self._chosen)
        return self.model.rows[place] if place >= 0 else None

    def _show_chosen(self) -> None:
        studio, audience = self.context.studio, self.audience
        if studio is None or audience is None or self._writes.busy:
            return  # what is on its way would come back as it was; the last write asks again
        if self._detail is not None and self._detail.audience.id != audience.id:
            self._detail = None  # the view begins anew
        self._show(audience)

    def _show(self, audience: Audience) -> None:
        """Show an audience as it stands in the window: what is looked at first, then the rest.

        All of it at once would share the interpreter between the workers and the window.
        """
        if self.editor.isVisible():
            self._due = None
            self._show_detail(audience)
            self.view.show_audience(audience)
        else:
            self.view.show_audience(audience)
            self._due = audience
            self._after_ranking()

    def _show_detail(self, audience: Audience) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self._taste_due = audience
        self.context.background(lambda: read_detail(studio, audience), self._shown, key="audience-detail")

    def _ask_taste(self) -> None:
        """Nobody waits for the taste while its page is not seen."""
        studio, audience = self.context.studio, self._taste_due
        if studio is None or audience is None or not self.editor.isVisible():
            return
        self._taste_due = None

        def taste() -> Taste:
            from mmstudio.recommendation.taste import taste

            return taste(studio.recommender, audience.id, draft=audience)

        self._tastes.ask(
            taste, self.editor.taste.show_taste, lambda _error: self.editor.taste.show_taste(None)
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_taste()

    def _shown(self, detail: AudienceDetail) -> None:
        if detail.audience.id == self._chosen and detail != self._detail:
            # An edit is shown before it is kept: the same again would only lay everything out anew.
            self._detail = detail
            self.editor.show_detail(detail, read_only=self.context.read_only)
            self.editor.show_converting(self._converting, read_only=self.context.read_only)
            self._show_passed_over()
        self._ask_taste()

    def _after_ranking(self) -> None:
        if self._due is not None and not self.view.latest.busy:
            draft, self._due = self._due, None
            if draft.id == self._chosen:
                self._show_detail(draft)

    def _ranked(self, ranking: Ranking) -> None:
        if self.view.audience is not None:
            self._held = self.view.audience.id, ranking.removed
        self._show_passed_over()

    def _show_passed_over(self) -> None:
        detail, held = self._detail, self._held
        if detail is not None and held is not None and held[0] == detail.audience.id == self._chosen:
            self.editor.show_passed_over(held[1], detail)

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

    # --- editing ------------------------------------------------------------------------------------

    def _edit(self, audience_id: int, field: str, value: Any) -> None:
        """Show the change at once and keep it behind that."""
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        place = self.model.row_of(audience_id)
        if place >= 0 and field != "name":
            rows = list(self.model.rows)
            rows[place] = draft = replace(rows[place], **{field: value})
            self.model.set_rows(rows)
            if audience_id == self._chosen:
                self._show(draft)
        self._writes.put(
            lambda: studio.library.audiences.update(audience_id, **{field: value}),
            lambda _none: self._read(),
            self._not_kept,
        )

    def _not_kept(self, _error: Exception) -> None:
        self._due, self._detail = None, None  # what the window shows is no longer so
        self._read()

    def _remove(self, audience_id: int) -> None:
        studio = self.context.studio
        if studio is not None and not self.context.read_only:
            self._writes.put(lambda: studio.library.audiences.remove(audience_id), self._removed)

    def _removed(self, _result: object) -> None:
        self._chosen, self._detail = None, None
        self._read()
        self.context.notify(tr("The audience was removed."), action=(tr("Undo"), self.context.undo))

    def _assets_dropped(self, audience_id: int, shelf: str, assets: list[int]) -> None:
        studio, audience = self.context.studio, self.audience
        if studio is None or audience is None or audience.id != audience_id:
            return

        def done(items: list[int]) -> None:
            if not items:
                self.context.notify(
                    tr("These pictures belong to no item, so there is nothing to like."), level="warning"
                )
                return
            before = shelf_ids(audience, shelf)
            new = [i for i in dict.fromkeys(items) if i not in before]
            if not new:
                return
            if shelf in ("liked", "disliked"):
                self._edit(audience_id, shelf, [*before, *new])
            else:
                self._edit(audience_id, "rules", {**audience.rules, shelf: [*before, *new]})

        self.context.background(
            lambda: [i for asset in assets for i in studio.library.items.items_of_asset(asset)],
            done,
            owner=self,
        )

    # --- the brief ----------------------------------------------------------------------------------

    def _read_brief(self, audience_id: int) -> None:
        studio, audience = self.context.studio, self.audience
        if studio is None or audience is None or audience.id != audience_id:
            return
        self.editor.reader.begin()

        def work() -> list[Proposal]:
            from mmstudio.recommendation.assistant import propose

            return propose(studio.library, audience)

        def done(found: list[Proposal]) -> None:
            if self._chosen == audience_id:
                self.editor.reader.show_proposals(found)

        def failed(error: Exception) -> None:
            self.editor.reader.end()
            self.context.report(error)

        self.context.background(work, done, failed, key="audience-brief", owner=self)

    def _take(self, audience_id: int, proposal: Proposal) -> None:
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return

        def work() -> None:
            from mmstudio.recommendation.assistant import apply

            apply(studio.library, audience_id, [proposal])

        self._writes.put(work, lambda _none: self._read())

    # --- members ------------------------------------------------------------------------------------

    def _convert_members(self) -> None:
        """Give members of an older library their pseudonyms."""
        studio = self.context.studio
        if studio is None or self.context.read_only or self._converting:
            return
        store = studio.library.pseudonyms
        self._converting = True
        self.editor.show_converting(True, read_only=False)

        def done(count: int) -> None:
            self._converting = False
            self.context.notify(
                tr("{n} members have pseudonyms now.", n=count),
                tr(
                    "The copy {path} still holds their plain ids: delete it once all is well.",
                    path=store.backup,
                ),
            )
            self._show_chosen()

        def failed(error: Exception) -> None:
            self._converting = False
            self.context.report(error)
            self._show_chosen()

        self.context.background(store.convert, done, failed, owner=self)

    # --- the page -----------------------------------------------------------------------------------

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
        self.view.bar.page_link.setVisible(bool(self._page))
