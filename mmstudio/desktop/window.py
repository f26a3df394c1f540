"""The one window: rail, top bar, panes, inspector, strip; what happens where is in the panes."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.inspector import Inspector
from mmstudio.desktop.job_notices import JobNotices
from mmstudio.desktop.menus import Menus
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.panes.welcome import WelcomePane, paint_mark
from mmstudio.desktop.read_only import guard_pane
from mmstudio.desktop.reading_ahead import ReadingAhead
from mmstudio.desktop.sample import open_sample
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.job_strip import JobStrip
from mmstudio.desktop.views.palette import CommandPalette
from mmstudio.desktop.views.quick_look import QuickLook
from mmstudio.desktop.views.rail import Rail
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.toasts import NoticeBell, Toasts
from mmstudio.desktop.watching import FolderWatch
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

log = logging.getLogger(__name__)

# key, marked name, icon, module, class: a module is imported when its pane is first shown
PANES: list[tuple[str, str, str, str, str]] = [
    ("library", mark("Library"), "squares-four", "library", "LibraryPane"),
    ("items", mark("Items"), "shopping-bag", "items", "ItemsPane"),
    ("audiences", mark("Audiences"), "users-three", "audiences", "AudiencesPane"),
    ("models", mark("Models"), "brain", "models", "ModelsPane"),
    ("create", mark("Create"), "sparkle", "create", "CreatePane"),
    ("preview", mark("Preview"), "monitor-play", "preview", "PreviewPane"),
    ("exports", mark("Exports"), "export", "exports", "ExportsPane"),
    ("jobs", mark("Jobs"), "list-dashes", "jobs", "JobsPane"),
    ("preferences", mark("Preferences"), "gear", "preferences", "PreferencesPane"),
]
# Pages that belong to a pane of the rail and are reached from it, the Go menu and the command palette:
# key, marked name, icon, module, class, key of the pane they belong to
PAGES: list[tuple[str, str, str, str, str, str]] = [
    ("doctor", mark("Library doctor"), "first-aid-kit", "doctor", "DoctorPane", "library"),
    ("map", mark("Map of the library"), "map-trifold", "map", "MapPane", "library"),
    ("teach", mark("Teach a tag"), "graduation-cap", "teach", "TeachPane", "library"),
    ("inside", mark("See inside"), "eye", "inside", "InsidePane", "library"),
    ("make", mark("Make"), "magic-wand", "make", "MakePane", "create"),
    ("play", mark("Play with a model"), "faders", "play", "PlayPane", "create"),
    ("sets", mark("Make a set"), "puzzle-piece", "sets", "SetsPane", "create"),
    ("write", mark("Write"), "note-pencil", "write", "WritePane", "create"),
    ("editor", mark("Storyboard editor"), "pencil-simple", "editor", "EditorPane", "preview"),
    ("augment", mark("Augmentation"), "magic-wand", "augment", "AugmentPane", "models"),
    ("compare", mark("Compare models"), "scales", "compare", "ComparePane", "models"),
    ("tuning", mark("Search for settings"), "magnifying-glass", "tuning", "TuningPane", "models"),
    ("catalogue", mark("Catalogue of networks"), "books", "catalogue", "CataloguePane", "models"),
    ("two", mark("Two audiences"), "columns", "two", "TwoPane", "audiences"),
    ("segments", mark("Segments"), "circles-three", "segments", "SegmentsPane", "audiences"),
    ("variants", mark("Variants and tests"), "flask", "variants", "VariantsPane", "audiences"),
    ("brand", mark("Brand"), "palette", "brand", "BrandPane", "preview"),
    ("compliance", mark("Compliance"), "shield-check", "compliance", "CompliancePane", "preview"),
    ("verify", mark("Verify files"), "shield-checkered", "verify", "VerifyPane", "exports"),
    ("measure", mark("Measure the recommender"), "gauge", "measure", "MeasurePane", "audiences"),
]
_WITHOUT_LIBRARY = {"preferences"}
# What large pages bring along, loaded in a worker first. No Qt: its types are made on the GUI thread only.
_AHEAD = {
    "sets": ("mmstudio.features", "mmstudio.generation.sets", "mmstudio.generation.copywriting"),
    "write": ("mmstudio.features", "mmstudio.generation.copywriting"),
    "editor": ("mmstudio.composition.editing", "mmstudio.export.channels"),
}
# Read with the engine: while a training runs, reading them would hold the window up at its first checkpoint.
_FOR_TRAININGS = (
    "mmstudio.learning.engine.registry", "mmstudio.learning.engine.trainer", "sklearn.mixture",
    "torch.utils.tensorboard", "torch._dynamo",  # the last is read by the first step of any optimiser
)  # fmt: skip
_HEADER_WIDTH = 720
_CLOSE_MS = 5500  # jobs get five seconds to save their state; then the window closes all the same


class MainWindow(QMainWindow):
    """Builds panes lazily and keeps them; everything else goes through the context."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.panes: dict[str, Pane] = {}
        self.current = ""
        self._closing = False
        self._coming = ""
        self._wanted: tuple[str, dict[str, Any]] = (context.settings.last_pane, {})
        self.setWindowTitle("MM Studio")
        self.setWindowIcon(_window_icon())
        self.setMinimumSize(880, 560)
        self._build()
        self.menus = Menus(self, context)
        self._undo.setDefaultAction(self.menus.undo)
        self._redo.setDefaultAction(self.menus.redo)
        self._fold.setDefaultAction(self.menus.inspector)
        self._connect()
        self._restore()
        self._show_library_state()
        self.show_pane(context.settings.last_pane)
        self.welcome.sample.setFocus()

    # --- building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.rail = Rail([entry[:3] for entry in PANES[:-1]], [PANES[-1][:3]])
        self.stack = QStackedWidget()
        self.stack.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.welcome = WelcomePane(self.context)
        self.stack.addWidget(self.welcome)
        self.inspector = Inspector(self.context)
        self.side = QStackedWidget()
        self.side.addWidget(self.inspector)
        self.side.setMinimumWidth(240)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.stack)
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.split.setCollapsible(0, False)
        self.split.setSizes([1000, 300])
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top_bar())
        column.addWidget(self.split, 1)
        self.quick = QuickLook(self.context, middle)
        self.toasts = Toasts(self.context, middle)
        self.strip = JobStrip(self.context, self.context.jobs, NoticeBell(self.toasts))
        column.addWidget(self.strip)
        self.job_notices = JobNotices(self.context, self.context.jobs)
        self.watch = FolderWatch(self.context)
        self.readiness = ReadingAhead(self.context, self.pane, self)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.rail)
        line.addWidget(middle, 1)
        self.setCentralWidget(whole)

    def _top_bar(self) -> QWidget:
        self.top = QWidget()
        self.top.setProperty("surface", "bar")
        self.top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.top.setFixedHeight(48)
        self.library_button = QToolButton()
        self.library_button.setProperty("role", "library")
        self.library_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.library_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.library_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(self.library_button, mark("Library menu"), mark("Open, make or close a library"))
        self.read_only_note = label(mark("Read only"), "chip")
        self.read_only_note.hide()
        self.heading = label(role="heading")
        self.headers = QStackedWidget()
        self._no_header = QWidget()
        self._slots: dict[str, QWidget] = {}
        self.headers.addWidget(self._no_header)
        self._undo, self._redo, self._fold = (_bar_button() for _n in range(3))
        line = QHBoxLayout(self.top)
        line.setContentsMargins(12, 0, 8, 0)
        line.setSpacing(8)
        line.addWidget(self.library_button)
        line.addWidget(self.read_only_note, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.heading)
        line.addWidget(self.headers, 1)
        for widget in (self._undo, self._redo, self._fold):
            line.addWidget(widget)
        return self.top

    def _connect(self) -> None:
        context = self.context
        self.rail.chosen.connect(lambda key: context.navigate(key))
        self.rail.folded.connect(lambda folded: context.change_setting("rail_collapsed", folded))
        context.navigated.connect(self.show_pane)
        context.library_opened.connect(self._library_changed)
        context.library_closed.connect(self._library_changed)
        context.opening_changed.connect(self._show_library_state)
        context.changed.connect(self._data_changed)
        context.quick_look_requested.connect(self.quick.look)
        context.language_changed.connect(self._retranslate)
        context.theme_changed.connect(self._theme_changed)
        context.setting_changed.connect(self._setting_changed)
        self.quick.stepped.connect(self._step_quick_look)
        self.welcome.sample_wanted.connect(lambda: open_sample(context))
        self.welcome.folder_wanted.connect(self.menus.add_my_folder)
        self.welcome.open_wanted.connect(self.menus.open_library)
        self.welcome.folder_dropped.connect(self.menus.add_dropped)

    # --- panes --------------------------------------------------------------------------------------

    def pane(self, key: str) -> Pane | None:
        """The pane of a key, built when first asked for; None where it could not be."""
        if key not in self.panes:
            entry = next((e for e in (*PANES, *PAGES) if e[0] == key), None)
            if entry is None:
                return None
            module = importlib.import_module(f"mmstudio.desktop.panes.{entry[3]}")
            made: Pane = getattr(module, entry[4])(self.context, self.stack)
            guard_pane(self.context, made, key)
            self.panes[key] = made
            self.stack.addWidget(made)
            header = made.header()
            if header is not None:
                self._slots[key] = _centred(header)
                self.headers.addWidget(self._slots[key])
        return self.panes[key]

    def show_pane(self, key: str, args: dict[str, Any] | None = None) -> None:
        """Show a pane; without a library the welcome page stands in."""
        if key not in {entry[0] for entry in (*PANES, *PAGES)}:
            key = "library"
        if self.context.studio is None and key not in _WITHOUT_LIBRARY:
            self._wanted = (key, args or {})
            self.current = ""
            self.stack.setCurrentWidget(self.welcome)
            self._show_frame(None)
            return
        if self._load_ahead(key, args):
            return
        try:
            pane = self.pane(key)
        except Exception as error:  # noqa: BLE001 - one broken pane must not take the window along
            self.context.report(error)
            self._show_broken(key, error)
            return
        if pane is None:
            return
        self.current = key
        self._wanted = (key, {})
        self.stack.setCurrentWidget(pane)
        self._show_frame(pane)
        pane.activated(**(args or {}))
        if self.quick.isVisible():
            self.quick.close_look()
        self.context.change_setting("last_pane", key)

    def _load_ahead(self, key: str, args: dict[str, Any] | None) -> bool:
        """Load what a large page needs in a worker, then show it; False where all is there."""
        self._coming = key
        missing = [module for module in _AHEAD.get(key, ()) if module not in sys.modules]
        if not missing:
            return False

        def load() -> None:
            for module in missing:
                importlib.import_module(module)

        def loaded(_nothing: object) -> None:
            if self._coming == key:  # the person has not gone elsewhere
                self.show_pane(key, args)

        def failed(error: Exception) -> None:
            self.context.report(error)
            self._show_broken(key, error)

        self.context.background(load, loaded, failed, owner=self)
        return True

    def _show_broken(self, key: str, error: Exception) -> None:
        page = StateStack(QWidget())
        page.show_failure(error, lambda: self.show_pane(key))
        self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)

    def _show_frame(self, pane: Pane | None) -> None:
        key = pane.key if pane is not None else ""
        shown = key or self._wanted[0]
        self.rail.mark_current(next((page[5] for page in PAGES if page[0] == shown), shown))
        header = pane.header() if pane is not None else None
        self.headers.setCurrentWidget(self._slots.get(key, self._no_header))
        self.heading.setText(pane.title() if pane is not None and header is None else "")
        self.heading.setVisible(bool(self.heading.text()))
        own = pane.inspector() if pane is not None else None
        if own is not None and self.side.indexOf(own) < 0:
            self.side.addWidget(own)
        self.side.setCurrentWidget(own or self.inspector)
        if pane is not None:
            self.inspector.stand_beside(key, shares_selection=pane.shares_selection)
        wanted = pane is not None and pane.with_inspector
        self.side.setVisible(wanted and self.context.settings.inspector_visible)
        self.menus.inspector.setEnabled(wanted)
        self._fold.setVisible(wanted)
        self.menus.show_pane_actions(pane)

    def set_inspector_visible(self, visible: bool) -> None:
        """Fold or unfold the inspector."""
        self.context.change_setting("inspector_visible", visible)

    def _setting_changed(self, setting: str) -> None:
        if setting == "inspector_visible":
            visible = self.context.settings.inspector_visible
            self.menus.inspector.setChecked(visible)
            self.side.setVisible(visible and self.menus.inspector.isEnabled())

    # --- library ------------------------------------------------------------------------------------

    def _library_changed(self) -> None:
        self.readiness.forget()
        for pane in self.panes.values():
            pane.library_changed()
        self._show_library_state()
        key, args = self._wanted
        self.show_pane(self.current or key, args)

    def _show_library_state(self, _opening: bool = False) -> None:
        studio = self.context.studio
        if studio is not None:
            path = Path(studio.library.path)
            self.library_button.setText(f"{path.stem}  ▾")
            self.setWindowTitle(f"{path.stem} – MM Studio")
        else:
            self.library_button.setText(tr("Library") + "  ▾")
            self.setWindowTitle("MM Studio")
        self.read_only_note.setVisible(studio is not None and studio.library.read_only)
        self.menus.refresh()

    def _data_changed(self, topic: str, ids: list[int] | None) -> None:
        for pane in self.panes.values():
            pane.data_changed(topic, ids)
        self.menus.refresh_undo()

    # --- actions of the frame -----------------------------------------------------------------------

    def focus_search(self) -> None:
        """Put the cursor into the pane's search field, or the Library's."""
        pane = self.panes.get(self.current)
        field = pane.search_field() if pane is not None else None
        if field is None and self.context.studio is not None:
            self.show_pane("library")
            field = self.panes["library"].search_field()
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            field.selectAll()

    def open_palette(self) -> CommandPalette:
        """Show every action by name."""
        return CommandPalette(self, self.menus.every_action())

    def warm_up(self) -> None:
        """Load the engine on its own thread, behind a status line: the first training then starts at once."""
        studio = self.context.studio
        if studio is None:
            return
        self.strip.set_status(tr("Loading the engine…"))

        def load() -> None:
            from mmstudio.features.device import read_libraries

            read_libraries()
            _ = studio.features.device
            for module in _FOR_TRAININGS:
                importlib.import_module(module)
            gc.freeze()  # thousands of modules: looking through them for garbage would hold the window up

        self.context.ask("warm-up", load, self._warm, self._not_warm)

    def _warm(self, _device: object) -> None:
        self.strip.set_status("")

    def _not_warm(self, error: Exception) -> None:
        log.info("the engine did not load ahead: %s", error)
        self.strip.set_status("")

    def _step_quick_look(self, step: int) -> None:
        pane = self.panes.get(self.current)
        neighbour = pane.neighbour(step) if pane is not None else None
        if neighbour is not None:
            self.quick.look([neighbour])

    # --- language, theme, geometry, closing ---------------------------------------------------------

    def _retranslate(self) -> None:
        for pane in self.panes.values():
            try:
                pane.retranslate()
            except Exception as error:  # noqa: BLE001 - told to the person; the other pages still follow
                self.context.report(error)
        for box in self.findChildren(QComboBox):  # as wide as their words now, not as at their first showing
            policy = box.sizeAdjustPolicy()
            if policy == QComboBox.SizeAdjustPolicy.AdjustToContentsOnFirstShow:
                box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
                box.setSizeAdjustPolicy(policy)
        self._show_library_state()
        pane_now = self.panes.get(self.current)
        if pane_now is not None and pane_now.header() is None:
            self.heading.setText(pane_now.title())

    def _theme_changed(self) -> None:
        self.setWindowIcon(_window_icon())
        for widget in self.findChildren(QWidget):
            widget.update()

    def _restore(self) -> None:
        settings = self.context.settings
        self.rail.set_folded(settings.rail_collapsed)
        saved = QByteArray.fromBase64(settings.window_geometry.encode())
        if saved.isEmpty() or not self.restoreGeometry(saved):
            screen = QGuiApplication.primaryScreen()
            room = screen.availableGeometry().size() if screen is not None else QSize(1440, 900)
            self.resize(QSize(1440, 900).boundedTo(room * 0.94))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.context.studio is None or self._closing:
            for pane in self.panes.values():
                pane.close_pane()
            self.inspector.close_inspector()
            self.quick.preview.close_preview()
            event.accept()
            return
        # Jobs get time to save their state; the window stays until they have, five seconds at most.
        event.ignore()
        self._closing = True
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.context.change_setting("window_geometry", geometry)
        self.setEnabled(False)
        self.strip.set_status(tr("Pausing jobs and closing the library…"))
        self.context.close_library(then=self.close)
        QTimer.singleShot(_CLOSE_MS, self, self.close)


def _centred(header: QWidget) -> QWidget:
    """A pane's header keeps its own height in the bar, and a readable width."""
    slot = QWidget()
    line = QHBoxLayout(slot)
    line.setContentsMargins(0, 0, 0, 0)
    header.setMaximumWidth(_HEADER_WIDTH)
    line.addWidget(header, 1, Qt.AlignmentFlag.AlignVCenter)
    line.addStretch(0)
    return slot


def _bar_button() -> QToolButton:
    made = QToolButton()
    made.setIconSize(QSize(18, 18))
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _window_icon() -> QIcon:
    icon = QIcon()
    for side in (32, 64, 128):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_mark(painter, pixmap.rect().toRectF())
        painter.end()
        icon.addPixmap(pixmap)
    return icon
