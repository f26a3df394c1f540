"""One model: what it draws, what it is and saw, how it learned and measured, what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.models.trained import SOURCES, STATES, ModelFacts
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.curves import LOSSES, QUALITY, CurveTabs
from mmstudio.desktop.views.figure_table import FigureTable
from mmstudio.desktop.views.flow import FlowLayout, ScrollColumn, let_wrap
from mmstudio.desktop.views.nearest_strip import NearestStrip
from mmstudio.desktop.views.sample_reel import SampleReel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.views.pictures import Pictures
    from mmstudio.learning.evaluation.report import Evaluation


class ModelCard(ScrollColumn):
    """Signals carry the model's name; :attr:`assets_wanted` ids to open in the library, :attr:`looked` one
    asset to look at, :attr:`sheet_wanted` the path of a sheet to load."""

    used = Signal(str)
    played = Signal(str)
    continued = Signal(str)
    evaluated = Signal(str)
    compared = Signal(str)
    exported = Signal(str)
    retrained = Signal(str)
    removed = Signal(str)
    assets_wanted = Signal(object)
    looked = Signal(int)
    sheet_wanted = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__((24, 16, 24, 24), 8, parent)
        self._facts: ModelFacts | None = None
        layout = self.column
        self.title = label(role="title")
        self.facts_line = label(role="muted", wrap=True)
        self.explanation = label(wrap=True)
        self._build_actions()
        self._build_forgotten()
        self.reel = SampleReel(hug=True)
        self.reel.wanted.connect(self.sheet_wanted)
        self.samples = self.reel.canvas
        name(self.samples, mark("What the model draws"))
        self.again_note = label(
            mark("First row: pictures it learned from. Second row: the same drawn again. Below: new ones."),
            "small",
            wrap=True,
        )
        self.plot_title = section(mark("How it learned"))
        self.losses = CurveTabs(LOSSES, mark("Curves of the training"))
        self.quality = CurveTabs(QUALITY, mark("Curves of the quality"))
        for plot in (self.losses, self.quality):
            plot.setFixedHeight(200)
        self.figures_title = section(
            mark("Figures"),
            mark(
                "Measured on your own media. They are for comparing two models of one family with each other."
            ),
        )
        self.figures = FigureTable()
        self.notes = label(role="small", wrap=True)
        self._build_evaluation()
        self.copies_title = section(
            mark("Does it copy?"),
            mark(
                "Left of each pair what the model drew, right the training picture nearest to it. The number "
                "is their distance against that of pictures it never saw: well below 1 is a copy."
            ),
        )
        self.copies = NearestStrip(pictures)
        self.copies.looked.connect(self.looked)
        self._build_seen()
        self.card_title = section(mark("Model card"))
        self.card = label(wrap=True)
        self.card.setTextFormat(Qt.TextFormat.MarkdownText)
        self.card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addLayout(row(self.title, None))
        for widget in (
            self.facts_line,
            self.explanation,
            self.forgotten,
            self.action_row,
            self.reel,
            self.again_note,
            self.figures_title,
            self.figures,
            self.notes,
            self.measuring,
            self.copies_title,
            self.copies,
            self.seen_title,
            self.seen,
            self.plot_title,
            self.quality,
            self.losses,
            self.card_title,
            self.card,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        let_wrap(self.body)

    def _build_actions(self) -> None:
        def act(words: str, signal: SignalInstance, role: Any = "", icon: str = "") -> Any:
            return button(words, lambda: self._send(signal), role, icon=icon)

        self.use_button = act(mark("Create with it"), self.used, "primary", "sparkle")
        self.play_button = act(mark("Play with it"), self.played, icon="sliders-horizontal")
        self.continue_button = act(mark("Go on training"), self.continued, icon="play")
        self.evaluate_button = act(mark("Evaluate"), self.evaluated, icon="gauge")
        say(
            self.evaluate_button,
            mark("Measures what it draws and looks for copies of training pictures"),
            "setToolTip",
        )
        self.compare_button = act(mark("Compare with…"), self.compared, icon="scales")
        self.export_button = act(mark("Export as ONNX…"), self.exported, icon="export")
        say(
            self.export_button,
            mark("A file that other programs can draw with; it is checked against this model"),
            "setToolTip",
        )
        self.remove_button = act(mark("Remove"), self.removed, "danger", "trash")
        self.action_row = QWidget()
        flow = FlowLayout(self.action_row)
        for control in (
            self.use_button,
            self.play_button,
            self.continue_button,
            self.evaluate_button,
            self.compare_button,
            self.export_button,
            self.remove_button,
        ):
            flow.addWidget(control)

    def _build_forgotten(self) -> None:
        self.forgotten = QFrame()
        self.forgotten.setProperty("surface", "card")
        self.forgotten_words = label(wrap=True)
        self.forgotten_show = button(mark("Show them"), self._show_forgotten, "link")
        self.retrain_button = button(
            mark("Train again without them"), lambda: self._send(self.retrained), icon="arrow-clockwise"
        )
        layout = QVBoxLayout(self.forgotten)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(self.forgotten_words)
        layout.addLayout(row(self.retrain_button, self.forgotten_show, None))

    def _build_evaluation(self) -> None:
        self.measuring = QWidget()
        self.measuring_note = label(mark("Measuring"), "muted")
        self.measuring_bar = QProgressBar()
        self.measuring_bar.setTextVisible(False)
        self.measuring_bar.setFixedWidth(160)
        name(self.measuring_bar, mark("Progress of the measuring"))
        self.measuring.setLayout(row(self.measuring_bar, self.measuring_note, None))
        self.measuring.hide()

    def _build_seen(self) -> None:
        self.seen_title = section(
            mark("What it saw"),
            mark(
                "The pictures or sounds that went into it. What was held out only measured it; what it "
                "started from saw others before."
            ),
        )
        self.seen = QWidget()
        self.seen_words = label(wrap=True)
        self.seen_button = button(mark("Show them"), self._show_seen, "link")
        self.seen.setLayout(row(self.seen_words, self.seen_button))
        self.seen_words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    # --- showing ------------------------------------------------------------------------------------

    @property
    def model(self) -> str:
        """Name of the model shown, "" before the first."""
        return self._facts.line.name if self._facts is not None else ""

    def show_facts(self, facts: ModelFacts, *, read_only: bool) -> None:
        """Show a model."""
        new = self._facts is None or self._facts.line.name != facts.line.name
        self._facts = facts
        line, info = facts.line, facts.line.info
        self.title.setText(line.name)
        parts = [tr(line.label), tr(SOURCES[info.source]), tr(STATES.get(info.status, info.status))]
        if info.steps:
            parts.append(tr("{n} steps", n=f"{info.steps:,}"))
        if info.size and line.modality == "image":
            parts.append(f"{info.size} × {info.size}")
        parts += facts.traits
        self.facts_line.setText("  ·  ".join(parts))
        told = [tr(line.explanation)] if line.explanation else []
        if info.holds_texts:
            told.append(
                tr(
                    "Phrases and words of the texts it learned from can be read in its folder: pass it on "
                    "only as you would those texts."
                )
            )
        self.explanation.setText(" ".join(told))
        usable, picture = info.status in ("ready", "training"), line.modality == "image"
        makes = line.modality != "items"  # the shared vector finds and tags, it makes nothing
        self.use_button.setEnabled(usable)
        self.use_button.setVisible(makes)
        self.play_button.setVisible(picture and usable)
        self.evaluate_button.setVisible(makes)
        self.evaluate_button.setEnabled(usable)
        self.compare_button.setVisible(line.modality in ("image", "audio", "text") and usable)
        self.export_button.setVisible(picture and usable)
        self.continue_button.setVisible(info.source == "library" and info.status not in ("damaged", "newer"))
        self.continue_button.setEnabled(not read_only)
        self.remove_button.setVisible(info.source != "starter")
        self.remove_button.setEnabled(not read_only)
        self.retrain_button.setEnabled(not read_only)
        writes = line.modality == "text"
        self.reel.setVisible((picture or writes) and usable)
        self.again_note.setVisible(
            picture and usable and info.family == "image-vae" and bool(facts.past.sheets)
        )
        if new:
            self.measuring.hide()
            self.reel.clear()
            waiting = tr("Writing a few texts") if writes else tr("Drawing a few pictures")
            self.samples.show_message(waiting if line.sample is None else "")
        self.reel.set_paths(facts.past.sheets)
        past = facts.past
        self.losses.show_history(past.history)
        self.quality.show_history(past.figures, "figures")
        for widget in (self.plot_title, self.losses):
            widget.setVisible(len(past.history) > 1)
        self.quality.setVisible(len(past.figures) > 1)
        self.show_evaluation(facts.evaluation)
        self._show_what_it_saw(facts)
        for widget in (self.card_title, self.card):
            widget.setVisible(bool(info.card))
        self.card.setText(card_text(info.card))
        if new:
            self.verticalScrollBar().setValue(0)

    def show_evaluation(self, found: Evaluation | None) -> None:
        """What was measured, in words, and the pictures nearest to training pictures."""
        facts = self._facts
        figures = found.figures if found is not None else facts.figures if facts is not None else {}
        fused = facts is not None and facts.line.modality == "items"
        self.figures.show_figures(figures, fused=fused)
        for widget in (self.figures_title, self.figures):
            widget.setVisible(bool(figures))
        notes = found.notes if found is not None else []
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        nearest = [near for near in found.nearest if near.drawn] if found is not None else []
        self.copies.pairs.set_rows(nearest)
        for part in (self.copies_title, self.copies):
            part.setVisible(bool(nearest))

    def _show_what_it_saw(self, facts: ModelFacts) -> None:
        self.seen_title.setVisible(bool(facts.seen))
        self.seen.setVisible(bool(facts.seen))
        learned = f"{facts.trained:,}"
        parts = [tr("It learned from {n}.", n=learned)]
        if facts.held:
            words = mark("It learned from {n}; another {held} were held out to measure it.")
            parts = [tr(words, n=learned, held=f"{facts.held:,}")]
        if facts.before:
            parts.append(tr("What it started from saw {n} of this library.", n=f"{facts.before:,}"))
        self.seen_words.setText(" ".join(parts))
        self.forgotten.setVisible(bool(facts.forgotten))
        say(
            self.forgotten_words,
            mark("{n} of what it saw must not be learned from any more. What it knows of it stays in it."),
            n=len(facts.forgotten),
        )
        self.retrain_button.setVisible(facts.line.info.source == "library")

    def show_measuring(self, note: str, done: int, total: int | None) -> None:
        """An evaluation runs."""
        self.evaluate_button.setEnabled(False)
        self.measuring.show()
        self.measuring_bar.setRange(0, total or 0)
        self.measuring_bar.setValue(done)
        if note:
            self.measuring_note.setText(note)

    def measured(self) -> None:
        """It ended, one way or another."""
        self.evaluate_button.setEnabled(True)
        self.measuring.hide()

    def show_sample(self, image: QImage) -> None:
        """The model's newest pictures, or the sheet that was wanted."""
        self.reel.show_sheet(image)

    def restyle(self) -> None:
        """The theme or the language changed."""
        self.losses.restyle()
        self.quality.restyle()
        self.figures.retranslate()

    def _show_seen(self) -> None:
        if self._facts is not None:
            self.assets_wanted.emit(list(self._facts.seen))

    def _show_forgotten(self) -> None:
        if self._facts is not None:
            self.assets_wanted.emit(list(self._facts.forgotten))

    def _send(self, signal: SignalInstance) -> None:
        if self._facts is not None:
            signal.emit(self._facts.line.name)


def card_text(card: str) -> str:
    """A model card as it stands below the model's name: without its title and the figures shown above it."""
    lines: list[str] = []
    skipping = False
    for line in card.strip().splitlines():
        if line.startswith("#"):
            words = line.lstrip("# ")
            skipping = words == "Measured"
            if not skipping and not line.startswith("# "):
                lines.append(f"**{words}**")
        elif not skipping:
            lines.append(line)
    return "\n".join(lines)
