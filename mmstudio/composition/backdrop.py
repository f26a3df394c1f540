"""The plain background: a soft field of the palette's colours, used where no model made one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.palette import rgb_of
from mmstudio.media.oklab import oklab_to_srgb, srgb_to_oklab

_BAND = 16  # rows drawn at once


def colour_field(colours: Sequence[str], size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """A smooth picture uint8 [H,W,3] that drifts between the colours; the same seed draws the same picture.

    Blended in OKLab on a small grid and enlarged, with half a step of noise against banding. The last few are
    kept and must not be written to: a matrix draws one item for many audiences.
    """
    return _field(tuple(colours), size, seed)


@lru_cache(maxsize=3)
def _field(colours: tuple[str, ...], size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    width, height = size
    rng = np.random.default_rng(seed)
    lab = srgb_to_oklab(np.array([rgb_of(c) for c in colours] or [(230, 230, 230)]))
    small_w, small_h = max(width // 12, 2), max(height // 12, 2)
    x = np.linspace(0, 1, small_w)[None, :] * (width / max(width, height))
    y = np.linspace(0, 1, small_h)[:, None] * (height / max(width, height))
    weight = np.zeros((len(lab), small_h, small_w))
    for index in range(len(lab)):
        for _ in range(3):
            cx, cy, spread = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1), rng.uniform(0.25, 0.5)
            weight[index] += np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * spread**2))
    weight[0] += 0.35
    weight /= weight.sum(0)
    field = np.tensordot(weight, lab, axes=(0, 0))
    rows = np.linspace(0, small_h - 1, height)
    columns = np.linspace(0, small_w - 1, width)
    rgb = np.clip(oklab_to_srgb(field), 0, 255).astype(np.float32)
    wide = np.empty((small_h, width, 3), np.float32)
    for channel in range(3):
        for row in range(small_h):
            wide[row, :, channel] = np.interp(columns, np.arange(small_w), rgb[row, :, channel])
    upper = np.minimum(rows.astype(np.int64), small_h - 2)
    share = (rows - upper)[:, None, None].astype(np.float32)
    drawn: NDArray[np.uint8] = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _BAND):  # what is in the processor's own memory is quick to work on
        band = slice(top, min(top + _BAND, height))
        part = wide[upper[band]] * (1 - share[band]) + wide[upper[band] + 1] * share[band]
        part += rng.uniform(-0.5, 0.5, size=(len(part), width, 1)).astype(np.float32)
        np.clip(np.rint(part, out=part), 0, 255, out=part)
        drawn[band] = part
    drawn.flags.writeable = False
    return drawn
