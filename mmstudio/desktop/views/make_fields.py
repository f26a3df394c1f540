"""The controls for a recipe's options: numbers, choices, switches, words, and voices of this computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from mmstudio.desktop.views.controls import inset
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.recipe import Option

WIDTH = 170  # pixels: fields of options end and begin in one line
_WINDOWS = (
    ("", mark("As the first picture")),
    ("own", mark("Each picture its own")),
    ("lung", mark("Lung")),
    ("bone", mark("Bone")),
    ("brain", mark("Brain")),
    ("soft tissue", mark("Soft tissue")),
)
Voices = Sequence[tuple[str, str]]


def field_of(option: Option, *, own: bool, voices: Voices = ()) -> QWidget:
    """The control for an option, set to its default. ``own``: from a recipe of the person's own."""
    made = _field(option, own, voices)
    made.setFixedWidth(WIDTH) if not isinstance(made, QCheckBox) else None
    return made


def is_voice(option: Option) -> bool:
    """Whether an option names a voice of this computer."""
    return option.name == "voice" and option.kind == "text"


def fill_voices(box: QComboBox, option: Option, voices: Voices) -> None:
    """Offer none, the usual one and these voices (id, words); what was chosen stays."""
    chosen = box.currentData() if box.count() else option.default
    usual = "default" if option.default == "none" else ""
    box.blockSignals(True)
    box.clear()
    for value, words in ((usual, tr("The usual voice")), ("none", tr("No voice")), *voices):
        box.addItem(words, value)
    if box.findData(chosen) < 0:
        box.addItem(str(chosen), chosen)
    box.setCurrentIndex(box.findData(chosen))
    box.blockSignals(False)


def value_of(field: QWidget) -> Any:
    """What was given; None where it is no field."""
    if isinstance(field, QComboBox):
        if field.isEditable():
            at = field.findText(field.currentText())
            return field.itemData(at) if at >= 0 else field.currentText().strip()
        return field.currentData()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QSpinBox):
        return field.value()
    if isinstance(field, QDoubleSpinBox):
        return round(field.value(), 3)
    return field.text().strip() if isinstance(field, QLineEdit) else None


def _field(option: Option, own: bool, voices: Voices) -> QWidget:
    if option.kind == "choice":
        box = _box()
        for choice in option.choices:
            words = choice if own else tr(choice)
            box.addItem(words[:1].upper() + words[1:], choice)
        box.setCurrentIndex(max(0, box.findData(option.default)))
        return box
    if option.kind == "bool":
        check = QCheckBox()
        check.setChecked(bool(option.default))
        return check
    if option.kind == "int":
        spin = QSpinBox()
        spin.setRange(int(option.least), int(option.most))
        spin.setValue(int(option.default or 0))
        inset(spin)
        return spin
    if option.kind == "float":
        real = QDoubleSpinBox()
        real.setRange(option.least, option.most)
        real.setDecimals(1)
        real.setSingleStep(0.1 if option.most <= 10 else 1.0)
        real.setValue(float(option.default or 0.0))
        inset(real)
        return real
    if is_voice(option) and not own:
        box = _box()
        fill_voices(box, option, voices)
        return box
    if option.name == "window" and not own:
        box = _box()
        for value, words in _WINDOWS:
            box.addItem(tr(words), value)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        return box
    return QLineEdit(str(option.default))


def _box() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    return box
