"""The Library: everything in one grid, found by words, kind and tag, edited in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QSplitter, QWidget

from mmstudio.desktop.models.asset_model import AssetModel
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.panes.library_bar import FilterBar, SearchField, TagPanel
from mmstudio.desktop.texts import action, say
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.desktop.views.asset_grid import SIDES, AssetGrid
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import AssetFilter

_TYPING_MS = 160
_SETTLE_MS = 400  # during an import many batches are committed; the grid follows at this pace
_NEEDS_SELECTION = "selection"
_NEEDS_WRITING = "writing"
_BRINGING = ("import", "rescan", "sample")

# ids in order, counts per kind, all tags, assets in all
_Answer = tuple[list[int], dict[str, dict[str, int]], list[tuple[str, int]], int]


class LibraryPane(Pane):
    """Grid, search, filters, drag and drop, and the keys of UX.md."""

    key = "library"
    name = mark("Library")
    icon = "squares-four"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setAcceptDrops(True)
        self.model = AssetModel(context, self)
        self.grid = AssetGrid(context, self.model)
        self._similar: tuple[str, list[int]] | None = None  # (what to, ids in order of likeness)
        self._wanted: list[int] = []  # to be selected once they are there
        self._total = 0
        self._was_bringing = False
        self.search = SearchField()
        self.bar = FilterBar()
        self.tags = TagPanel()
        self.stack = StateStack(self.grid)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.tags)
        split.addWidget(self.stack)
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        self.tags.hide()
        self.root.addWidget(self.bar)
        self.root.addWidget(split, 1)
        self._make_actions()
        self._typing = _timer(self, _TYPING_MS, self.refresh)
        self._settle = _timer(self, _SETTLE_MS, self.refresh)
        self._connect()
        self.library_changed()

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.search.returnPressed.connect(self.grid.setFocus)
        self.bar.changed.connect(self.refresh)
        self.bar.side_changed.connect(lambda step: self.grid.set_side(SIDES[step]))
        self.bar.tags_toggled.connect(self._show_tags)
        self.bar.add_wanted.connect(self.add_folder)
        self.bar.similar_closed.connect(self._leave_similar)
        self.tags.chosen.connect(self.bar.toggle_tag)
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
        self._similar = None
        self.model.set_ids([])
        self.bar.clear()
        if self.context.opening:
            self.stack.show_loading(mark("Opening the library…"))
        self._enable()
        if self.context.studio is not None:
            self.refresh()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("assets", "tags"):
            self.model.forget(ids)
            if not self._settle.isActive():
                self._settle.start()

    def retranslate(self) -> None:
        self.bar.retranslate()
        self._tell_count()

    def header(self) -> QWidget:
        return self.search

    def search_field(self) -> QLineEdit:
        return self.search

    def neighbour(self, step: int) -> int | None:
        return self.grid.neighbour(step)

    # --- finding ------------------------------------------------------------------------------------

    def filter(self) -> AssetFilter:
        """What the search field, the kind buttons and the tag chips ask for together."""
        from mmstudio.library import parse_query

        asked = parse_query(self.search.text())
        kinds = self.bar.kinds or asked.kinds
        return replace(asked, kinds=tuple(kinds), tags=(*asked.tags, *self.bar.tags))

    def refresh(self) -> None:
        """Ask again, in a worker; only the latest answer counts."""
        studio = self.context.studio
        if studio is None:
            return
        wanted, similar = self.filter(), self._similar
        order, descending = self.bar.order
        if not self.model.ids:
            self.stack.show_loading(mark("Looking…"))

        def ask() -> _Answer:
            from mmstudio.library import AssetFilter

            assets = studio.library.assets
            ids = assets.ids(wanted, order, descending)
            if similar is not None:
                matching = set(ids)
                ids = [i for i in similar[1] if i in matching]
            return (
                ids,
                assets.facets(replace(wanted, kinds=())),
                assets.all_tags(),
                assets.count(AssetFilter()),
            )

        self.context.background(ask, self._found, self._failed, key="library-query")

    def _found(self, answer: _Answer) -> None:
        ids, facets, tags, total = answer
        self._total = total
        self.model.set_ids(ids)
        self.bar.set_counts(facets.get("kind", {}))
        self.tags.set_tags(tags, self.bar.tags)
        self._tell_count()
        if ids:
            self.stack.show_content()
        elif total == 0 and self._bringing:
            self.stack.show_loading(mark("Media are on their way…"))
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
        shown = len(self.model.ids)
        similar = self._similar[0] if self._similar else ""
        self.bar.set_count(shown, self._total, similar)

    def clear_filters(self) -> None:
        """Show everything again."""
        self._similar = None
        self.search.clear()
        self.bar.clear()
        self.refresh()

    def find_similar(self, asset_id: int) -> None:
        """Show the assets nearest to one, by its features."""
        studio = self.context.studio
        if studio is None:
            return

        def ask() -> tuple[str, list[int]]:
            asset = studio.library.assets.get(asset_id)
            hits = studio.features.neighbours(asset_id, k=60)
            return asset.title, [asset_id, *(h.asset_id for h in hits if h.asset_id not in (None, asset_id))]

        self.context.background(ask, self._show_similar, key="library-similar")

    def _show_similar(self, found: tuple[str, list[int]]) -> None:
        if len(found[1]) < 2:
            self.context.notify(
                tr("Nothing to compare with yet."),
                tr("Extract features first; it takes a moment per picture."),
                action=(tr("Extract features"), lambda: self.context.submit("features", {})),
            )
            return
        self._similar = found
        self.refresh()

    def _leave_similar(self) -> None:
        self._similar = None
        self.refresh()

    def _show_tags(self, shown: bool) -> None:
        self.tags.setVisible(shown)

    # --- selection and its actions ------------------------------------------------------------------

    def _selected(self, ids: list[int]) -> None:
        self.context.select_assets(ids)
        self._enable()

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
            mark("Quick look"), lambda: self.context.quick_look(self.grid.selected()), "Space", "eye",
            needs=_NEEDS_SELECTION,
        )  # fmt: skip
        add(mark("Rename…"), self.rename, "F2", "pencil-simple", needs=both)
        add(mark("Add a tag…"), self.tag, "T", "tag", needs=both)
        for stars in range(6):
            text = mark("Rate {n}") if stars else mark("No rating")
            made = add(text, partial(self.rate, stars), str(stars), "star", needs=both)
            say(made, text, n=stars)
        add(
            mark("Find similar"), self._similar_to_selection, "", "magnifying-glass-plus",
            needs=_NEEDS_SELECTION,
        )  # fmt: skip
        add(
            mark("Train a model on these…"), self.train, "Ctrl+T", "brain",
            mark("Start a training with the selected media"), both,
        )  # fmt: skip
        add(mark("Show the file"), self.show_file, "", "folder-open", needs=_NEEDS_SELECTION)
        add(mark("Move to the trash"), self.trash, "Del", "trash", needs=both)
        add(mark("Select all"), self.grid.select_all, "Ctrl+A", "selection-all")
        add(mark("Clear search and filters"), self.clear_filters, "Esc", "x")

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
        for made in self.actions():
            if _NEEDS_SELECTION in str(made.property("needs") or ""):
                menu.addAction(made)
        menu.popup(at)

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
            completions=[name for name, _count in self.tags.model.rows],
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

    def _similar_to_selection(self) -> None:
        ids = self.grid.selected()
        if ids:
            self.find_similar(ids[0])

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
        if not self.context.read_only and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.import_paths(paths)


def _timer(parent: QWidget, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
