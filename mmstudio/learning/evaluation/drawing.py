"""Pictures of a model to be measured or looked at, always the same for the same seed."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.atomic import atomic_path
from mmstudio.learning.datasets.shapes import to_aspect

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.engine.registry import GenerativeModel

GAP = 4


def draw(model: GenerativeModel, count: int, seed: int) -> NDArray[np.uint8]:
    """``count``×H×W×3 uint8 in the model's aspect, without a condition; picture i is the same for any count.

    Spectrograms come as grey pictures, low tones at the bottom.
    """
    parts = list(drawing(model, count, seed))
    return np.stack([shaped(picture, model.config) for part in parts for picture in part])


def drawing(model: GenerativeModel, count: int, seed: int) -> Generator[NDArray[np.uint8], None, None]:
    """N×C×S×S uint8 in short parts, ``count`` in all."""
    import torch

    from mmstudio.learning.engine.data import to_bytes

    for first in range(0, count, model.rows):
        rows = min(model.rows, count - first)
        z = torch.cat(
            [model.draw(1, torch.Generator().manual_seed(_mixed(seed, first + row))) for row in range(rows)]
        )
        yield to_bytes(model.decode(z))


def _mixed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)


def shaped(pixels: NDArray[np.uint8], config: ModelConfig) -> NDArray[np.uint8]:
    """C×S×S → H×W×3 in the model's aspect, its size being the shorter side."""
    if len(pixels) == 1:
        return np.repeat(pixels[0, ::-1, :, None], 3, axis=2)
    return to_aspect(np.ascontiguousarray(pixels.transpose(1, 2, 0)), config.aspect)


def save_picture(path: Path, picture: NDArray[np.uint8]) -> str:
    """Write H×W×3 as PNG, small ones enlarged to about 128 pixels without smoothing; the path.

    Raises:
        DiskFull: nothing is left behind.
    """
    zoom = max(1, 128 // max(picture.shape[:2]))
    with atomic_path(path) as temporary:
        Image.fromarray(picture.repeat(zoom, axis=0).repeat(zoom, axis=1)).save(temporary)
    return str(path)


def save_sheet(path: Path, pictures: NDArray[np.uint8], columns: int = 8) -> str:
    """Write N×H×W×3 in rows on white as one PNG; the path."""
    zoom = max(1, 128 // max(pictures.shape[1:3]))
    pictures = pictures.repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width, _ = pictures.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    sheet = np.full(size, 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + GAP), (index % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    with atomic_path(path) as temporary:
        Image.fromarray(sheet).save(temporary)
    return str(path)
