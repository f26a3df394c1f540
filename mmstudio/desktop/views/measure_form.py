"""How the recommender is to be measured: which events are hidden, how often, what counts as good."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, help_dot, inset, row, section
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.i18n import mark, tr

PROTOCOLS = {
    "random": (
        mark("A fifth of the choices"),
        mark("Hides 20 % of every person's choices at random and looks how well they are found again."),
    ),
    "ratio811": (
        mark("8 : 1 : 1"),
        mark("Eight parts to learn from, one to choose settings by, one to measure with."),
    ),
    "leave-last": (
        mark("The newest choices"),
        mark("Hides the last choice of every person: what would come next? Needs events with times."),
    ),
    "cold-items": (
        mark("New items"),
        mark("Hides a fifth of the items altogether: only pictures, sound and text can place them."),
    ),
    "few-shot": (
        mark("New people"),
        mark("Measures people of whom only 1, 3, 5 or 10 choices are known."),
    ),
    "links": (
        mark("The shop's own links"),
        mark("Looks how well the related links of the catalogue are found from content alone."),
    ),
}
MASKS = (("seen", mark("are left out")), ("cornac", mark("only liked ones are left out (Cornac)")))
METHODS = {
    "blend": mark("Blend of all signals"),
    "ease": mark("EASE"),
    "als": mark("ALS"),
    "knn": mark("Items with the same people (kNN)"),
    "markov": mark("What came next"),
    "content": mark("Content alone"),
    "ranker": mark("Trained ranker"),
}


class MeasureForm(QScrollArea):
    """:attr:`wanted` asks for a measurement, :attr:`cancelled` for its end."""

    wanted = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self.setWidget(body)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        self.protocol = QComboBox()
        name(self.protocol, mark("What is hidden and looked for"))
        for key, (words, _why) in PROTOCOLS.items():
            self.protocol.addItem(tr(words), key)
        self.protocol.currentIndexChanged.connect(lambda _i: self._explain())
        self.why = label(role="small", wrap=True)
        self.k, self.seeds = QSpinBox(), QSpinBox()
        self.threshold = QDoubleSpinBox()
        inset(self.k, self.seeds, self.threshold)
        self.k.setRange(1, 100)
        self.k.setValue(10)
        self.seeds.setRange(1, 20)
        self.seeds.setValue(3)
        self.threshold.setRange(0, 10)
        self.threshold.setSingleStep(0.5)
        self.threshold.setDecimals(1)
        say(self.threshold, mark("as usual"), "setSpecialValueText")
        name(self.k, mark("Length of the list"))
        name(self.seeds, mark("How often, each time with another split"))
        name(self.threshold, mark("Ratings from here count as liked"))
        self.mask_box = QComboBox()
        name(self.mask_box, mark("What a person has seen already"))
        for key, words in MASKS:
            self.mask_box.addItem(tr(words), key)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        for line, (words, control, why) in enumerate(
            (
                (mark("Hide"), self.protocol, ""),
                (mark("List of"), self.k, ""),
                (
                    mark("Repeat"), self.seeds,
                    mark(
                        "The split into known and hidden is drawn anew each time. The ± beside every figure "
                        "is the spread between the repeats."
                    ),
                ),
                (
                    mark("Liked from"), self.threshold,
                    mark("A hidden rating counts from this value on; events without a rating always count."),
                ),
                (
                    mark("Seen items"), self.mask_box,
                    mark(
                        "Usually what a person chose already is not recommended again. The library Cornac "
                        "counts otherwise; its way is here so that its published figures can be compared."
                    ),
                ),
            )
        ):  # fmt: skip
            grid.addWidget(label(words, "muted"), line, 0)
            if why:
                grid.addWidget(help_dot(why), line, 1)
            grid.addWidget(control, line, 2)
        column.addLayout(grid)
        column.addWidget(self.why)
        column.addWidget(section(mark("Methods"), mark("Popularity and chance are always measured beside.")))
        self.methods: dict[str, QCheckBox] = {}
        for key, words in METHODS.items():
            box = QCheckBox()
            box.setChecked(True)
            say(box, words)
            name(box, words)
            self.methods[key] = box
            column.addWidget(box)
        self.run_button = button(mark("Measure"), self.wanted.emit, "primary", icon="gauge")
        self.cancel_button = button(mark("Cancel"), self.cancelled.emit, icon="x")
        self.cancel_button.hide()
        column.addLayout(row(self.run_button, self.cancel_button, None))
        column.addStretch(1)
        let_wrap(body)
        self.setMinimumWidth(264)
        self._explain()

    @property
    def params(self) -> dict[str, Any]:
        """What the job takes."""
        chosen = [key for key, box in self.methods.items() if box.isChecked()]
        return {
            "protocol": self.protocol.currentData(),
            "k": self.k.value(),
            "seeds": self.seeds.value(),
            "threshold": self.threshold.value() or None,
            "mask": self.mask_box.currentData(),
            "methods": None if len(chosen) == len(self.methods) else chosen,
        }

    def set_running(self, running: bool) -> None:
        """Whether a measurement is under way."""
        self.run_button.setEnabled(not running)
        self.cancel_button.setVisible(running)

    def retranslate(self) -> None:
        """Say the choices in the language in use."""
        for place, (words, _why) in enumerate(PROTOCOLS.values()):
            self.protocol.setItemText(place, tr(words))
        for place, (_key, words) in enumerate(MASKS):
            self.mask_box.setItemText(place, tr(words))
        self._explain()

    def _explain(self) -> None:
        self.why.setText(tr(PROTOCOLS[str(self.protocol.currentData())][1]))
