"""Networks draw squares; a model of another aspect is brought to it where it is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.learning.config import ModelConfig


def shown_size(config: ModelConfig) -> tuple[int, int]:
    """(width, height) of what a model draws: its size is the shorter side."""
    aspect = min(8.0, max(0.125, config.aspect or 1.0))
    if aspect >= 1.0:
        return round(config.size * aspect), config.size
    return config.size, round(config.size / aspect)


def shaped(pixels: NDArray[np.uint8], config: ModelConfig) -> NDArray[np.uint8]:
    """S×S×3 → H×W×3 of the model's aspect (Lanczos); unchanged where that is square."""
    size = shown_size(config)
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
