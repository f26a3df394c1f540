"""Pictures: rotation, scale, crop, mirror, colours, erase; torchvision v2 with parameters drawn here.

The transforms of ``torchvision.transforms.v2`` draw from torch's global generator, so only its functional
half is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.augment.recipe import Applied, AugmentRecipe, Draw, content_key, draws

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_PLAIN_WITHIN, _PLAIN_SHARE = 16, 0.75  # levels about the edge's median, share of the edge that lies there
_LEAST_SIDE = 4  # px below which there is nothing to erase or to cut


@dataclass(frozen=True, slots=True, eq=False)
class PictureResult:
    """One augmented picture: uint8[H, W, 3], and what was done to it."""

    pixels: NDArray[np.uint8]
    applied: tuple[Applied, ...] = ()
    skipped: tuple[str, ...] = ()


def augment_picture(
    pixels: NDArray[Any], recipe: AugmentRecipe, index: int = 0, key: str = ""
) -> PictureResult:
    """One augmented copy of a picture, of the same size.

    Args:
        pixels: uint8[H, W, 3] sRGB; grey, alpha, 16-bit and float pictures are made that first
            (:func:`as_rgb`).
        recipe: what may happen. index: number of the copy.
        key: names the picture, e.g. its file's SHA-256, so that a small preview and the training draw alike;
            the pixels' own hash where empty.

    Returns:
        The copy; operations that a picture of a few pixels does not allow are in ``skipped``.

    Raises:
        StudioError: not a picture.
    """
    picture = as_rgb(pixels)
    wanted = draws(recipe, "image", key or content_key(picture), index)
    if not wanted:
        return PictureResult(picture.copy())
    from torch import from_numpy

    x = from_numpy(picture.transpose(2, 0, 1).copy())
    small = min(picture.shape[:2]) < _LEAST_SIDE
    skipped = tuple(draw.name for draw in wanted if small and draw.name in ("crop", "erase"))
    wanted = [draw for draw in wanted if draw.name not in skipped]
    by_name = {draw.name: draw for draw in wanted}
    for name in ("flip", "crop"):
        if name in by_name:
            x = _OPERATIONS[name](x, by_name[name])
    if "rotation" in by_name or "scale" in by_name:  # one resampling for both
        turn, zoom = by_name.get("rotation"), by_name.get("scale")
        x = _turn(x, turn.amount if turn else 0.0, zoom.amount if zoom else 1.0)
    for draw in wanted:
        if draw.name in ("brightness", "contrast", "saturation", "hue", "erase"):
            x = _OPERATIONS[draw.name](x, draw)
    made = np.ascontiguousarray(x.numpy().transpose(1, 2, 0))
    return PictureResult(made, tuple(draw.applied for draw in wanted), skipped)


def as_rgb(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8[H, W, 3] from grey [H, W] or [H, W, 1], [H, W, 2] or [H, W, 4] with alpha (laid over white),
    uint16 (0 to 65535), bool or float (0 to 1).

    Raises:
        StudioError: another shape, or no pixels at all.
    """
    array = np.asarray(pixels)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or array.size == 0:
        raise StudioError(
            "This is not a picture: its shape is {shape}.",
            hint="Give rows × columns × 3 colours.",
            shape=" × ".join(map(str, np.shape(pixels))),
        )
    if array.dtype == np.uint16:
        array = (array.astype(np.uint32) * 255 + 32767) // 65535
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif np.issubdtype(array.dtype, np.floating):
        array = np.nan_to_num(array.astype(np.float64)).clip(0, 1) * 255 + 0.5
    plain = array.clip(0, 255).astype(np.uint8)
    if plain.shape[2] in (2, 4):
        alpha = plain[:, :, -1:].astype(np.float32) / 255
        plain = (plain[:, :, :-1] * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)
    if plain.shape[2] == 1:
        plain = np.repeat(plain, 3, axis=2)
    return np.ascontiguousarray(plain)


def _flip(x: Tensor, _draw: Draw) -> Tensor:
    from torchvision.transforms.v2 import functional

    made: Tensor = functional.horizontal_flip(x)
    return made


def _crop(x: Tensor, draw: Draw) -> Tensor:
    """``amount``: share of the area that is kept; the sides keep their ratio."""
    from torchvision.transforms.v2 import functional

    height, width = x.shape[-2:]
    side = math.sqrt(draw.amount)
    rows, columns = max(1, round(height * side)), max(1, round(width * side))
    top = int(draw.random.integers(0, height - rows + 1))
    left = int(draw.random.integers(0, width - columns + 1))
    made: Tensor = functional.resized_crop(x, top, left, rows, columns, [height, width], antialias=True)
    return made


def _turn(x: Tensor, degrees: float, zoom: float) -> Tensor:
    """Rotation and scale about the middle; what comes in from outside goes on as the edge does."""
    from torch import from_numpy
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    height, width = x.shape[-2:]
    angle = math.radians(degrees)
    cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
    seen_wide = (width * cosine + height * sine) / zoom
    seen_high = (height * cosine + width * sine) / zoom
    columns = max(0, math.ceil((seen_wide - width) / 2)) + 2
    rows = max(0, math.ceil((seen_high - height) / 2)) + 2
    padded = _surrounded(x.numpy(), rows, columns)
    turned = functional.affine(
        from_numpy(padded),
        angle=degrees,
        translate=[0.0, 0.0],
        scale=zoom,
        shear=[0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )
    made: Tensor = turned[:, rows : rows + height, columns : columns + width].contiguous()
    return made


def _surrounded(planes: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """uint8[3, H, W] with more around it: a plain ground goes on, anything else is mirrored at the edge.

    Products on white would otherwise stand there twice.
    """
    edge = np.concatenate([planes[:, 0], planes[:, -1], planes[:, :, 0], planes[:, :, -1]], axis=1)
    ground = np.median(edge, axis=1).astype(np.int16)
    plain = (np.abs(edge - ground[:, None]) <= _PLAIN_WITHIN).all(axis=0).mean() >= _PLAIN_SHARE
    if not plain:
        return np.pad(planes, ((0, 0), (rows, rows), (columns, columns)), mode="symmetric")
    height, width = planes.shape[1:]
    made = np.empty((3, height + 2 * rows, width + 2 * columns), np.uint8)
    made[:] = ground.astype(np.uint8)[:, None, None]
    made[:, rows : rows + height, columns : columns + width] = planes
    return made


def _brightness(x: Tensor, draw: Draw) -> Tensor:
    from torchvision.transforms.v2 import functional

    made: Tensor = functional.adjust_brightness(x, draw.amount)
    return made


def _contrast(x: Tensor, draw: Draw) -> Tensor:
    """Away from or towards the mean grey. Not torchvision's: its mean depends on the number of threads."""
    from torch import from_numpy
    from torchvision.transforms.v2 import functional

    mean = float(functional.rgb_to_grayscale(x).numpy().mean(dtype=np.float64))
    blended = mean + (x.numpy().astype(np.float32) - np.float32(mean)) * np.float32(draw.amount)
    return from_numpy(np.rint(blended).clip(0, 255).astype(np.uint8))


def _saturation(x: Tensor, draw: Draw) -> Tensor:
    from torchvision.transforms.v2 import functional

    made: Tensor = functional.adjust_saturation(x, draw.amount)
    return made


def _hue(x: Tensor, draw: Draw) -> Tensor:
    """``amount`` in degrees."""
    from torchvision.transforms.v2 import functional

    made: Tensor = functional.adjust_hue(x, draw.amount / 360)
    return made


def _erase(x: Tensor, draw: Draw) -> Tensor:
    """A rectangle of ``amount`` of the area in mean colour (Zhong et al., "Random erasing", AAAI 2020)."""
    from torch import from_numpy
    from torchvision.transforms.v2 import functional

    height, width = x.shape[-2:]
    ratio = math.exp(draw.random.uniform(-0.7, 0.7))  # of the sides: 1:2 to 2:1
    rows = min(height, round(math.sqrt(draw.amount * height * width * ratio)))
    columns = min(width, round(math.sqrt(draw.amount * height * width / ratio)))
    if rows == 0 or columns == 0:
        return x
    top = int(draw.random.integers(0, height - rows + 1))
    left = int(draw.random.integers(0, width - columns + 1))
    mean = np.rint(x.numpy().mean(axis=(1, 2), dtype=np.float64)).astype(np.uint8)
    made: Tensor = functional.erase(x, top, left, rows, columns, from_numpy(mean).view(3, 1, 1))
    return made


_OPERATIONS = {
    "flip": _flip,
    "crop": _crop,
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
    "erase": _erase,
}
