"""Augmentation: try on your own media what a training would make of them, then use it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QListView,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say, unsay
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.desktop.views.augment_controls import PRESET_WORDS, RecipeControls
from mmstudio.desktop.views.augment_delegate import VariantDelegate
from mmstudio.desktop.views.augment_model import (
    COPIES,
    SourceFile,
    Variant,
    VariantModel,
    find_sources,
    original_of,
    read_source,
    variant_of,
)
from mmstudio.desktop.views.augment_player import ABPlayer
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.tiles import DropZone
from mmstudio.features.augment.recipe import read_recipe
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.features.augment import AugmentRecipe, Medium

_TABS = (("image", mark("Pictures")), ("audio", mark("Sounds")), ("text", mark("Texts")))
_PATIENCE_MS = 120  # a moving slider is one question
_CHUNK = {"image": 3, "audio": 1, "text": 8}
_EMPTY = {
    "image": (mark("No pictures to try on yet"), mark("Import pictures, or drag one here from a folder.")),
    "audio": (mark("No sounds to try on yet"), mark("Import sounds, or drag one here from a folder.")),
    "text": (
        mark("No texts to try on yet"),
        mark("Import texts or items with descriptions, or drag a text here from a folder."),
    ),
}


class _DropArea(DropZone):
    """Takes assets and files over all of its surface; the dashes show only while something is over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((ASSETS_MIME, "text/uri-list"), parent)

    def paintEvent(self, event: Any) -> None:
        if self._over:
            super().paintEvent(event)


class AugmentPane(Pane):
    """Controls at the left; the original and its copies at the right; a player below sounds."""

    key: ClassVar[str] = "augment"
    name: ClassVar[str] = mark("Augmentation")
    icon: ClassVar[str] = "magic-wand"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._sources: list[SourceFile] = []
        self._place = 0
        self._medium: Medium | None = None
        self._round = 0  # number of the question in hand: later ones win
        self._selection: list[int] = []
        self.model = VariantModel(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(lambda: self._compute(keep=True))
        self._build()
        context.setting_changed.connect(self._setting_changed)
        context.theme.changed.connect(self._restyle)
        self.library_changed()

    # --- building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        left = QWidget(self.splitter)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for key, words in _TABS:
            self.tabs.setTabData(self.tabs.addTab(tr(words)), key)
        name(self.tabs, mark("Kind of media"))
        self.pages = QStackedWidget(left)
        self.controls = {key: RecipeControls(key, self.pages) for key, _words in _TABS}
        for controls in self.controls.values():
            controls.set_saved(self.context.settings.augment_recipes)
            controls.changed.connect(self._timer.start)
            controls.save_wanted.connect(self._ask_name)
            controls.remove_wanted.connect(self._remove_preset)
            self.pages.addWidget(controls)
        self.use_button = button(mark("Use for training"), self.use, "primary", icon="brain")
        self.use_note = label(role="small", wrap=True)
        foot = QWidget(left)
        foot.setProperty("surface", "strip")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        foot_layout = QVBoxLayout(foot)
        foot_layout.setContentsMargins(16, 10, 12, 12)
        foot_layout.setSpacing(6)
        foot_layout.addWidget(self.use_note)
        foot_layout.addWidget(self.use_button)
        self.use_note.setMinimumWidth(1)
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 4, 0, 0)
        left_layout.setSpacing(0)
        left_layout.addLayout(row(self.tabs, None, margins=(8, 0, 8, 0)))
        left_layout.addWidget(self.pages, 1)
        left_layout.addWidget(foot)
        left.setMinimumWidth(304)

        self.splitter.addWidget(left)
        self.splitter.addWidget(self._results())
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([320, 900])
        self.tabs.currentChanged.connect(self._tab_changed)
        self._roll_action = action(
            self, mark("Another seed"), self._roll, icon="dice-five", shortcut="Ctrl+Shift+R"
        )
        self._use_action = action(self, mark("Use for training"), self.use, icon="brain")

    def _results(self) -> QWidget:
        self.back = tool("caret-left", mark("The medium before"), partial(self.step, -1))
        self.forth = tool("caret-right", mark("The next medium"), partial(self.step, 1))
        self.source_name = label(role="strong")
        self.source_name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.source_from = label(role="small")
        self.delegate = VariantDelegate(self)
        area = _DropArea(self.splitter)
        self.grid = QListView(area)
        self.grid.setModel(self.model)
        self.grid.setItemDelegate(self.delegate)
        self.grid.setViewMode(QListView.ViewMode.IconMode)
        self.grid.setMovement(QListView.Movement.Static)
        self.grid.setResizeMode(QListView.ResizeMode.Adjust)
        self.grid.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.grid.setDragEnabled(False)
        self.grid.installEventFilter(self)
        self.grid.doubleClicked.connect(self._play)
        self.grid.selectionModel().currentChanged.connect(self._current_changed)
        name(
            self.grid,
            mark("The original and its copies"),
            mark("Space or a double click plays a sound; A and B change between original and copy"),
        )
        self.legend = label(
            mark("Bold: replaced · underlined: moved · struck through: left out"), "small", wrap=True
        )
        self.synonym_line = label(role="small", wrap=True)
        self.grid_states = StateStack(self.grid, area)
        self.player = ABPlayer(self.context, area)
        self.player.switched.connect(self._heard)
        area.dropped.connect(self._dropped)
        layout = QVBoxLayout(area)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        bar = row(self.source_name, self.source_from, self.back, self.forth, margins=(16, 8, 12, 4))
        bar.setStretch(0, 1)
        layout.addLayout(bar)
        self.text_notes = QWidget(area)
        notes = QVBoxLayout(self.text_notes)
        notes.setContentsMargins(16, 0, 16, 4)
        notes.setSpacing(2)
        notes.addWidget(self.legend)
        notes.addWidget(self.synonym_line)
        layout.addWidget(self.text_notes)
        layout.addWidget(self.grid_states, 1)
        layout.addWidget(self.player)
        return area

    # --- pane ---------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """The kind of media shown: "image", "audio" or "text"."""
        return str(self.tabs.tabData(self.tabs.currentIndex()))

    @property
    def recipe(self) -> AugmentRecipe:
        """The recipe of the kind shown."""
        return self.controls[self.kind].recipe

    def activated(self, **args: Any) -> None:
        """``kind``: whose tab to show; ``recipe``: JSON to start from."""
        kind = args.get("kind")
        self.grid.setFocus()
        if args.get("recipe") is not None and kind in self.controls:
            self.controls[kind].set_recipe(read_recipe(args["recipe"]))
        if kind in self.controls and kind != self.kind:
            self.tabs.setCurrentIndex(list(self.controls).index(kind))
        elif kind is None and self.context.selection != self._selection:
            self._find(choose_tab=True)
        elif args or not self._sources:
            self._find()

    def library_changed(self) -> None:
        self.context.drop("augment-sources")
        self._forget()
        self._sources, self._selection = [], []
        if self.context.studio is None:
            self.states.show_message(
                mark("Try on what makes a small collection larger"),
                mark("Copies of your media, varied at random, help a model learn. Open a library first."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.states.show_content()
        self._show_use()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "assets" and not self._sources and self.isVisible():
            self._find()

    def retranslate(self) -> None:
        for place, (_key, words) in enumerate(_TABS):
            self.tabs.setTabText(place, tr(words))
        for controls in self.controls.values():
            controls.retranslate()
        self._show_use()
        self._compute(keep=False)

    def close_pane(self) -> None:
        self.player.clear()

    def _restyle(self) -> None:
        self.delegate.forget()
        self.grid.viewport().update()

    def _setting_changed(self, setting: str) -> None:
        if setting == "augment_recipes":
            for controls in self.controls.values():
                controls.set_saved(self.context.settings.augment_recipes)

    # --- media --------------------------------------------------------------------------------------

    def _tab_changed(self, place: int) -> None:
        self.pages.setCurrentIndex(place)
        self._show_use()
        self._find()

    def _find(self, *, choose_tab: bool = False) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self._forget()
        self._selection = list(self.context.selection)
        kinds = [self.kind] + ([k for k in self.controls if k != self.kind] if choose_tab else [])
        selection = self._selection
        self.grid_states.show_loading(mark("Looking for something to try on"))

        def work() -> tuple[str, bool, list[SourceFile]]:
            found = {}
            for kind in kinds:  # the tab shown, unless only another kind is selected
                chosen, sources = found[kind] = find_sources(studio.library, kind, selection)
                if chosen:
                    return kind, chosen, sources
            return kinds[0], *found[kinds[0]]

        self.context.background(work, self._found, self._not_found, key="augment-sources")

    def _found(self, result: tuple[str, bool, list[SourceFile]]) -> None:
        kind, chosen, sources = result
        if kind != self.kind:
            self.tabs.setCurrentIndex(list(self.controls).index(kind))
            return
        self._sources, self._place = sources, 0
        self._from_selection = chosen
        self._show_source()

    def _not_found(self, error: Exception) -> None:
        self.grid_states.show_failure(error, self._find)

    def _dropped(self, mime: QMimeData) -> None:
        studio = self.context.studio
        ids = dropped_assets(mime)
        paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if studio is None:
            return
        if ids:
            self.context.select_assets(ids)
            self._find(choose_tab=True)
        elif paths:
            from mmstudio.media.kinds import kind_of

            kinds = [kind for kind in self.controls if any(kind_of(Path(p)) == kind for p in paths)]
            if not kinds:
                self.context.notify(tr("Only pictures, sounds and texts can be augmented."), level="warning")
                return
            files = [SourceFile(Path(p).name, path=p) for p in paths if kind_of(Path(p)) == kinds[0]]
            self._sources = files  # before the tab changes: it must not look for others
            self.tabs.blockSignals(True)
            self.tabs.setCurrentIndex(list(self.controls).index(kinds[0]))
            self.tabs.blockSignals(False)
            self.pages.setCurrentIndex(self.tabs.currentIndex())
            self._show_use()
            self._place, self._from_selection = 0, True
            self._show_source()

    def step(self, by: int) -> None:
        """The next or the previous medium."""
        if len(self._sources) > 1:
            self._place = (self._place + by) % len(self._sources)
            self._show_source()

    def _show_source(self) -> None:
        self._forget()
        several = len(self._sources) > 1
        for control in (self.back, self.forth):
            control.setVisible(several)
        if not self._sources:
            title, text = _EMPTY[self.kind]
            self.source_name.clear()
            unsay(self.source_from)
            self.source_from.clear()
            self.grid_states.show_message(
                title, text, mark("Go to the Library"), lambda: self.context.navigate("library")
            )
            return
        source = self._sources[self._place]
        self.source_name.setText(source.title)
        self.source_name.setToolTip(source.title)
        words = mark("Selected: {n} of {total}") if self._from_selection else mark("Sample {n} of {total}")
        say(self.source_from, words, n=self._place + 1, total=len(self._sources))
        self._compute(keep=False)

    # --- computing ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._round += 1
        self._timer.stop()
        self._medium = None
        self.delegate.forget()
        self.delegate.playing = None
        self.player.clear()
        self.player.setVisible(self.kind == "audio")
        self.text_notes.setVisible(self.kind == "text")
        self.model.set_rows([])

    def _compute(self, *, keep: bool) -> None:
        studio = self.context.studio
        if studio is None or not self._sources:
            return
        self._round += 1
        kind, number, source, recipe = self.kind, self._round, self._sources[self._place], self.recipe
        self._shape_grid(kind)
        self.model.begin(kind, keep=keep)
        self.grid_states.show_content()
        if self._medium is not None and keep:
            self._next_chunk(number, recipe, 0)
            return

        def read() -> tuple[Medium, Variant, str]:
            from mmstudio.features.augment import source_line, synonyms

            medium = read_source(studio.library, kind, source)
            return medium, original_of(medium), source_line(synonyms()) if kind == "text" else ""

        def done(result: tuple[Medium, Variant, str]) -> None:
            if number != self._round:
                return
            self._medium, original, line = result
            self.synonym_line.setText(line)
            self.model.put(original)
            if original.samples is not None:
                self.player.set_original(original)
            self._next_chunk(number, self.recipe, 0)

        self.context.background(
            read, done, lambda error: self._unreadable(number, error), key="augment-read", owner=self
        )

    def _unreadable(self, number: int, error: Exception) -> None:
        if number == self._round:
            self.grid_states.show_failure(error, self._show_source)

    def _next_chunk(self, number: int, recipe: AugmentRecipe, start: int) -> None:
        """A few copies at a time: what comes in between is heard, and the latest question wins."""
        medium, kind = self._medium, self.kind
        if medium is None or start >= COPIES[kind]:
            return
        until = min(COPIES[kind], start + _CHUNK[kind])

        def work() -> list[Variant]:
            return [variant_of(medium, recipe, index) for index in range(start, until)]

        def done(rows: list[Variant]) -> None:
            if number != self._round:
                return
            for made in rows:
                self._put(made)
            self._next_chunk(number, recipe, until)

        def failed(error: Exception) -> None:
            self._unreadable(number, error)

        if kind == "image":  # torch lives on the device thread
            self.context.ask("augment", work, done, failed)
        else:
            self.context.background(work, done, failed, key="augment", owner=self)

    def _put(self, made: Variant) -> None:
        self.model.put(made)
        if made.kind == "text":
            self.grid.scheduleDelayedItemsLayout()
        current = self.grid.currentIndex().data(ROW_ROLE)
        shown = max(0, current.index) if current is not None else 0
        if made.samples is not None and shown == made.index:
            self.player.set_copy(made)

    def _shape_grid(self, kind: str) -> None:
        texts = kind == "text"
        self.grid.setFlow(QListView.Flow.TopToBottom if texts else QListView.Flow.LeftToRight)
        self.grid.setWrapping(not texts)
        self.grid.setUniformItemSizes(not texts)

    # --- listening ----------------------------------------------------------------------------------

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        found: Variant | None = current.data(ROW_ROLE) if current.isValid() else None
        if found is not None and found.samples is not None and found.index >= 0:
            self.player.set_copy(found)

    def _play(self, index: QModelIndex) -> None:
        found: Variant | None = index.data(ROW_ROLE)
        if found is None or found.samples is None:
            return
        if self.delegate.playing == found.index and self.player.view.playing:
            self.player.view.pause()
        elif found.index < 0:
            self.player.play_original()
        else:
            self.player.set_copy(found, play=True)

    def _heard(self, index: int) -> None:
        self.delegate.playing = index
        self.grid.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.grid and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            pressed = event.text().lower()
            if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return) and self.kind == "audio":
                self._play(self.grid.currentIndex())
                return True
            if pressed in ("a", "b") and self.kind == "audio":
                self.player.switch(pressed)
                return True
            if pressed in (",", "."):
                self.step(1 if pressed == "." else -1)
                return True
        return super().eventFilter(watched, event)

    # --- using and keeping --------------------------------------------------------------------------

    def _roll(self) -> None:
        self.controls[self.kind].roll()

    def _show_use(self) -> None:
        trains = self.kind != "text"
        may = trains and not self.context.read_only
        self.use_button.setVisible(trains)
        self.use_button.setEnabled(may)
        self._use_action.setEnabled(may)
        if not trains:
            words = mark("No model learns from texts here. “mmstudio augment” writes such copies into files.")
        elif self.context.read_only:
            words = mark("The library is open for reading only, so nothing can be trained in it.")
        else:
            words = mark("What is varied here may show in what a model makes later.")
        say(self.use_note, words)

    def use(self) -> None:
        """Open the form of a training with this recipe."""
        if self.use_button.isEnabled() and self.kind != "text":
            self.player.view.pause()
            self.context.navigate("models", train=True, augment=self.recipe.as_json(), kind=self.kind)

    def _ask_name(self) -> None:
        AskPanel(self, tr("Name of the preset"), self.save_preset, hint=tr("for example: product photos"))

    def save_preset(self, called: str) -> None:
        """Keep the recipe of this kind under a name of the person's own."""
        called = called.strip()[:60]
        if not called or called.casefold() in {"custom", *PRESET_WORDS}:
            self.context.notify(tr("Give the preset a name of its own."), level="warning")
            return
        kept = {self._name_of(text): text for text in self.context.settings.augment_recipes}
        recipe = replace(self.recipe, name=called)
        if called in kept:  # one name may hold settings for pictures and for sounds
            before = read_recipe(json.loads(kept[called]))
            recipe = replace(recipe, steps={**before.steps, **recipe.steps})
        kept[called] = json.dumps(recipe.as_json(), ensure_ascii=False)
        self.context.change_setting("augment_recipes", list(kept.values()))
        self.controls[self.kind].set_recipe(recipe)
        self.context.notify(tr("Kept as the preset “{name}”.", name=called), level="success")

    def _remove_preset(self, called: str) -> None:
        before = list(self.context.settings.augment_recipes)
        left = [text for text in before if self._name_of(text) != called]
        self.context.change_setting("augment_recipes", left)
        self.context.notify(
            tr("The preset “{name}” was removed.", name=called),
            action=(tr("Undo"), lambda: self.context.change_setting("augment_recipes", before)),
        )

    @staticmethod
    def _name_of(text: str) -> str:
        try:
            return str(json.loads(text).get("name", ""))
        except (ValueError, AttributeError):
            return ""
