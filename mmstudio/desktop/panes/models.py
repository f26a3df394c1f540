"""Models: what can draw and play here, training with live curves, cards that say what a model is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QListView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.dataset import Source, crops_of, look_over
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.trained import (
    ModelFacts,
    ModelLine,
    Past,
    TrainedListModel,
    model_facts,
    model_lines,
    past_of,
)
from mmstudio.desktop.models.training_offer import draw_one, draw_sample, read_offer, some_texts
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.panes.model_actions import ModelActions
from mmstudio.desktop.texts import action, name
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.loss_plot import plotting
from mmstudio.desktop.views.model_card import ModelCard
from mmstudio.desktop.views.model_delegate import ModelDelegate
from mmstudio.desktop.views.pictures import Pictures, read_image
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.training_form import Offer, TrainingForm
from mmstudio.desktop.views.training_source import quoted
from mmstudio.desktop.views.training_view import TrainingView
from mmstudio.i18n import mark, tr
from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent, JobRecord
    from mmstudio.studio import Studio

_SAMPLE_SIDE = 1200


class ModelsPane(Pane):
    """List at the left; at the right a card, the training form, or a training as it runs."""

    key: ClassVar[str] = "models"
    name: ClassVar[str] = mark("Models")
    icon: ClassVar[str] = "brain"
    with_inspector: ClassVar[bool] = False  # models are no assets, and both sides of this page need the room

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._job: int | None = None
        self._training = ""
        self._select_next: str | None = None
        self._wish: dict[str, Any] = {}
        self._card_filled = False
        self._asked: set[str] = set()
        self._drawn: dict[str, QImage] = {}  # by name: one picture of each model without a sample
        self._form: TrainingForm | None = None
        self._live: TrainingView | None = None
        self.pictures = Pictures(context, side=128, parent=self)
        self.model = TrainedListModel(self)
        self._build()
        context.job_event.connect(self._hear)
        context.theme.changed.connect(self._restyle)
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        self.right = QStackedWidget(self.splitter)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ModelDelegate(self.pictures, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        name(self.list, mark("Models"))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.list.clicked.connect(self._show_line)
        self.pictures.arrived.connect(self.list.viewport().update)
        self.train_button = button(mark("Train a model"), self.open_form, icon="plus")
        self.live_button = button(mark("Show the training"), self._show_live, icon="chart-line")
        self.live_button.hide()
        left = QWidget(self.splitter)
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(8, 12, 8, 8)
        left_layout.addWidget(self.list, 1)
        left_layout.addWidget(self.live_button)
        left_layout.addWidget(self.train_button)
        self.tuning_button = button(
            mark("Searches for settings"), lambda: self.context.navigate("tuning"), icon="magnifying-glass"
        )
        left_layout.addWidget(self.tuning_button)
        self.catalogue_button = button(
            mark("Catalogue of networks"), lambda: self.context.navigate("catalogue"), icon="books"
        )
        left_layout.addWidget(self.catalogue_button)
        left.setMinimumWidth(220)

        self.card = ModelCard(self.pictures)
        self.card.continued.connect(self._continue)
        self.card.removed.connect(self._remove)
        self.card.sheet_wanted.connect(self._load_sheet)
        self.model_actions = ModelActions(self.context, self.card, self._submit, self)
        self.card_states = StateStack(self.card, self.right)
        self.right.addWidget(self.card_states)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.right)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([260, 700])
        self._train_action = action(self, mark("Train a model"), self.open_form, icon="brain")

    @property
    def form(self) -> TrainingForm:
        """The form of a new training, built when it is first needed."""
        if self._form is None:
            self._form = form = TrainingForm(self.right)
            form.started.connect(self.start_training)
            form.tuning_wanted.connect(self._tune)
            form.source.looked.connect(self._look_over)
            form.source.shown.connect(
                lambda ids: self.context.navigate("library", query="", select=list(ids))
            )
            form.augment.preview_wanted.connect(
                lambda kind, recipe: self.context.navigate("augment", kind=kind, recipe=recipe)
            )
            self.right.addWidget(form)
        return self._form

    @property
    def live(self) -> TrainingView:
        """The training as it runs, built when the first one does."""
        if self._live is None:
            self._live = live = TrainingView(self.right)
            live.paused.connect(self._pause)
            live.stopped.connect(self._stop)
            live.grid_changed.connect(self._load_grid)
            live.played.connect(lambda: self.context.navigate("play", model=self._training))
            self.right.addWidget(live)
        return self._live

    def _shows_live(self) -> bool:
        return self._live is not None and self.right.currentWidget() is self._live

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``train`` opens the form for the selected assets, with the recipe ``augment`` for media
        of ``kind`` where given, or with the settings ``wish`` that a search found; ``model`` is a name to
        show.
        """
        if args.get("train"):
            self._wish = dict(args.get("wish") or {})
            if args.get("augment") is not None:
                self.form.use_augment(args["augment"], str(args.get("kind", "image")))
            self.open_form()
        elif args.get("model"):
            self._select(str(args["model"]))

    def library_changed(self) -> None:
        self._job = None
        self._drawn, self._asked = {}, set()
        self.pictures.forget()
        self.model.set_rows([])
        self.live_button.hide()
        if self.context.studio is None:
            self.states.show_message(
                mark("Models learn from your media and make more of it"),
                mark("Open a library first; starter models are there from the beginning."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.right.setCurrentWidget(self.card_states)
        self.train_button.setEnabled(not self.context.read_only)
        self._train_action.setEnabled(not self.context.read_only)
        self.states.show_loading(mark("Looking for models"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "models":
            self._read()

    def retranslate(self) -> None:
        self.model.refresh()
        if self._form is not None:
            self._form.retranslate()
        self._restyle()
        if self.right.currentWidget() is self.card_states:
            self._show_line(self.list.currentIndex())

    def actions_menu(self) -> list[QAction]:
        return [self._train_action]

    def _restyle(self) -> None:
        self.card.restyle()
        if self._live is not None:
            self._live.restyle()

    # --- list and card ------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: model_lines(studio.trainings), self._read_done, self._failed, key="models-list"
            )

    def _read_done(self, lines: list[ModelLine]) -> None:
        self.pictures.forget()
        there = {line.name for line in lines}  # one that was removed may come again as another
        self._asked &= there
        self._drawn = {name: image for name, image in self._drawn.items() if name in there}
        self.model.set_rows(lines)
        self._mark_training()
        self._draw_missing()
        self.states.show_content()
        if not lines:
            self.card_states.show_message(
                mark("No model yet"),
                mark("A model looks at your pictures or sounds until it can make new ones like them."),
                mark("Train a model"),
                self.open_form,
            )
            return
        wanted, self._select_next = self._select_next, None
        if wanted is not None and self.model.row_of(wanted) >= 0:
            self._select(wanted)
        elif self._shows_live() and self.model.row_of(self._training) >= 0:
            # The list says which model the curves at the right are of.
            self.list.setCurrentIndex(self.model.index(self.model.row_of(self._training)))
        elif not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(0))
        elif self.right.currentWidget() is self.card_states:
            self._show_line(self.list.currentIndex())

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _select(self, model: str) -> None:
        place = self.model.row_of(model)
        if place < 0:
            self._select_next = model
            return
        self.list.setCurrentIndex(self.model.index(place))
        self._show_line(self.model.index(place))

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if self.right.currentWidget() is self.card_states:
            self._show_line(current)

    def _show_line(self, index: QModelIndex) -> None:
        line: ModelLine | None = index.data(ROW_ROLE) if index.isValid() else None
        studio = self.context.studio
        if line is None or studio is None:
            return
        if self._job is not None and line.name == self._training:
            self._show_live()
            return
        self.right.setCurrentWidget(self.card_states)
        self.card_states.show_loading(mark("Looking at the model…"), at_once=not self._card_filled)

        def read() -> ModelFacts:
            plotting()  # loaded here: on the GUI thread it would hold the window up
            return model_facts(studio.trainings, line)

        self.context.background(read, self._facts_read, self._card_failed, key="model-card")

    def _facts_read(self, facts: ModelFacts) -> None:
        self._card_filled = True
        self.card.show_facts(facts, read_only=self.context.read_only)
        self.model_actions.show_again()
        self.card_states.show_content()
        # Only now: showing the facts puts an empty canvas where the picture goes.
        self._read_sample(facts.line)

    def _read_sample(self, line: ModelLine) -> None:
        studio = self.context.studio
        if studio is None:
            return
        if line.sample is None and line.modality == "image" and line.info.status == "ready":
            self.context.ask(
                "model-draws",
                lambda: draw_sample(studio, line.name),
                self.card.show_sample,
                lambda _error: self.card.reel.hide(),
            )
        elif line.modality == "text" and line.info.status in ("ready", "training"):
            self.context.ask(
                "model-texts",
                lambda: some_texts(studio, line.name),
                self.card.reel.show_texts,
                lambda _error: None,
            )
        elif line.sample is not None and not self.card.reel.paths:
            self._load_sheet(line.sample)

    def _load_sheet(self, path: str) -> None:
        self.context.background(
            lambda: read_image(path, _SAMPLE_SIDE), self.card.show_sample, key="model-sample"
        )

    def _card_failed(self, error: Exception) -> None:
        self.card_states.show_failure(error, self._read)

    def _remove(self, model: str) -> None:
        studio = self.context.studio
        if studio is not None and not self.context.read_only:
            self.context.background(
                lambda: studio.trainings.remove(model), lambda _r: self._read(), owner=self
            )

    # --- training -----------------------------------------------------------------------------------

    def open_form(self) -> None:
        """Offer a training, of the selected assets where some are selected."""
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        selection = list(self.context.selection)

        def read() -> Offer:
            # Not the rows of the list: when the pane was just made they are not there yet, and a training
            # without the starter model to start from takes minutes more.
            return read_offer(studio, selection, model_lines(studio.trainings))

        self.context.background(read, self._offered, key="training-offer")

    def _offered(self, offer: Offer) -> None:
        self.form.augment.set_saved(self.context.settings.augment_recipes)
        self.form.show_step(0)
        self.form.offer(offer)
        if self._wish:
            self.form.use_settings(self._wish)
            self._wish = {}
        self.right.setCurrentWidget(self.form)
        self.form.start_button.setFocus()

    def _look_over(self, source: Source) -> None:
        """Ask the dataset doctor, and for the pictures as the network will see them."""
        studio = self.context.studio
        if studio is None:
            return
        library, form = studio.library, self.form
        form.source.show_looking()
        self.context.background(
            lambda: look_over(library, source),
            lambda report: form.show_report(source, report),
            form.source.show_failure,
            key="training-doctor",
        )
        if source.modality != "image":
            return

        def crops() -> list[QImage]:
            return [to_qimage(picture) for picture in crops_of(library, source)]

        self.context.background(
            crops,
            lambda images: form.source.show_crops(images, source.aspect),
            lambda _error: form.source.show_crops([], source.aspect),
            key="training-crops",
        )

    def start_training(self, params: dict[str, Any], source: Source) -> None:
        """Start the job; chosen assets become a collection that the training names."""
        self._with_query(params, source, self._submit)

    def _tune(self, params: dict[str, Any], source: Source) -> None:
        wanted = ("family", "name", "query", "size")

        def show(ready: dict[str, Any]) -> None:
            asked = {key: ready[key] for key in wanted if key in ready} | {"size": source.size}
            self.context.navigate("tuning", search=asked)

        self._with_query(params, source, show)

    def _with_query(
        self, params: dict[str, Any], source: Source, then: Callable[[dict[str, Any]], None]
    ) -> None:
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        if not source.ids:
            then(params)
            return

        def work() -> dict[str, Any]:
            title = tr("Training of {name}", name=params["name"])
            studio.library.collections.put(studio.library.collections.add(title), list(source.ids))
            return {**params, "query": quoted("collection", title)}

        self.context.background(work, then, owner=self)

    def _submit(self, params: dict[str, Any]) -> None:
        if self.context.submit("train", params) is None:
            return
        self._show_training(params["name"])

    def _show_training(self, model: str) -> None:
        self._training = model
        self.live.begin(model)
        self._read_past(model)
        self._show_live()

    def _read_past(self, model: str) -> None:
        """What an earlier part of the same training left behind."""
        studio = self.context.studio
        if studio is None:
            return

        def show(past: Past) -> None:
            if self._training == model:
                self.live.show_past(past.history, past.figures, past.sheets, past.best)

        self.context.background(
            lambda: past_of(studio.trainings, model), show, lambda _error: None, key="training-past"
        )

    def _continue(self, model: str) -> None:
        studio, line = self.context.studio, next((r for r in self.model.rows if r.name == model), None)
        if studio is None or line is None:
            return

        def unfinished() -> JobRecord | None:
            jobs = studio.library.jobs.list(("paused",))
            return next(
                (job for job in jobs if job.kind == "train" and job.params.get("name") == model), None
            )

        def go_on(job: JobRecord | None) -> None:
            if job is None:
                steps = None if line.info.status == "training" else line.info.steps * 2
                self._submit({"family": line.info.family, "name": model, "resume": True, "steps": steps})
                return
            # The paused job itself: another one for the same model would leave it waiting for ever.
            studio.resume(job)
            self._show_training(model)

        self.context.background(unfinished, go_on, owner=self)

    def _mark_training(self) -> None:
        """The list says which model learns now, not that it has learned nothing."""
        for place, line in enumerate(self.model.rows):
            training = self._job is not None and line.name == self._training
            if training != line.training:
                self.model.rows[place] = replace(line, training=training)
                self.model.dataChanged.emit(self.model.index(place), self.model.index(place))

    def _draw_missing(self) -> None:
        """A model without any sample, as the starters, gets its place in the list a picture of its own."""
        studio = self.context.studio
        for place, line in enumerate(self.model.rows):
            image = self._drawn.get(line.name)
            if line.sample is not None or line.modality != "image" or line.info.status != "ready":
                continue
            if image is not None:
                shown = self.model.rows[place] = replace(line, drawn=True)
                self.pictures.put(str(shown.picture), image)
            elif studio is not None and line.name not in self._asked:
                self._asked.add(line.name)
                self._ask_for_one(studio, line.name)
        self.list.viewport().update()

    def _ask_for_one(self, studio: Studio, model: str) -> None:
        def came(image: QImage) -> None:
            self._drawn[model] = image
            self._draw_missing()

        self.context.ask(f"model-drawn-{model}", lambda: draw_one(studio, model), came, lambda _error: None)

    def _show_live(self) -> None:
        self.right.setCurrentWidget(self.live)

    def _pause(self) -> None:
        if self._job is not None and self.context.studio is not None:
            self.context.studio.runner.pause(self._job)
            self.live.show_stopping(mark("Saving, then pausing"))

    def _stop(self) -> None:
        if self._job is not None and self.context.studio is not None:
            self.context.studio.runner.cancel(self._job)
            self.live.show_stopping(mark("Saving what was learned"))

    def _hear(self, event: JobEvent) -> None:
        if event.kind != "train":
            return
        if event.state == "running":
            if self._job != event.job_id:
                self._adopt(event)
            self.live.hear(event)
            self._hear_texts(event)
        elif event.job_id == self._job and (event.state in FINAL_STATES or event.state == "paused"):
            self._ended(event)

    def _hear_texts(self, event: JobEvent) -> None:
        """A model of texts was measured: show what it writes now."""
        data = (event.progress.data if event.progress is not None else None) or {}
        studio, model = self.context.studio, self._training
        if studio is None or not model or "held_bits_per_byte" not in dict(data.get("figures") or {}):
            return

        def show(texts: list[str]) -> None:
            if self._training == model:
                self.live.samples.show_texts(texts)

        # Its first checkpoint may not be there yet: the next measure tries again.
        self.context.ask("training-texts", lambda: some_texts(studio, model), show, lambda _error: None)

    def _adopt(self, event: JobEvent) -> None:
        # Also a training that the Jobs pane or another window part started.
        self._job = event.job_id
        self.live_button.show()
        self._mark_training()
        if not self._training:
            self._training = tr(event.title)
            self.live.begin(self._training)
            self._name_training(event.job_id)

    def _name_training(self, job_id: int) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def named(job: JobRecord) -> None:
            model = str(job.params.get("name") or "")
            if self._job == job_id and model:
                self._training = model
                self._mark_training()
                self.live.title.setText(model)
                self._read_past(model)

        self.context.background(
            lambda: studio.library.jobs.get(job_id), named, lambda _error: None, owner=self
        )

    def _ended(self, event: JobEvent) -> None:
        shown = self._shows_live()
        model, self._job, self._training = self._training, None, ""
        self.live_button.hide()
        if shown:
            self.right.setCurrentWidget(self.card_states)
        self._select_next = model if shown else None
        self._read()

    def _load_grid(self, path: str) -> None:
        self.context.background(
            lambda: read_image(path, _SAMPLE_SIDE), self.live.show_grid, key="training-grid"
        )
