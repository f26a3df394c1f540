"""Create: trained models at work; nothing enters the library until it is saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QListView, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.results import (
    Batch,
    BatchListModel,
    Recipe,
    Result,
    ResultListModel,
    item_colours,
    job_params,
    keep_background,
    make,
    personal,
)
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.trained import ModelLine, model_lines
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.create_controls import CreateControls
from mmstudio.desktop.views.create_detail import ResultDetail
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.result_delegate import BATCH, BatchDelegate, ResultDelegate
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Audience

_BATCHES = 20
_MAKES = ("image", "audio", "text")  # a joint model makes sets, on a page of its own
_ASKED = 2  # results wished for at once: the device thread stays free for other wishes between them
RGB = tuple[int, int, int]


class CreatePane(Pane):
    """Controls at the left, results in the middle, past batches below."""

    key: ClassVar[str] = "create"
    name: ClassVar[str] = mark("Create")
    icon: ClassVar[str] = "sparkle"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._waiting: list[Result] = []
        self._asked = 0
        self._wanted: dict[str, Any] = {}
        self.pictures = Pictures(context, parent=self)
        self.results = ResultListModel(self)
        self.history = BatchListModel(self)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        self.controls = CreateControls(self.context, self.pictures, self.splitter)
        self.controls.setMinimumWidth(232)
        self.controls.generate_wanted.connect(self.generate)
        self.controls.both_wanted.connect(self.generate_both)
        self.controls.background_wanted.connect(self.make_backgrounds)
        self.controls.item_chosen.connect(self.choose_item)
        self.controls.play_wanted.connect(self._play_with_model)
        self.controls.page_wanted.connect(self.context.navigate)
        self.controls.model_box.currentIndexChanged.connect(lambda _i: self._enable())
        self.delegate = ResultDelegate(self)
        self.grid = QListView()
        self.grid.setViewMode(QListView.ViewMode.IconMode)
        self.grid.setResizeMode(QListView.ResizeMode.Adjust)
        self.grid.setMovement(QListView.Movement.Static)
        self.grid.setUniformItemSizes(True)
        self.grid.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.grid.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.grid.setModel(self.results)
        self.grid.setItemDelegate(self.delegate)
        self.grid.installEventFilter(self)
        self.grid.doubleClicked.connect(self._play)
        name(
            self.grid,
            mark("Results"),
            mark("Space or a double click plays a sound or shows a saved picture large"),
        )
        self.grid.selectionModel().selectionChanged.connect(lambda *_args: self._enable())
        self.save_button = button(mark("Save to library"), self.save, icon="floppy-disk")
        self.vary_button = button(mark("Variations"), self.vary, icon="shuffle")
        self.play_button = tool("faders", mark("Play with it"), self.play)
        self.make_button = tool(
            "magic-wand", mark("Make a film, a card or a page"), self.make,
            tip=mark("Recipes for ads, stories, music videos, pages and more, from what the library has"),
        )  # fmt: skip
        self.heading = label(role="muted")
        self.strip = QListView()
        self.strip.setViewMode(QListView.ViewMode.IconMode)
        self.strip.setFlow(QListView.Flow.LeftToRight)
        self.strip.setWrapping(False)
        self.strip.setMovement(QListView.Movement.Static)
        self.strip.setUniformItemSizes(True)
        self.strip.setFixedHeight(BATCH.height() + 16)
        self.strip.setModel(self.history)
        self.strip.setItemDelegate(BatchDelegate(self.strip))
        self.strip.selectionModel().currentChanged.connect(self._show_batch)
        name(self.strip, mark("What you made before"))
        self.grid_states = StateStack(self.grid)
        self.detail = ResultDetail(self.context)
        right = QWidget(self.splitter)
        layout = QVBoxLayout(right)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        bar = QWidget(right)
        flow = FlowLayout(bar, gap=6)  # in a narrow window a second line, rather than words cut off
        flow.setContentsMargins(12, 8, 12, 8)
        for part in (self.save_button, self.vary_button, self.make_button, self.play_button, self.heading):
            flow.addWidget(part)
        layout.addWidget(bar)
        layout.addWidget(self.grid_states, 1)
        layout.addWidget(self.detail)
        layout.addWidget(self.strip)
        self.splitter.addWidget(self.controls)
        self.splitter.addWidget(right)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([288, 700])
        self._generate_action = action(
            self, mark("Generate"), self.generate, icon="sparkle", shortcut="Ctrl+G"
        )
        self._play_action = action(self, mark("Play with it"), self.play, icon="faders")
        self._save_action = action(
            self, mark("Save the results to the library"), self.save, icon="floppy-disk"
        )

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``model``: a name; ``make``: draw with it now; ``like``: what to vary; ``item``: whose colours."""
        self._wanted = {k: v for k, v in args.items() if v is not None}
        if self.controls.model_box.count():
            self._fulfil()

    def library_changed(self) -> None:
        self._waiting.clear()
        self._asked = 0
        self.pictures.forget()
        self.delegate.forget()
        self.results.set_rows([])
        self.history.set_rows([])
        self.detail.show_results([])
        self.strip.hide()
        self.controls.set_like(None)
        self.controls.item.clear()
        self.controls.set_palette_colours([])
        if self.context.studio is None:
            self.states.show_message(
                mark("Create new pictures and sounds"),
                mark("Models make them from what they learned of your media. Open a library first."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.states.show_loading(mark("Looking for models"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("models", "audiences"):
            self._read()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self.controls.retranslate()
        self.results.refresh()

    def actions_menu(self) -> list[QAction]:
        return [self._generate_action, self._play_action, self._save_action]

    def close_pane(self) -> None:
        self.detail.silence()

    # --- models -------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: (
                    [line for line in model_lines(studio.trainings) if line.modality in _MAKES],
                    studio.library.audiences.list(),
                ),
                self._read_done,
                self._failed,
                key="create-models",
            )

    def _read_done(self, found: tuple[list[ModelLine], list[Audience]]) -> None:
        lines, audiences = found
        self.controls.set_audiences(audiences)
        self.controls.set_models(lines)
        if not self.controls.model_box.count():
            self.states.show_message(
                mark("No model can draw yet"),
                mark(
                    "Train one on your own pictures or sounds; it takes minutes and stays on this computer."
                ),
                mark("Train a model"),
                lambda: self.context.navigate("models", train=True),
            )
            return
        self.states.show_content()
        if not self.results.rows:
            self.grid_states.show_message(
                mark("Nothing made yet"),
                mark("Choose a model and press Generate. Save what you like, the rest is forgotten."),
            )
        self._enable()
        self._fulfil()

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _fulfil(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if "model" in wanted:
            self.controls.choose_model(str(wanted["model"]))
            if wanted.get("make") and not self._waiting:
                self.generate()
        if "like" in wanted:
            self.controls.set_like(int(wanted["like"]))
        if "item" in wanted:
            self.controls.setCurrentIndex(1)
            self.controls.item.show_item(int(wanted["item"]))
            self.choose_item(int(wanted["item"]))

    def choose_item(self, item: int) -> None:
        """Take the palette of an item's main picture."""
        studio = self.context.studio
        if studio is None:
            return

        self.context.background(lambda: item_colours(studio, item), self._palette_read, key="create-palette")

    def _palette_read(self, colours: list[RGB]) -> None:
        self.controls.set_palette_colours(colours)
        if not colours:
            self.context.notify(tr("This item has no picture to take colours from."), level="warning")

    # --- making -------------------------------------------------------------------------------------

    def generate(self) -> None:
        """Make as many results as asked for, one after the other."""
        self._generate(self.controls.taste.share)

    def generate_both(self) -> None:
        """Make each result twice from its seed: without the audience's taste, and with it."""
        if self.controls.audience_id is not None:
            self._generate(self.controls.taste.share or 1.0, both=True)

    def _generate(self, strength: float, *, both: bool = False) -> None:
        line, studio, audience = self.controls.line, self.context.studio, self.controls.audience_id
        if line is None or studio is None:
            return
        if self.controls.problem:
            self.context.notify(tr(self.controls.problem), level="warning")
            return
        seed = self.controls.seed.take(first=not self.history.rows)
        recipes = self.controls.recipes(seed)
        title = tr("{model}, seed {seed}", model=line.name, seed=seed)
        if audience is None or strength <= 0:
            self._begin(recipes, title)
            return
        for_whom = tr("{what}, for {audience}", what=title, audience=self.controls.audience.currentText())
        self.context.ask(
            "create-taste",
            partial(personal, studio, recipes, audience, strength, both=both),
            lambda found: self._begin(found, for_whom),
        )

    def make_backgrounds(self) -> None:
        """Make backgrounds in the palette of the chosen item."""
        colours = tuple(self.controls.palette_colours)
        if not colours:
            return
        seed = self.controls.background_seed.take(first=not self.history.rows)
        title = self.controls.item.accessibleDescription()
        recipes = [
            Recipe("", seed + i, palette=colours, title=title)
            for i in range(self.controls.background_count.value())
        ]
        self._begin(recipes, tr("Background for {item}", item=title))

    def _begin(self, recipes: list[Recipe], title: str) -> None:
        batch = Batch(title, [Result(recipe) for recipe in recipes])
        self._waiting = list(batch.results)
        self.history.set_rows([batch, *self.history.rows[: _BATCHES - 1]])
        self.strip.setVisible(len(self.history.rows) > 1)
        self.strip.setCurrentIndex(self.history.index(0))
        self._show(batch)
        self._ask_next()

    def _ask_next(self) -> None:
        studio = self.context.studio
        while studio is not None and self._waiting and self._asked < _ASKED:
            result = self._waiting.pop(0)
            self._asked += 1
            self.context.ask(
                f"create-{result.id}",
                partial(make, studio, result.recipe),
                partial(self._made, result),
                partial(self._not_made, result),
            )

    def _made(self, result: Result, made: Any) -> None:
        result.image, result.samples, result.rate = made.image, made.samples, made.rate
        result.text, result.copied, result.longest_copied = made.text, made.copied, made.longest_copied
        self._arrived(result)

    def _not_made(self, result: Result, error: Exception) -> None:
        result.error = tr_error(error)[0]
        first = not any(r.error for r in self.results.rows if r is not result)
        self._arrived(result)
        if first:
            self.context.report(error)

    def _arrived(self, result: Result) -> None:
        self._asked = max(0, self._asked - 1)
        self.results.changed(result)
        self.history.refresh()
        self._enable()
        QTimer.singleShot(0, self._ask_next)

    def _show(self, batch: Batch) -> None:
        self.results.set_rows(batch.results)
        self.grid_states.show_content()
        self.heading.setText(batch.title)
        if batch.results:
            self.grid.setCurrentIndex(self.results.index(0))
        self._enable()

    def _show_batch(self, current: QModelIndex, _previous: QModelIndex) -> None:
        batch: Batch | None = current.data(ROW_ROLE) if current.isValid() else None
        if batch is not None and batch.results is not self.results.rows:
            self._show(batch)

    # --- with results -------------------------------------------------------------------------------

    def _selected(self) -> list[Result]:
        return [i.data(ROW_ROLE) for i in self.grid.selectionModel().selectedIndexes()]

    def _enable(self) -> None:
        chosen = self._selected()
        self.detail.show_results(chosen)
        unsaved = [r for r in chosen if r.asset is None and r.image is not None]
        say(
            self.save_button,
            mark("Save {n} to library") if len(unsaved) > 1 else mark("Save to library"),
            n=len(unsaved),
        )
        self.save_button.setEnabled(bool(unsaved) and not self.context.read_only)
        one = len(chosen) == 1 and chosen[0].image is not None and not chosen[0].recipe.palette
        writer = one and bool(chosen[0].text) and not self.controls.text.varies
        self.play_button.setEnabled(self._playable())
        self.vary_button.setEnabled(
            one and not writer and (chosen[0].asset is not None or not self.context.read_only)
        )
        saved = [r.asset for r in chosen if r.asset is not None]
        if saved or chosen:  # the inspector never shows something else than what is chosen here
            self.context.select_assets(saved)

    def save(self) -> None:
        """Put the selected results into the library, with how they were made."""
        for result in self._selected():
            if result.asset is None and result.image is not None and not self.context.read_only:
                self._save(result)

    def _save(self, result: Result, then: Any = None) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def saved(asset: int | None) -> None:
            result.asset = asset
            self.results.changed(result)
            self._enable()
            if then is not None and asset is not None:
                then(asset)

        if result.recipe.palette:
            self.context.ask(f"keep-{result.id}", partial(keep_background, studio, result.recipe), saved)
            return
        handle = self.context.submit("generate", job_params(result.recipe))
        if handle is not None:
            JobWatch(
                self.context,
                handle,
                self,
                on_done=lambda done: saved(_first(done.get("assets"))),
            )

    def play(self) -> None:
        """Go on from the selected picture with sliders and walks."""
        chosen, line = self._selected(), self.controls.line
        if not self._playable():
            return
        if not chosen and line is not None:
            self.context.navigate("play", model=line.name)
        elif chosen[0].asset is not None:
            self.context.navigate("play", asset=chosen[0].asset)
        else:
            self.context.navigate("play", model=chosen[0].recipe.model, seed=chosen[0].recipe.seed)

    def make(self) -> None:
        """Go on to the recipes, with those of the selected results that are in the library."""
        kept = [line.asset for line in self._selected() if line.asset is not None]
        self.context.navigate("make", assets=kept or None)

    def _play_with_model(self) -> None:
        if self.controls.line is not None:
            self.context.navigate("play", model=self.controls.line.name)

    def _playable(self) -> bool:
        """A picture that the page Play can start from: one result, or the chosen model where none is."""
        chosen, line = self._selected(), self.controls.line
        if not chosen:
            return line is not None and line.modality == "image"
        result = chosen[0]
        plain = result.image is not None and result.recipe.modality == "image" and not result.recipe.palette
        return (
            len(chosen) == 1
            and plain
            and (result.asset is not None or not (result.recipe.like or result.recipe.strength))
        )

    def vary(self) -> None:
        """Make variations of the selected result; it is saved first, so that they can name their source."""
        chosen = self._selected()
        if len(chosen) != 1:
            return
        result = chosen[0]
        if result.asset is not None:
            self._vary_asset(result.asset)
        else:
            self._save(result, self._vary_asset)

    def _vary_asset(self, asset: int) -> None:
        self.controls.set_like(asset)
        self.generate()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Space plays here; the window's own quick look still works for saved pictures.
        if watched is self.grid and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._play(self.grid.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _play(self, index: QModelIndex) -> None:
        result: Result | None = index.data(ROW_ROLE) if index.isValid() else None
        if result is None:
            return
        if result.samples is None:
            if result.asset is not None:
                self.context.quick_look([result.asset])
            return
        if self._selected() != [result]:
            self.grid.setCurrentIndex(index)
            self.detail.show_results([result])
        self.detail.play()


def _first(ids: Any) -> int | None:
    return int(ids[0]) if ids else None
