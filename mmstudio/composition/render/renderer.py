"""The frame of a storyboard at a second. Preview and export call this and nothing else."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPaintDevice, QPaintEngine, QPainter

from mmstudio.composition.direction import is_rtl_locale
from mmstudio.composition.motion import Pose, ease_in_out, pose
from mmstudio.composition.render.application import ensure_application
from mmstudio.composition.render.memory import give_back
from mmstudio.composition.render.overlay import overlay_image, overlay_sprites
from mmstudio.composition.render.pictures import Pictures, colour, painting, scaled
from mmstudio.composition.render.scene_text import text_sprite, texts_of
from mmstudio.composition.render.sprites import Sprite, paint, sprite_of
from mmstudio.composition.render.vector import paint_vector
from mmstudio.composition.storyboard import Scene, Storyboard, TextLayer

if TYPE_CHECKING:
    from mmstudio.library import Library


_SMOOTH = QPainter.RenderHint.SmoothPixmapTransform
KEEP_BYTES = 256 * 2**20  # of prepared scenes: 30 of a preview of 720p, 12 of a film of 1080p
_LEAST = 2  # scenes kept in any case: between two, both are drawn


@dataclass(slots=True)
class _Stage:
    """A scene's sprites, back to front, for one frame size."""

    scene: Scene
    sprites: list[Sprite]

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(sprite.image.sizeInBytes() for sprite in self.sprites)


class Renderer:
    """Draws a storyboard. Cheap to make; scenes are prepared when first drawn, then kept (``keep`` bytes).

    ``frame`` may be called from any thread once made. Change the storyboard: make a new renderer (pass
    ``pictures`` of the old one to keep what is already loaded).
    """

    def __init__(
        self,
        storyboard: Storyboard,
        library: Library | None,
        pictures: Pictures | None = None,
        *,
        keep: int = KEEP_BYTES,
    ) -> None:
        ensure_application()
        self._keep = keep
        self.storyboard = storyboard
        self.pictures = pictures or Pictures(library)
        self._stages: OrderedDict[tuple[tuple[int, int], int], _Stage] = OrderedDict()
        self._overlays: dict[float, list[tuple[QPointF, QImage]]] = {}
        self._lock = threading.RLock()

    @property
    def problems(self) -> dict[int, str]:
        """Assets that could not be drawn, with the reason; filled while drawing."""
        return self.pictures.problems

    @property
    def kept(self) -> int:
        """Bytes of the scenes that are ready."""
        with self._lock:
            return sum(stage.size for stage in self._stages.values())

    def prepare(self, size: tuple[int, int] | None = None) -> None:
        """Make every scene ready now, so that no later frame waits; of more than are kept, the first."""
        target, scale = self._target(size)
        for index in reversed(range(len(self.storyboard.scenes))):
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
            for place, picture in self._over(scale):
                painter.drawImage(place, picture)
        return image

    def moment(self, t: float) -> tuple[object, ...] | None:
        """What the frame at second ``t`` depends on: seconds with equal moments have the same frame.

        None where it cannot be told beforehand: between two scenes, and while a clip plays.
        """
        board = self.storyboard
        if not board.scenes:
            return ()
        t = min(max(t, 0.0), board.duration)
        index = board.scene_at(t)
        scene = board.scenes[index]
        local, change = t - scene.start, scene.transition
        if index and change.kind != "cut" and local < change.seconds:
            return None
        found: list[object] = [index]
        for sprite in self._stage(index, board.size, 1.0).sprites:
            place = pose(sprite.layer, local, scene.duration)
            if sprite.frames is not None and place.opacity > 0.0:
                return None
            found.append(place)
        return tuple(found)

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
        painter.save()
        if change.kind == "zoom":  # the old scene comes nearer while it goes
            nearer = 1.0 + 0.22 * share
            painter.translate(size[0] / 2, size[1] / 2)
            painter.scale(nearer, nearer)
            painter.translate(-size[0] / 2, -size[1] / 2)
        self._paint(painter, index - 1, before, size, scale)
        painter.restore()
        over = self._canvas(size)
        with painting(over, _SMOOTH) as second:
            self._paint(second, index, local, size, scale)
        if change.kind == "wipe":  # in the direction of reading
            edge = round(share * size[0])
            left = size[0] - edge if is_rtl_locale(self.storyboard.locale) else 0
            painter.drawImage(left, 0, over, left, 0, edge, size[1])
            return
        painter.save()
        painter.setOpacity(share)
        painter.drawImage(0, 0, over)
        painter.restore()

    def _canvas(self, size: tuple[int, int]) -> QImage:
        image = QImage(size[0], size[1], QImage.Format.Format_RGB32)
        image.fill(colour(self.storyboard.palette.get("ground", "#ffffff")))
        return image

    def card(self, size: tuple[int, int] | None = None) -> QImage:
        """The still card: the last scene at rest."""
        return self.frame(self.storyboard.card_time, size)

    def paint(self, device: QPaintDevice, t: float | None = None) -> None:
        """Paint the picture at second ``t`` (None: the still card) onto a PDF or SVG device, as it fits.

        Shapes and letters are vectors, pictures images at the storyboard's own size. Text of a QPdfWriter is
        real text (its font's glyphs embedded); everywhere else it is outlines.
        """
        painter = QPainter(device)
        try:
            self.paint_on(painter, device.width(), device.height(), t)
        finally:
            painter.end()

    def paint_on(self, painter: QPainter, wide: float, tall: float, t: float | None = None) -> None:
        """As :meth:`paint`, with a painter open on the device (a PDF keeps one over all its pages)."""
        board = self.storyboard
        width, height = board.size
        scale = min(wide / width, tall / height)
        t = min(max(board.card_time if t is None else t, 0.0), board.duration)
        painter.save()
        painter.setRenderHints(_SMOOTH | QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        index = board.scene_at(t)
        if not board.scenes or (
            index and t - board.scenes[index].start < board.scenes[index].transition.seconds
        ):
            painter.drawImage(0, 0, self.frame(t))  # between two scenes: as it is seen
        else:
            as_text = painter.paintEngine().type() == QPaintEngine.Type.Pdf
            painter.fillRect(QRectF(0, 0, width, height), colour(board.palette.get("ground", "#ffffff")))
            stage, local = self._stage(index, board.size, 1.0), t - board.scenes[index].start
            for sprite in stage.sprites:
                moment = pose(sprite.layer, local, stage.scene.duration)
                paint_vector(painter, sprite, moment, min(board.size), local, as_text)
            for sprite in overlay_sprites(board):
                paint_vector(painter, sprite, Pose(), min(board.size), local, as_text)
        painter.restore()

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

    def _over(self, scale: float) -> list[tuple[QPointF, QImage]]:
        """Label and marks at a scale."""
        if not self.storyboard.label and not self.storyboard.marks:
            return []
        with self._lock:
            if scale not in self._overlays:
                self._overlays[scale] = overlay_image(overlay_sprites(self.storyboard), scale)
            return self._overlays[scale]

    def _stage(self, index: int, size: tuple[int, int], scale: float) -> _Stage:
        with self._lock:
            stage = self._stages.get((size, index))
            if stage is None:
                self._make_room()
                full = self._build(self.storyboard.scenes[index])
                stage = (
                    full if scale == 1.0 else _Stage(full.scene, [_shrunk(s, scale) for s in full.sprites])
                )
                self._stages[size, index] = stage
            else:
                self._stages.move_to_end((size, index))
            return stage

    def _make_room(self) -> None:
        """Let go of the scenes that were not drawn for longest, so that one more as large can be kept.

        Beforehand: making a scene takes several times the memory of the scene.
        """
        sizes = [stage.size for stage in self._stages.values()]
        held, largest = sum(sizes), max(sizes, default=0)
        before = len(sizes)
        while held + largest > self._keep and len(self._stages) >= _LEAST:
            held -= self._stages.popitem(last=False)[1].size
        if len(self._stages) < before:
            give_back()

    def _build(self, scene: Scene) -> _Stage:
        """Every sprite of a scene at the storyboard's own size: other sizes only scale these."""
        board = self.storyboard
        ink = board.palette.get("ink", "#111111")
        texts = texts_of(board, scene)
        sprites: list[Sprite] = []
        for layer in scene.layers:
            if layer.hidden:
                continue
            if isinstance(layer, TextLayer):
                placed = texts.get(layer.name)
                if placed is not None:
                    sprites.append(text_sprite(placed))
                continue
            sprite = sprite_of(layer, board.size, self.pictures, ink)
            if sprite is not None:
                sprites.append(sprite)
        return _Stage(scene, sprites)


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


def frame_pixels(image: QImage) -> NDArray[np.uint8]:
    """A frame's own memory as uint8 [H,W,4] in the order B, G, R, any: to be read while ``image`` lives."""
    fits = image.format() in (QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied)
    source = image if fits else image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(source.constBits(), np.uint8)
    pixels = rows.reshape(source.height(), source.bytesPerLine() // 4, 4)[:, : source.width()]
    return pixels if fits else pixels.copy()


def frame_array(image: QImage) -> NDArray[np.uint8]:
    """A frame's pixels as contiguous uint8 [H,W,3] in RGB order, independent of the image."""
    if image.format() != QImage.Format.Format_RGB888:
        image = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width, stride = image.height(), image.width(), image.bytesPerLine()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, stride)
    return rows[:, : width * 3].reshape(height, width, 3).copy()
