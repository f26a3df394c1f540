"""Planning a comparison: what is counted, what difference is worth finding, how many people it takes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.variants import EVENTS
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, help_dot, inset, row
from mmstudio.i18n import mark, tr


class PlanForm(QWidget):
    """Signals: changed (calculate again), kept (keep the plan)."""

    changed = Signal()
    kept = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.event_box = QComboBox()
        name(self.event_box, mark("What is counted"))
        for key, words in EVENTS.items():
            self.event_box.addItem(tr(words), key)
        self.base, self.effect = QDoubleSpinBox(), QDoubleSpinBox()
        self.alpha, self.power = QDoubleSpinBox(), QDoubleSpinBox()
        self.daily = QSpinBox()
        for box, low, high, value, digits, suffix in (
            (self.base, 0.1, 95.0, 3.0, 1, " %"),
            (self.effect, 0.05, 50.0, 1.0, 2, ""),
            (self.alpha, 0.1, 20.0, 5.0, 1, " %"),
            (self.power, 50.0, 99.0, 80.0, 0, " %"),
        ):
            box.setRange(low, high)
            box.setDecimals(digits)
            box.setValue(value)
            box.setSuffix(suffix)
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda _v: self.changed.emit())
        self.daily.setRange(0, 10_000_000)
        self.daily.setSingleStep(100)
        self.daily.setKeyboardTracking(False)
        say(self.daily, mark("not said"), "setSpecialValueText")
        self.daily.valueChanged.connect(lambda _v: self.changed.emit())
        self.event_box.currentIndexChanged.connect(lambda _i: self.changed.emit())
        say(self.effect, mark(" points"), "setSuffix")
        inset(self.base, self.effect, self.alpha, self.power, self.daily)
        name(self.base, mark("How many act today, per cent"))
        name(self.effect, mark("Smallest difference worth finding, percentage points"))
        name(self.alpha, mark("Risk of a false winner, per cent"))
        name(self.power, mark("Chance to find the difference, per cent"))
        name(self.daily, mark("People a day"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for line, (words, control, why) in enumerate(
            (
                (mark("Counted"), self.event_box, ""),
                (mark("Act today"), self.base, mark("Of a hundred people who see it, how many act now.")),
                (
                    mark("Difference"), self.effect,
                    mark(
                        "In percentage points: from 3 % to 4 % is one. The smaller the difference you want "
                        "to find, the more people it takes."
                    ),
                ),
                (
                    mark("False winner"), self.alpha,
                    mark(
                        "How often chance alone may name a winner, over all comparisons together. With more "
                        "than two variants each comparison is held to less, so that the whole keeps to it."
                    ),
                ),
                (mark("Found with"), self.power, mark("How surely a difference of that size is found.")),
                (mark("People a day"), self.daily, ""),
            )
        ):  # fmt: skip
            grid.addWidget(label(words, "muted"), line, 0)
            if why:
                grid.addWidget(help_dot(why), line, 1)
            grid.addWidget(control, line, 2)
        self.answer = label(role="strong", wrap=True)
        self.answer.setMinimumWidth(1)
        self.name_field = QLineEdit()
        name(self.name_field, mark("Name of the plan"))
        say(self.name_field, mark("Name of the plan"), "setPlaceholderText")
        self.keep_button = button(mark("Keep the plan"), self.kept.emit, icon="floppy-disk")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self.answer)
        layout.addLayout(row(self.name_field, self.keep_button))

    @property
    def params(self) -> dict[str, Any]:
        """Shares, not per cent: event, base, effect, alpha, power, daily (people a day or None)."""
        return {
            "event": str(self.event_box.currentData()),
            "base": self.base.value() / 100,
            "effect": self.effect.value() / 100,
            "alpha": self.alpha.value() / 100,
            "power": self.power.value() / 100,
            "daily": self.daily.value() or None,
        }

    def retranslate(self) -> None:
        """Say the choices in the language in use."""
        for place, words in enumerate(EVENTS.values()):
            self.event_box.setItemText(place, tr(words))
