"""The frame of a storyboard at a second. Preview and export call this and nothing else."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPaintDevice, QPainter

from mmstudio.composition.motion import ease_in_out, pose
from mmstudio.composition.render.application import ensure_application
from mmstudio.composition.render.pictures import Pictures, colour, painting, scaled
from mmstudio.composition.render.sprites import Sprite, box_of, paint, sprite_of
from mmstudio.composition.render.text import TextStyle, draw_text, set_text
from mmstudio.composition.storyboard import Scene, Storyboard, TextLayer

if TYPE_CHECKING:
    from mmstudio.library import Library


_SMOOTH = QPainter.RenderHint.SmoothPixmapTransform


@dataclass(slots=True)
class _Stage:
    """A scene's sprites, back to front, for one frame size."""

    scene: Scene
    sprites: list[Sprite]


class Renderer:
    """Draws a storyboard. Cheap to make; scenes are prepared when first drawn, then kept.

    ``frame`` may be called from any thread once made. Change the storyboard: make a new renderer (pass
    ``pictures`` of the old one to keep what is already loaded).
    """

    def __init__(
        self, storyboard: Storyboard, library: Library | None, pictures: Pictures | None = None
    ) -> None:
        ensure_application()
        self.storyboard = storyboard
        self.pictures = pictures or Pictures(library)
        self._stages: dict[tuple[tuple[int, int], int], _Stage] = {}
        self._lock = threading.RLock()

    @property
    def problems(self) -> dict[int, str]:
        """Assets that could not be drawn, with the reason; filled while drawing."""
        return self.pictures.problems

    def prepare(self, size: tuple[int, int] | None = None) -> None:
        """Make every scene ready now, so that no later frame waits."""
        target, scale = self._target(size)
        for index in range(len(self.storyboard.scenes)):
            self._stage(index, target, scale)

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        """The picture at second ``t`` (clamped), opaque, Format_RGB32.

        With ``size`` the whole canvas is drawn as large as fits into it, in its own shape: use
        :func:`mmstudio.composition.layout.reframe` first for another shape.
        """
        target, scale = self._target(size)
        image = self._canvas(target)
        if not self.storyboard.scenes:
            return image
        t = min(max(t, 0.0), self.storyboard.duration)
        index = self.storyboard.scene_at(t)
        with painting(image, _SMOOTH) as painter:
            self._paint_moment(painter, index, t, target, scale)
        return image

    def _paint_moment(
        self, painter: QPainter, index: int, t: float, size: tuple[int, int], scale: float
    ) -> None:
        """The scene at ``t``, and while it comes in the one before."""
        scene = self.storyboard.scenes[index]
        local, change = t - scene.start, scene.transition
        if index == 0 or change.kind == "cut" or local >= change.seconds:
            self._paint(painter, index, local, size, scale)
            return
        share = ease_in_out(local / change.seconds)
        before = t - self.storyboard.scenes[index - 1].start
        if change.kind == "push":
            moved = share * size[1]
            self._paint(painter, index - 1, before, size, scale, -moved)
            self._paint(painter, index, local, size, scale, size[1] - moved)
            return
        self._paint(painter, index - 1, before, size, scale)
        over = self._canvas(size)
        with painting(over, _SMOOTH) as second:
            self._paint(second, index, local, size, scale)
        painter.setOpacity(share)
        painter.drawImage(0, 0, over)

    def _canvas(self, size: tuple[int, int]) -> QImage:
        image = QImage(size[0], size[1], QImage.Format.Format_RGB32)
        image.fill(colour(self.storyboard.palette.get("ground", "#ffffff")))
        return image

    def card(self, size: tuple[int, int] | None = None) -> QImage:
        """The still card: the last scene at rest."""
        return self.frame(self.storyboard.card_time, size)

    def paint(self, device: QPaintDevice, t: float | None = None) -> None:
        """Paint the picture at second ``t`` (None: the still card) onto a PDF or SVG device, as large as fits.

        Shapes and letters are vectors, pictures images at the storyboard's own size. Text of a QPdfWriter is
        real text (its font's glyphs embedded); everywhere else it is outlines.
        """
        painter = QPainter(device)
        try:
            width, height = self.storyboard.size
            scale = min(device.width() / width, device.height() / height)
            painter.scale(scale, scale)
            painter.drawImage(0, 0, self.card() if t is None else self.frame(t))
        finally:
            painter.end()

    def _target(self, size: tuple[int, int] | None) -> tuple[tuple[int, int], float]:
        """The pixels to draw at, and their scale against the storyboard's own size."""
        width, height = self.storyboard.size
        if size is None or size == (width, height):
            return (width, height), 1.0
        scale = min(size[0] / width, size[1] / height)
        return (max(round(width * scale), 1), max(round(height * scale), 1)), scale

    def _paint(
        self,
        painter: QPainter,
        index: int,
        local: float,
        size: tuple[int, int],
        scale: float,
        dy: float = 0.0,
    ) -> None:
        stage = self._stage(index, size, scale)
        painter.save()
        if dy:
            painter.translate(0.0, dy)
            painter.setClipRect(QRectF(0, 0, size[0], size[1]))
        for sprite in stage.sprites:
            moment = pose(sprite.layer, local, stage.scene.duration)
            paint(painter, sprite, moment, min(size), local)
        painter.restore()

    def _stage(self, index: int, size: tuple[int, int], scale: float) -> _Stage:
        with self._lock:
            stage = self._stages.get((size, index))
            if stage is None:
                full = self._build(self.storyboard.scenes[index])
                stage = (
                    full if scale == 1.0 else _Stage(full.scene, [_shrunk(s, scale) for s in full.sprites])
                )
                self._stages[size, index] = stage
            return stage

    def _build(self, scene: Scene) -> _Stage:
        """Every sprite of a scene at the storyboard's own size: other sizes only scale these."""
        board = self.storyboard
        ink = board.palette.get("ink", "#111111")
        texts = self._texts(scene)
        sprites: list[Sprite] = []
        for layer in scene.layers:
            if isinstance(layer, TextLayer):
                made = texts.get(layer.name)
                if made is not None:
                    sprites.append(made)
                continue
            sprite = sprite_of(layer, board.size, self.pictures, ink)
            if sprite is not None:
                sprites.append(sprite)
        return _Stage(scene, sprites)

    def _texts(self, scene: Scene) -> dict[str, Sprite]:
        """Text sprites by layer name; members of a stack flow one under the other."""
        board = self.storyboard
        layers = {layer.name: layer for layer in scene.layers if isinstance(layer, TextLayer)}
        stacked = {name for stack in scene.stacks for name in stack.members}
        made: dict[str, Sprite] = {}
        for name, layer in layers.items():
            if name not in stacked:
                sprite = self._text(layer, box_of(layer.rect, board.size))
                if sprite is not None:
                    made[name] = sprite
        for stack in scene.stacks:
            box = box_of(stack.rect, board.size)
            gap = stack.gap * min(board.size)
            members = [layers[name] for name in stack.members if name in layers]
            members = [layer for layer in members if board.text_of(layer).strip()]
            left = box.height()
            placed: list[tuple[TextLayer, Sprite]] = []
            for order, layer in enumerate(members):
                # later members keep room for one line each
                later = sum(_line(m, board) + gap for m in members[order + 1 :])
                room = QRectF(box.x(), box.y(), box.width(), max(left - later, _line(layer, board)))
                sprite = self._text(layer, room, top=True)
                if sprite is None:
                    continue
                placed.append((layer, sprite))
                left -= sprite.height + gap
            spare = max(left + gap, 0.0)
            offset = {"top": 0.0, "center": spare / 2, "bottom": spare}[stack.justify]
            for layer, sprite in placed:
                shift = round(box.y() + offset - (sprite.y + (sprite.image.height() - sprite.height) / 2))
                sprite.y += shift
                sprite.anchor = QPointF(sprite.anchor.x(), sprite.anchor.y() + shift)
                offset += sprite.height + gap
                made[layer.name] = sprite
        return made

    def _text(self, layer: TextLayer, box: QRectF, top: bool = False) -> Sprite | None:
        board = self.storyboard
        words = board.text_of(layer).strip()
        if not words or box.width() < 2 or box.height() < 2:
            return None
        if layer.upper:
            words = words.upper()
        if layer.quote:
            bare = words.strip('“”"')
            words = f"“{bare}”"
        size = layer.size * min(board.size)
        style = TextStyle(
            size, layer.least, layer.weight, layer.lines, layer.leading, layer.tracking, board.locale
        )
        pad_x, pad_y = (size * 0.72, size * 0.46) if layer.chip else (0.0, 0.0)
        inner_w, inner_h = box.width() - 2 * pad_x, box.height() - 2 * pad_y
        done = set_text(words, inner_w, inner_h, style, "left" if layer.chip else layer.align)
        image, margin = draw_text(done, layer.colour, done.width + 2 if layer.chip else inner_w)
        if layer.chip:
            image = _chip(image, margin, QSizeF(done.width + 2 * pad_x, done.height + 2 * pad_y), layer.chip)
            wide, tall, margin = image.width(), image.height(), 0
            left = {"left": 0.0, "center": (box.width() - wide) / 2, "right": box.width() - wide}[layer.align]
        else:
            wide, tall, left = round(inner_w), round(done.height), 0.0
        free = box.height() - tall
        upper = 0.0 if top else {"top": 0.0, "center": free / 2, "bottom": free}[layer.valign]
        x, y = round(box.left() + left) - margin, round(box.top() + upper) - margin
        middle = QPointF(x + image.width() / 2, y + image.height() / 2)
        return Sprite(layer, image, x, y, middle, height=float(tall))


def _line(layer: TextLayer, board: Storyboard) -> float:
    return layer.size * layer.leading * min(board.size)


def _chip(text: QImage, margin: int, size: QSizeF, fill: str) -> QImage:
    """A pill of a size with a text picture in its middle."""
    image = QImage(size.toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with painting(image, QPainter.RenderHint.Antialiasing) as painter:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(fill))
        painter.drawRoundedRect(QRectF(image.rect()), image.height() / 2, image.height() / 2)
        pad_x = (image.width() - (text.width() - 2 * margin)) / 2 - margin
        painter.drawImage(QPointF(round(pad_x), round((image.height() - text.height()) / 2)), text)
    return image


def _shrunk(sprite: Sprite, scale: float) -> Sprite:
    window = sprite.window
    small = (
        None
        if window is None
        else QRectF(window.x() * scale, window.y() * scale, window.width() * scale, window.height() * scale)
    )
    return Sprite(
        sprite.layer,
        scaled(sprite.image, sprite.image.width() * scale, sprite.image.height() * scale),
        round(sprite.x * scale),  # the raster engine would round it anyway, and not always the same way
        round(sprite.y * scale),
        QPointF(sprite.anchor.x() * scale, sprite.anchor.y() * scale),
        small,
        sprite.radius * scale,
        sprite.height * scale,
        sprite.drop,
        sprite.frames,
    )


def frame_array(image: QImage) -> NDArray[np.uint8]:
    """A frame's pixels as contiguous uint8 [H,W,3] in RGB order, independent of the image."""
    if image.format() != QImage.Format.Format_RGB888:
        image = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width, stride = image.height(), image.width(), image.bytesPerLine()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, stride)
    return rows[:, : width * 3].reshape(height, width, 3).copy()
