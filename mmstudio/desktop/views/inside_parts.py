"""The parts of the page that looks inside an asset; each shows what it is given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, help_dot
from mmstudio.desktop.views.elided import Elided
from mmstudio.desktop.views.flow import FlowLayout, empty
from mmstudio.desktop.views.heat import VectorStrip
from mmstudio.desktop.views.measures import rows
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import PictureTile, Swatch
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.features.inside.reasons import Neighbour, VectorRow
    from mmstudio.library import Scene

_TILE = 72
_SCENE = QSize(120, 68)


class Bar(QWidget):
    """A share of 0 to 1 as a bar."""

    def __init__(self, share: float, words: str, width: int = 96) -> None:
        super().__init__()
        self._share = share
        self.setFixedSize(width, 8)
        self.setAccessibleName(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("pressed"))
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setBrush(theme.color("accent"))
        filled = QRect(0, 0, max(round(self.width() * min(max(self._share, 0.0), 1.0)), 2), self.height())
        painter.drawRoundedRect(filled, 4, 4)


class MeasureTable(QWidget):
    """What was measured, in words, with a "?" for each."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(3, 1)

    def show_measures(self, measures: dict[str, float]) -> bool:
        """Fill the table; False where nothing was measured."""
        empty(self._grid)
        found = rows(measures)
        for row, (measure, words, share) in enumerate(found):
            self._grid.addWidget(label(measure.label, "muted"), row, 0)
            value = label()
            value.setText(words)
            self._grid.addWidget(value, row, 1)
            if share is not None:
                self._grid.addWidget(Bar(share, words), row, 2)
            self._grid.addWidget(help_dot(measure.explanation), row, 3, Qt.AlignmentFlag.AlignLeft)
        return bool(found)


class Colours(QWidget):
    """The palette, and the named colours with their shares."""

    def __init__(self) -> None:
        super().__init__()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(6)
        self._swatches = QWidget()
        self._flow = FlowLayout(self._swatches, 4)
        self._words = label(role="muted", wrap=True)
        lines.addWidget(self._swatches)
        lines.addWidget(self._words)

    def show_colours(self, palette: list[tuple[int, int, int]], colours: dict[str, float]) -> bool:
        """Fill it; False where there is nothing to show."""
        self._flow.clear()
        for rgb in palette:
            self._flow.addWidget(Swatch(rgb))
        told = [f"{tr(NAMES[key])} {round(100 * share)} %" for key, share in colours.items() if share >= 0.03]
        self._words.setText(tr(", ").join(told))
        self._words.setVisible(bool(told))
        self._swatches.setVisible(bool(palette))
        return bool(palette or told)


NAMES = {
    "black": mark("black"), "grey": mark("grey"), "white": mark("white"), "red": mark("red"),
    "orange": mark("orange"), "brown": mark("brown"), "beige": mark("beige"), "yellow": mark("yellow"),
    "green": mark("green"), "teal": mark("teal"), "blue": mark("blue"), "purple": mark("purple"),
    "pink": mark("pink"),
}  # fmt: skip


class Neighbours(QWidget):
    """The nearest assets with the reasons for each.

    Signals:
        opened: look inside this one. explained: show where it is like this one.
    """

    opened = Signal(int)
    explained = Signal(int)

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self._pictures = pictures
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(8)

    def show_neighbours(self, found: list[tuple[Neighbour, str]], *, explain: bool) -> None:
        """(neighbour, its title) each; ``explain`` offers to show where two pictures are alike."""
        empty(self._lines)
        for neighbour, title in found:
            self._lines.addWidget(self._row(neighbour, title, explain=explain))

    def _row(self, neighbour: Neighbour, title: str, *, explain: bool) -> QWidget:
        frame = QFrame()
        frame.setProperty("surface", "card")
        line = QHBoxLayout(frame)
        line.setContentsMargins(8, 8, 8, 8)
        line.setSpacing(12)
        tile = PictureTile(self._pictures, neighbour.asset_id, title, side=_TILE, contain=True)
        tile.clicked.connect(partial(self.opened.emit, neighbour.asset_id))
        line.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        heading = Elided(title)
        words.addWidget(heading)
        for extractor, cosine in neighbour.parts:
            words.addLayout(_likeness(tr(extractor), cosine))
        for template, values in (
            (mark("Both tagged {what}"), neighbour.tags),
            (mark("Both belong to {what}"), neighbour.items),
            (mark("Both say {what}"), neighbour.words),
        ):
            if values:
                shared = label(role="small", wrap=True)
                shared.setText(tr(template, what=tr(", ").join(values[:5])))
                words.addWidget(shared)
        if explain:
            show = partial(self.explained.emit, neighbour.asset_id)
            where = button(mark("Show where"), show, "link", icon="eye")
            words.addWidget(where, 0, Qt.AlignmentFlag.AlignLeft)
        line.addLayout(words, 1)
        return frame


class Vectors(QWidget):
    """Every vector of the asset as a strip of colours."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(4)

    def show_vectors(self, found: list[VectorRow]) -> None:
        """One strip per extractor."""
        empty(self._lines)
        for row in found:
            words = label(role="small", wrap=True)
            words.setText(tr("{what}: {n} numbers", what=tr(row.label), n=len(row.raw)))
            if row.fitted_on:  # names and marks of a set: for those who want to know
                words.setToolTip(tr("compared with {set}", set=row.fitted_on))
            self._lines.addWidget(words)
            self._lines.addWidget(VectorStrip(words.text(), row.normalised))


class Scenes(QWidget):
    """The shots of a video with a picture of each.

    Signals:
        chosen: the number of a scene, from 0.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, 8)
        self._tiles: list[QToolButton] = []

    def show_scenes(self, scenes: list[Scene]) -> None:
        """Scenes in order; their pictures come by :meth:`show_frames`."""
        self._flow.clear()
        self._tiles = []
        for number, scene in enumerate(scenes):
            tile = QToolButton()
            tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            tile.setIconSize(_SCENE)
            tile.setIcon(icon("film-strip", "muted"))
            tile.setText(f"{scene.start:.1f}–{scene.stop:.1f} s")
            tile.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tile.setAccessibleName(tr("Scene {n}, {span}", n=number + 1, span=tile.text()))
            tile.clicked.connect(partial(self.chosen.emit, number))
            self._tiles.append(tile)
            self._flow.addWidget(tile)

    def show_frames(self, frames: list[QImage]) -> None:
        """The pictures, in the order of the scenes."""
        for tile, frame in zip(self._tiles, frames, strict=False):
            tile.setIcon(QIcon(QPixmap.fromImage(frame)))


class Phrases(QWidget):
    """What a text is about: its phrases and words, the most telling first."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, 6)

    def show_phrases(self, phrases: list[tuple[str, float]], chosen: Callable[[str], None]) -> None:
        """(phrase, weight) each; pressing one calls ``chosen``."""
        self._flow.clear()
        for words, weight in phrases:
            chip = QToolButton()
            chip.setProperty("role", "chip")
            chip.setText(f"{words}  {weight:.2f}")
            name(chip, words)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.clicked.connect(lambda _on=False, words=words: chosen(words))
            self._flow.addWidget(chip)


def _likeness(words: str, cosine: float) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(8)
    percent = f"{round(100 * min(max(cosine, 0.0), 1.0))} %"
    line.addWidget(Bar(cosine, f"{words}: {percent}", 64), 0, Qt.AlignmentFlag.AlignVCenter)
    value = label(role="small")
    value.setText(percent)
    value.setMinimumWidth(36)
    line.addWidget(value)
    line.addWidget(Elided(words, "small"), 1)
    return line
