"""The controls of augmentation for one kind of media: presets, seed, copies, and every operation."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import card, help_dot, inset, row, tool
from mmstudio.desktop.views.flow import let_wrap, page_area
from mmstudio.errors import UsageError
from mmstudio.features.augment.operations import OPERATIONS, Operation, Step
from mmstudio.features.augment.recipe import MOST_COPIES, PRESETS, AugmentRecipe, preset, read_recipe
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SEED = 9999
_SEED_HELP = mark(
    "The seed is the number the chance starts from. The same medium, settings and seed give the same copies "
    "again, here and in a training."
)
PRESET_WORDS = {"off": mark("Off"), "gentle": mark("Gentle"), "strong": mark("Strong")}


class OperationControl(QFrame):
    """One operation: whether, how often, how far."""

    changed = Signal()

    def __init__(self, operation: Operation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operation = operation
        self._factor = 100 if operation.unit == "%" else 1
        frame, layout = card()
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.on = QCheckBox()
        say(self.on, operation.title)
        self.on.setAccessibleDescription(tr(operation.explanation))
        head = row(self.on, None, help_dot(operation.explanation), spacing=4)
        layout.addLayout(head)
        self.more = QWidget(frame)
        grid = QGridLayout(self.more)
        grid.setContentsMargins(24, 0, 4, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.often = QSlider(Qt.Orientation.Horizontal)
        self.often.setRange(0, 100)
        self.often.setSingleStep(5)
        self.often_words = label(role="small")
        self.often_words.setMinimumWidth(36)
        self.often_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name(self.often, mark("How often"), mark("In how many of a hundred copies it happens"))
        grid.addWidget(label(mark("How often"), "small"), 0, 0)
        grid.addWidget(self.often, 0, 1)
        grid.addWidget(self.often_words, 0, 2)
        self.low, self.high = self._field(mark("From")), self._field(mark("To"))
        if operation.has_amount:
            grid.addWidget(label(mark("How far"), "small"), 1, 0)
            grid.addLayout(row(self.low, label("–", "small"), self.high, None, spacing=4), 1, 1, 1, 2)
        layout.addWidget(self.more)
        self.on.toggled.connect(self._toggled)
        self.often.valueChanged.connect(self._often_moved)
        self.low.valueChanged.connect(lambda value: self._bounded(value, low=True))
        self.high.valueChanged.connect(lambda value: self._bounded(value, low=False))
        self._quiet = False

    def _field(self, accessible: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        inset(field)
        operation = self.operation
        field.setRange(operation.least * self._factor, operation.most * self._factor)
        step = (operation.step or 1) * self._factor
        field.setSingleStep(step)
        field.setDecimals(0 if step >= 1 else 2 if step < 0.1 else 1)
        short = {"semitones": " st", "%": " %", "dB": " dB", "°": "°", "×": ""}
        field.setSuffix(short.get(operation.unit, ""))
        field.setPrefix("×" if operation.unit == "×" else "")
        field.setKeyboardTracking(False)
        field.setMinimumWidth(76)
        name(field, accessible)
        return field

    @property
    def step(self) -> Step:
        """The setting shown."""
        operation = self.operation
        if not operation.has_amount:
            return Step(self.on.isChecked(), self.often.value() / 100, operation.least, operation.most)
        low, high = self.low.value() / self._factor, self.high.value() / self._factor
        return Step(self.on.isChecked(), self.often.value() / 100, round(low, 4), round(high, 4))

    def set_step(self, step: Step) -> None:
        """Show a setting; nothing is signalled."""
        self._quiet = True
        self.on.setChecked(step.on)
        self.often.setValue(round(step.probability * 100))
        self.low.setValue(step.low * self._factor)
        self.high.setValue(step.high * self._factor)
        self.more.setVisible(step.on)
        self._quiet = False

    def _toggled(self, on: bool) -> None:
        self.more.setVisible(on)
        self._tell()

    def _often_moved(self, value: int) -> None:
        self.often_words.setText(f"{value} %")
        self._tell()

    def _bounded(self, value: float, *, low: bool) -> None:
        other = self.high if low else self.low
        if (value > other.value()) if low else (value < other.value()):
            other.setValue(value)
        self._tell()

    def _tell(self) -> None:
        if not self._quiet:
            self.changed.emit()


class RecipeControls(QWidget):
    """All operations of one kind of media. ``changed`` says that :attr:`recipe` is another one."""

    changed = Signal()
    save_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, modality: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.modality = modality
        self._base = preset("gentle")
        self._saved: dict[str, AugmentRecipe] = {}
        self.presets = QComboBox()
        name(self.presets, mark("Preset"))
        self.save_button = tool("floppy-disk", mark("Save as a preset of your own"), self.save_wanted.emit)
        self.remove_button = tool("trash", mark("Remove this preset"), self._remove)
        self.seed = QSpinBox()
        inset(self.seed)
        self.seed.setRange(0, _MOST_SEED)
        name(self.seed, mark("Seed"))
        self.dice = tool("dice-five", mark("Another seed"), self.roll)
        self.copies = QSpinBox()
        inset(self.copies)
        self.copies.setRange(1, MOST_COPIES)
        name(self.copies, mark("Copies of each in a training"))
        self._random = Random()
        body = QWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page_area(body))
        self.operations = {
            op.name: OperationControl(op, body) for op in OPERATIONS.values() if op.modality == modality
        }
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(8)
        top = QGridLayout()
        top.setHorizontalSpacing(12)
        top.setVerticalSpacing(8)
        top.setColumnStretch(1, 1)
        top.addWidget(label(mark("Preset"), "muted"), 0, 0)
        top.addLayout(row(self.presets, self.save_button, self.remove_button, spacing=4), 0, 1)
        top.addWidget(label(mark("Seed"), "muted"), 1, 0)
        top.addLayout(row(self.seed, self.dice, help_dot(_SEED_HELP), None, spacing=4), 1, 1)
        self.copies_label = label(mark("Copies"), "muted")
        top.addWidget(self.copies_label, 2, 0)
        top.addLayout(row(self.copies, None, spacing=4), 2, 1)
        layout.addLayout(top)
        for control in self.operations.values():
            layout.addWidget(control)
            control.changed.connect(self._edited)
        layout.addStretch(1)
        let_wrap(body)
        self.presets.activated.connect(self._chosen)
        self.seed.valueChanged.connect(lambda _v: self._tell())
        self.copies.valueChanged.connect(lambda _v: self._tell())
        self._quiet = False
        if modality == "text":
            self.copies_label.hide()
            self.copies.hide()
        self.set_recipe(self._base)

    @property
    def recipe(self) -> AugmentRecipe:
        """What the controls say."""
        steps = {key: control.step for key, control in self.operations.items()}
        called = str(self.presets.currentData() or "custom")
        return AugmentRecipe(called, self.seed.value(), self.copies.value(), {**self._base.steps, **steps})

    def set_recipe(self, recipe: AugmentRecipe) -> None:
        """Show a recipe; nothing is signalled."""
        self._quiet = True
        self._base = recipe
        self.seed.setValue(min(recipe.seed, _MOST_SEED))
        self.copies.setValue(recipe.copies)
        for key, control in self.operations.items():
            control.set_step(recipe.step(key))
        self._fill(recipe.name)
        self._quiet = False

    def set_saved(self, saved: Sequence[str]) -> None:
        """Offer the person's own presets, JSON texts; one that cannot be read is left out."""
        self._saved = {}
        for text in saved:
            try:
                recipe = read_recipe(json.loads(text))
            except (ValueError, UsageError):
                continue
            self._saved[recipe.name] = recipe
        self._fill(str(self.presets.currentData() or "custom"))

    def retranslate(self) -> None:
        """Name the presets again."""
        self._fill(str(self.presets.currentData() or "custom"))

    def roll(self) -> None:
        """Another seed."""
        self.seed.setValue(self._random.randrange(_MOST_SEED))

    def _fill(self, current: str) -> None:
        self.presets.blockSignals(True)
        self.presets.clear()
        for key in PRESETS:
            self.presets.addItem(tr(PRESET_WORDS[key]), key)
        for saved in self._saved:
            self.presets.addItem(saved, saved)
        if self.presets.findData(current) < 0:
            self.presets.addItem(tr("Custom"), "custom")
            current = "custom"
        self.presets.setCurrentIndex(self.presets.findData(current))
        self.presets.blockSignals(False)
        self.remove_button.setVisible(current in self._saved)

    def _chosen(self, _place: int) -> None:
        key = str(self.presets.currentData())
        if key in PRESETS:
            self.set_recipe(preset(key, self.seed.value(), self.copies.value()))
        elif key in self._saved:
            self.set_recipe(self._saved[key])
        self._tell()

    def _edited(self) -> None:
        self._fill("custom")
        self._tell()

    def _remove(self) -> None:
        self.remove_wanted.emit(str(self.presets.currentData()))

    def _tell(self) -> None:
        if not self._quiet:
            self.changed.emit()
