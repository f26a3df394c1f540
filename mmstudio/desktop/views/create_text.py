"""What is asked of a text model: how a text begins, how daring, how long, how far from a sentence."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QSlider, QSpinBox, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import help_dot, inset, row
from mmstudio.desktop.views.fields import TextField
from mmstudio.i18n import mark

_TEMPERATURE_HELP = mark(
    "Temperature says how daring the choice of words is. 0 always takes the likeliest word, 1 chooses as "
    "often as it learned, more is wilder."
)


class TextControls(QWidget):
    """A prompt for a text writer; a sentence to vary, or two to go between, for a text VAE."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vae = False
        self.prompt_label = label(role="muted")
        self.prompt, self.other = TextField(2, 6), TextField(2, 4)
        self.other_label = label(mark("To the sentence"), "muted")
        name(self.other, mark("Sentence to go to"), mark("With two sentences, the texts lie between them"))
        say(self.other, mark("empty: variations of the first"), "setPlaceholderText")
        self.temperature, self.spread = QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal)
        self.temperature.setRange(0, 40)
        self.temperature.setValue(18)
        self.spread.setRange(0, 40)
        self.spread.setValue(10)
        name(self.temperature, mark("Temperature"))
        name(self.spread, mark("How far from the sentence"))
        self.temperature_words = label(role="small")
        self.temperature_words.setMinimumWidth(28)
        self.temperature.valueChanged.connect(lambda _v: self._say())
        self.longest = QSpinBox()
        inset(self.longest)
        self.longest.setRange(5, 2000)
        self.longest.setValue(120)
        name(self.longest, mark("Longest text in pieces of words"))
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(8)
        line = row(self.temperature, self.temperature_words, help_dot(_TEMPERATURE_HELP), spacing=4)
        line.setStretch(0, 1)
        self._warm = QWidget()
        self._warm.setLayout(line)
        for words, field in (
            (mark("Temperature"), self._warm),
            (mark("Spread"), self.spread),
            (mark("At most"), self.longest),
        ):
            self._form.addRow(label(words, "muted"), field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.prompt_label, self.prompt, self.other_label, self.other):
            layout.addWidget(widget)
        layout.addLayout(self._form)
        self.prompt.textChanged.connect(self._show)
        self.set_family("text-lm")
        self._say()

    def set_family(self, family: str) -> None:
        """ "text-lm" or "text-vae"."""
        self._vae = family == "text-vae"
        say(self.prompt_label, mark("Sentence to vary") if self._vae else mark("It begins with"))
        name(self.prompt, mark("Sentence to vary") if self._vae else mark("Beginning of the text"))
        say(
            self.prompt,
            mark("empty: new sentences") if self._vae else mark("empty: from nothing"),
            "setPlaceholderText",
        )
        self._show()

    @property
    def varies(self) -> bool:
        """Whether the model can vary a text."""
        return self._vae

    @property
    def between(self) -> bool:
        """Whether texts between two sentences are asked for."""
        return self._vae and bool(self.prompt.words() and self.other.words())

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of a ``TextWish``."""
        fields: dict[str, Any] = {}
        if self.between:
            return {"between": [self.prompt.words(), self.other.words()]}
        if self.prompt.words():
            fields["prompt"] = self.prompt.words()
        if self._vae and self.prompt.words():
            return fields | {"spread": self.spread.value() / 20}
        return fields | {"temperature": self.temperature.value() / 20, "longest": self.longest.value()}

    def _show(self) -> None:
        varied = self._vae and bool(self.prompt.words())
        self._form.setRowVisible(self.spread, varied)
        self._form.setRowVisible(self._warm, not varied)
        self._form.setRowVisible(self.longest, not self._vae)
        for widget in (self.other_label, self.other):
            widget.setVisible(varied)

    def _say(self) -> None:
        self.temperature_words.setText(f"{self.temperature.value() / 20:.2f}".rstrip("0").rstrip("."))
