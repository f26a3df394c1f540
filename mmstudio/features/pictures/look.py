"""What a person can read off a picture: exposure, sharpness, colours, where one looks.

Everything is measured on a reduced picture whose shorter side is 192 px (48 px for colours and saliency),
whatever its size, so that a camera's picture and its thumbnail compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmstudio.features.pictures import colour
from mmstudio.features.pictures.named import NAMES, shares
from mmstudio.features.pictures.saliency import Box, saliency, salient_box
from mmstudio.library.records import Facts
from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 96  # of which decoding spares twice
_FINE, _COARSE = 192, 48  # px of the shorter side
_SWATCHES = 5
MEASURES = ("sharpness", "exposure", "contrast", "dark", "light", "colourfulness")
BOX = ("salient_x", "salient_y", "salient_w", "salient_h")
DIMENSION = len(MEASURES) + len(BOX) + len(NAMES) + 3 * _SWATCHES
PARAMETERS = (1, _FINE, _COARSE, MEASURES, BOX, NAMES, _SWATCHES)
_TOLD = 0.02  # a colour below this share is not worth a word
_BLACK, _WHITE = 8, 250  # luma of 255: beyond, no detail is left
_STEP = 3  # of 255: weaker steps between pixels are no edges


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, told.

    Attributes:
        measures: name → value, as in docs/library-format.md.
        colours: name → share of the picture, largest first; shares below 2 % are left out.
        palette: up to five telling colours as sRGB 0…255, the most telling first.
        box: x, y, width, height of what one looks at, as shares of the picture.
    """

    measures: dict[str, float]
    colours: dict[str, float]
    palette: list[tuple[int, int, int]]
    box: Box


def describe(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8[H, W, 3] sRGB of any size → float32[38]: measures, salient box, shares of the named colours, and
    five palette colours in OKLab (the last one repeated where there are fewer). Always finite.
    """
    image = _reduced(Image.fromarray(picture), _FINE, Image.Resampling.HAMMING)
    grey = image.convert("L")
    counts = np.array(grey.histogram()) / (grey.width * grey.height)
    small = _reduced(image, _COARSE, Image.Resampling.BOX)
    lab = srgb_to_oklab(np.asarray(small), np.float32)
    lightness = np.clip(lab[..., 0], 0.0, 1.0)
    found = [
        _steepness(np.asarray(grey)),
        float(lightness.mean()),
        float(lightness.std()),
        float(counts[: _BLACK + 1].sum()),
        float(counts[_WHITE:].sum()),
        float(np.hypot(lab[..., 1], lab[..., 2]).mean()),
    ]
    swatches = srgb_to_oklab(np.array(colour.palette(np.asarray(image), _SWATCHES), np.uint8))
    swatches = np.concatenate([swatches, np.repeat(swatches[-1:], _SWATCHES - len(swatches), axis=0)])
    box = salient_box(saliency(lab))
    return np.concatenate([found, box, shares(lab), swatches.ravel()]).astype(np.float32)


def read(row: NDArray[np.float32]) -> Look:
    """What a row of :func:`describe` says."""
    at = len(MEASURES)
    measures = {name: float(value) for name, value in zip(MEASURES, row[:at], strict=True)}
    x, y, w, h = (float(v) for v in row[at : at + 4])
    at += len(BOX)
    named = {name: float(v) for name, v in zip(NAMES, row[at : at + len(NAMES)], strict=True) if v >= _TOLD}
    palette = oklab_to_bytes(row[at + len(NAMES) :].reshape(_SWATCHES, 3))
    colours = dict(sorted(named.items(), key=lambda one: -one[1]))
    tuples = [(int(r), int(g), int(b)) for r, g, b in palette]
    return Look(measures, colours, list(dict.fromkeys(tuples)), (x, y, w, h))


def facts_of(row: NDArray[np.float32]) -> Facts:
    """The same as facts of an asset, to be stored and searched."""
    seen = read(row)
    return Facts(measures=seen.measures | dict(zip(BOX, seen.box, strict=True)), colours=seen.colours)


def sharpness(picture: NDArray[np.uint8]) -> float:
    """0 (no detail at all) to 1 (edges as steep as pixels allow) of uint8[H, W, 3] of any size.

    After Crete et al. 2007, "The blur effect": what a small blur takes away from the steps between
    neighbouring pixels; a picture that was blurred already loses little. Only the strongest fiftieth of the
    steps counts, so that a plain backdrop does not make a picture of a thing look blurred.
    """
    return _steepness(
        np.asarray(_reduced(Image.fromarray(picture), _FINE, Image.Resampling.HAMMING).convert("L"))
    )


def _steepness(grey: NDArray[np.uint8]) -> float:
    best = 0.0
    thin = 3 if min(grey.shape) >= 96 else 1  # every third line tells as much
    for plane in (grey[::thin], np.ascontiguousarray(grey.T[::thin])):
        if plane.shape[1] < 7:
            continue
        lines = plane.astype(np.float32)
        total = np.cumsum(lines, axis=1)
        soft = total[:, 5:] - total[:, :-5]  # five times the mean of five
        left = np.abs(soft[:, 1:] - soft[:, :-1]).ravel() / 5
        step = np.abs(lines[:, 4:-2] - lines[:, 3:-3]).ravel()
        count = max(16, step.size // 50)
        least = float(np.partition(step, -count)[-count]) if step.size > count else 0.0
        strong = step >= max(_STEP, least)
        if strong.any():
            steep = step[strong]
            best = max(best, float(np.maximum(steep - left[strong], 0).sum() / steep.sum()))
    return min(1.0, best / 0.8)  # a single step between two planes loses four fifths of itself


def _reduced(image: Image.Image, side: int, how: Image.Resampling) -> Image.Image:
    """The shorter side at most `side` px and the longer at most four times that; smaller pictures stay."""
    scale = min(side / min(image.size), 4 * side / max(image.size))
    if scale > 0.95:  # near enough: decoding rounds as well
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, how, reducing_gap=2.0)
