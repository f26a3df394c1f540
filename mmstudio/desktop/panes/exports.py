"""Exports: which ads for which channels, the folder they go to, and the finished files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QListView,
    QMenu,
    QProgressBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.channels import ChannelRow, default_folder, read_channels
from mmstudio.desktop.models.export_lines import (
    ExportedFile,
    ExportedListModel,
    ExportLine,
    ExportMatrix,
    export_lines,
    exported_files,
)
from mmstudio.desktop.models.export_run import ExportRun
from mmstudio.desktop.models.held import ExportWish
from mmstudio.desktop.models.items import item_rows
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.check_popup import CheckPopup
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.elided import Elided
from mmstudio.desktop.views.encrypt_dialog import EncryptDialog
from mmstudio.desktop.views.export_delegates import ExportedDelegate
from mmstudio.desktop.views.export_many import ManyPage
from mmstudio.desktop.views.export_options import OptionsPopup
from mmstudio.desktop.views.files import copy_files, copy_picture, is_picture, open_path, read_picture
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.held_bar import HeldBar
from mmstudio.desktop.views.item_picker import ItemPicker
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.popup_card import channel_choices
from mmstudio.desktop.views.share_sheet import ShareSheet
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.tick_table import TickTable
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library.records import Audience

_RECOMMENDED = 6
_USUAL = "product-ad"
Recipes = list[tuple[str, str]]
Read = tuple[list[ExportLine], list[ChannelRow], list[ExportedFile], list["Audience"], int, Recipes]


class ExportsPane(Pane):
    """A matrix of ads × channels, and the finished files as cards."""

    key: ClassVar[str] = "exports"
    name: ClassVar[str] = mark("Exports")
    icon: ClassVar[str] = "export"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._run: ExportRun | None = None
        self._folder = ""
        self._all: list[ChannelRow] = []
        self._shown: list[str] = []  # channels that have a column
        self._recipe = ""
        self._audiences: list[Audience] = []
        self._items = 0
        self.pictures = Pictures(context, parent=self)
        self.matrix = ExportMatrix(self)
        self.finished = ExportedListModel(self)
        self._build()
        self.matrix.dataChanged.connect(lambda *_args: self._say_count())
        self.matrix.modelReset.connect(self._matrix_reset)
        self.library_changed()

    # --- widgets ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.tabs = QTabWidget(self)  # from the outside in: docs/adr/0207
        self.states = StateStack(self.tabs, self)
        self.root.addWidget(self.states)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self._build_chooser()
        self.many = ManyPage(self.context, self.pictures, self.tabs)
        self.tabs.addTab(self.many, "")
        self.finished_page = self._build_finished()
        self.tabs.addTab(self.finished_page, "")
        self._name_tabs()
        self._export_action = action(self, mark("Export what is ticked"), self.export, icon="export")
        self._many_action = action(
            self, mark("Export many at once"), lambda: self.activated(many=True), icon="list-plus"
        )
        self._encrypt_action = action(self, mark("Encrypt chosen files"), self._encrypt, icon="lock")
        self._open_action = action(
            self, mark("Open the export folder"), self._open_folder, icon="folder-open"
        )

    def _build_chooser(self) -> None:
        page = QWidget()
        self.tabs.addTab(page, "")
        self.add_button = button(mark("Add items"), self._pick, icon="plus")
        self.recommended_button = button(mark("Add recommended"), self._offer_audiences, icon="users-three")
        self.channel_popup = CheckPopup(mark("Channels"), self)
        self.channel_popup.changed.connect(self.show_channels)
        self.channels_button = button(
            mark("Channels"),
            lambda: self.channel_popup.open_below(self.channels_button),
            icon="share-network",
            tip=mark("Choose which channels have a column"),
        )
        self.options = OptionsPopup(self.context, self)
        self.options.changed.connect(self._say_options)
        self.options_button = button(
            mark("Options"), lambda: self.options.open_below(self.options_button), icon="sliders-horizontal"
        )
        self.picker = ItemPicker(self.context, self.pictures, self)
        self.picker.picked.connect(lambda id_: self.add_items([id_], None))
        self.table = TickTable(self.pictures)
        self.table.setModel(self.matrix)
        header = self.table.horizontalHeader()
        header.sectionClicked.connect(self.matrix.toggle_column)
        self.table.doubleClicked.connect(
            lambda i: self.matrix.toggle_row(i.row()) if not i.column() else None
        )
        name(
            self.table,
            mark("Ads and channels"),
            mark("Tick the channels of each ad; press a heading for all ads"),
        )
        self.pictures.arrived.connect(self.table.viewport().update)
        self.table.selectionModel().currentChanged.connect(
            lambda current, _previous: self._inspect(current.row())
        )
        self.table_states = StateStack(self.table, page)
        self.folder_label = Elided("", "small", where=Qt.TextElideMode.ElideMiddle)
        self.folder_button = button(mark("Other folder"), self._browse, icon="folder-open")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        name(self.bar, mark("Progress of the export"))
        self.cancel_button = button(mark("Cancel"), self._cancel, icon="x")
        self.cancel_button.hide()
        self.export_button = button(mark("Export"), self.export, "primary", icon="export")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        hint = label(mark("Press a heading to tick a channel for every ad."), "small")
        tools = (self.add_button, self.recommended_button, self.channels_button, self.options_button)
        layout.addLayout(row(*tools, None, margins=(16, 12, 16, 4)))
        layout.addLayout(row(hint, None, margins=(18, 0, 16, 6)))
        layout.addWidget(self.table_states, 1)
        self.held_bar = HeldBar(self.context, page)
        self.held_bar.show_wanted.connect(self._show_held)
        self.held_bar.freed.connect(lambda _wishes: self.export())  # they are ticked still
        layout.addWidget(self.held_bar)
        foot = QFrame()
        foot.setProperty("surface", "strip")
        foot.setLayout(
            row(
                self.folder_button,
                self.folder_label,
                None,
                self.bar,
                self.cancel_button,
                self.export_button,
                margins=(16, 8, 16, 8),
            )
        )
        layout.addWidget(foot)

    def _build_finished(self) -> QWidget:
        self.files = QListView()
        self.files.setViewMode(QListView.ViewMode.IconMode)
        self.files.setResizeMode(QListView.ResizeMode.Adjust)
        self.files.setMovement(QListView.Movement.Static)
        self.files.setUniformItemSizes(True)
        self.files.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.files.setDragEnabled(True)
        self.files.setModel(self.finished)
        self.files.setItemDelegate(ExportedDelegate(self.pictures, self.files))
        self.files.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.files.activated.connect(lambda i: self._with_file(open_path, i.data(ROW_ROLE)))
        self.files.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.files.customContextMenuRequested.connect(self._file_menu)
        name(self.files, mark("Finished files"), mark("Drag them to another program, or press Enter to open"))
        self.pictures.arrived.connect(self.files.viewport().update)
        self.files.selectionModel().selectionChanged.connect(lambda *_args: self._enable_file_buttons())
        self.open_button = button(
            mark("Open"), lambda: self._with_current(open_path), icon="arrow-square-out"
        )
        self.folder_open_button = button(mark("Open folder"), self._open_folder, icon="folder-open")
        self.copy_button = button(
            mark("Copy"), self._copy_file, icon="copy", tip=mark("Paste it as a file in another program")
        )
        self.picture_button = tool(
            "image",
            mark("Copy as picture"),
            self._copy_picture,
            tip=mark("Paste it into a document or a chat"),
        )
        self.share_button = button(mark("Texts to share"), self._share, icon="share-network")
        self.verify_button = button(
            mark("Verify"),
            self._verify,
            icon="shield-checkered",
            tip=mark("Read back where the files come from"),
        )
        self.file_states = StateStack(self.files)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 0, 4, 0)
        layout.setSpacing(0)
        tools = FlowLayout()  # in a narrow window a second line, rather than words cut off
        tools.setContentsMargins(4, 12, 12, 4)
        for part in (
            self.open_button, self.folder_open_button, self.copy_button, self.picture_button,
            self.share_button, self.verify_button,
        ):  # fmt: skip
            tools.addWidget(part)
        layout.addLayout(tools)
        hint = label(mark("Drag files straight into a mail or a browser."), "small")
        layout.addLayout(row(hint, None, margins=(6, 0, 12, 6)))
        layout.addWidget(self.file_states, 1)
        self._enable_file_buttons()
        return page

    def _name_tabs(self) -> None:
        self.tabs.setTabText(0, tr("Choose"))
        self.tabs.setTabText(1, tr("Many at once"))
        self.tabs.setTabText(2, tr("Finished ({n})", n=self.finished.rowCount()))

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``items``: ids to add, for ``audience``; ``finished``, ``many``: show that page."""
        if args.get("items"):
            self.add_items([int(i) for i in args["items"]], args.get("audience"))
        if args.get("finished"):
            self.tabs.setCurrentWidget(self.finished_page)
        if args.get("many"):
            self.tabs.setCurrentWidget(self.many)

    def library_changed(self) -> None:
        self.pictures.forget()
        self.matrix.clear()
        self.held_bar.clear()
        self.finished.set_rows([])
        self.many.clear()
        studio = self.context.studio
        if studio is None:
            self._show_empty()
            return
        self._set_folder(default_folder(studio.library))
        self.many.set_folder(str(Path(default_folder(studio.library)) / "matrix"))
        self.states.show_loading(mark("Reading ads and channels"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("storyboards", "items", "brand", "overrides"):
            self.held_bar.look_again()
        if topic in ("storyboards", "exports", "audiences", "items"):
            self._read()

    def retranslate(self) -> None:
        for popup in (self.options, self.many.options):
            popup.retranslate()
        self._name_tabs()
        self._read()

    def actions_menu(self) -> list[QAction]:
        return [self._export_action, self._many_action, self._encrypt_action, self._open_action]

    # --- reading ------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def work() -> Read:
            from mmstudio.composition import recipes

            library = studio.library
            channels = read_channels()
            known = [(r.name, tr(r.label)) for r in recipes() if not set(r.needs) - {"item", "items"}]
            return (
                export_lines(library),
                channels,
                exported_files(library, {c.name: c.label for c in channels}),
                library.audiences.list(),
                library.items.count(),
                known,
            )

        self.context.background(work, self._read_done, self._failed, key="exports-read")

    def _read_done(self, read: Read) -> None:
        lines, self._all, files, self._audiences, self._items, recipes = read
        names = [key for key, _words in recipes]
        self._recipe = _USUAL if _USUAL in names else next(iter(names), "")
        self._shown = self._shown or [channel.name for channel in self._all if channel.standard]
        self.channel_popup.set_choices(channel_choices(self._all), self._shown)
        self.show_channels(self._shown)
        self.many.set_choices(self._all, self._audiences, recipes)
        self.matrix.set_lines(lines)
        self.finished.set_rows(files)
        self._name_tabs()
        writable = not self.context.read_only
        for control in (self.add_button, self.recommended_button, self.folder_button):
            control.setEnabled(writable)
        if not (self._items or lines or files):
            self._show_empty()
            return
        self.states.show_content()
        if files:
            self.file_states.show_content()
        else:
            self.file_states.show_message(
                mark("Nothing exported yet"),
                mark("Finished files appear here with their pictures, ready to be dragged out."),
                mark("Choose what to export"),
                lambda: self.tabs.setCurrentIndex(0),
            )

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("Exports are the finished pictures, videos and sounds"),
            mark("There is nothing yet. Import a catalogue, then make ads from its items."),
            mark("Go to the items"),
            lambda: self.context.navigate("items"),
        )

    def _matrix_reset(self) -> None:
        self.table.fit_columns()
        if self.matrix.lines:
            self.table_states.show_content()
        else:
            self.table_states.show_message(
                mark("No ads yet"),
                mark("Add items, or what is recommended for an audience; each line becomes an ad."),
                mark("Add items") if not self.context.read_only else "",
                self._pick,
            )
        self._say_count()

    def show_channels(self, names: list[str]) -> None:
        """Give these channels a column each."""
        self._shown = names
        self.matrix.set_channels([channel for channel in self._all if channel.name in names])

    def _say_options(self) -> None:
        n = len(self.options.options())
        say(self.options_button, mark("Options ({n})") if n else mark("Options"), n=n)

    def _say_count(self) -> None:
        n = sum(len(channels) for _line, channels in self.matrix.wanted())
        say(self.export_button, mark("Export {n} files") if n != 1 else mark("Export 1 file"), n=n)
        self.export_button.setEnabled(n > 0 and self._run is None and not self.context.read_only)

    def _inspect(self, row_: int) -> None:
        if 0 <= row_ < len(self.matrix.lines):
            hero = self.matrix.lines[row_].item.hero
            self.context.select_assets([hero] if hero is not None else [])

    # --- choosing -----------------------------------------------------------------------------------

    def _pick(self) -> None:
        self.picker.open_below(self.add_button)

    def _offer_audiences(self) -> None:
        menu = QMenu(self)
        for audience in self._audiences:
            entry = menu.addAction(audience.name)
            entry.triggered.connect(lambda _checked=False, id_=audience.id: self.add_recommended(id_))
        if not self._audiences:
            entry = menu.addAction(tr("No audience yet: make one first"))
            entry.triggered.connect(lambda: self.context.navigate("audiences"))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.recommended_button.mapToGlobal(self.recommended_button.rect().bottomLeft()))

    def add_items(self, ids: list[int], audience: int | None) -> None:
        """Put ads for these items on top of the list."""
        studio = self.context.studio
        if studio is None:
            return
        words = next((a.name for a in self._audiences if a.id == audience), "")

        def work() -> list[ExportLine]:
            rows = item_rows(studio.library, ids)
            return [ExportLine(rows[i], audience, words) for i in ids if i in rows]

        self.context.background(work, self.matrix.add, owner=self)

    def add_recommended(self, audience: int) -> None:
        """Put the best items for an audience on top of the list."""
        studio = self.context.studio
        if studio is not None:
            self.context.ask(
                "exports-recommended",
                lambda: [r.item_id for r in studio.recommender.recommend(audience, k=_RECOMMENDED)],
                lambda ids: self.add_items(ids, audience),
            )

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, tr("Folder for exports"), self._folder or str(Path.home())
        )
        if folder:
            self._set_folder(folder)

    def _set_folder(self, folder: str) -> None:
        self._folder = folder
        self.folder_label.setText(folder)

    # --- exporting ----------------------------------------------------------------------------------

    def export(self) -> None:
        """Export what is ticked."""
        wanted = self.matrix.wanted()
        if not wanted or self._run is not None or self.context.read_only:
            return
        self._run = run = ExportRun(
            self.context, wanted, self._folder, self._recipe, self, self.options.options()
        )
        run.composed.connect(self.matrix.composed)
        run.line_done.connect(self.matrix.untick)
        run.held.connect(self._held)
        run.progressed.connect(self._progressed)
        run.finished.connect(self._finished)
        self.bar.show()
        self.cancel_button.show()
        self.export_button.setEnabled(False)
        run.start()

    def _held(self, _line: ExportLine, storyboard: int, channels: list[str]) -> None:
        self.held_bar.add(ExportWish(storyboard, tuple(channels), self._folder))

    def _show_held(self, wish: ExportWish) -> None:
        for line in self.matrix.lines:
            if line.storyboard == wish.storyboard:
                self.matrix.untick(line)  # its export goes on from there
        self.context.navigate(
            "preview",
            storyboard=wish.storyboard,
            held=True,
            channels=list(wish.channels),
            folder=wish.folder,
        )

    def _cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _progressed(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _finished(self) -> None:
        self._run = None
        self.bar.hide()
        self.cancel_button.hide()
        self._say_count()

    # --- finished files -----------------------------------------------------------------------------

    def _current(self) -> ExportedFile | None:
        file: ExportedFile | None = self.files.currentIndex().data(ROW_ROLE)
        return file

    def _with_file(self, do: Any, file: ExportedFile | None) -> None:
        if file is not None:
            do(file.path)

    def _with_current(self, do: Any) -> None:
        self._with_file(do, self._current())

    def _enable_file_buttons(self) -> None:
        chosen = bool(self.files.selectionModel().selectedIndexes())
        self.open_button.setEnabled(chosen)
        self.copy_button.setEnabled(chosen)
        file = self._current()
        self.picture_button.setEnabled(chosen and file is not None and is_picture(file.path))
        self.share_button.setEnabled(chosen and file is not None and file.storyboard is not None)

    def _open_folder(self) -> None:
        file = self._current()
        open_path(str(Path(file.path).parent) if file is not None else self._folder)

    def _chosen_files(self) -> list[str]:
        rows: list[ExportedFile] = [i.data(ROW_ROLE) for i in self.files.selectionModel().selectedIndexes()]
        return [file.path for file in rows if file is not None]

    def _copy_file(self) -> None:
        if paths := self._chosen_files():
            copy_files(paths)
            self.context.notify(
                tr("{n} files are on the clipboard.", n=len(paths))
                if len(paths) > 1
                else tr("The file is on the clipboard.")
            )

    def _copy_picture(self) -> None:
        file = self._current()
        if file is not None:
            path = file.path
            self.context.background(
                lambda: read_picture(path), self._picture_read, self.context.report, owner=self
            )

    def _picture_read(self, pixels: Any) -> None:
        copy_picture(pixels)
        self.context.notify(tr("The picture is on the clipboard."))

    def _share(self) -> None:
        file = self._current()
        if file is not None and file.storyboard is not None:
            sheet = ShareSheet(self.context, file.storyboard, self._all, file.channel_name, self)
            sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            sheet.open()

    def _encrypt(self) -> None:
        if files := [path for path in self._chosen_files() if Path(path).is_file()]:
            dialog = EncryptDialog(self.context, files, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()
        else:
            self.tabs.setCurrentWidget(self.finished_page)
            self.context.notify(tr("Choose the finished files to encrypt."))

    def _verify(self) -> None:
        """Read back the chosen files, or all files of the folder where none is chosen."""
        chosen = [index.data(ROW_ROLE).path for index in self.files.selectionModel().selectedIndexes()]
        self.context.navigate("verify", files=chosen or [self._folder])

    def _file_menu(self, at: QPoint) -> None:
        index = self.files.indexAt(at)
        if not index.isValid():
            return
        self.files.setCurrentIndex(index)
        menu = QMenu(self)
        menu.addAction(tr("Open")).triggered.connect(lambda: self._with_current(open_path))
        menu.addAction(tr("Open folder")).triggered.connect(self._open_folder)
        menu.addAction(tr("Copy")).triggered.connect(self._copy_file)
        if self.picture_button.isEnabled():
            menu.addAction(tr("Copy as picture")).triggered.connect(self._copy_picture)
        if self.share_button.isEnabled():
            menu.addAction(tr("Texts to share")).triggered.connect(self._share)
        menu.addAction(tr("Verify")).triggered.connect(self._verify)
        menu.addAction(tr("Encrypt…")).triggered.connect(self._encrypt)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.files.viewport().mapToGlobal(at))
