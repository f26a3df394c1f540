"""What an audience likes, at a glance: colours, style, tempo, words. Usable wherever a taste is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.tiles import Swatch
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.recommendation.taste import Taste

_WORDS = 8


class TasteStrip(QWidget):
    """Palette swatches, style, tempo and key, words, and what all of it rests on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taste: Taste | None = None
        self.texts: list[str] = []
        self._strip = QWidget()
        self._flow = FlowLayout(self._strip, 6)
        self._chips: list[QLabel] = []  # made once, shown with other words
        self.evidence = label(role="small", wrap=True)
        self.evidence.setMinimumWidth(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._strip)
        layout.addWidget(self.evidence)

    def show_taste(self, taste: Taste | None) -> None:
        """Show a taste; None, or one that knows nothing, says so."""
        self._taste = taste
        self.texts = []
        if taste is None or not (taste.palette or taste.style or taste.words or taste.tempo):
            self.evidence.setText(
                taste.evidence
                if taste is not None and taste.evidence
                else tr("Not known yet: like a few items.")
            )
            self._strip.hide()
            self.setAccessibleDescription(self.evidence.text())
            return
        swatches = [Swatch(_rgb(colour)) for colour in taste.palette]
        words = [*taste.style, *_sound(taste)]
        kept = [*dict.fromkeys((*taste.words, *taste.tags))]
        words += kept[: max(0, _WORDS - len(words))]
        while len(self._chips) < len(words):
            self._chips.append(_chip())
        self._flow.hold([*swatches, *self._chips])
        for place, chip in enumerate(self._chips):
            chip.setText(words[place] if place < len(words) else "")
            chip.setVisible(place < len(words))
        self.texts = [*(swatch.accessibleName() for swatch in swatches), *words]
        self.evidence.setText(taste.evidence)
        self.evidence.setVisible(bool(taste.evidence))
        self._strip.show()
        self._strip.updateGeometry()
        self.setAccessibleName(tr("Taste"))
        self.setAccessibleDescription(tr(", ").join(self.texts))

    def retranslate(self) -> None:
        """Say it in the language in use."""
        self.show_taste(self._taste)


def _chip() -> QLabel:
    chip = QLabel()
    chip.setProperty("role", "chip")
    chip.setTextFormat(Qt.TextFormat.PlainText)
    return chip


def _sound(taste: Taste) -> list[str]:
    """Tempo and key in words, where they are known."""
    tempo = tr("{n} beats a minute", n=round(taste.tempo)) if taste.tempo > 0 else ""
    said = ", ".join(part for part in (tempo, taste.key) if part)
    return [said] if said else []


def taste_heading() -> tuple[str, str]:
    """Title and explanation of a section about taste, marked English."""
    return (
        mark("Their taste"),
        mark(
            "What the liked items have in common: colours, style, tempo and words. What is made for this "
            "audience can be drawn towards it."
        ),
    )


def _rgb(colour: str) -> tuple[int, int, int]:
    read = QColor(colour)
    return (read.red(), read.green(), read.blue())
