"""The Library: everything in one grid, found by words, kind and tag, edited in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QSplitter, QWidget

from mmstudio.desktop.menus import fill_menu
from mmstudio.desktop.models.asset_model import AssetModel
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.panes.library_bar import FilterBar, SearchField
from mmstudio.desktop.panes.library_search import Answer, SavedSearches, Searching
from mmstudio.desktop.texts import action, label, say
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.desktop.views.asset_grid import SIDES, AssetGrid
from mmstudio.desktop.views.search_chips import ReadChips
from mmstudio.desktop.views.search_drop import SIMILAR, DropZones, like_token, local_files
from mmstudio.desktop.views.search_facets import FacetPanel
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import AssetFilter

_TYPING_MS = 160
_SETTLE_MS = 400  # during an import many batches are committed; the grid follows at this pace
_NEEDS_SELECTION = "selection"
_USES_SELECTION = "uses"  # takes what is selected, and works without
_NEEDS_WRITING = "writing"
_ALIKE = mark("Find what is like it")
_BRINGING = ("import", "rescan", "sample")

_PAGES = (
    ("doctor", mark("Open the library doctor…"), "first-aid-kit", ""),
    ("map", mark("Open the map of the library…"), "map-trifold", ""),
    ("inside", mark("Look inside…"), "eye", _NEEDS_SELECTION),
    ("teach", mark("Teach a tag…"), "graduation-cap", _USES_SELECTION),
    ("augment", mark("Preview augmentation…"), "magic-wand", _USES_SELECTION),
    ("play", mark("Put into a model…"), "faders", _NEEDS_SELECTION),
)


class LibraryPane(Pane):
    """Grid, search, filters, drag and drop, and the keys of UX.md."""

    key = "library"
    name = mark("Library")
    icon = "squares-four"
    shares_selection = True

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setAcceptDrops(True)
        self.model = AssetModel(context, self)
        self.grid = AssetGrid(context, self.model)
        self.searching = Searching(context, self._found, self._failed, parent=self)
        self._tag_names: list[str] = []
        self._wanted: list[int] = []  # to be selected once they are there
        self._total = self._near = 0
        self._was_bringing = False
        self.search = SearchField()
        self.bar = FilterBar()
        self.facets = FacetPanel()
        self.chips = ReadChips()
        self.reason = label(role="small")
        self.reason.setContentsMargins(12, 4, 12, 4)
        self.reason.hide()
        self.zones = DropZones(self)
        self.saved = SavedSearches(self, self.search, self.bar)
        self.stack = StateStack(self.grid)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.facets)
        split.addWidget(self.stack)
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        self.facets.hide()
        self.root.addWidget(self.bar)
        self.root.addWidget(self.chips)
        self.root.addWidget(split, 1)
        self.root.addWidget(self.reason)
        self._make_actions()
        self._typing = _timer(self, _TYPING_MS, self.refresh)
        self._settle = _timer(self, _SETTLE_MS, self.refresh)
        self._connect()
        self.library_changed()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._typed)
        self.search.like_dropped.connect(self.find_like)
        self.search.returnPressed.connect(self.grid.setFocus)
        self.bar.changed.connect(self.refresh)
        self.bar.side_changed.connect(lambda step: self.grid.set_side(SIDES[step]))
        self.bar.toggled.connect(self.toggle)
        self.bar.facets_toggled.connect(self.facets.setVisible)
        self.bar.add_wanted.connect(self.add_folder)
        self.facets.chosen.connect(self.toggle)
        self.chips.removed.connect(self._take_out)
        self.grid.selection_changed.connect(self._selected)
        self.grid.opened.connect(lambda id_: self.context.quick_look([id_]))
        self.grid.looked.connect(self.context.quick_look)
        self.grid.menu_wanted.connect(self._menu)
        self.grid.zoomed.connect(self.bar.step_side)
        self.context.opening_changed.connect(self._opening)
        self.context.library_failed.connect(self._open_failed)
        self.context.jobs.busy_changed.connect(self._busy_changed)

    # --- what the window asks -----------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``query`` (text), ``select`` (ids), ``similar_to`` (an asset id)."""
        if "query" in args:
            self.search.setText(str(args["query"]))
        if "select" in args:
            self._wanted = list(args["select"])
            self._select_wanted()
        if not self.search.hasFocus():
            self.grid.setFocus()
        if "similar_to" in args:
            self.find_similar(int(args["similar_to"]))

    def library_changed(self) -> None:
        self.searching.forget()
        self.model.set_ids([])
        self.search.clear()
        self._typing.stop()
        if self.context.opening:
            self.stack.show_loading(mark("Opening the library…"))
        self._enable()
        self.saved.refresh()
        if self.context.studio is not None:
            self.refresh()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("assets", "tags", "facts", "items"):
            if topic in ("assets", "tags"):
                self.model.forget(ids)
            if not self._settle.isActive():
                self._settle.start()
        elif topic == "searches":
            self.saved.refresh()

    def retranslate(self) -> None:
        self.bar.retranslate()
        self.chips.retranslate()
        self.facets.retranslate()
        self._tell_count()
        self.model.set_reasons({})
        self._tell_reason()
        self.searching.reasons(self.model.ids, self._reasons_came)

    def header(self) -> QWidget:
        return self.search

    def search_field(self) -> QLineEdit:
        return self.search

    def neighbour(self, step: int) -> int | None:
        return self.grid.neighbour(step)

    # --- finding ------------------------------------------------------------------------------------

    def filter(self) -> AssetFilter:
        """What the query line asks for."""
        from mmstudio.library import parse_query

        return parse_query(self.search.text())

    def toggle(self, key: str, value: str) -> None:
        """Put a filter into the query line, or take it out."""
        from mmstudio.library.query import toggle_token

        self.show_line(toggle_token(self.search.text(), key, value))

    def show_line(self, line: str) -> None:
        """Search for a line at once."""
        self.search.setText(line)
        self._typing.stop()
        self.refresh()

    def _take_out(self, token: str) -> None:
        from mmstudio.library.query import without_part

        self.show_line(without_part(self.search.text(), token))

    def _typed(self, _text: str) -> None:
        self._typing.start()

    def refresh(self) -> None:
        """Ask again, in a worker; only the latest answer counts."""
        if self.context.studio is None:
            return
        line, wanted = self.search.text(), self.filter()
        self.bar.show_kinds(wanted.kinds)
        self.bar.set_searching(
            bool(wanted.text or wanted.either or wanted.colours or wanted.like is not None)
        )
        self.chips.show_line(line, self.searching.title_of(wanted.like))
        if not self.model.ids:
            self.stack.show_loading(mark("Looking…"))
        self.searching.ask(line, *self.bar.order)

    def _found(self, answer: Answer) -> None:
        ids, total = answer.ids, answer.total
        self._total, self._near = total, answer.near
        self._tag_names = list(dict.fromkeys([*answer.facets.get("tag", {}), *self._tag_names]))
        self.model.set_reasons({})
        self.model.set_ids(ids)
        self.bar.set_counts(answer.facets.get("kind", {}))
        self.facets.set_counts(answer.facets, answer.line)
        self.chips.show_line(answer.line, answer.like_title)
        self._tell_count()
        self._tell_reason()
        if ids:
            self.stack.show_content()
            self.searching.reasons(ids, self._reasons_came)
        elif answer.nothing_to_compare:
            self.stack.show_message(
                mark("Nothing to compare with yet."),
                mark("Extract features first; it takes a moment per picture."),
                "" if self.context.read_only else mark("Extract features"),
                lambda: self.context.submit("features", {}),
            )
        elif total == 0 and self._bringing:
            self.stack.show_loading(mark("Media are on their way…"))
        elif total == 0 and self.filter().statuses == ("ok",) and self.context.read_only:
            self.stack.show_message(
                mark("This library is empty."),
                mark("It is open for reading only: nothing can be added here. Use the window that has it."),
            )
        elif total == 0 and self.filter().statuses == ("ok",):
            self.stack.show_message(
                mark("This library is empty."),
                mark(
                    "Drop folders or files here. They stay where they are; the library only remembers them."
                ),
                mark("Add a folder…"),
                self.add_folder,
            )
        else:
            self.stack.show_message(
                mark("Nothing matches."),
                mark("Try fewer words or fewer filters."),
                mark("Clear search and filters"),
                self.clear_filters,
            )
        self._select_wanted()

    def _failed(self, error: Exception) -> None:
        self.stack.show_failure(error, self.refresh)

    @property
    def _bringing(self) -> bool:
        return any(row.kind in _BRINGING for row in self.context.jobs.running)

    def _busy_changed(self) -> None:
        # An empty library says that media are on their way as soon as the job for them is there.
        if self._bringing != self._was_bringing:
            self._was_bringing = self._bringing
            if not self.model.ids:
                self.refresh()

    def _opening(self, _opening: bool) -> None:
        self.library_changed()

    def _open_failed(self, sentence: str, hint: str) -> None:
        if self.context.studio is None:
            self.stack.show_message("{what}", "{hint}", what=sentence, hint=hint)

    def _tell_count(self) -> None:
        self.bar.set_count(len(self.model.ids), self._total, self._near)

    def _reasons_came(self, reasons: dict[int, str]) -> None:
        self.model.set_reasons(reasons)
        self._tell_reason()

    def _tell_reason(self) -> None:
        """Why the selected asset was found, in the line under the grid."""
        ids = self.grid.selected()
        why = self.model.reason(ids[0]) if ids else ""
        if ids and not why:
            self.searching.reasons(ids[:1], self._reasons_came)
        self.reason.setText(tr("Why it is here: {why}", why=why) if why else "")
        self.reason.setVisible(bool(why))

    def clear_filters(self) -> None:
        """Show everything again."""
        self.show_line("")

    def find_similar(self, asset_id: int) -> None:
        """Show the assets nearest to one, by its features."""
        self.find_like(str(asset_id))

    def find_like(self, what: str, kind: str = "") -> None:
        """Show what is like an asset (its number) or a file, of one kind where it is named."""
        from mmstudio.library.query import with_token

        line = with_token("", "like", what)
        self.show_line(with_token(line, "kind", kind) if kind else line)

    # --- selection and its actions ------------------------------------------------------------------

    def _selected(self, ids: list[int]) -> None:
        self.context.select_assets(ids)
        self._enable()
        self._tell_reason()

    def _select_wanted(self) -> None:
        here = [i for i in self._wanted if self.model.row_of(i) >= 0]
        if here:
            self._wanted = []
            self.grid.select(here)

    def _make_actions(self) -> None:
        def add(
            template: str,
            slot: Callable[[], Any],
            key: str = "",
            icon: str = "",
            tip: str = "",
            needs: str = "",
        ) -> QAction:
            made = action(self, template, slot, shortcut=key, icon=icon, tip=tip)
            made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.setProperty("needs", needs)
            return made

        both = f"{_NEEDS_SELECTION} {_NEEDS_WRITING}"
        self.add_action = add(
            mark("Add a folder…"), self.add_folder, "Ctrl+Shift+A", "folder-plus",
            mark("Bring a folder of media into the library; the files stay where they are"), _NEEDS_WRITING,
        )  # fmt: skip
        add(mark("Add files…"), self.add_files, "", "file-plus", needs=_NEEDS_WRITING)
        add(
            mark("Look for changes"), lambda: self.context.submit("rescan", {}), "F5", "arrows-clockwise",
            mark("Notice files that were added, changed, moved or removed"), _NEEDS_WRITING,
        )  # fmt: skip
        add(
            mark("Extract features"), lambda: self.context.submit("features", {}), "", "fingerprint",
            mark("Bring what media are found, compared and explained by up to date"), _NEEDS_WRITING,
        )  # fmt: skip
        add(
            mark("Quick look"), lambda: self.context.quick_look(self.grid.selected()), "Space", "eye",
            needs=_NEEDS_SELECTION,
        )  # fmt: skip
        add(mark("Rename…"), self.rename, "F2", "pencil-simple", needs=both)
        add(mark("Add a tag…"), self.tag, "T", "tag", needs=both)
        for stars in range(6):
            text = mark("Rate {n}") if stars else mark("No rating")
            made = add(text, partial(self.rate, stars), str(stars), "star", needs=both)
            say(made, text, n=stars)
            made.setProperty("submenu", mark("Rating"))
        similar = add(
            mark("Find similar"), self._similar_to_selection, "", "magnifying-glass-plus",
            needs=_NEEDS_SELECTION,
        )  # fmt: skip
        similar.setProperty("submenu", _ALIKE)
        for kind, text, icon in (
            ("picture", mark("Find pictures that go with it"), "image"),
            ("sound", mark("Find sounds that go with it"), "music-notes"),
            ("text", mark("Find texts that go with it"), "text-aa"),
        ):
            fitting = add(text, partial(self._similar_to_selection, kind), "", icon, needs=_NEEDS_SELECTION)
            fitting.setProperty("submenu", _ALIKE)
        add(
            mark("Train a model on these…"), self.train, "Ctrl+T", "brain",
            mark("Start a training with the selected media"), both,
        )  # fmt: skip
        add(
            mark("Make with these…"), self.make, "", "film-strip",
            mark("Compose a film, a story or a card with what is selected"), both,
        )  # fmt: skip
        add(mark("Show the file"), self.show_file, "", "folder-open", needs=_NEEDS_SELECTION)
        add(mark("Move to the trash"), self.trash, "Del", "trash", needs=both)
        add(mark("Select all"), self.grid.select_all, "Ctrl+A", "selection-all")
        add(mark("Clear search and filters"), self.clear_filters, "Esc", "x")
        add(
            mark("Save this search…"),
            self.saved.ask_name,
            "Ctrl+Shift+S",
            "bookmark-simple",
            needs=_NEEDS_WRITING,
        )
        add(mark("Facets"), self.bar.facets_button.toggle, "Ctrl+Shift+F", "funnel",
            mark("Show or hide what the results can be narrowed by"))  # fmt: skip
        self._page_actions(add)

    def _page_actions(self, add: Callable[..., QAction]) -> None:
        """Ways to the pages that this window has."""
        from mmstudio.desktop.window import PAGES

        there = {page[0] for page in PAGES}
        for key, text, icon, needs in _PAGES:
            if key in there:
                go = self._put_into_model if key == "play" else partial(self.context.navigate, key)
                add(text, go, "", icon, needs=needs)

    def _put_into_model(self) -> None:
        selected = self.grid.selected()
        if selected:
            self.context.navigate("play", asset=selected[0])

    def _enable(self) -> None:
        writing, selected = not self.context.read_only, self.grid.has_selection
        for made in self.actions():
            needs = str(made.property("needs") or "")
            made.setEnabled(
                (writing or _NEEDS_WRITING not in needs) and (selected or _NEEDS_SELECTION not in needs)
            )
        self.bar.set_writing(writing)

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(menu, self.selection_actions())
        menu.popup(at)

    def selection_actions(self) -> list[QAction]:
        """What can be done with what is selected: the context menu."""
        about = {_NEEDS_SELECTION, _USES_SELECTION}
        return [made for made in self.actions() if about & set(str(made.property("needs") or "").split())]

    def _change(self, change: Callable[[list[int]], Any], done: Callable[[int], None] | None = None) -> None:
        ids = self.grid.selected()
        if ids and not self.context.read_only:
            self.context.background(lambda: change(ids), lambda _result: done(len(ids)) if done else None)

    def rename(self) -> None:
        """Ask for a title for what is selected."""
        ids = self.grid.selected()
        row = self.model.row(ids[0]) if ids else None
        if row is None:
            return
        library = self.context.library
        heading = tr("Title") if len(ids) == 1 else tr("Title for {n} assets", n=len(ids))
        AskPanel(
            self,
            heading,
            lambda text: self._change(lambda ids: library.assets.set_title(ids, text)) if text else None,
            initial=row.title,
        )

    def tag(self) -> None:
        """Ask for tags, separated by commas."""
        ids = self.grid.selected()
        if not ids:
            return
        library = self.context.library

        def accept(text: str) -> None:
            names = [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]
            if names:
                self._change(lambda ids: library.assets.add_tags(ids, names))

        AskPanel(
            self,
            tr("Tag {n} assets", n=len(ids)),
            accept,
            hint=tr("One tag, or several with commas"),
            completions=self._tag_names,
        )

    def rate(self, stars: int) -> None:
        """Give what is selected 0 to 5 stars."""
        library = self.context.library
        self._change(lambda ids: library.assets.set_rating(ids, stars))

    def trash(self) -> None:
        """Take what is selected out of the library; the notice offers to undo it."""
        library = self.context.library
        ids = list(self.grid.selected())

        def undo() -> None:
            # These assets, not the newest change: the person may have edited something since.
            self.context.background(lambda: library.assets.restore(ids))

        self._change(
            library.assets.trash,
            lambda n: self.context.notify(
                tr("{n} moved to the library's trash.", n=n),
                tr("The files themselves stay where they are."),
                action=(tr("Undo"), undo),
                level="success",
            ),
        )

    def train(self) -> None:
        """Go to Models with the selection."""
        self.context.navigate("models", train=True, assets=self.grid.selected())

    def make(self) -> None:
        """Go to Make with the selection."""
        self.context.navigate("make", assets=self.grid.selected())

    def show_file(self) -> None:
        """Open the folder of the first selected asset in the system's file manager."""
        ids = self.grid.selected()
        if not ids:
            return
        library = self.context.library

        def where() -> Path:
            return library.assets.path_of(library.assets.get(ids[0]))

        def show(path: Path) -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

        self.context.background(where, show, owner=self)

    def _similar_to_selection(self, kind: str = "") -> None:
        ids = self.grid.selected()
        if ids:
            self.find_like(str(ids[0]), kind)

    # --- bringing media in --------------------------------------------------------------------------

    def add_folder(self) -> None:
        """Choose a folder and import it."""
        folder = QFileDialog.getExistingDirectory(self, tr("Add a folder"), str(Path.home()))
        if folder:
            self.import_paths([folder])

    def add_files(self) -> None:
        """Choose files and import them."""
        files, _filter = QFileDialog.getOpenFileNames(self, tr("Add files"), str(Path.home()))
        self.import_paths(files)

    def import_paths(self, paths: Sequence[str]) -> None:
        """Import folders and files by a job; thumbnails appear as they come."""
        if paths and not self.context.read_only:
            self.context.submit("import", {"paths": [str(path) for path in paths]})

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.zones.offer(event.mimeData(), writing=not self.context.read_only):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.zones.hover(event.position())
        event.setAccepted(bool(self.zones.zone_at(event.position())))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.zones.end()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        zone = self.zones.zone_at(event.position())
        self.zones.end()
        event.acceptProposedAction()
        token = like_token(event.mimeData())
        if zone == SIMILAR and token is not None:
            self.find_like(token)
        elif zone:
            self.import_paths(local_files(event.mimeData()))


def _timer(parent: QWidget, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
