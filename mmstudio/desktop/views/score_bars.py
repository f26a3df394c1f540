"""A score as a bar of its parts, and the same parts as lines that can be read out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.audiences import Part
from mmstudio.desktop.texts import label
from mmstudio.i18n import tr

# A signal keeps its colour everywhere; the words beside it say the same.
_COLOURS = {
    "image": 0, "together": 1, "brief": 2, "text": 3, "audio": 4, "link": 5, "video": 6, "popular": 7,
    "next": 1, "recent": 6, "decided": 4, "learned": 5,
}  # fmt: skip
_GAP = 1


def part_colour(kind: str) -> QColor:
    """The colour of a signal in the theme in use."""
    if kind == "disliked":
        return theme.color("danger")
    return QColor(theme.group_colors()[_COLOURS.get(kind, 7)])


def segments(parts: Sequence[Part], rect: QRectF, full: float) -> list[tuple[QRectF, Part]]:
    """Where each part lies in a bar of ``full`` units: gains from the left, losses from the right."""
    scale = rect.width() / full if full > 0 else 0.0
    left, right = rect.left(), rect.right()
    placed: list[tuple[QRectF, Part]] = []
    for part in sorted(parts, key=lambda p: -p.value):
        width = abs(part.value) * scale
        if width < 1:
            continue
        if part.value > 0:
            placed.append((QRectF(left, rect.top(), max(1.0, width - _GAP), rect.height()), part))
            left += width
        else:
            right -= width
            placed.append((QRectF(right, rect.top(), max(1.0, width - _GAP), rect.height()), part))
    return placed


def paint_bar(painter: QPainter, rect: QRect, parts: Sequence[Part], full: float) -> None:
    """Paint a score: ``full`` is the score that fills the bar. What speaks against it is hatched."""
    area = QRectF(rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("pressed"))
    painter.drawRoundedRect(area, 2, 2)
    for place, part in segments(parts, area, full):
        colour = part_colour(part.kind)
        painter.setBrush(colour if part.value > 0 else QBrush(colour, Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(place, 2, 2)
    painter.restore()


class ScoreBar(QWidget):
    """One bar; its parts are its accessible description."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: Sequence[Part] = ()
        self._full = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, parts: Sequence[Part], full: float) -> None:
        """Show a score."""
        self._parts, self._full = parts, full
        words = parts_text(parts)
        self.setAccessibleName(tr("Parts of the score"))
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_bar(painter, self.rect(), self._parts, self._full)


class PartMark(QWidget):
    """A square in the colour of a signal, hatched where it speaks against the item."""

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = part
        self.setFixedSize(12, 12)

    def show_part(self, part: Part) -> None:
        """Stand for another part."""
        if (part.kind, part.value > 0) != (self._part.kind, self._part.value > 0):
            self.update()
        self._part = part

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colour = part_colour(self._part.kind)
        painter.setBrush(colour if self._part.value > 0 else QBrush(colour, Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 2, 2)


class PartList(QWidget):
    """The legend: one line per part with its share of the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._made: list[tuple[PartMark, QLabel, QLabel]] = []
        self.lines: list[str] = []

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Show the parts of one score, largest first."""
        self.lines = []
        for line, part in enumerate(sorted(parts, key=lambda p: -p.value)):
            if line == len(self._made):
                self._add_line(part)
            sign, words, number = self._made[line]
            sign.show_part(part)
            words.setText(part.label)
            number.setText(value_text(part.value))
            self.lines.append(f"{part.label}: {value_text(part.value)}")
        for line, made in enumerate(self._made):
            for widget in made:
                widget.setVisible(line < len(self.lines))

    def _add_line(self, part: Part) -> None:
        line = len(self._made)
        words = label(wrap=True)
        words.setMinimumWidth(1)
        words.setTextFormat(Qt.TextFormat.PlainText)
        number = label(role="strong")
        sign = PartMark(part)
        self._grid.addWidget(sign, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(words, line, 1)
        self._grid.addWidget(number, line, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self._made.append((sign, words, number))


def value_text(value: float) -> str:
    """``+0.32`` or ``−0.10``."""
    return f"{value:+.2f}".replace("-", "−")


def parts_text(parts: Sequence[Part]) -> str:
    """All parts in words, one a line."""
    return "\n".join(
        f"{part.label}: {value_text(part.value)}" for part in sorted(parts, key=lambda p: -p.value)
    )
