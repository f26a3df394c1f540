"""One model: what it draws, what it is, how it learned, what can be done with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop.models.trained import SOURCES, STATES, ModelFacts
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.flow import FlowLayout, let_wrap
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.i18n import mark, tr

_FIGURES = {
    "k": mark("Looked at the nearest"),
    "held_out": mark("Things held out"),
    "recall": mark("Found among them, shared vector"),
    "recall_back": mark("Found among them, the other way round"),
    "unfused": mark("Found among them, without it"),
    "chance": mark("Found by chance"),
    "tags_error_before": mark("Error of the confidence, before calibration"),
    "tags_error": mark("Error of the confidence of tags"),
    "tags_right": mark("Surest tag is right"),
    "tags_commonest": mark("Always the commonest tag"),
    "best_step": mark("Best step"),
    "examples": mark("Pictures or sounds measured"),
    "psnr_db": mark("Likeness of what it draws again (decibels, higher is better)"),
    "kernel_distance": mark("Distance to your own (lower is better)"),
    "real_kernel_distance": mark("Distance between two halves of your own"),
    "nearest_ratio": mark("Distance to the nearest original (well below 1: copies)"),
    "diversity": mark("Variety (1: as varied as your own)"),
}


class ModelCard(QScrollArea):
    """Signals carry the model's name."""

    used = Signal(str)
    continued = Signal(str)
    evaluated = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: ModelFacts | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(8)
        self.setWidget(body)
        self.title = label(role="title")
        self.facts_line = label(role="muted", wrap=True)
        self.explanation = label(wrap=True)
        self.use_button = button(
            mark("Create with it"), lambda: self._send(self.used), "primary", icon="sparkle"
        )
        self.continue_button = button(mark("Go on training"), lambda: self._send(self.continued), icon="play")
        self.evaluate_button = button(mark("Evaluate"), lambda: self._send(self.evaluated), icon="gauge")
        self.remove_button = button(mark("Remove"), lambda: self._send(self.removed), "danger", icon="trash")
        actions = QWidget()
        flow = FlowLayout(actions)
        for control in (self.use_button, self.continue_button, self.evaluate_button, self.remove_button):
            flow.addWidget(control)
        self.samples = PictureCanvas(hug=True)
        name(self.samples, mark("What the model draws"))
        self.plot_title = section(mark("How it learned"))
        self.plot = LossPlot()
        self.plot.setFixedHeight(200)
        self.figures_title = section(
            mark("Figures"),
            mark(
                "Measured on your own media. They are for comparing two models of one family with each other."
            ),
        )
        self.figures = label(wrap=True)
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card_title = section(mark("Model card"))
        self.card = label(wrap=True)
        self.card.setTextFormat(Qt.TextFormat.MarkdownText)
        self.card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addLayout(row(self.title, None))
        layout.addWidget(self.facts_line)
        layout.addWidget(self.explanation)
        layout.addWidget(actions)
        layout.addWidget(self.samples)
        for widget in (
            self.plot_title,
            self.plot,
            self.figures_title,
            self.figures,
            self.card_title,
            self.card,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        let_wrap(body)

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
        self.facts_line.setText("  ·  ".join(parts))
        self.explanation.setText(tr(line.explanation) if line.explanation else "")
        usable = info.status in ("ready", "training")
        self.use_button.setEnabled(usable)
        self.use_button.setVisible(line.modality != "items")  # it finds and tags, it makes nothing
        self.evaluate_button.setEnabled(usable)
        self.continue_button.setVisible(info.source == "library" and info.status != "damaged")
        self.continue_button.setEnabled(not read_only)
        self.remove_button.setVisible(info.source != "starter")
        self.remove_button.setEnabled(not read_only)
        self.samples.setVisible(line.modality == "image" and usable)
        if new:
            self.samples.show_message(tr("Drawing a few pictures") if line.sample is None else "")
        for widget in (self.plot_title, self.plot):
            widget.setVisible(len(facts.history) > 1)
        if len(facts.history) > 1:
            self.plot.show_history(facts.history)
        self.show_figures(facts.figures)
        for widget in (self.card_title, self.card):
            widget.setVisible(bool(info.card))
        self.card.setText(card_text(info.card))
        if new:
            self.verticalScrollBar().setValue(0)

    def show_figures(self, figures: dict[str, Any]) -> None:
        """What was measured, in words."""
        lines = [f"{tr(_FIGURES.get(k, k.replace('_', ' ')))}:  {v:,.4g}" for k, v in figures.items()]
        self.figures.setText("\n".join(lines))
        for widget in (self.figures_title, self.figures):
            widget.setVisible(bool(lines))

    def show_sample(self, image: QImage) -> None:
        """The model's newest pictures."""
        self.samples.show_image(image)

    def restyle(self) -> None:
        """The theme changed."""
        self.plot.restyle()

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
