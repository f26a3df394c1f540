"""Networks draw squares; a model of another aspect is brought to it where it is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets import shapes


def shown_size(config: ModelConfig) -> tuple[int, int]:
    """(width, height) of what a model draws."""
    return shapes.shown_size(config.size, config.aspect)


def shaped(pixels: NDArray[np.uint8], config: ModelConfig) -> NDArray[np.uint8]:
    """S×S×3 → H×W×3 of the model's aspect; unchanged where that is square."""
    return shapes.to_aspect(pixels, config.aspect)


def squeezed(pixels: NDArray[np.uint8], config: ModelConfig) -> NDArray[np.uint8]:
    """H×W×3 → S×S×3 as the model saw the pictures it learned from (crop, pad or stretch)."""
    square = shapes.to_square(Image.fromarray(pixels), config.size, config.fit, config.aspect)
    return square.transpose(1, 2, 0)
