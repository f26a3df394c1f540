"""A search for good settings: several short trainings, the bad ones stopped, the best one to train with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.trials import TrialsModel, distance_text
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, card, help_dot, inset, row
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.training_form import STEPS_PER_SECOND
from mmstudio.desktop.views.tuning_plot import TuningPlot
from mmstudio.desktop.words import span_text
from mmstudio.i18n import mark, tr
from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent
    from mmstudio.learning.tuning.report import Tuned

_FAMILIES = ("image-gan", "image-vae", "image-gan-plain")
_SIZES = (32, 64, 128)
_USUAL_STEPS = 200
_LOOKS, _LOOK_S = (
    5,
    3.0,
)  # times a trial is measured (tuning.service.Search), and seconds each took on two cores


class TuningPane(Pane):
    """At the left what to look for and the searches there are, at the right trials as they come."""

    key: ClassVar[str] = "tuning"
    name: ClassVar[str] = mark("Search for settings")
    icon: ClassVar[str] = "magnifying-glass"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._job: int | None = None  # -1 before its first event
        self.tuned: Tuned | None = None
        self._shown = ""  # name of the search shown
        self._build()
        context.job_event.connect(self._hear)
        context.theme_changed.connect(self._restyle)
        self.library_changed()

    def _build(self) -> None:
        self.family, self.side = QComboBox(), QComboBox()
        self.query, self.name_field = QLineEdit(), QLineEdit()
        self.trials, self.steps = QSpinBox(), QSpinBox()
        inset(self.trials, self.steps)
        self.trials.setRange(2, 500)
        self.trials.setValue(12)
        self.steps.setRange(10, 100_000)
        self.steps.setSingleStep(50)
        self.steps.setValue(_USUAL_STEPS)
        for side in _SIZES:
            self.side.addItem(f"{side} × {side}", side)
        say(self.query, mark("all pictures"), "setPlaceholderText")
        for control, words in (
            (self.family, mark("Kind of model")),
            (self.side, mark("Size of the pictures")),
            (self.query, mark("Search that chooses the media")),
            (self.name_field, mark("Name of the search")),
            (self.trials, mark("Trials")),
            (self.steps, mark("Steps each")),
        ):
            name(control, words)
        self.split = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.split, self)
        self.root.addWidget(self.states)
        left = QWidget(self.split)
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        for words, control in (
            (mark("Name"), self.name_field),
            (mark("Kind"), self.family),
            (mark("Learn from"), self.query),
            (mark("Size"), self.side),
            (mark("Trials"), self.trials),
            (mark("Steps each"), self.steps),
        ):
            form.addRow(label(words, "muted"), control)
        self.estimate = label(role="small", wrap=True)
        self.start_button = button(mark("Start the search"), self.start, "primary", icon="play")
        frame, inner = card()
        frame.setParent(left)
        explanation = mark(
            "Short trainings with different settings are measured by how far what they draw is from your "
            "pictures. What is clearly worse than the others is stopped early; nothing tried is lost."
        )
        inner.addLayout(
            row(label(mark("What to look for"), "strong"), help_dot(explanation), None, spacing=4)
        )
        inner.addLayout(form)
        inner.addWidget(self.estimate)
        inner.addWidget(self.start_button)
        let_wrap(frame)
        self.searches = QComboBox()
        name(self.searches, mark("Searches so far"))
        self.searches.activated.connect(lambda _i: self._open(str(self.searches.currentData() or "")))
        self._searches_row = QWidget(left)
        lines = QVBoxLayout(self._searches_row)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(label(mark("Searches so far"), "strong"))
        lines.addWidget(self.searches)
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        column.addWidget(frame)
        column.addWidget(self._searches_row)
        column.addStretch(1)
        column.addWidget(
            button(mark("Back to the models"), lambda: self.context.navigate("models"), icon="brain")
        )
        left.setMinimumWidth(280)
        for control in (self.family, self.side):
            control.currentIndexChanged.connect(lambda _i: self._estimate())
        for spin in (self.trials, self.steps):
            spin.valueChanged.connect(lambda _v: self._estimate())

        self.split.setChildrenCollapsible(False)
        self.split.addWidget(left)
        self.split.addWidget(self._build_results())
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([320, 900])
        self._start_action = action(self, mark("Start the search"), self.start, icon="play")

    def _build_results(self) -> QWidget:
        body = QWidget()
        self.results = StateStack(body, self.split)
        self.search_title = label(role="title")
        self.note = label(role="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the search"))
        self.pause_button = button(mark("Pause"), self._pause, icon="pause")
        self.stop_button = button(mark("Stop and keep"), self._stop, icon="stop")
        self.train_button = button(mark("Train with the best"), self.train, "primary", icon="play")
        self.model = TrialsModel(self)
        parts = QSplitter(Qt.Orientation.Vertical, body)
        self.table = QTableView(parts)
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setHighlightSections(False)
        name(self.table, mark("Trials"), mark("Every short training with its settings and how far it came"))
        self.plot = TuningPlot(parts)
        self.best = label(wrap=True)
        self.measured = label(role="small", wrap=True)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.table)
        parts.addWidget(self.plot)
        parts.setSizes([300, 260])
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(8)
        column.addLayout(row(self.search_title, None, self.pause_button, self.stop_button))
        column.addWidget(self.note)
        column.addWidget(self.bar)
        column.addWidget(parts, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.best, 1)
        foot.addWidget(self.train_button)
        column.addLayout(foot)
        column.addWidget(self.measured)
        let_wrap(body)
        return self.results

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``search``, what to look for (family, name, query, size)."""
        asked = dict(args.get("search") or {})
        if asked:
            family = self.family.findData(asked.get("family"))
            self.family.setCurrentIndex(max(0, family))
            self.side.setCurrentIndex(max(0, self.side.findData(asked.get("size", 32))))
            self.query.setText(str(asked.get("query", "")))
            self.name_field.setText(self._free(str(asked.get("name") or tr("my pictures"))))
            self.start_button.setFocus()

    def library_changed(self) -> None:
        self._job, self.tuned, self._shown = None, None, ""
        self.model.show(None)
        self.plot.show_search(None)
        self.searches.clear()
        self._fill_families()
        if self.context.studio is None:
            self.states.show_message(
                mark("Search for good settings"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.states.show_content()
        self._say_nothing()
        self._allow()
        self._read_searches(show_newest=True)

    def retranslate(self) -> None:
        self._fill_families()
        self.model.refresh()
        self._restyle()
        self._show_words()
        self._estimate()

    def _restyle(self) -> None:
        self.plot.restyle()

    def _fill_families(self) -> None:
        from mmstudio.learning.families import families

        before, known = self.family.currentData(), families()
        self.family.clear()
        for key in _FAMILIES:
            if key in known:
                self.family.addItem(tr(known[key].label), key)
        self.family.setCurrentIndex(max(0, self.family.findData(before)))
        if not self.name_field.text():
            self.name_field.setText(tr("my pictures").replace(" ", "-"))
        self._estimate()

    def _estimate(self) -> None:
        rate = STEPS_PER_SECOND.get(str(self.family.currentData()), 2.0)
        area = (int(self.side.currentData() or 32) / 64) ** 2
        learning = self.steps.value() / rate * area
        seconds = self.trials.value() * (learning + _LOOKS * _LOOK_S)
        say(
            self.estimate,
            mark("At most about {time} on two processor cores, less with a graphics card."),
            time=span_text(seconds),
        )

    def _allow(self) -> None:
        writing = not self.context.read_only
        free = self._job is None
        self.start_button.setEnabled(writing and free)
        self._start_action.setEnabled(writing and free)
        for control in (self.pause_button, self.stop_button):
            control.setVisible(not free)
            control.setEnabled(not free)
        self.bar.setVisible(not free)
        self.train_button.setEnabled(writing and self.tuned is not None and bool(self.tuned.wish))

    def _say_nothing(self) -> None:
        self.results.show_message(
            mark("No search yet"),
            mark(
                "Which settings suit depends on your pictures. A search tries some of them, each for a short "
                "while, and shows which one came nearest to your pictures."
            ),
        )

    # --- searches there are -------------------------------------------------------------------------

    def _free(self, wish: str) -> str:
        taken = {self.searches.itemData(n) for n in range(self.searches.count())}
        stem = wish.replace(" ", "-")
        if stem not in taken:
            return stem
        return next(n for n in (f"{stem}-{i}" for i in range(2, 10_000)) if n not in taken)

    def _read_searches(self, *, show_newest: bool = False) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def read() -> list[str]:
            from mmstudio.learning.tuning.report import searches

            return searches(studio.library)

        def filled(names: list[str]) -> None:
            self.searches.clear()
            for one in names:
                self.searches.addItem(one, one)
            self._searches_row.setVisible(bool(names))
            self.searches.setCurrentIndex(self.searches.findData(self._shown))
            if show_newest and names and self._job is None and not self._shown:
                self._open(names[0])
                self.searches.setCurrentIndex(0)
            self.name_field.setText(self._free(self.name_field.text()))

        self.context.background(read, filled, key="tuning-searches")

    def _open(self, search: str) -> None:
        studio = self.context.studio
        if studio is None or not search:
            return

        def read() -> Tuned:
            from mmstudio.learning.tuning.report import stored

            return stored(studio.library, search)

        self.context.background(
            read,
            self._show,
            lambda error: self.results.show_failure(error, lambda: self._open(search)),
            key="tuning-open",
        )

    def _show(self, tuned: Tuned) -> None:
        self.tuned, self._shown = tuned, tuned.name
        self.results.show_content()
        self.search_title.setText(tuned.name)
        self.model.live = self._job is not None  # a search that was cut off leaves a trial open
        self.model.show(tuned)
        self.plot.show_search(tuned)
        self._show_words()
        self._allow()

    def _show_words(self) -> None:
        tuned = self.tuned
        if tuned is None:
            return
        if self._job is None:
            done = sum(trial.state != "running" for trial in tuned.trials)
            say(
                self.note,
                mark("Trials run: {n}. {what}"),
                n=done,
                what=tr("Paused: the same search goes on where it was.") if tuned.status == "paused" else "",
            )
        best = next((trial for trial in tuned.trials if trial.number == tuned.best), None)
        usual = next((trial for trial in tuned.trials if trial.number == 0), None)
        if best is None or best.value is None:
            say(self.best, mark("Nothing measured yet."))
        elif best.number == 0:
            say(self.best, mark("So far nothing is better than the usual settings."))
        elif usual is not None and usual.value is not None:
            say(
                self.best,
                mark("Trial {n} came nearest: distance {distance}, {usual} with the usual settings."),
                n=best.number + 1,
                distance=distance_text(best.value),
                usual=distance_text(usual.value),
            )
        else:
            say(
                self.best,
                mark("Trial {n} came nearest: distance {distance}."),
                n=best.number + 1,
                distance=distance_text(best.value),
            )
        words = [tr("One trial each: a small difference can be chance."), *tuned.notes]
        if tuned.features:
            words.insert(0, tr("Measured in the features of the network {name}.", name=tuned.features))
        self.measured.setText("  ·  ".join(words))

    # --- a search runs ------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the search, or go on with one of the same name."""
        if self._job is not None or self.context.read_only:
            return
        params = {
            "family": self.family.currentData(),
            "name": self.name_field.text().strip(),
            "trials": self.trials.value(),
            "steps": self.steps.value(),
            "size": int(self.side.currentData()),
            "query": self.query.text().strip(),
        }
        if self.context.submit("tune", params) is None:
            return
        self._job, self._shown, self.tuned = -1, params["name"], None
        self.model.show(None)
        self.plot.show_search(None)
        self.search_title.setText(params["name"])
        say(self.note, mark("Preparing"))
        self.best.clear()
        self.measured.clear()
        self.bar.setRange(0, 0)
        self.results.show_content()
        self._allow()

    def train(self) -> None:
        """Open the training form with the best settings in it."""
        if self.tuned is not None and self.tuned.wish:
            self.context.navigate("models", train=True, wish=dict(self.tuned.wish))

    def _pause(self) -> None:
        if self._job is not None and self.context.studio is not None:
            self.context.studio.runner.pause(self._job)
            self._stopping(mark("Saving, then pausing"))

    def _stop(self) -> None:
        if self._job is not None and self.context.studio is not None:
            self.context.studio.runner.cancel(self._job)
            self._stopping(mark("Saving what was found"))

    def _stopping(self, words: str) -> None:
        say(self.note, words)
        self.pause_button.setEnabled(False)
        self.stop_button.setEnabled(False)

    def _hear(self, event: JobEvent) -> None:
        if event.kind != "tune":
            return
        if event.state == "running":
            if self._job in (None, -1):
                self._job = event.job_id
                self.results.show_content()
                self._allow()
            if event.job_id == self._job and event.progress is not None:
                self._progress(event)
        elif event.job_id == self._job and (event.state in FINAL_STATES or event.state == "paused"):
            self._ended(event)

    def _progress(self, event: JobEvent) -> None:
        from mmstudio.learning.tuning.report import Tuned

        progress = event.progress
        assert progress is not None
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        if progress.note and self.pause_button.isEnabled():
            say(self.note, "{note}", note=progress.note)
        table = (progress.data or {}).get("tuning")
        if table:
            self._show(Tuned.of(dict(table)))

    def _ended(self, event: JobEvent) -> None:
        from mmstudio.learning.tuning.report import Tuned

        self._job = None
        if event.result and event.state != "failed":
            self._show(Tuned.of(dict(event.result)))
        elif event.state == "failed" and self.tuned is None:
            self.results.show_message("{what}", "{hint}", what=event.error, hint=event.hint)
        elif self._shown:
            self._open(self._shown)
        self._allow()
        self._read_searches()
