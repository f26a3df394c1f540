"""Pictures of a scene that a logo keeps away from: products set free, framed photos, edges of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from mmstudio.composition.render.pictures import Pictures
from mmstudio.composition.render.sprites import box_of, sprite_of
from mmstudio.composition.storyboard import ImageLayer, Scene, Storyboard, VideoLayer

_SOLID = 160  # alpha of 255 from which a pixel is the subject's; a soft shadow is below it


@dataclass(frozen=True, slots=True)
class Subject:
    """Where a picture is drawn at rest, in pixels; ``solid`` bool[H,W] where it is not a rectangle.

    A logo may stand inside a ``field`` (a photo that fills its box), but not over its edge.
    """

    name: str
    box: QRectF
    solid: NDArray[np.bool_] | None = None
    field: bool = False

    def crowds(self, clear: QRectF) -> bool:
        """Whether it reaches into a logo's clear space."""
        if not self.box.intersects(clear):
            return False
        if self.field:
            return not self.box.contains(clear)
        if self.solid is None:
            return True
        part = clear.translated(-self.box.x(), -self.box.y())
        left, top = max(int(part.left()), 0), max(int(part.top()), 0)
        return bool(self.solid[top : max(int(part.bottom()), 0), left : max(int(part.right()), 0)].any())


def subjects_of(board: Storyboard, scene: Scene, pictures: Pictures) -> list[Subject]:
    """Every picture and clip of a scene that is no ground. A field that covers the canvas crowds nobody."""
    found: list[Subject] = []
    canvas = QRectF(0, 0, *board.size)
    ink = board.palette.get("ink", "#111111")
    for layer in scene.layers:
        if layer.hidden or not isinstance(layer, ImageLayer | VideoLayer) or layer.asset_id is None:
            continue
        if isinstance(layer, VideoLayer):
            found.append(Subject(layer.name, box_of(layer.rect, board.size).intersected(canvas), field=True))
            continue
        sprite = sprite_of(layer, board.size, pictures, ink)
        if sprite is None:
            continue
        if sprite.window is not None:
            found.append(Subject(layer.name, sprite.window.intersected(canvas), field=True))
            continue
        image = sprite.image
        box = QRectF(sprite.x, sprite.y, image.width(), image.height())
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
        solid = rows[:, : image.width(), 3] > _SOLID if image.hasAlphaChannel() else None
        found.append(Subject(layer.name, box, solid))
    return [one for one in found if not (one.field and one.box.contains(canvas.adjusted(1, 1, -1, -1)))]
