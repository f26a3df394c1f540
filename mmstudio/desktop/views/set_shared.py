"""What the parts of a set share, in plain words: colours, mood, tempo, key, and how well they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.generation.sets.contract import MadeSet

_NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_PACES = (
    (70.0, mark("slow")),
    (100.0, mark("unhurried")),
    (130.0, mark("lively")),
    (1e9, mark("fast")),
)
_FITS = ((0.75, mark("very well")), (0.5, mark("well")), (0.25, mark("somewhat")), (-1.0, mark("hardly")))


class ColourRow(QWidget):
    """The shared colours side by side, the most important first and widest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours: tuple[tuple[int, int, int], ...] = ()
        self.setFixedHeight(24)
        name(self, mark("Colours"))

    def show_colours(self, colours: tuple[tuple[int, int, int], ...]) -> None:
        """RGB, 0 to 255."""
        self.colours = colours
        words = ", ".join("#{:02x}{:02x}{:02x}".format(*rgb) for rgb in colours)
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.setFixedWidth(max(1, 28 * len(colours)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(28 * max(1, len(self.colours)), 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        from PySide6.QtGui import QColor

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border"), 1))
        for place, rgb in enumerate(self.colours):
            painter.setBrush(QColor(*rgb))
            painter.drawRoundedRect(place * 28 + 1, 1, 24, 22, 4, 4)


class SharedBar(QWidget):
    """Chips; hidden while there is no set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._made: MadeSet | None = None
        layout = FlowLayout(self)
        layout.addWidget(label(mark("They share"), "muted"))
        self.colours = ColourRow()
        layout.addWidget(self.colours)
        self.mood, self.tempo, self.key, self.fit = (QLabel() for _n in range(4))
        for chip, words in (
            (self.mood, mark("Mood")),
            (self.tempo, mark("Tempo")),
            (self.key, mark("Key")),
            (self.fit, mark("How well the parts go together")),
        ):
            chip.setProperty("role", "chip")
            say(chip, words, "setAccessibleName")
            layout.addWidget(chip)
        self.hide()

    def show_set(self, made: MadeSet | None) -> None:
        """Say what a set shares."""
        self._made = made
        self.setVisible(made is not None)
        if made is None:
            return
        self.colours.show_colours(made.palette)
        self.mood.setText(", ".join(made.mood.words))
        self.mood.setVisible(bool(made.mood.words))
        self.tempo.setText(tempo_text(made.tempo))
        self.tempo.setVisible(made.tempo > 0)
        self.key.setText(key_text(made.key))
        self.key.setVisible(0 <= made.key < 24)
        fit = _mean([part.fit for part in made.parts.values()])
        self.fit.setText(tr("go together {how}", how=fit_text(fit)))
        measured = "\n".join(f"{what}: {share:.0%}" for what, share in shares(made))
        self.fit.setToolTip(measured)
        self.fit.setAccessibleDescription(measured)
        self.updateGeometry()

    def retranslate(self) -> None:
        """Say it again."""
        self.show_set(self._made)


_MEASURED = {  # key in ``agreement``: what it is called, the distance at which nothing is shared any more
    "palette": (mark("Colours of picture and set"), 0.25),
    "mood": (mark("Mood of picture and sound"), 1.0),
    "tempo": (mark("Tempo"), 1.0),
}


def shares(made: MadeSet) -> list[tuple[str, float]]:
    """How far the parts agree, each 0 to 1 with its name, from what was measured."""
    found = [
        (tr(words), max(0.0, 1.0 - made.agreement[key] / far))
        for key, (words, far) in _MEASURED.items()
        if key in made.agreement
    ]
    if "words" in made.agreement:
        found.append((tr("Words of the mood and colours in the text"), made.agreement["words"]))
    return found


def tempo_text(tempo: float) -> str:
    """A tempo in plain words: "92 beats a minute, unhurried"."""
    pace = next(words for most, words in _PACES if tempo < most)
    return tr("{n} beats a minute, {pace}", n=round(tempo), pace=tr(pace))


def key_text(key: int) -> str:
    """A key 0–23 in plain words: "C minor"."""
    note = _NOTES[key % 12]
    return tr("{note} minor", note=note) if key >= 12 else tr("{note} major", note=note)


def fit_text(fit: float) -> str:
    """How well something fits, 0 to 1, in words."""
    return tr(next(words for least, words in _FITS if fit >= least))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
