"""How good the recommender is: hidden events, several methods, popularity and chance always beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QProgressBar,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.measured import (
    FIRST_PLOT,
    MeasuredModel,
    best_of,
    explain,
    metric_of,
    row_name,
    to_csv,
)
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.events_import import IMPORT_EVENTS, choose_events
from mmstudio.desktop.views.flow import FlowLayout, let_wrap, page_area
from mmstudio.desktop.views.measure_form import PROTOCOLS, MeasureForm
from mmstudio.desktop.views.measured_plot import MeasuredPlot
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.tables import figures_table, fit_height
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent

KIND = "evaluate-recommender"


class MeasurePane(Pane):
    """The form at the left, table and plot at the right."""

    key: ClassVar[str] = "measure"
    name: ClassVar[str] = mark("Measure the recommender")
    icon: ClassVar[str] = "gauge"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._watch: JobWatch | None = None
        self._asked: dict[str, Any] = {}
        self.model = MeasuredModel(self)
        self._build()
        context.theme_changed.connect(self._restyle)
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        left, right = QWidget(self.splitter), QWidget(self.splitter)
        self.form = MeasureForm(left)
        self.form.wanted.connect(self.measure)
        self.form.cancelled.connect(self._cancel)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        name(self.bar, mark("Progress of the measuring"))
        self.bar_note = label(role="muted")
        self.measuring = QWidget(right)
        self.measuring.setLayout(row(self.bar, self.bar_note, None, margins=(16, 12, 16, 0)))
        self.measuring.hide()
        body = QWidget()
        scroll = page_area(body, right)
        self.results = StateStack(scroll, right)
        self.verdict = label(role="heading", wrap=True)
        self.how = label(role="small", wrap=True)
        self.table = figures_table(
            self.model, mark("Methods and figures"), mark("The best of each column is bold with a star")
        )
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectItems)
        self.table.selectionModel().currentChanged.connect(lambda now, _before: self._explain(now))
        self.meaning = label(role="muted", wrap=True)
        self.figure = QComboBox()
        name(self.figure, mark("Figure in the plot"))
        self.figure.activated.connect(lambda _i: self._draw())
        self.plot = MeasuredPlot(body)
        self.csv_button = button(mark("Export the table"), self._export_csv, icon="table")
        self.png_button = button(mark("Export the plot"), self._export_png, icon="image")
        self.back_button = button(
            mark("Back to the audiences"), lambda: self.context.navigate("audiences"), icon="users-three"
        )
        bar = QWidget(body)
        flow = FlowLayout(bar)
        for part in (label(mark("Plot"), "muted"), self.figure, self.csv_button, self.png_button):
            flow.addWidget(part)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        for widget in (self.verdict, self.how, self.table, self.meaning, bar, self.plot):
            column.addWidget(widget)
        column.addStretch(1)
        let_wrap(body)
        right_column = QVBoxLayout(right)
        right_column.setContentsMargins(0, 0, 0, 0)
        right_column.setSpacing(0)
        right_column.addWidget(self.measuring)
        right_column.addWidget(self.results, 1)
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(0, 0, 0, 0)
        left_column.setSpacing(0)
        left_column.addWidget(self.form, 1)
        left_column.addLayout(row(self.back_button, None, margins=(16, 0, 16, 12)))
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([336, 664])
        self._measure_action = action(self, mark("Measure the recommender"), self.measure, icon="gauge")

    # --- pane ---------------------------------------------------------------------------------------

    def library_changed(self) -> None:
        self._watch = None
        self.model.show([])
        self.measuring.hide()
        self.form.set_running(False)
        if self.context.studio is None:
            self.states.show_message(
                mark("How good are the recommendations?"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.states.show_content()
        self._say_nothing()

    def retranslate(self) -> None:
        self.form.retranslate()
        self.model.refresh()
        if self.model.rows:
            self._show_words()
            self._fill_figures()
            self._draw()

    def actions_menu(self) -> list[QAction]:
        return [self._measure_action]

    def _restyle(self) -> None:
        self.plot.restyle()
        self.model.refresh()

    def _say_nothing(self) -> None:
        self.results.show_message(
            mark("Not measured yet"),
            mark(
                "Part of the events is hidden, every method ranks without it, and the table shows who finds "
                "it again. It runs beside your work and can take a few minutes."
            ),
        )

    # --- measuring ----------------------------------------------------------------------------------

    def measure(self) -> None:
        """Measure as the form says, as a job."""
        if self.context.studio is None or self._watch is not None:
            return
        self._asked = self.form.params
        handle = self.context.submit(KIND, dict(self._asked))
        if handle is None:
            return
        self._watch = JobWatch(
            self.context, handle, self, on_event=self._hear, on_done=self._done, on_ended=self._ended
        )
        self.form.set_running(True)
        self.bar.setRange(0, 0)
        say(self.bar_note, mark("Measuring"))
        self.measuring.show()

    def _cancel(self) -> None:
        if self._watch is not None:
            self._watch.handle.cancel()

    def _hear(self, event: JobEvent) -> None:
        if event.state == "running" and event.progress is not None:
            self.bar.setRange(0, event.progress.total or 0)
            self.bar.setValue(event.progress.done)
            if event.progress.note:
                self.bar_note.setText(event.progress.note)

    def _over(self) -> None:
        self._watch = None
        self.measuring.hide()
        self.form.set_running(False)

    def _ended(self, _event: JobEvent) -> None:
        self._over()  # the strip and the notice of the job say what happened

    def _done(self, result: dict[str, Any]) -> None:
        self._over()
        rows = list(result.get("rows") or ())
        if not rows:
            self.model.show([])
            self.results.show_message(
                mark("Nothing to measure with"),
                mark(
                    "Measuring hides part of what people chose. It needs events: a table with a user, an "
                    "item and what happened in each line, and people with at least two items."
                ),
                IMPORT_EVENTS if not self.context.read_only else "",
                lambda: choose_events(self.context, self),
            )
            return
        self.show_rows(rows)

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Show a measurement: one row per method."""
        self.model.show(rows)
        self.results.show_content()
        fit_height(self.table)
        self._fill_figures()
        self._show_words()
        self._draw()
        self.table.setCurrentIndex(self.model.index(0, min(1, self.model.columnCount() - 1)))

    # --- words and plot -----------------------------------------------------------------------------

    def _fill_figures(self) -> None:
        before = self.figure.currentData() or FIRST_PLOT
        self.figure.clear()
        for key in self.model.keys:
            self.figure.addItem(tr(metric_of(key).name), key)
        self.figure.setCurrentIndex(max(0, self.figure.findData(before)))

    def _show_words(self) -> None:
        rows, key = self.model.rows, self.model.keys[0] if self.model.keys else ""
        best = sorted(best_of(rows, key))
        if best:
            say(
                self.verdict,
                mark("{method} finds the hidden items best ({figure} {value})."),
                method=row_name(rows[best[0]]),
                figure=tr(metric_of(key).name),
                value=f"{float(rows[best[0]][key]):.3f}",
            )
        else:
            say(self.verdict, mark("No method stands out."))
        protocol = tr(PROTOCOLS[str(self._asked.get("protocol", "random"))][0])
        users, seeds = rows[0].get("users"), rows[0].get("seeds", self._asked.get("seeds", "–"))
        say(
            self.how,
            mark("Hidden: {protocol}. {users} people, measured once, lists of {k}.")
            if seeds == 1
            else mark("Hidden: {protocol}. {users} people, {seeds} repeats, lists of {k}. ± is the spread."),
            protocol=protocol,
            users=users if users is not None else "–",
            seeds=seeds,
            k=rows[0].get("k", self._asked.get("k", "–")),
        )

    def _explain(self, index: QModelIndex) -> None:
        column = index.column()
        if not index.isValid() or column < 1 or column > len(self.model.keys):
            return
        key = self.model.keys[column - 1]
        self.meaning.setText(f"{tr(metric_of(key).name)}: {explain(key)}")

    def _draw(self) -> None:
        key = str(self.figure.currentData() or "")
        self.plot.show_rows(self.model.rows, key)
        if key:
            self.meaning.setText(f"{tr(metric_of(key).name)}: {explain(key)}")

    # --- exporting ----------------------------------------------------------------------------------

    def _export_csv(self) -> None:
        file, _chosen = QFileDialog.getSaveFileName(
            self, tr("Export the table"), str(Path.home() / "recommender.csv"), "CSV (*.csv)"
        )
        if file:
            self.export(Path(file), to_csv(self.model.rows))

    def _export_png(self) -> None:
        file, _chosen = QFileDialog.getSaveFileName(
            self, tr("Export the plot"), str(Path.home() / "recommender.png"), "PNG (*.png)"
        )
        if file:
            self.export(Path(file), self.plot.png())

    def export(self, file: Path, data: bytes) -> None:
        """Write a table or a picture, whole or not at all."""

        def work() -> None:
            from mmstudio.atomic import atomic_path

            with atomic_path(file) as path:
                path.write_bytes(data)

        self.context.background(
            work, lambda _none: self.context.notify(tr("Written: {file}", file=file.name)), owner=self
        )
