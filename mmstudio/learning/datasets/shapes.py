"""Any picture to the model's square, and what the model draws back to its shape."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmstudio.features.pictures.saliency import Box, saliency, salient_box, smart_crop

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MIDDLE: Box = (0.5, 0.5, 0.0, 0.0)
_LOOK = 48  # px of the shorter side that saliency is measured on, as in features
_MOST = 16_384  # px of the longer side that a narrow picture is decoded at
_EDGE = 0.5  # share of the rim that must be opaque to have a colour


def read_square(path: Path, size: int, fit: str = "crop", aspect: float = 1.0) -> NDArray[np.uint8]:
    """3×size×size uint8 of a picture file; see :func:`to_square`. Raises MediaError, OSError."""
    return to_square(read_picture(path, size, fit, aspect), size, fit, aspect)


def read_picture(path: Path, size: int, fit: str = "crop", aspect: float = 1.0) -> Image.Image:
    """RGB or RGBA, upright, decoded large enough for a square of ``size`` px. Raises MediaError, OSError."""
    from mmstudio.media.image import load_image

    wanted = 2 * size if size >= 64 else 128
    picture = load_image(path, wanted)
    if max(picture.size) < wanted or fit == "pad":  # all there is, or its longer side is all that counts
        return picture
    if fit == "stretch":
        part = min(picture.size)
    else:  # of a narrow picture only a small piece is used: that piece must have the pixels
        part = min(
            picture.width, round(picture.height * aspect), picture.height, round(picture.width / aspect)
        )
    if part >= size:
        return picture
    return load_image(path, min(_MOST, ceil(wanted * size / max(1, part))))


def to_square(picture: Image.Image, size: int, fit: str = "crop", aspect: float = 1.0) -> NDArray[np.uint8]:
    """RGB or RGBA of any shape → 3×size×size uint8: first to ``aspect`` (width / height), then squeezed.

    Args:
        fit: "crop" cuts the middle out, "smart" the part that one looks at, "pad" puts the picture's edge
            colour around it, "stretch" cuts and adds nothing. Transparent parts become white, where padding
            the edge colour.
    """
    from mmstudio.media.image import over_white

    if fit == "pad":
        picture = _padded(picture, aspect)
    elif fit != "stretch":
        picture = picture.crop(_part(picture, aspect, smart=fit == "smart"))
    squeezed = over_white(picture.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))
    return np.asarray(squeezed).transpose(2, 0, 1).copy()


def shown_size(size: int, aspect: float) -> tuple[int, int]:
    """(width, height) in px of what a model of ``size`` px shows: nothing of the square is lost, so the
    shorter side keeps its pixels."""
    return (max(size, round(size * aspect)), max(size, round(size / aspect)))


def to_aspect(pixels: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """S×S×3 uint8 as the model drew it → H×W×3 in its shape; the same array where the shape is square."""
    size = shown_size(pixels.shape[0], aspect)
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _part(picture: Image.Image, aspect: float, *, smart: bool) -> tuple[int, int, int, int]:
    wide = min(picture.width, max(1, round(picture.height * aspect)))
    tall = min(picture.height, max(1, round(picture.width / aspect)))
    if (wide, tall) == picture.size:
        return (0, 0, wide, tall)
    return smart_crop(picture.size, salient(picture) if smart else MIDDLE, aspect)


def salient(picture: Image.Image) -> Box:
    """What one looks at, as shares of the picture."""
    from mmstudio.media.image import over_white
    from mmstudio.media.oklab import srgb_to_oklab

    scale = min(1.0, _LOOK / min(picture.size), 4 * _LOOK / max(picture.size))
    small = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    plain = over_white(picture).resize(small, Image.Resampling.BOX)
    return salient_box(saliency(srgb_to_oklab(np.asarray(plain), np.float32)))


def _padded(picture: Image.Image, aspect: float) -> Image.Image:
    width, height = picture.size
    size = (max(width, round(height * aspect)), max(height, round(width / aspect)))
    page = Image.new("RGB", size, _edge_colour(picture))
    place = ((size[0] - width) // 2, (size[1] - height) // 2)
    page.paste(picture.convert("RGB"), place, picture.getchannel("A") if picture.mode == "RGBA" else None)
    return page


def _edge_colour(picture: Image.Image) -> tuple[int, int, int]:
    """The median colour along the edge; white where most of that is transparent."""
    pixels = np.asarray(picture.convert("RGBA"))
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    opaque = rim[rim[:, 3] >= 128]
    if len(opaque) < _EDGE * len(rim):
        return (255, 255, 255)
    red, green, blue = (int(value) for value in np.median(opaque[:, :3], axis=0))
    return (red, green, blue)
