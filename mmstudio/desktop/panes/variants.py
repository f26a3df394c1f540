"""Which variant for whom: finished assets ranked per audience, tests planned, results read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QListView,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models import variants as work
from mmstudio.desktop.models.latest import Latest
from mmstudio.desktop.models.variants import VariantListModel, VerdictModel, plan_text, report_text
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say, unsay
from mmstudio.desktop.views.ab_plan import PlanForm
from mmstudio.desktop.views.controls import button, help_dot, row, section
from mmstudio.desktop.views.flow import FlowLayout, let_wrap, page_area
from mmstudio.desktop.views.interval_plot import IntervalPlot
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.tables import figures_table, fit_height
from mmstudio.desktop.views.variant_rows import VariantDelegate
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.variants import Gathered
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.variants.records import Plan, ResultsReport, Verdict

_CALCULATE_MS = 60


class VariantsPane(Pane):
    """Ranked variants at the left; the test of the chosen ones at the right."""

    key: ClassVar[str] = "variants"
    name: ClassVar[str] = mark("Variants and tests")
    icon: ClassVar[str] = "flask"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._audiences: list[Audience] = []
        self._wanted: int | None = None
        self._plans: list[Plan] = []
        self._shown_plan: int | None = None  # just kept: show it next
        self.plan: Plan | None = None  # as the form would make it, not kept yet
        self._read_back: ResultsReport | None = None  # what reading results found
        self._proposed = ""  # the name that the page put into the field
        self.pictures = Pictures(context, parent=self)
        self.model = VariantListModel(self)
        self.verdicts = VerdictModel(self)
        self._latest, self._sums = Latest(context, self), Latest(context, self)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_CALCULATE_MS)
        self._typing.timeout.connect(self._calculate)
        self._build()
        context.theme_changed.connect(self.plot.restyle)
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        left = QWidget(self.splitter)
        self.audience_box = QComboBox()
        self.audience_box.setMinimumWidth(160)
        name(self.audience_box, mark("Audience"))
        self.audience_box.activated.connect(lambda _i: self._rank())
        self.gather_button = button(
            mark("Take in what is finished"), self.gather, icon="plus",
            tip=mark("Ads and sets you made for this audience become variants with an id of their own"),
        )  # fmt: skip
        self.beside_button = button(
            mark("Side by side"), self._beside, icon="columns",
            tip=mark("Play the chosen ads beside each other, or the best where one alone is chosen"),
        )  # fmt: skip
        self.back_button = button(
            mark("Back to the audiences"), lambda: self.context.navigate("audiences"), icon="users-three"
        )
        bar = QWidget(left)
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 4)
        for part in (
            label(mark("For the audience"), "muted"),
            self.audience_box,
            help_dot(
                mark(
                    "How many of a hundred people would act is predicted from what a variant is made of "
                    "and from results that came back. The bar shows the range it lies in; it narrows with "
                    "every result."
                )
            ),
            self.gather_button,
            self.beside_button,
            self.back_button,
        ):
            flow.addWidget(part)
        self.list = QListView(left)
        self.list.setModel(self.model)
        self.list.setItemDelegate(VariantDelegate(self.pictures, self.model, self.list))
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.pictures.arrived.connect(self.list.viewport().update)
        name(
            self.list,
            mark("Variants"),
            mark("Choose two or more with Ctrl or Shift to test them; the highest chosen one is the control"),
        )
        self.list.selectionModel().selectionChanged.connect(lambda *_a: self._chosen_changed())
        self.ids = label(role="small", wrap=True)
        self.ids.setMinimumWidth(1)
        self.ids.setContentsMargins(16, 4, 16, 8)
        self.ids.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.list_states = StateStack(self.list, left)
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(0, 0, 0, 0)
        left_column.setSpacing(4)
        left_column.addWidget(bar)
        left_column.addWidget(self.list_states, 1)
        left_column.addWidget(self.ids)

        body = QWidget()
        scroll = page_area(body, self.splitter)
        scroll.setMinimumWidth(300)
        self.form = PlanForm(body)
        self.form.changed.connect(self._typing.start)
        self.form.kept.connect(self.keep_plan)
        self.plan_box = QComboBox()
        name(self.plan_box, mark("Plan"))
        self.plan_box.setMinimumWidth(120)
        self.plan_box.activated.connect(lambda _i: self._judge())
        self.results_button = button(
            mark("Read results…"), self._choose_results, icon="table",
            tip=mark("A table with the variant's id, day, channel, how often shown and how often it worked"),
        )  # fmt: skip
        self.report = label(role="small", wrap=True)
        self.verdict = label(role="heading", wrap=True)
        self.table = figures_table(
            self.verdicts, mark("Results per variant"), mark("The winner, where there is one, is bold")
        )
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 8, 16, 16)
        column.setSpacing(8)
        column.addWidget(
            section(
                mark("Plan a test"),
                mark(
                    "Two or more variants are shown to people drawn by chance, and what each brings is "
                    "counted. The plan says how many must see each before a difference can be believed."
                ),
            )
        )
        column.addWidget(self.form)
        column.addWidget(
            section(
                mark("Results"),
                mark(
                    "A winner is named only where the difference is more than chance. Until then the figures "
                    "say how sure one can be."
                ),
            )
        )
        column.addLayout(row(self.plan_box, self.results_button, None))
        self.uneven = label(role="error", wrap=True)
        self.uneven.hide()
        self.plot = IntervalPlot(body)
        self.plot_note = label(
            mark(
                "Dot: the share who acted. Line: where it lies with 95 % certainty. Grey band: differences "
                "from the first variant that are smaller than the plan looks for."
            ),
            "small",
            wrap=True,
        )
        for widget in (self.report, self.verdict, self.uneven, self.plot, self.plot_note, self.table):
            column.addWidget(widget)
        column.addStretch(1)
        let_wrap(body)
        self.splitter.addWidget(left)
        self.splitter.addWidget(scroll)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([600, 400])
        self._gather_action = action(self, mark("Take in what is finished"), self.gather, icon="plus")
        self._results_action = action(self, mark("Read results…"), self._choose_results, icon="table")

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``audience``: an id to show variants for."""
        if args.get("audience") is not None:
            self._wanted = int(args["audience"])
            self._fill()

    def library_changed(self) -> None:
        self._audiences, self._plans, self.plan = [], [], None
        self._latest.forget()
        self._sums.forget()
        self.pictures.forget()
        self.model.set_rows([])
        self.verdicts.show(None, {})
        self._read_back = None
        self._show_report()
        if self.context.studio is None:
            self.states.show_message(
                mark("Which variant for whom?"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        writing = not self.context.read_only
        for control in (self.gather_button, self.results_button):
            control.setEnabled(writing)
        for made in (self._gather_action, self._results_action):
            made.setEnabled(writing)
        self.states.show_loading(mark("Reading the audiences"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "audiences":
            self._read()
        elif topic == "methods" or (topic == "variants" and not self._latest.busy):
            # Ranking itself notes what it predicted.
            self._rank()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self.form.retranslate()
        self._show_report()
        if self.form.name_field.text() == self._proposed:
            self.form.name_field.clear()  # proposed again in the language in use
        if self._audiences:
            self._rank()
            self._calculate()

    def actions_menu(self) -> list[QAction]:
        return [self._gather_action, self._results_action]

    # --- audiences and variants ---------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                studio.library.audiences.list,
                self._read_done,
                lambda error: self.states.show_failure(error, self.library_changed),
                key="variants-audiences",
            )

    def _read_done(self, audiences: list[Audience]) -> None:
        self._audiences = audiences
        if not audiences:
            self.states.show_message(
                mark("Which variant for whom?"),
                mark("Variants are ranked for an audience. Make one first."),
                mark("Go to the audiences"),
                lambda: self.context.navigate("audiences"),
            )
            return
        self.states.show_content()
        self._fill()

    def _fill(self) -> None:
        if not self._audiences:
            return
        ids = [one.id for one in self._audiences]
        wanted = next(i for i in (self._wanted, self.audience_box.currentData(), ids[0]) if i in ids)
        self._wanted = None
        self.audience_box.clear()
        for one in self._audiences:
            self.audience_box.addItem(one.name, one.id)
        self.audience_box.setCurrentIndex(self.audience_box.findData(wanted))
        self._rank()

    @property
    def audience_id(self) -> int | None:
        """The audience shown."""
        chosen = self.audience_box.currentData()
        return None if chosen is None else int(chosen)

    def _rank(self) -> None:
        studio, audience = self.context.studio, self.audience_id
        if studio is None or audience is None:
            return
        if not self.model.rowCount():
            self.list_states.show_loading(mark("Ranking the variants"))
        self._latest.ask(lambda: work.gather_all(studio, audience), self._show, self._failed)

    def _failed(self, error: Exception) -> None:
        self.list_states.show_failure(error, self._rank)

    def _show(self, gathered: Gathered) -> None:
        if gathered.audience_id != self.audience_id:
            self._rank()
            return
        # The first two are chosen until the person could choose.
        chosen = set(self.chosen) if self.model.rowCount() > 1 else set()
        self.model.measured = gathered.measured
        self.model.set_rows(gathered.rows)
        self._plans = gathered.plans
        before = self._shown_plan or self.plan_box.currentData()
        self._shown_plan = None
        self.plan_box.clear()
        for plan in self._plans:
            self.plan_box.addItem(plan.name, plan.id)
        self.plan_box.setCurrentIndex(max(0, self.plan_box.findData(before)) if self._plans else -1)
        self.plan_box.setVisible(bool(self._plans))
        if not gathered.rows:
            self.list_states.show_message(
                mark("No variants yet"),
                mark(
                    "Ads you composed and sets you made for this audience are its variants. Take them in, or "
                    "compose some first."
                ),
                "" if self.context.read_only else mark("Take in what is finished"),
                self.gather,
            )
            self._chosen_changed()
        else:
            self.list_states.show_content()
            places = [i for i, line in enumerate(gathered.rows) if line.id in chosen]
            self._select(places or list(range(min(2, len(gathered.rows)))))
        self._judge()

    def _select(self, places: list[int]) -> None:
        from PySide6.QtCore import QItemSelection, QItemSelectionModel

        selection = QItemSelection()
        for place in places:
            selection.select(self.model.index(place), self.model.index(place))
        flags = QItemSelectionModel.SelectionFlag
        self.list.selectionModel().select(selection, flags.ClearAndSelect)
        self.list.selectionModel().setCurrentIndex(self.model.index(places[0]), flags.NoUpdate)

    @property
    def chosen(self) -> list[str]:
        """Ids of the chosen variants, in the order of their rank."""
        places = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        return [self.model.rows[place].id for place in places if place < len(self.model.rows)]

    def _chosen_changed(self) -> None:
        ids = self.chosen
        say(self.ids, mark("Ids in file names, feeds and links: {ids}"), ids=", ".join(ids))
        self.ids.setVisible(bool(ids))
        self.beside_button.setEnabled(len(self._boards()) > 1)
        self._calculate()

    def _boards(self) -> list[int]:
        """Ads to see side by side: the chosen ones, or the best where fewer than two are."""
        chosen = set(self.chosen)
        picked = work.boards_of([row for row in self.model.rows if row.id in chosen])
        return picked if len(picked) > 1 else work.boards_of(self.model.rows)[:4]

    def _beside(self) -> None:
        boards = self._boards()
        if len(boards) > 1:
            self.context.navigate("preview", beside=boards)

    def gather(self) -> None:
        """Take storyboards and sets of the audience in as variants."""
        studio, audience = self.context.studio, self.audience_id
        if studio is None or audience is None or self.context.read_only:
            return

        def done(new: int) -> None:
            if new:
                self.context.notify(tr("{n} variants are here now.", n=new))
            else:
                self.context.notify(
                    tr("Nothing new: compose an ad or make a set for this audience first."), level="warning"
                )
            self._rank()

        self.context.background(lambda: work.take_in(studio, audience), done, owner=self)

    # --- the plan -----------------------------------------------------------------------------------

    def _calculate(self) -> None:
        ids, params = self.chosen, self.form.params
        self.plan = None
        self.form.keep_button.setEnabled(False)
        if len(ids) < 2:
            say(self.form.answer, mark("Choose two or more variants at the left."))
            return
        audience = self.audience_id
        self._sums.ask(lambda: work.draft_plan(audience, ids, params), self._planned, self._not_planned)

    def _planned(self, plan: Plan) -> None:
        self.plan = plan
        unsay(self.form.answer)
        self.form.answer.setText(plan_text(plan))
        self.form.keep_button.setEnabled(not self.context.read_only)
        if not self.form.name_field.text():
            self._proposed = tr("Test {n}", n=len(self._plans) + 1)
            self.form.name_field.setText(self._proposed)

    def _not_planned(self, error: Exception) -> None:
        from mmstudio.i18n import tr_error

        unsay(self.form.answer)
        self.form.answer.setText(" ".join(tr_error(error)))

    def keep_plan(self) -> None:
        """Keep the plan under its name."""
        studio, plan = self.context.studio, self.plan
        if studio is None or plan is None or self.context.read_only:
            return
        wanted = self.form.name_field.text().strip() or tr("Test {n}", n=len(self._plans) + 1)

        def done(plan_id: int) -> None:
            self.form.name_field.clear()
            self.context.notify(tr("The plan {name} is kept.", name=wanted))
            self._shown_plan = plan_id
            self._rank()

        daily = self.form.params["daily"]
        self.context.background(lambda: work.keep_plan(studio, plan, wanted, daily), done, owner=self)

    # --- results ------------------------------------------------------------------------------------

    def _choose_results(self) -> None:
        if self.context.studio is None or self.context.read_only:
            return
        file, _chosen = QFileDialog.getOpenFileName(
            self, tr("Read results"), str(Path.home()), tr("Tables") + " (*.csv *.tsv *.txt)"
        )
        if file:
            self.read_results(Path(file))

    def read_results(self, file: Path) -> None:
        """Read a table of results and learn from it."""
        studio = self.context.studio
        if studio is None:
            return

        def done(report: ResultsReport) -> None:
            self._read_back = report
            self._show_report()
            self._rank()

        self.context.background(lambda: work.service_of(studio).read(file), done, owner=self)

    def _show_report(self) -> None:
        report = self._read_back
        self.report.setVisible(report is not None)
        if report is not None:
            self.report.setText(report_text(report))
            self.report.setToolTip("\n".join(f"{line}: {what}" for line, what in report.problems[:20]))

    def _judge(self) -> None:
        studio, plan = self.context.studio, self.plan_box.currentData()
        if studio is None or plan is None:
            self._judged(None)
            return
        self.context.background(
            lambda: work.judge_plan(studio, int(plan)),
            self._judged,
            self._say_verdict,
            key="variants-verdict",
        )

    def _judged(self, found: tuple[Plan, Verdict, str] | None) -> None:
        plan, verdict, warning = found if found is not None else (None, None, "")
        titles = {line.id: line.title for line in self.model.rows}
        seen = verdict is not None and any(count.shown for count in verdict.counts)
        self.verdicts.show(verdict if seen else None, titles)
        for widget in (self.table, self.plot, self.plot_note):
            widget.setVisible(seen)
        if seen and plan is not None and verdict is not None:
            self.plot.show_verdict(plan, verdict, titles)
        self.uneven.setText(warning)
        self.uneven.setVisible(bool(warning))
        if verdict is None:
            say(self.verdict, mark("No plan yet: plan a test first."))
            return
        unsay(self.verdict)
        words = verdict.sentence
        for variant, title in titles.items():  # ids are for files; a person reads titles
            words = words.replace(variant, title)
        self.verdict.setText(words)
        if seen:
            fit_height(self.table)

    def _say_verdict(self, error: Exception) -> None:
        from mmstudio.i18n import tr_error

        for widget in (self.table, self.plot, self.plot_note):
            widget.hide()
        unsay(self.verdict)
        self.verdict.setText(" ".join(tr_error(error)))
