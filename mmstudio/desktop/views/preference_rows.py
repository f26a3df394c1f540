"""Rows of the preferences: a form, a field with something beside it, a slider that shows its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSlider, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import row
from mmstudio.i18n import tr

FIELD = 280  # pixels
_LABEL = 150
_SPARE = 1.4  # lines with Chinese characters are higher than what Qt measures of the first font
_STEPS = 20  # of a slider in one unit


def form(column: QVBoxLayout) -> QFormLayout:
    """A form of labels and fields at the end of a column."""
    holder = QWidget()
    made = QFormLayout(holder)
    made.setContentsMargins(0, 4, 0, 4)
    made.setHorizontalSpacing(24)
    made.setVerticalSpacing(12)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    column.addWidget(holder)
    return made


def caption(words: str) -> QLabel:
    """The label of a row; all forms of the page have their fields below one another."""
    made = label(words)
    made.setMinimumWidth(_LABEL)
    return made


def line(*widgets: QWidget | int | None) -> QWidget:
    """Widgets side by side as one field of a form."""
    holder = QWidget()
    holder.setLayout(row(*widgets))
    return holder


class Note(QLabel):
    """A small text below a field that says how things stand; as high as its lines need."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "small")
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def tell(self, text: str, *, error: bool = False) -> None:
        """Say something; what went wrong has the look of it."""
        self.setProperty("role", "error" if error else "small")
        self.style().unpolish(self)
        self.style().polish(self)
        self.setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A form asks for the height of one line and cuts the rest. Measured, not asked of the label, whose
        # answer grows with its own minimum.
        room = QRect(0, 0, max(self.width(), 80), 10_000)
        lines = self.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.text())
        wanted = round(_SPARE * lines.height()) if self.text() else 0
        if wanted != self.minimumHeight():
            self.setMinimumHeight(wanted)


def choice(
    words: str, choices: Sequence[tuple[str, str]], chosen: str, pick: Callable[[str], object]
) -> QComboBox:
    """A list of (key, marked text); ``pick`` gets the key when the person chooses."""
    box = QComboBox()
    name(box, words)
    box.setFixedWidth(FIELD)
    fill(box, choices, chosen)
    box.activated.connect(lambda _row: pick(str(box.currentData())))
    return box


def fill(box: QComboBox, choices: Sequence[tuple[str, str]], chosen: str) -> None:
    """Put (key, marked text) into a list and show the chosen one, or the first."""
    box.clear()
    for key, text in choices:
        box.addItem(tr(text), key)
    box.setCurrentIndex(max(box.findData(chosen), 0))


class Factor(QWidget):
    """A slider from half to twice, in steps of a twentieth, with its value beside it.

    Args:
        words: marked English, its accessible name. changed: called with the value when a person moves it.
    """

    def __init__(self, words: str, tip: str, value: float, changed: Callable[[float], object]) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(_STEPS // 2, 2 * _STEPS)
        self.slider.setPageStep(_STEPS // 4)
        self.slider.setValue(round(value * _STEPS))
        self.slider.setFixedWidth(FIELD - 60)
        name(self.slider, words, tip)
        self.number = label(role="muted")
        self._show()
        self.slider.valueChanged.connect(lambda _value: self._show())
        self.slider.valueChanged.connect(lambda _value: changed(self.value))
        self.setLayout(row(self.slider, self.number, None))

    @property
    def value(self) -> float:
        """0.5 to 2."""
        return self.slider.value() / _STEPS

    def _show(self) -> None:
        self.number.setText(f"{self.value:.2f}×")
