"""Fine-tuning: from what, on what, how long; and how it goes while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row, section
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.loss_plot import LossPlot
from mmstudio.desktop.words import span_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.catalogue import TuningOffer
    from mmstudio.jobs import JobEvent

_FEWEST = 12
_ON = {
    "categories": mark("The categories of their items ({n} pictures)"),
    "tags": mark("Their tags ({n} pictures)"),
    "self": mark("No labels: what stays the same in changed views ({n} pictures)"),
}


class TuningForm(QWidget):
    """:attr:`started` carries the parameters of the job."""

    started = Signal(dict)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: TuningOffer | None = None
        self.base = QComboBox()
        name(self.base, mark("Start from"))
        self.choices: dict[str, QRadioButton] = {}
        group = QButtonGroup(self)
        self.steps = QSpinBox()
        inset(self.steps)
        self.steps.setRange(10, 20_000)
        self.steps.setSingleStep(50)
        self.steps.setValue(150)
        name(self.steps, mark("Steps"))
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the model"))
        self.estimate = label(role="muted", wrap=True)
        self.start_button = button(mark("Start fine-tuning"), self._start, "primary", icon="play")
        self.back_button = button(mark("Back"), self.left.emit, icon="arrow-left")
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 16, 24, 16)
        body.setSpacing(8)
        body.addWidget(label(mark("Fine-tune a picture network on your pictures"), "title", wrap=True))
        body.addWidget(
            label(
                mark(
                    "The network learns what counts as alike in your library. A part of the pictures is held "
                    "out; the result is kept only if it finds those better than before."
                ),
                "muted",
                wrap=True,
            )
        )
        body.addWidget(section(mark("Learn")))
        for key in _ON:
            choice = QRadioButton()
            group.addButton(choice)
            choice.toggled.connect(lambda _on: self._update())
            self.choices[key] = choice
            body.addWidget(choice)
        body.addWidget(section(mark("How")))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(label(mark("Start from"), "muted"), self.base)
        form.addRow(label(mark("Steps"), "muted"), self.steps)
        form.addRow(label(mark("Name"), "muted"), self.name_field)
        body.addLayout(form)
        body.addWidget(self.estimate)
        body.addLayout(row(self.start_button, self.back_button, None))
        body.addStretch(1)
        let_wrap(self)
        self.base.currentIndexChanged.connect(lambda _i: self._base_chosen())
        self.steps.valueChanged.connect(lambda _v: self._update())

    def offer(self, offer: TuningOffer, base: str = "") -> None:
        """Fill the choices; ``base`` is the network that was shown. What was chosen before is kept for it."""
        before = (self.base.currentData(), self.on, self.name_field.text())
        self._offer = offer
        self.base.clear()
        for line in offer.bases:
            self.base.addItem(line.title, (line.name, line.architecture))
        place = next((i for i, line in enumerate(offer.bases) if line.name == base), 0)
        self.base.setCurrentIndex(place)
        for key, choice in self.choices.items():
            say(choice, _ON[key], n=f"{offer.counts.get(key, 0):,}")
            choice.setEnabled(offer.counts.get(key, 0) >= _FEWEST)
        first = next((k for k, choice in self.choices.items() if choice.isEnabled()), "self")
        self.choices[first].setChecked(True)
        self._base_chosen()
        if before[0] is not None and before[0][0] == base and before[2] not in offer.taken:
            self.choices[before[1]].setChecked(self.choices[before[1]].isEnabled())
            self.name_field.setText(before[2])
            self._update()

    @property
    def on(self) -> str:
        """What would be learned."""
        return next((key for key, choice in self.choices.items() if choice.isChecked()), "self")

    def _base_chosen(self) -> None:
        chosen = self.base.currentData()
        if chosen is None or self._offer is None:
            return
        stem = f"{chosen[0].removeprefix('starter-')[:30]}-tuned"
        names = [stem, *(f"{stem}-{i}" for i in range(2, 1000))]
        self.name_field.setText(next(n for n in names if n not in self._offer.taken))
        self._update()

    def _update(self) -> None:
        offer, chosen = self._offer, self.base.currentData()
        if offer is None or chosen is None:
            return
        enough = offer.counts.get(self.on, 0) >= _FEWEST
        self.start_button.setEnabled(enough)
        if not enough:
            say(
                self.estimate,
                mark("At least {n} pictures are needed. Import more, or give them tags or items."),
                n=_FEWEST,
            )
            return
        say(
            self.estimate,
            mark(
                "Takes about {time} on two processor cores, less with a graphics card. You can stop at any "
                "time and go on later."
            ),
            time=span_text(offer.step_seconds.get(str(chosen[1]), 1.0) * self.steps.value()),
        )

    def _start(self) -> None:
        chosen = self.base.currentData()
        if chosen is None:
            return
        params: dict[str, Any] = {"base": chosen[0], "on": self.on, "steps": self.steps.value()}
        params["name"] = self.name_field.text().strip()
        self.started.emit(params)


class TuningView(QWidget):
    """A fine-tuning as it runs; fed by :meth:`hear`."""

    paused = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label(role="title", wrap=True)
        self.note = label(role="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the fine-tuning"))
        self.numbers = label(role="strong")
        self.pause_button = button(mark("Pause"), self.paused.emit, icon="pause")
        self.stop_button = button(mark("Stop"), self.stopped.emit, icon="stop")
        self.plot = LossPlot()
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 16, 24, 16)
        body.setSpacing(8)
        body.addWidget(self.title)
        for widget in (self.note, self.bar, self.numbers):
            body.addWidget(widget)
        body.addLayout(row(self.pause_button, self.stop_button, None))
        body.addWidget(self.plot, 1)
        let_wrap(self)

    def begin(self, model: str) -> None:
        """A fine-tuning starts."""
        say(self.title, mark("Fine-tuning {name}"), name=model)
        say(self.note, mark("Preparing"))
        self.numbers.clear()
        self.bar.setRange(0, 0)
        self.plot.clear()
        self.allow(True)

    def hear(self, event: JobEvent) -> None:
        """An event of this job."""
        progress = event.progress
        if progress is None:
            return
        if progress.note:
            self.note.setText(progress.note)
        data = progress.data or {}
        self.bar.setRange(0, (progress.total or 0) if progress.done else 0)
        self.bar.setValue(progress.done)
        if "losses" in data:
            self.plot.add(int(data["step"]), dict(data["losses"]))
            self.numbers.setText(
                tr("Step {done} of {total}", done=f"{progress.done:,}", total=f"{progress.total or 0:,}")
            )

    def allow(self, allowed: bool) -> None:
        """Whether it can be paused or stopped now."""
        self.pause_button.setEnabled(allowed)
        self.stop_button.setEnabled(allowed)
