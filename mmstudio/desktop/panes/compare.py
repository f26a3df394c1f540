"""Two models side by side: sheets from the same seeds, figures, and which one the eye prefers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.trained import ModelLine, model_lines
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say, unsay
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.blind_rating import BlindRating
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.compare_table import CompareTable
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.flow import FlowLayout, page_area
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error
from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent
    from mmstudio.learning.evaluation.rating import Pair, Standing
    from mmstudio.studio import Studio

_SHEET, _COLUMNS = 24, 6
_PAIRS = 10
_TEXTS = 5
_MEDIA = ("image", "audio", "text")  # compared within each
_SAME_SEEDS = {
    "image": mark("Both draw from the same seeds."),
    "audio": mark("Spectrograms of what both play from the same seeds: low tones at the bottom."),
    "text": mark("Both write with the same seeds."),
}


class ComparePane(Pane):
    """Choose two models of one medium; look or read, measure, or rate pictures blindly."""

    key: ClassVar[str] = "compare"
    name: ClassVar[str] = mark("Compare models")
    icon: ClassVar[str] = "scales"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._lines: list[ModelLine] = []
        self._wanted: dict[str, str] = {}
        self._before = ("", "")  # the two shown
        self._seed = 0
        self._pair_seed = 0
        self.samples, self.seeds = 0, 3  # drawn by each model for the figures (0: as many as suit), how often
        self._job: int | None = None  # -1 before its first event
        self._sent: tuple[str, str] | None = None
        self._to_keep: list[tuple[Pair, Any]] = []
        self._build()
        context.job_event.connect(self._hear)
        context.theme_changed.connect(lambda: self.table.retranslate())
        self.library_changed()

    def _build(self) -> None:
        self.choices = {"a": QComboBox(), "b": QComboBox()}
        name(self.choices["a"], mark("First model"))
        name(self.choices["b"], mark("Second model"))
        for combo in self.choices.values():
            combo.setMinimumWidth(180)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.activated.connect(lambda _i: self._fill())
        self.measure_button = button(mark("Measure both"), self.measure, icon="gauge")
        self.rate_button = button(mark("Compare by eye, blind"), self.rate, "primary", icon="eye")
        self.seeds_button = button(mark("Other seeds"), self._other_seeds, icon="dice-five")
        self.back_button = button(
            mark("Back to the models"), lambda: self.context.navigate("models"), icon="brain"
        )
        bar = QWidget()
        flow = FlowLayout(bar)
        for control in (
            self.choices["a"],
            label(mark("and"), "muted"),
            self.choices["b"],
            self.rate_button,
            self.measure_button,
            self.seeds_button,
            self.back_button,
        ):
            flow.addWidget(control)
        self.note = label(role="muted", wrap=True)
        self.canvases = {"a": PictureCanvas(hug=True), "b": PictureCanvas(hug=True)}
        self.heads = {"a": label(role="strong"), "b": label(role="strong")}
        self.texts = {"a": label(wrap=True), "b": label(wrap=True)}
        sheets = QHBoxLayout()
        sheets.setSpacing(24)
        for side, words in (("a", mark("What the first model draws")), ("b", mark("What the second draws"))):
            name(self.canvases[side], words)
            self.texts[side].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.texts[side].hide()
            part = QVBoxLayout()
            part.addWidget(self.heads[side])
            part.addWidget(self.canvases[side])
            part.addWidget(self.texts[side])
            part.addStretch(1)
            sheets.addLayout(part, 1)
        self.figures_title = section(
            mark("Figures"),
            mark(
                "Both are measured against the same media with several seeds. A mark stands only where "
                "the difference is larger than the spread between the seeds."
            ),
        )
        self.table = CompareTable()
        self.table_note = label(role="small", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        name(self.bar, mark("Progress of the measuring"))
        self.bar_note = label(role="muted")
        self.measuring = QWidget()
        self.measuring.setLayout(row(self.bar, self.bar_note, None))
        self.measuring.hide()
        self.eye_title = section(
            mark("By eye"),
            mark(
                "You see one picture of each and choose, without knowing which is whose. The interval says "
                "how sure the result is: while it contains 50 %, it can be chance."
            ),
        )
        self.eye = label(role="muted", wrap=True)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(8)
        layout.addWidget(bar)
        layout.addWidget(self.note)
        layout.addLayout(sheets)
        for widget in (
            self.eye_title,
            self.eye,
            self.figures_title,
            self.measuring,
            self.table,
            self.table_note,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        scroll = page_area(body)
        self.rating = BlindRating()
        self.rating.chosen.connect(self._rated)
        self.rating.more_wanted.connect(self.rate)
        self.rating.ended.connect(self._leave_rating)
        self.pages = QStackedWidget()
        self.pages.addWidget(scroll)
        self.pages.addWidget(self.rating)
        self.states = StateStack(self.pages)
        self.root.addWidget(self.states)
        self._rate_action = action(self, mark("Compare by eye, blind"), self.rate, icon="eye")

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``a`` and ``b``, names of models."""
        wanted = {key: str(args[key]) for key in ("a", "b") if args.get(key)}
        if wanted:
            self._wanted = wanted
            self._fill()

    def library_changed(self) -> None:
        self._lines, self._job, self._sent, self._before = [], None, None, ("", "")
        self.table.show_comparison(None)
        self.measuring.hide()
        if self.context.studio is None:
            self.states.show_message(
                mark("Compare two models"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.pages.setCurrentIndex(0)
        self.states.show_loading(mark("Looking for models"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "models":
            self._read()

    def retranslate(self) -> None:
        self.table.retranslate()
        for combo in self.choices.values():
            for place in range(combo.count()):
                line = self._line(str(combo.itemData(place)))
                combo.setItemText(place, f"{line.name}  ({tr(line.label)})")
        self._show_standing()

    def actions_menu(self) -> list[QAction]:
        return [self._rate_action]

    # --- models -------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: model_lines(studio.trainings), self._read_done, self._failed, key="compare-models"
            )

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _read_done(self, lines: list[ModelLine]) -> None:
        usable = [line for line in lines if line.info.status in ("ready", "training")]
        by_medium = {medium: [line for line in usable if line.modality == medium] for medium in _MEDIA}
        self._lines = [line for some in by_medium.values() if len(some) > 1 for line in some]
        if not self._lines:
            self.states.show_message(
                mark("Two models of one medium are needed"),
                mark("Train one more, or take a starter model, and come back to see which is better."),
                mark("Go to the models"), lambda: self.context.navigate("models"),
            )  # fmt: skip
            return
        self.states.show_content()
        self._fill()

    def _fill(self) -> None:
        if not self._lines:
            return
        names = [line.name for line in self._lines]
        before = self._before
        a = self._pick("a", names, names[0])
        medium = self._line(a).modality
        others = [line.name for line in self._lines if line.modality == medium and line.name != a]
        family = self._line(a).info.family
        alike = (one for one in others if self._line(one).info.family == family)
        b = self._pick("b", others, next(alike, others[0]))
        for side, wanted, offered in (("a", a, names), ("b", b, others)):
            combo = self.choices[side]
            combo.clear()
            for one in offered:
                combo.addItem(f"{one}  ({tr(self._line(one).label)})", one)
            combo.setCurrentIndex(max(0, combo.findData(wanted)))
        self._wanted = {}
        if before != (a, b):
            self._chosen()

    def _line(self, model: str) -> ModelLine:
        return next(line for line in self._lines if line.name == model)

    @property
    def medium(self) -> str:
        """Of the two models: "image", "audio" or "text"."""
        return self._line(self.chosen[0]).modality if self.chosen[0] else "image"

    def _pick(self, side: str, names: list[str], otherwise: str) -> str:
        for wish in (self._wanted.get(side), self.choices[side].currentData()):
            if wish in names:
                return str(wish)
        return otherwise

    @property
    def chosen(self) -> tuple[str, str]:
        """The two models."""
        return (
            str(self.choices["a"].currentData() or ""),
            str(self.choices["b"].currentData() or ""),
        )

    def _chosen(self) -> None:
        self._before, medium = self.chosen, self.medium
        self.rate_button.setVisible(medium == "image")
        self._rate_action.setEnabled(medium == "image")
        for widget in (self.eye_title, self.eye):
            widget.setVisible(medium == "image")
        for side in ("a", "b"):
            self.texts[side].setVisible(medium == "text")
            self.canvases[side].setVisible(medium != "text")
        self.measure_button.setEnabled(self._job is None)
        say(self.note, _SAME_SEEDS[medium])
        self.table.show_comparison(None)
        say(self.table_note, mark("Not measured yet."))
        self._draw()
        self._show_standing()

    # --- sheets -------------------------------------------------------------------------------------

    def _other_seeds(self) -> None:
        self._seed += 1
        self._draw()

    def _draw(self) -> None:
        studio, seed = self.context.studio, self._seed
        if studio is None:
            return
        for side, model in zip(("a", "b"), self.chosen, strict=True):
            canvas, words = self.canvases[side], self.texts[side]
            self.heads[side].setText(model)
            if self.medium == "text":
                words.setText(tr("Writing a few texts"))
                self.context.ask(
                    f"compare-{side}",
                    partial(texts_of, studio, model, seed),
                    words.setText,
                    partial(_say_failure, words),
                )
                continue
            if canvas.image.isNull():
                canvas.show_message(tr("Drawing"))
            self.context.ask(
                f"compare-{side}",
                partial(sheet_of, studio, model, seed),
                canvas.show_image,
                partial(_show_failure, canvas),
            )

    # --- figures ------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Measure both models against the same pictures, as a job."""
        a, b = self.chosen
        params = {"a": a, "b": b, "samples": self.samples, "seeds": self.seeds}
        if a != b and self.context.submit("compare", params) is not None:
            self._job, self._sent = -1, (a, b)
            self.measure_button.setEnabled(False)
            self.bar.setRange(0, 0)
            say(self.bar_note, mark("Measuring"))
            self.measuring.show()

    def _hear(self, event: JobEvent) -> None:
        if event.kind != "compare" or self._job is None:
            return
        if self._job == -1:
            self._job = event.job_id
        if event.job_id != self._job:
            return
        if event.state == "running" and event.progress is not None:
            self.bar.setRange(0, event.progress.total or 0)
            self.bar.setValue(event.progress.done)
            if event.progress.note:
                self.bar_note.setText(event.progress.note)
        elif event.state in FINAL_STATES or event.state == "paused":
            self._job = None
            self.measuring.hide()
            self.measure_button.setEnabled(True)
            if event.state == "done" and event.result is not None and self._sent == self.chosen:
                self._show(dict(event.result))

    def _show(self, result: dict[str, Any]) -> None:
        from mmstudio.learning.evaluation.report import Comparison

        found = Comparison.of(result)
        self.table.show_comparison(found)
        by = mark("Measured in the features of the network {name}; these are not FID.")
        if self.medium == "text":
            by = mark("Measured on texts that neither learned from.")
        words = [
            tr(by, name=found.features),
            tr("Mean and spread of {n} seeds.", n=found.seeds),
            *found.notes,
        ]
        unsay(self.table_note)
        self.table_note.setText(" ".join(words))

    # --- by eye -------------------------------------------------------------------------------------

    def rate(self) -> None:
        """Show pairs of pictures without names."""
        studio, (a, b) = self.context.studio, self.chosen
        if studio is None or a == b:
            return
        if self.context.read_only:
            self.context.notify(
                tr("Ratings cannot be kept: the library is open for reading only."), level="warning"
            )
            return
        seed = self._pair_seed
        self._pair_seed += 1
        self.pages.setCurrentWidget(self.rating)
        self.rating.begin()

        def pairs() -> list[Pair]:
            from mmstudio.learning.evaluation.rating import Ratings, draw_pairs

            # Pairs that were rated before would count twice: go on behind them.
            rated = Ratings(studio.library).standing(a, b)
            done = rated.wins_a + rated.wins_b + rated.neither
            return draw_pairs(studio.trainings, a, b, _PAIRS, 1000 + done + seed)

        self.context.ask("compare-pairs", pairs, self.rating.show_pairs, self._rating_failed)

    def _rating_failed(self, error: Exception) -> None:
        self._leave_rating()
        self.context.report(error)

    def _rated(self, pair: Pair, choice: Any) -> None:
        self._to_keep.append((pair, choice))
        if len(self._to_keep) == 1:
            self._keep_next()

    def _keep_next(self) -> None:
        # One after the other: two at once would each write the file without the other's line.
        studio = self.context.studio
        if studio is None or not self._to_keep:
            self._to_keep.clear()
            return
        pair, choice = self._to_keep[0]

        def keep() -> Standing:
            from mmstudio.learning.evaluation.rating import Ratings

            return Ratings(studio.library).choose(pair, choice)

        def kept(standing: Standing) -> None:
            self._to_keep.pop(0)
            self.rating.show_standing(standing)
            self._keep_next()

        def failed(error: Exception) -> None:
            self._to_keep.clear()
            self._rating_failed(error)

        self.context.background(keep, kept, failed, owner=self)

    def _leave_rating(self) -> None:
        self.pages.setCurrentIndex(0)
        self.rate_button.setFocus()
        self._show_standing()

    def _show_standing(self) -> None:
        studio, (a, b) = self.context.studio, self.chosen
        if studio is None or not a or a == b:
            return

        def read() -> Standing:
            from mmstudio.learning.evaluation.rating import Ratings

            return Ratings(studio.library).standing(a, b)

        self.context.background(read, self._show_eye, lambda _error: None, key="compare-standing")

    def _show_eye(self, standing: Standing) -> None:
        total = standing.wins_a + standing.wins_b
        if not total:
            say(self.eye, mark("Not compared by eye yet."))
            return
        say(
            self.eye,
            mark("“{a}” was chosen {wins} of {total} times over “{b}” ({low}–{high} % with 95 % certainty)."),
            a=standing.a,
            b=standing.b,
            wins=standing.wins_a,
            total=total,
            low=f"{100 * standing.low:.0f}",
            high=f"{100 * standing.high:.0f}",
        )


def _show_failure(canvas: PictureCanvas, error: Exception) -> None:
    canvas.show_message(" ".join(tr_error(error)))


def _say_failure(words: QLabel, error: Exception) -> None:
    words.setText(" ".join(tr_error(error)))


def texts_of(studio: Studio, model: str, seed: int) -> str:
    """A few texts that a model writes from a seed; on the device thread."""
    return "\n\n".join(made.text for made in studio.generation.texts(model, _TEXTS, seed))


def sheet_of(studio: Studio, model: str, seed: int) -> QImage:
    """A sheet of what a model draws from a seed; on the device thread."""
    import numpy as np

    from mmstudio.learning.evaluation.drawing import draw

    pictures = draw(studio.trainings.load(model), _SHEET, seed)
    gap = 2
    padded = np.pad(pictures, ((0, 0), (gap, gap), (gap, gap), (0, 0)), constant_values=255)
    rows = [np.concatenate(padded[i : i + _COLUMNS], 1) for i in range(0, len(padded), _COLUMNS)]
    return to_qimage(np.ascontiguousarray(np.concatenate(rows, 0)))
