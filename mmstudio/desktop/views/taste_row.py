"""How strongly an audience's taste counts: a slider with its words, for whatever is made for people."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import help_dot, row
from mmstudio.i18n import mark


class TasteRow(QWidget):
    """A slider from 0 to 100 % and what it says now. ``explanation`` is marked English."""

    def __init__(self, explanation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)  # two lines: beside its words a slider has no room in a narrow window
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        name(self.slider, mark("Strength of their taste"))
        self.words = label(role="small")
        self.words.setMinimumWidth(36)
        self.slider.valueChanged.connect(self._say)
        self._say(0)
        layout.addLayout(row(label(mark("Their taste"), "muted"), help_dot(explanation), None, spacing=4))
        line = row(self.slider, self.words, spacing=4)
        line.setStretch(0, 1)
        layout.addLayout(line)

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.slider.value() / 100

    def _say(self, value: int) -> None:
        self.words.setText(f"{value} %")
