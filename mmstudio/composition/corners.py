"""Places of what the brand adds to a scene: its logo in a corner, its disclaimer at the lower edge.

Such layers name their place in ``slot`` ("brand top-right", "brand disclaimer") and are put there again
whenever the canvas changes its shape.
"""

from __future__ import annotations

from mmstudio.composition.storyboard import AnyLayer, Rect, Storyboard

PREFIX = "brand "
DISCLAIMER = "brand disclaimer"
# parts of the canvas that channels of a shape cover: sides, top, bottom (of short side, height, height)
_SAFE = {"tall": (0.06, 0.13, 0.15), "square": (0.045, 0.045, 0.045), "wide": (0.045, 0.045, 0.045)}
_LINES = {
    "tall": Rect(0.08, 0.862, 0.84, 0.04),
    "square": Rect(0.07, 0.957, 0.86, 0.032),
    "wide": Rect(0.06, 0.925, 0.88, 0.05),
}


def shape_name(size: tuple[int, int]) -> str:
    """``square``, ``tall`` or ``wide``."""
    ratio = size[0] / size[1]
    return "wide" if ratio > 1.2 else "tall" if ratio < 0.84 else "square"


def corner_rect(corner: str, wide: float, tall: float, size: tuple[int, int]) -> Rect:
    """A box of wide × tall pixels in a corner ("top-left", …) of the canvas, clear of what channels cover."""
    side, top, bottom = _SAFE[shape_name(size)]
    width, height = size
    inset = side * min(size)
    x = inset if corner.endswith("left") else width - inset - wide
    y = top * height if corner.startswith("top") else height - bottom * height - tall
    return Rect(x / width, y / height, wide / width, tall / height)


def disclaimer_rect(size: tuple[int, int]) -> Rect:
    """The strip in which a disclaimer stands."""
    strip = _LINES[shape_name(size)]
    return Rect(strip.x, strip.y, strip.w, strip.h)


def place_brand(board: Storyboard, before: tuple[int, int]) -> None:
    """Put the brand's layers where they belong on the storyboard's canvas, which was ``before`` large."""
    scale = min(board.size) / min(before)
    for scene in board.scenes:
        for layer in scene.layers:
            if layer.slot == DISCLAIMER:
                layer.rect = disclaimer_rect(board.size)
            elif layer.slot.startswith(PREFIX):
                layer.rect = _moved(layer, before, board.size, scale)


def _moved(layer: AnyLayer, before: tuple[int, int], size: tuple[int, int], scale: float) -> Rect:
    wide, tall = layer.rect.w * before[0] * scale, layer.rect.h * before[1] * scale
    return corner_rect(layer.slot.removeprefix(PREFIX), wide, tall, size)
