"""The texts of a scene set and placed: alone in their boxes, or flowing one under the other in a stack."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from mmstudio.composition.direction import is_rtl_locale
from mmstudio.composition.render.pictures import colour, painting
from mmstudio.composition.render.sprites import Sprite, box_of
from mmstudio.composition.render.text import (
    Align,
    SetText,
    TextStyle,
    draw_text,
    paint_as_text,
    paint_text,
    set_text,
)
from mmstudio.composition.storyboard import Scene, Storyboard, TextLayer

_SWAPPED: dict[str, Align] = {"left": "right", "right": "left", "center": "center"}


@dataclass(slots=True)
class PlacedText:
    """A text of a scene: set, with the upper left corner of its lines in pixels of the canvas.

    ``plate`` is the chip behind it, None without one; ``box`` the layer's own box.
    """

    layer: TextLayer
    done: SetText
    box: QRectF
    x: float
    y: float
    width: float
    plate: QRectF | None = None

    @property
    def height(self) -> float:
        """Height of the lines, or of the chip."""
        return self.plate.height() if self.plate is not None else float(round(self.done.height))

    def ink(self) -> QRectF:
        """What it covers: its chip, or the box round its letters."""
        if self.plate is not None:
            return QRectF(self.plate)
        box = self.done.box
        for _, place in self.done.pictures:
            box = box.united(place)
        return box.translated(self.x, self.y)

    def move(self, dy: float) -> None:
        """Move it down by pixels."""
        self.y += dy
        if self.plate is not None:
            self.plate.translate(0.0, dy)


def texts_of(board: Storyboard, scene: Scene) -> dict[str, PlacedText]:
    """Every text of a scene that has words, by layer name, where it stands at rest."""
    layers = {
        layer.name: layer for layer in scene.layers if isinstance(layer, TextLayer) and not layer.hidden
    }
    stacked = {name for stack in scene.stacks for name in stack.members}
    made: dict[str, PlacedText] = {}
    for name, layer in layers.items():
        if name not in stacked:
            placed = place_text(board, layer, box_of(layer.rect, board.size))
            if placed is not None:
                made[name] = placed
    for stack in scene.stacks:
        box = box_of(stack.rect, board.size)
        gap = stack.gap * min(board.size)
        members = [layers[name] for name in stack.members if name in layers]
        members = [layer for layer in members if board.text_of(layer).strip()]
        left = box.height()
        column: list[PlacedText] = []
        for order, layer in enumerate(members):
            # later members keep room for one line each
            later = sum(_line(m, board) + gap for m in members[order + 1 :])
            room = QRectF(box.x(), box.y(), box.width(), max(left - later, _line(layer, board)))
            placed = place_text(board, layer, room, top=True)
            if placed is not None:
                column.append(placed)
                left -= placed.height + gap
        spare = max(left + gap, 0.0)
        offset = {"top": 0.0, "center": spare / 2, "bottom": spare}[stack.justify]
        for placed in column:
            placed.move(round(offset))
            offset += placed.height + gap
            made[placed.layer.name] = placed
    return made


def words_of(board: Storyboard, layer: TextLayer) -> str:
    """What a layer shows, with its capitals and quotation marks."""
    words = board.text_of(layer).strip()
    if layer.upper:
        words = words.upper()
    if layer.quote and words:
        bare = words.strip('“”"')
        words = f"“{bare}”"
    return words


def place_text(board: Storyboard, layer: TextLayer, box: QRectF, top: bool = False) -> PlacedText | None:
    """One text set into a box of the canvas; None without words or room. ``top``: whatever its valign."""
    words = words_of(board, layer)
    if not words or box.width() < 2 or box.height() < 2:
        return None
    size = layer.size * min(board.size)
    style = TextStyle(
        size, layer.least, layer.weight, layer.lines, layer.leading, layer.tracking, board.locale,
        layer.family, layer.italic, layer.direction,
    )  # fmt: skip
    pad_x, pad_y = (size * 0.72, size * 0.46) if layer.chip else (0.0, 0.0)
    inner_w, inner_h = box.width() - 2 * pad_x, box.height() - 2 * pad_y
    done = set_text(words, inner_w, inner_h, style, "center" if layer.chip else layer.align)
    if not done.letters:
        return None
    plate = None
    wide, tall, left = float(round(inner_w)), float(round(done.height)), 0.0
    if layer.chip:
        wide, tall = float(round(done.width + 2 * pad_x)), float(round(done.height + 2 * pad_y))
        align = _SWAPPED[layer.align] if is_rtl_locale(board.locale) else layer.align
        left = {"left": 0.0, "center": (box.width() - wide) / 2, "right": box.width() - wide}[align]
    free = box.height() - tall
    upper = 0.0 if top else {"top": 0.0, "center": free / 2, "bottom": free}[layer.valign]
    x, y = float(round(box.left() + left)), float(round(box.top() + upper))
    if layer.chip:
        plate = QRectF(x, y, wide, tall)
        x, y = x + round((wide - inner_w) / 2), y + round((tall - done.height) / 2)
    return PlacedText(layer, done, box, x, y, inner_w, plate)


def text_sprite(placed: PlacedText) -> Sprite:
    """The picture of a placed text, and how a vector device draws it."""
    done, layer = placed.done, placed.layer
    image, margin = draw_text(done, layer.colour, placed.width)
    x, y = placed.x - margin, placed.y - margin
    plate = placed.plate
    if plate is not None:
        image = _chip(
            image,
            QPointF(x - plate.x(), y - plate.y()),
            plate.size(),
            layer.chip,
            _radius(placed, plate.height()),
        )
        x, y = plate.x(), plate.y()
    middle = QPointF(x + image.width() / 2, y + image.height() / 2)

    def vector(painter: QPainter, as_text: bool) -> None:
        if plate is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(layer.chip))
            radius = _radius(placed, plate.height())
            painter.drawRoundedRect(plate, radius, radius)
        painter.translate(placed.x, placed.y)
        (paint_as_text if as_text else paint_text)(painter, done, layer.colour)

    return Sprite(layer, image, x, y, middle, height=placed.height, vector=vector)


def _line(layer: TextLayer, board: Storyboard) -> float:
    return layer.size * layer.leading * min(board.size)


def _radius(placed: PlacedText, height: float) -> float:
    """Of a chip's corners: half its height, of several lines no more than one line's."""
    return height / 2 if placed.done.lines == 1 else min(height / 2, placed.done.pixels * 0.9)


def _chip(text: QImage, at: QPointF, size: QSizeF, fill: str, radius: float) -> QImage:
    """A pill of a size with a text picture on it."""
    image = QImage(size.toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with painting(image, QPainter.RenderHint.Antialiasing) as painter:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(fill))
        painter.drawRoundedRect(QRectF(image.rect()), radius, radius)
        painter.drawImage(at, text)
    return image
