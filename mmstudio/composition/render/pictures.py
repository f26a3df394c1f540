"""Pictures of a storyboard made ready to paint: loaded once, cut out, shadowed, tinted and scaled."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter

from mmstudio.composition.cutout import Cutout, border_colour, cut_out
from mmstudio.composition.storyboard import Rect
from mmstudio.errors import NotFound, StudioError
from mmstudio.media.image import load_image

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.composition.render.sprites import Sprite
    from mmstudio.library import Library
    from mmstudio.media.video import VideoReader


@contextmanager
def painting(image: QImage, *hints: QPainter.RenderHint) -> Iterator[QPainter]:
    """A painter on an image that is always ended: an image that dies under a painter takes Qt with it."""
    painter = QPainter(image)
    try:
        for hint in hints:
            painter.setRenderHint(hint)
        yield painter
    finally:
        painter.end()


def colour(text: str) -> QColor:
    """``#rrggbb`` or ``#rrggbbaa`` as Qt's colour (Qt itself reads alpha first); grey for anything else."""
    value = text.lstrip("#")
    if len(value) not in (6, 8) or not all(c in "0123456789abcdefABCDEF" for c in value):
        return QColor(128, 128, 128)
    return QColor(*(int(value[i : i + 2], 16) for i in range(0, len(value), 2)))


def qimage(array: NDArray[np.uint8]) -> QImage:
    """A QImage of its own from uint8 [H,W,3] or [H,W,4] (straight alpha becomes premultiplied)."""
    array = np.ascontiguousarray(array)
    height, width, channels = array.shape
    if channels == 3:
        view = QImage(array.data, width, height, width * 3, QImage.Format.Format_RGB888)
        return view.convertToFormat(QImage.Format.Format_RGB32)
    view = QImage(array.data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    return view.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def scaled(image: QImage, width: float, height: float) -> QImage:
    """Scaled smoothly to at least one pixel."""
    size = QSize(max(round(width), 1), max(round(height), 1))
    if size == image.size():
        return image
    return image.scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


Quad = tuple[float, float, float, float]
_WHOLE: Quad = (0.0, 0.0, 1.0, 1.0)
Touch = Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]
_KEEP_BYTES = 96 * 2**20  # of loaded pictures
_CLIPS = 2  # clips open at once: a decoder of 1080p holds some 50 MB of frames


class Clip:
    """A clip of the library, one picture at a time; its file is open while it is looked at."""

    def __init__(
        self,
        open_reader: Callable[[], VideoReader],
        touch: Callable[[float, NDArray[np.uint8]], NDArray[np.uint8]] | None = None,
        looked_at: Callable[[Clip], None] | None = None,
    ) -> None:
        """Raises MediaError, OSError where the clip cannot be opened."""
        self._open = open_reader
        self._touch = touch
        self._looked_at = looked_at
        self._lock = threading.Lock()
        self._reader: VideoReader | None = open_reader()
        self.duration = float(self._reader.duration or 0.04)

    def image_at(self, t: float) -> QImage:
        """The clip's picture at second t."""
        return qimage(self._pixels(t, lambda _reader: None))

    def covering(self, t: float, crop: Rect, width: float, height: float) -> QImage:
        """The middle of the part inside ``crop`` of the picture at second t, as it covers a box of pixels.

        Only what is seen is kept, and a clip larger than it is shown is made smaller while it is converted:
        of a picture in 4K the whole alone takes 33 MB, and several are drawn at once.
        """
        quad = _quad(crop)

        def most(reader: VideoReader) -> int | None:
            wide, tall = (quad[2] - quad[0]) * reader.width, (quad[3] - quad[1]) * reader.height
            factor = max(width / max(wide, 1.0), height / max(tall, 1.0))
            return math.ceil(max(reader.width, reader.height) * factor) if factor < 1.0 else None

        seen = _inside(self._pixels(t, most), quad)
        rows, columns = seen.shape[:2]
        factor = max(width / columns, height / rows)
        high, broad = min(max(round(height / factor), 1), rows), min(max(round(width / factor), 1), columns)
        top, left = (rows - high) // 2, (columns - broad) // 2
        return scaled(qimage(seen[top : top + high, left : left + broad]), width, height)

    def _pixels(self, t: float, most: Callable[[VideoReader], int | None]) -> NDArray[np.uint8]:
        """The picture at second t, uint8 [H,W,3], its longer side as ``most`` says (None: as it is)."""
        if self._looked_at is not None:
            self._looked_at(self)
        with self._lock:
            if self._reader is None:
                self._reader = self._open()
            # what is to be hidden in a picture is looked for at the picture's own size
            side = most(self._reader) if self._touch is None else None
            pixels = np.asarray(self._reader.frame_at(t, side).convert("RGB"))
        return pixels if self._touch is None else self._touch(t, pixels)

    @property
    def is_open(self) -> bool:
        """Whether its file is."""
        return self._reader is not None

    def rest(self) -> None:
        """Close the file until it is looked at again."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None


class Pictures:
    """The library's pictures a storyboard uses, as many as fit kept in memory while its renderer lives.

    ``touch`` (asset id, pixels uint8 [H,W,3 or 4]) → pixels of the same shape changes what is loaded, for
    instance blurs faces; pictures of clips go through it too. ``sprites``: bytes of pictures made ready that
    are kept for the next storyboard with the same layer.
    """

    def __init__(self, library: Library | None, touch: Touch | None = None, *, sprites: int = 0) -> None:
        self._library = library
        self._touch = touch
        self._room = sprites
        self._sprites: OrderedDict[Hashable, Sprite | None] = OrderedDict()
        self._lock = threading.Lock()
        self._rgb: OrderedDict[tuple[int, int], NDArray[np.uint8] | None] = OrderedDict()
        self._cut: dict[tuple[int, Quad], Cutout | None] = {}
        self._clips: dict[int, Clip | None] = {}
        self._open_clips: OrderedDict[int, Clip] = OrderedDict()  # by id(clip), the last looked at last
        self._clips_lock = threading.Lock()
        self.problems: dict[int, str] = {}

    def array(self, asset_id: int, max_side: int = 2160) -> NDArray[np.uint8] | None:
        """Pixels uint8 [H,W,3] (transparent parts over white), or None when the file cannot be used."""
        with self._lock:
            key = (asset_id, max_side)
            if key not in self._rgb:
                self._rgb[key] = self._load(asset_id, max_side)
                self._forget()
            self._rgb.move_to_end(key)
            return self._rgb[key]

    def _forget(self) -> None:
        """Let go of the pictures that were not asked for longest, while there are too many."""
        held = sum(pixels.nbytes for pixels in self._rgb.values() if pixels is not None)
        while held > _KEEP_BYTES and len(self._rgb) > 1:
            pixels = self._rgb.popitem(last=False)[1]
            held -= 0 if pixels is None else pixels.nbytes

    def made(self, key: Hashable, make: Callable[[], Sprite | None]) -> Sprite | None:
        """A layer made ready to paint: the one kept under this key, else what ``make`` gives."""
        with self._lock:
            if key in self._sprites:
                self._sprites.move_to_end(key)
                return self._sprites[key]
        sprite = make()
        with self._lock:
            if self._room:
                self._sprites[key] = sprite
            while self.held > self._room:
                self._sprites.popitem(last=False)
        return sprite

    @property
    def held(self) -> int:
        """Bytes of the layers that are kept ready."""
        return sum(one.image.sizeInBytes() for one in self._sprites.values() if one is not None)

    def part(self, asset_id: int, crop: Rect) -> NDArray[np.uint8] | None:
        """The part of a picture inside ``crop`` (fractions of it): :meth:`array` where that is all of it."""
        rgb = self.array(asset_id)
        quad = _quad(crop)
        if rgb is None or quad == _WHOLE:
            return rgb
        return _inside(rgb, quad)

    def cutout(self, asset_id: int, crop: Rect | None = None) -> Cutout | None:
        """The subject off its background: by the file's own transparency, or off a plain light backdrop."""
        quad = _WHOLE if crop is None else _quad(crop)
        rgb = self.array(asset_id)
        if rgb is None:
            return None
        with self._lock:
            if (asset_id, quad) not in self._cut:
                found = self._own_alpha(asset_id, quad)
                self._cut[asset_id, quad] = found or cut_out(rgb if quad == _WHOLE else _inside(rgb, quad))
            return self._cut[asset_id, quad]

    def clip(self, asset_id: int) -> Clip | None:
        """A clip to draw from, or None when its file cannot be used."""
        with self._lock:
            if asset_id not in self._clips:
                self._clips[asset_id] = self._open_clip(asset_id)
            return self._clips[asset_id]

    def _open_clip(self, asset_id: int) -> Clip | None:
        from mmstudio.media.video import VideoReader

        try:
            path = self._path(asset_id)
            clip = Clip(lambda: VideoReader(path), self._touch_of(asset_id), self._looked_at)
        except (StudioError, OSError) as error:
            self.problems[asset_id] = str(error)
            return None
        self._looked_at(clip)
        return clip

    def _touch_of(self, asset_id: int) -> Callable[[float, NDArray[np.uint8]], NDArray[np.uint8]] | None:
        touch = self._touch
        if touch is None:
            return None
        at = getattr(touch, "at", None)  # one that knows of time hides what neighbouring pictures show too
        if at is not None:
            return lambda t, pixels: at(asset_id, t, pixels)
        return lambda _t, pixels: touch(asset_id, pixels)

    def _looked_at(self, clip: Clip) -> None:
        """Keep the clips looked at last open, and close the one before them."""
        with self._clips_lock:
            self._open_clips[id(clip)] = clip
            self._open_clips.move_to_end(id(clip))
            resting = self._open_clips.popitem(last=False)[1] if len(self._open_clips) > _CLIPS else None
        if resting is not None:
            resting.rest()

    def _path(self, asset_id: int) -> Path:
        if self._library is None:
            raise NotFound("The picture is not in the library.")
        return self._library.assets.path_of(self._library.assets.get(asset_id))

    def _open(self, asset_id: int, max_side: int) -> NDArray[np.uint8]:
        pixels = np.asarray(load_image(self._path(asset_id), max_side=max_side))
        return pixels if self._touch is None else self._touch(asset_id, pixels)

    def _load(self, asset_id: int, max_side: int) -> NDArray[np.uint8] | None:
        try:
            pixels = self._open(asset_id, max_side)
        except (StudioError, OSError) as error:
            self.problems[asset_id] = str(error)
            return None
        if pixels.ndim == 3 and pixels.shape[2] == 4:
            alpha = pixels[..., 3:].astype(np.uint16)
            return ((pixels[..., :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
        return pixels

    def _own_alpha(self, asset_id: int, quad: Quad) -> Cutout | None:
        pixels = _inside(self._open(asset_id, 2160), quad)
        if pixels.ndim != 3 or pixels.shape[2] != 4:
            return None
        solid = pixels[..., 3] > 8
        share = float(solid.mean())
        if not 0.02 < share < 0.97:
            return None
        rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
        crop = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Cutout(np.ascontiguousarray(crop), "")


def _quad(crop: Rect) -> Quad:
    """A crop's edges (left, top, right, bottom) kept inside the picture; the whole where nothing is left."""
    left, top = min(max(crop.x, 0.0), 1.0), min(max(crop.y, 0.0), 1.0)
    right, bottom = min(max(crop.x + crop.w, 0.0), 1.0), min(max(crop.y + crop.h, 0.0), 1.0)
    return (left, top, right, bottom) if right > left and bottom > top else _WHOLE


def _inside(pixels: NDArray[np.uint8], quad: Quad) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    left, top = min(round(quad[0] * width), width - 1), min(round(quad[1] * height), height - 1)
    right, bottom = max(round(quad[2] * width), left + 1), max(round(quad[3] * height), top + 1)
    return pixels[top:bottom, left:right]


def on_backdrop(rgb: NDArray[np.uint8], backdrop: str) -> NDArray[np.uint8]:
    """A studio photo on a coloured backdrop: multiplied, so that white turns into the backdrop's colour.

    A photo without a plain light background stays as it is.
    """
    plain = border_colour(rgb, agreeing=0.12)
    if not backdrop or plain is None:
        return rgb
    tint = colour(backdrop)
    shade = np.array([tint.red(), tint.green(), tint.blue()], np.float32)
    lifted = np.minimum(rgb.astype(np.float32) * (shade / plain.astype(np.float32)), 255.0)
    return lifted.astype(np.uint8)


def with_shadow(image: QImage, strength: float, reach: float, tint: QColor) -> tuple[QImage, int]:
    """An image over its own soft shadow; returns it with the margin in pixels added on every side."""
    from PIL import Image, ImageFilter

    # It falls 0.9 of its reach: 2.5 deviations of the blur are left below, where under 1 % of it is cut off.
    margin = max(math.ceil(reach * 3.4), 1)
    width, height = image.width() + 2 * margin, image.height() + 2 * margin
    if image.format() != QImage.Format.Format_ARGB32_Premultiplied:
        image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    # Every fourth pixel is enough of what is blurred wide: a quarter of the size, a sixteenth of the work.
    step = 4 if reach >= 12 else 2 if reach >= 6 else 1
    few = Image.fromarray(np.ascontiguousarray(pixels[::step, : image.width() : step, 3]))
    canvas = Image.new("L", (max(width // step, 1), max(height // step, 1)))
    canvas.paste(few, (margin // step, round((margin + reach * 0.9) / step)))
    soft = np.asarray(canvas.filter(ImageFilter.GaussianBlur(reach / step)), np.float32) * strength
    shade = np.empty((*soft.shape, 4), np.uint8)
    shade[..., :3] = (tint.red(), tint.green(), tint.blue())
    shade[..., 3] = np.clip(soft, 0, 255)
    out = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    out.fill(Qt.GlobalColor.transparent)
    with painting(out, QPainter.RenderHint.SmoothPixmapTransform) as painter:
        painter.drawImage(QRectF(0, 0, width, height), qimage(shade))
        painter.drawImage(margin, margin, image)
    return out, margin


def rounded(image: QImage, radius: float) -> QImage:
    """An image with rounded, smooth corners."""
    out = QImage(image.size(), QImage.Format.Format_ARGB32_Premultiplied)
    out.fill(Qt.GlobalColor.transparent)
    with painting(out, QPainter.RenderHint.Antialiasing) as painter:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(image))  # a texture's edge is antialiased, a clip path's is not
        painter.drawRoundedRect(QRectF(0, 0, image.width(), image.height()), radius, radius)
    return out


def cropped(
    image: QImage, width: float, height: float, focus: tuple[float, float], room: float = 1.0
) -> QImage:
    """Cover a box: scaled to fill it ``room`` times over and cropped around the focus (fractions)."""
    wide, tall = max(round(width * room), 1), max(round(height * room), 1)
    factor = max(wide / image.width(), tall / image.height())
    big = scaled(image, image.width() * factor, image.height() * factor)
    x = round((big.width() - wide) * min(max(focus[0], 0.0), 1.0))
    y = round((big.height() - tall) * min(max(focus[1], 0.0), 1.0))
    return big.copy(max(x, 0), max(y, 0), wide, tall)
