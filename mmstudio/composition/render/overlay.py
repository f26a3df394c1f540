"""What is written over every frame whatever it shows: marks ("DRAFT") and the label of generated content."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from mmstudio.composition.direction import is_rtl_locale
from mmstudio.composition.render.scene_text import PlacedText, place_text, text_sprite, texts_of
from mmstudio.composition.render.sprites import Sprite
from mmstudio.composition.storyboard import Storyboard, TextLayer

# white on 80 % of near-black: over 9:1 on white, more on anything darker
_INK, _PLATE = "#ffffff", "#0d1117cc"
_LABEL, _MARK = 0.021, 0.028  # letter heights in fractions of the short side
_LEAST = 9.0  # pixels: on a small banner the letters are not smaller than can be read
_CLEAR = 0.02  # of the short side that stays free between the label and words
_STORY = (1.2, 1.9)  # height by width of what phones show whole, with their own buttons over it; not a banner
# parts of the canvas that no channel of that shape covers with its own buttons (left and right, top, bottom)
_SAFE = {"tall": (0.05, 0.125, 0.15), "other": (0.02, 0.02, 0.008)}


def overlay_of(board: Storyboard) -> list[PlacedText]:
    """Marks one under the other at the upper edge, the label at the lower, at one place in all scenes.

    They take the corner where a line begins unless words of some scene stand there and another place is free;
    the label goes to the upper edge where words leave it no room at the lower one.
    """
    if not board.marks and not board.label.strip():
        return []
    width, height = board.size
    short = min(board.size)
    side, top, bottom = _SAFE["tall" if _STORY[0] < height / width < _STORY[1] else "other"]
    side, top, bottom = side * short, top * height, bottom * height
    clear = _CLEAR * short
    taken = [
        QRectF(text.ink()).adjusted(-clear, -clear, clear, clear)
        for scene in board.scenes
        for text in texts_of(board, scene).values()
    ]
    made: list[PlacedText] = []
    y = top
    for number, words in enumerate(board.marks):
        placed = _pill(board, f"mark {number + 1}", words.upper(), _MARK)
        if placed is not None:
            _shift(placed, side, y)
            made.append(placed)
            y += placed.height + 0.008 * short
    block = [placed.ink() for placed in made]
    if block:
        free = width - side - max(box.width() for box in block)
        _settle(made, _tries(free - side, board.locale), taken)
    label = _pill(board, "label", board.label, _LABEL)
    if label is not None:
        _shift(label, side, height - bottom - label.height)
        free = width - 2 * side - label.ink().width()
        lower = _tries(free, board.locale)
        up = top - (height - bottom - label.height)
        _settle([label], lower + [(dx, up) for dx, _dy in lower], [*taken, *(one.ink() for one in made)])
        made.append(label)
    return made


def _tries(free: float, locale: str) -> list[tuple[float, float]]:
    """Shifts to try: where a line begins, the middle, where it ends."""
    places = [free, free / 2, 0.0] if is_rtl_locale(locale) else [0.0, free / 2, free]
    return [(dx, 0.0) for dx in places]


def _settle(block: list[PlacedText], shifts: list[tuple[float, float]], taken: list[QRectF]) -> None:
    """Move a block by the first of the shifts that covers the fewest pixels of what is taken."""

    def covered(shift: tuple[float, float]) -> float:
        boxes = [placed.ink().translated(*shift) for placed in block]
        both = [box.intersected(other) for box in boxes for other in taken]
        return sum(one.width() * one.height() for one in both)

    dx, dy = min(shifts, key=lambda shift: round(covered(shift)))
    for placed in block:
        _shift(placed, placed.ink().x() + dx, placed.ink().y() + dy)


def _shift(placed: PlacedText, x: float, y: float) -> None:
    """Put a pill's upper left corner at whole pixels."""
    box = placed.ink()
    placed.x += round(x) - box.x()
    placed.move(round(y) - box.y())
    if placed.plate is not None:
        placed.plate.moveLeft(round(x))


def overlay_sprites(board: Storyboard) -> list[Sprite]:
    """The overlay as sprites."""
    return [text_sprite(placed) for placed in overlay_of(board)]


def overlay_image(sprites: list[Sprite], scale: float) -> list[tuple[QPointF, QImage]]:
    """The overlay's pictures with their places at a scale of the canvas."""
    from mmstudio.composition.render.pictures import scaled

    return [
        (
            QPointF(round(one.x * scale), round(one.y * scale)),
            scaled(one.image, one.image.width() * scale, one.image.height() * scale),
        )
        for one in sprites
    ]


def _pill(board: Storyboard, name: str, words: str, size: float) -> PlacedText | None:
    short = min(board.size)
    size = max(size, _LEAST / short)
    layer = TextLayer(
        name=name,
        text=words,
        colour=_INK,
        chip=_PLATE,
        size=size,
        least=0.7,
        weight=700,
        lines=1,
        align="left",
    )
    placed = place_text(board, layer, QRectF(0, 0, board.size[0] - 0.06 * short, size * 3 * short))
    return placed if placed is not None and placed.plate is not None else None
