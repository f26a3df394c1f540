"""What a text really stands on: the rendered frame without any words, under the letters and close round them.

Contrast follows WCAG 2.2 (success criterion 1.4.3): 4.5:1, or 3:1 for large text, which is 24 CSS pixels, or
18.66 where bold. A canvas is taken as wide as a phone: its short side is 390 CSS pixels.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from mmstudio.composition.palette import RGB, luminance, rgb_of
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.pictures import Pictures
from mmstudio.composition.render.scene_text import PlacedText, texts_of
from mmstudio.composition.render.text import draw_text
from mmstudio.composition.storyboard import Scene, Storyboard, TextLayer

if TYPE_CHECKING:
    from mmstudio.library import Library

PHONE = 390.0  # CSS pixels of a canvas' short side
_LARGE, _LARGE_BOLD = 24.0, 18.66
_WORST = 5.0  # percentile of the ground's pixels that decides: single pixels of an edge do not


@dataclass(frozen=True, slots=True)
class Standing:
    """A text on its ground: the least contrast (the 5th percentile of its pixels), and the ground there."""

    text: PlacedText
    contrast: float
    ground: RGB
    busy: bool  # neither black nor white would read everywhere on it
    large: bool


def is_large(pixels: float, weight: int, size: tuple[int, int]) -> bool:
    """Whether a text of a canvas is large in the sense of WCAG 2.2."""
    css = pixels / min(size) * PHONE
    return css >= (_LARGE_BOLD if weight >= 700 else _LARGE)


class Grounds:
    """Scenes of a storyboard at rest, drawn without words."""

    def __init__(self, board: Storyboard, library: Library | None, pictures: Pictures | None = None) -> None:
        self._board = board
        bare = copy.deepcopy(board)
        bare.label, bare.marks = "", []
        for scene in bare.scenes:
            for layer in scene.layers:
                layer.hidden = layer.hidden or isinstance(layer, TextLayer)
        self._renderer = Renderer(bare, library, pictures)
        self.pictures = self._renderer.pictures
        self._kept: dict[int, list[Standing]] = {}

    def of(self, scene: Scene) -> list[Standing]:
        """Every text of a scene on its ground, in the order of its layers."""
        board = self._board
        if id(scene) in self._kept:
            return self._kept[id(scene)]
        rest = max(scene.end - 1.0 / max(board.fps, 1), scene.start)
        frame = frame_array(self._renderer.frame(rest))
        made = [_standing(text, frame, board.size) for text in texts_of(board, scene).values()]
        self._kept[id(scene)] = made
        return made


def _standing(text: PlacedText, frame: NDArray[np.uint8], size: tuple[int, int]) -> Standing:
    layer = text.layer
    ground = _under(text, frame)
    if layer.chip:
        ground = _over(layer.chip, ground)
    alpha = _alpha(layer.colour) * min(layer.opacity, 1.0)
    ink = np.asarray(rgb_of(layer.colour), np.float64) * alpha + ground * (1.0 - alpha)
    ratios = _ratios(luminance(ink), luminance(ground))
    order = np.argsort(ratios)
    worst = int(order[int(len(order) * _WORST / 100)])
    light = luminance(ground)
    white = float(np.percentile(_ratios(np.float64(1.0), light), _WORST))
    black = float(np.percentile(_ratios(np.float64(0.0), light), _WORST))
    red, green, blue = (int(v) for v in np.rint(ground[worst]))
    return Standing(
        text,
        float(ratios[worst]),
        (red, green, blue),
        max(white, black) < 4.5,
        is_large(text.done.pixels, layer.weight, size),
    )


def _under(text: PlacedText, frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pixels [N,3] under the letters and a few round them; the box where the letters are off the canvas."""
    image, margin = draw_text(text.done, "#000000", text.width)
    alpha = _alpha_of(image)
    mask = alpha > 24
    for _ in range(2):  # two pixels wider on every side
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    rows, columns = np.nonzero(mask)
    rows, columns = rows + round(text.y) - margin, columns + round(text.x) - margin
    height, width = frame.shape[:2]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    if not inside.any():
        middle = text.box.center()
        y, x = min(max(int(middle.y()), 0), height - 1), min(max(int(middle.x()), 0), width - 1)
        one: NDArray[np.float64] = frame[y : y + 1, x].astype(np.float64)
        return one
    pixels: NDArray[np.float64] = frame[rows[inside], columns[inside]].astype(np.float64)
    return pixels


def _alpha_of(image: QImage) -> NDArray[np.uint8]:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), 3].copy()


def _alpha(text: str) -> float:
    value = text.lstrip("#")
    return int(value[6:8], 16) / 255 if len(value) == 8 else 1.0


def _over(fill: str, ground: NDArray[np.float64]) -> NDArray[np.float64]:
    share = _alpha(fill)
    return np.asarray(rgb_of(fill), np.float64) * share + ground * (1.0 - share)


def _ratios(ink: NDArray[np.float64] | np.float64, ground: NDArray[np.float64]) -> NDArray[np.float64]:
    high, low = np.maximum(ink, ground), np.minimum(ink, ground)
    made: NDArray[np.float64] = (high + 0.05) / (low + 0.05)
    return made
