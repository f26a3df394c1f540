"""Pictures inside a file: scaled, encoded and bounded in size, as data addresses or mail parts."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.composition import Storyboard
    from mmstudio.composition.render import Renderer
    from mmstudio.composition.render.pictures import Pictures

Format = Literal["WEBP", "JPEG"]
MOST_BYTES = 320_000  # of one picture: twenty of them are a page that still opens at once
_QUALITIES = (84, 74, 62, 48, 36)


@dataclass(frozen=True, slots=True)
class Shown:
    """An encoded picture; width and height in pixels."""

    data: bytes
    mime: str
    width: int
    height: int

    @property
    def uri(self) -> str:
        """It as a ``data:`` address."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode('ascii')}"

    @property
    def key(self) -> str:
        """A short name made of its content."""
        return hashlib.sha256(self.data).hexdigest()[:16]


def encoded(pixels: NDArray[np.uint8], max_side: int = 1200, form: Format = "WEBP") -> Shown:
    """Encode uint8 [H,W,3] at most ``max_side`` pixels long and :data:`MOST_BYTES` large.

    The quality goes down first, then the size.
    """
    from PIL import Image

    picture = Image.fromarray(pixels)
    side = max_side
    while True:
        if max(picture.size) > side:
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            held = io.BytesIO()
            if form == "WEBP":
                picture.save(held, "WEBP", quality=quality, method=4)
            else:
                picture.save(held, "JPEG", quality=quality, optimize=True, progressive=True)
            if held.tell() <= MOST_BYTES or side < 200:
                return Shown(held.getvalue(), f"image/{form.lower()}", *picture.size)
        side = round(side * 0.7)


class Album:
    """The pictures of one file, each encoded once.

    Args:
        pictures: the loaded pictures of the renderer, so that blurred faces are blurred here too.
    """

    def __init__(self, pictures: Pictures, form: Format = "WEBP", max_side: int = 1200) -> None:
        self.pictures, self._form, self._side = pictures, form, max_side
        self._known: dict[int, Shown | None] = {}
        self._moving: set[int] = set()

    def get(self, asset_id: int | None, *, moving: bool = False) -> Shown | None:
        """A picture, or the first picture of a clip (``moving``); None where it cannot be read."""
        if asset_id is None:
            return None
        if asset_id not in self._known:
            self._known[asset_id] = self._load(asset_id, moving)
        return self._known[asset_id]

    def _load(self, asset_id: int, moving: bool) -> Shown | None:
        if moving:
            return self._still(asset_id)
        pixels = self.pictures.array(asset_id, max(self._side, 1200))
        return encoded(pixels, self._side, self._form) if pixels is not None else None

    def _still(self, asset_id: int) -> Shown | None:
        from mmstudio.composition.render import frame_array

        clip = self.pictures.clip(asset_id)
        if clip is None:
            return None
        try:
            pixels = frame_array(clip.image_at(min(0.5, clip.duration / 2)))
        except (StudioError, OSError):
            return None
        return encoded(pixels, self._side, self._form)


def card(renderer: Renderer, board: Storyboard, max_side: int = 1200, form: Format = "WEBP") -> Shown:
    """The storyboard's own still picture. Raises StudioError where it cannot be drawn."""
    from mmstudio.composition.render import frame_array

    width, height = board.size
    scale = min(max_side / max(width, height), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return encoded(frame_array(renderer.card(size)), max_side, form)
