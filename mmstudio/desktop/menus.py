"""Every action of the frame, in menus, with shortcut, status tip and accessible name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from mmstudio import __version__
from mmstudio.desktop.read_only import writes
from mmstudio.desktop.sample import open_sample
from mmstudio.desktop.texts import action, say
from mmstudio.i18n import mark, tr
from mmstudio.paths import data_dir, log_dir

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.pane import Pane
    from mmstudio.desktop.window import MainWindow

SUFFIX = ".mmlib"


class Menus(QObject):
    """Builds the menu bar once; the menu of the pane in front follows it."""

    def __init__(self, window: MainWindow, context: AppContext) -> None:
        super().__init__(window)
        self._window, self._context = window, context
        self._file_menu()
        self._edit_menu()
        self._pane_menu()
        self._go_menu()
        self._view_menu()
        self._help_menu()
        library_menu = QMenu(window)
        library_menu.addActions([self.new, self.open, self.sample])
        library_menu.addMenu(self.recent)
        library_menu.addSeparator()
        library_menu.addAction(self.close)
        window.library_button.setMenu(library_menu)
        self.refresh()

    # --- menus --------------------------------------------------------------------------------------

    def _menu(self, template: str) -> QMenu:
        menu = self._window.menuBar().addMenu("")
        say(menu, template, "setTitle")
        return menu

    def _file_menu(self) -> None:
        w = self._window
        self.new = action(
            w, mark("New library…"), self.new_library, shortcut="Ctrl+N", icon="file-plus",
            tip=mark("Make an empty library"),
        )  # fmt: skip
        self.open = action(
            w, mark("Open a library…"), self.open_library, shortcut="Ctrl+O", icon="folder-open",
            tip=mark("Open a library folder"),
        )  # fmt: skip
        self.sample = action(
            w, mark("Open the sample library"), lambda: open_sample(self._context), icon="image",
            tip=mark("A small shop with pictures, music and texts, made on this computer in half a minute"),
        )  # fmt: skip
        self.folder = action(
            w, mark("Add my folder…"), self.add_my_folder, icon="folder-plus",
            tip=mark("Bring a folder of media in; the files stay where they are"),
        )  # fmt: skip
        writes(self._context, self.folder)
        self.close = action(
            w, mark("Close the library"), self._context.close_library, shortcut="Ctrl+W",
            tip=mark("Pause its jobs and close the library"),
        )  # fmt: skip
        self.quit = action(w, mark("Quit"), w.close, tip=mark("Pause jobs and end the program"))
        self.quit.setShortcut(QKeySequence.StandardKey.Quit)
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        menu = self._menu(mark("&File"))
        menu.addActions([self.new, self.open])
        self.recent = menu.addMenu("")
        say(self.recent, mark("Open recent"), "setTitle")
        self.recent.aboutToShow.connect(self._fill_recent)
        menu.addActions([self.sample])
        menu.addSeparator()
        menu.addAction(self.folder)
        menu.addSeparator()
        menu.addActions([self.close, self.quit])

    def _edit_menu(self) -> None:
        w = self._window
        self.undo = action(w, mark("Undo"), lambda: self._undo(back=True), icon="arrow-counter-clockwise")
        self.undo.setShortcut(QKeySequence("Ctrl+Z"))
        self.redo = action(w, mark("Redo"), lambda: self._undo(back=False), icon="arrow-clockwise")
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self.find = action(
            w, mark("Search"), w.focus_search, shortcut="Ctrl+F", icon="magnifying-glass",
            tip=mark("Search in this pane, or in the Library"),
        )  # fmt: skip
        self.commands = action(
            w, mark("Commands…"), w.open_palette, shortcut="Ctrl+K", icon="command",
            tip=mark("Find any action by its name"),
        )  # fmt: skip
        self._menu(mark("&Edit")).addActions([self.undo, self.redo, self.find, self.commands])

    def _pane_menu(self) -> None:
        self.pane_menu = self._window.menuBar().addMenu("")
        self.pane_menu.menuAction().setVisible(False)
        self._submenus: list[QMenu] = []

    def _go_menu(self) -> None:
        from mmstudio.desktop.window import PAGES, PANES

        menu = self._menu(mark("&Go"))
        self.go: list[QAction] = []
        for place, (key, template, symbol, _module, _class) in enumerate(PANES, 1):
            made = action(
                self._window, template, partial(self._context.navigate, key), icon=symbol,
                shortcut=f"Ctrl+{place}" if place < 9 else "Ctrl+,", tip=mark("Go to this pane"),
            )  # fmt: skip
            if key == "preferences":
                made.setMenuRole(QAction.MenuRole.PreferencesRole)
            self.go.append(made)
        menu.addActions(self.go)
        self.pages = [
            action(
                self._window, page[1], partial(self._context.navigate, page[0]), icon=page[2],
                tip=mark("Go to this page"),
            )
            for page in PAGES
        ]  # fmt: skip
        menu.addSeparator()
        menu.addActions(self.pages)

    def _view_menu(self) -> None:
        w, context = self._window, self._context
        self.inspector = action(
            w, mark("Inspector"), lambda: w.set_inspector_visible(self.inspector.isChecked()),
            shortcut="Ctrl+I", icon="layout", checkable=True,
            tip=mark("Show or fold the inspector"),
        )  # fmt: skip
        self.inspector.setChecked(context.settings.inspector_visible)
        self.rail = action(
            w, mark("Fold the navigation"), w.rail.toggle, shortcut="Ctrl+B", icon="list",
            tip=mark("Show icons only, or icons and words"),
        )  # fmt: skip
        self.full = action(
            w, mark("Full screen"), self._toggle_full_screen, shortcut="F11", icon="corners-out"
        )
        menu = self._menu(mark("&View"))
        menu.addActions([self.inspector, self.rail, self.full])
        menu.addSeparator()
        self.themes: dict[str, QAction] = {}
        group = QActionGroup(w)
        for key, template in (
            ("system", mark("Colours like the system")),
            ("light", mark("Light colours")),
            ("dark", mark("Dark colours")),
        ):
            made = action(w, template, partial(context.change_setting, "theme", key), checkable=True)
            made.setChecked(context.settings.theme == key)
            group.addAction(made)
            self.themes[key] = made
        menu.addActions(list(self.themes.values()))
        menu.addSeparator()
        languages = QActionGroup(w)
        for key, template in (("en", "English"), ("zh_CN", "简体中文")):
            made = QAction(template, w)
            made.setCheckable(True)
            made.setProperty("language", key)
            made.triggered.connect(lambda _on=False, key=key: context.change_setting("language", key))
            languages.addAction(made)
        self.languages = languages
        menu.addActions(languages.actions())
        context.setting_changed.connect(self._follow)
        self._follow("language")

    def _help_menu(self) -> None:
        w = self._window
        self.logs = action(
            w,
            mark("Open the log folder"),
            self._open_logs,
            tip=mark("The details of errors are in the log files"),
        )
        self.about = action(w, mark("About MM Studio"), self._about)
        self.about.setMenuRole(QAction.MenuRole.AboutRole)
        self._menu(mark("&Help")).addActions([self.logs, self.about])

    # --- what follows the state ---------------------------------------------------------------------

    def every_action(self) -> list[QAction]:
        """For the command palette: the pane's actions first."""
        pane = self._window.panes.get(self._window.current)
        own = list(pane.actions()) if pane is not None else []
        return own + [a for a in self._window.actions() if a.text()]

    def show_pane_actions(self, pane: Pane | None) -> None:
        """Fill the menu named after the pane in front."""
        # Not clear(): PySide would free the actions, and the pane would lose them and their keys.
        for shown in self.pane_menu.actions():
            self.pane_menu.removeAction(shown)
        for old in self._submenus:
            old.deleteLater()
        actions = [a for a in pane.actions() if a.text()] if pane is not None else []
        self._submenus = fill_menu(self.pane_menu, actions)
        self.pane_menu.setTitle(pane.title() if pane is not None else "")
        self.pane_menu.menuAction().setVisible(bool(actions))
        if hasattr(self, "undo"):
            self.refresh_undo()

    def refresh(self) -> None:
        """Enable what makes sense with or without a library."""
        self.close.setEnabled(self._context.studio is not None)
        pane = self._window.panes.get(self._window.current)
        self.show_pane_actions(pane)
        self.refresh_undo()

    def _undo(self, *, back: bool) -> None:
        """Undo or redo in the pane in front where it has steps of its own, else in the library."""
        pane = self._window.panes.get(self._window.current)
        own = pane is not None and pane.undo_labels() is not None
        target = pane if own else self._context
        (target.undo if back else target.redo)()  # type: ignore[union-attr]

    def refresh_undo(self) -> None:
        """Say what undo and redo would do; asked in a worker."""
        studio = self._context.studio
        pane = self._window.panes.get(self._window.current)
        own = pane.undo_labels() if pane is not None else None
        if own is not None:
            self._context.drop("undo-labels")
            self._show_undo(own)
            return
        if studio is None or studio.library.read_only:
            self._show_undo((None, None))
            return
        library = studio.library
        self._context.background(lambda: library.undo.labels, self._show_undo, key="undo-labels", owner=self)

    def _show_undo(self, labels: tuple[str | None, str | None]) -> None:
        for made, what, alone, named in (
            (self.undo, labels[0], mark("Undo"), mark("Undo: {what}")),
            (self.redo, labels[1], mark("Redo"), mark("Redo: {what}")),
        ):
            made.setEnabled(what is not None)
            say(made, named if what else alone, **({"what": what} if what else {}))
            say(made, named if what else alone, "setStatusTip", **({"what": what} if what else {}))

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self._context.settings.recent_libraries:
            entry = self.recent.addAction(Path(path).stem)
            entry.setStatusTip(path)
            entry.triggered.connect(lambda _on=False, path=path: self._context.open_library(path))
        self.recent.setEnabled(bool(self._context.settings.recent_libraries))

    def _follow(self, setting: str) -> None:
        settings = self._context.settings
        if setting == "theme":
            self.themes[settings.theme].setChecked(True)
        if setting == "language":
            from mmstudio.i18n import language

            for made in self.languages.actions():
                made.setChecked(made.property("language") == language())

    # --- what they do -------------------------------------------------------------------------------

    def new_library(self) -> None:
        """Ask where, and make an empty library."""
        path, _filter = QFileDialog.getSaveFileName(
            self._window, tr("New library"), str(Path.home() / f"{tr('My library')}{SUFFIX}")
        )
        if path:
            self._context.open_library(_with_suffix(path), create=True)

    def open_library(self) -> None:
        """Ask for a library folder."""
        path = QFileDialog.getExistingDirectory(self._window, tr("Open a library"), str(Path.home()))
        if path:
            self._context.open_library(path)

    def add_my_folder(self) -> None:
        """Ask for a folder of media; without a library one is made for it in the program's data folder."""
        folder = QFileDialog.getExistingDirectory(self._window, tr("Add my folder"), str(Path.home()))
        if folder:
            self.add_dropped(folder)

    def add_dropped(self, folder: str) -> None:
        """Open a dropped library, or import a dropped folder."""
        path = Path(folder)
        if path.suffix == SUFFIX or path.name == "open.mmstudio":
            self._context.open_library(path)
            return

        def bring() -> None:
            self._context.submit("import", {"paths": [folder]})
            self._context.navigate("library")

        if self._context.studio is not None:
            bring()
        else:
            own = data_dir() / "libraries" / f"{path.name or 'Media'}{SUFFIX}"
            self._context.open_library(own, create=not own.exists(), then=bring)

    def _toggle_full_screen(self) -> None:
        w = self._window
        if w.isFullScreen():
            w.showNormal()
        else:
            w.showFullScreen()

    def _open_logs(self) -> None:
        folder = log_dir()
        self._context.background(
            lambda: folder.mkdir(parents=True, exist_ok=True),
            lambda _none: _show_folder(folder),
            owner=self,
        )

    def _about(self) -> None:
        self._context.notify(
            tr("MM Studio {version}", version=__version__),
            tr("Free software under Apache-2.0; installers come under GPL-3. Nothing leaves this computer."),
        )


def fill_menu(menu: QMenu, actions: Sequence[QAction]) -> list[QMenu]:
    """Put actions into a menu; those with the property ``submenu`` (marked English) go one level down.

    Returns the menus that were made for that, for whoever fills ``menu`` again.
    """
    made: dict[str, QMenu] = {}
    for one in actions:
        called = str(one.property("submenu") or "")
        if called and called not in made:
            below = made[called] = QMenu(tr(called), menu)
            below.setIcon(one.icon())
            menu.addMenu(below)
        (made[called] if called else menu).addAction(one)
    return list(made.values())


def _with_suffix(path: str) -> Path:
    return Path(path) if path.endswith(SUFFIX) else Path(path + SUFFIX)


def _show_folder(folder: Path) -> None:
    if QApplication.instance() is not None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
