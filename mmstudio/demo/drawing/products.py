"""From a look to a finished picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from . import tableware, textiles
from .canvas import Canvas, backdrop
from .look import Look

DRAW: dict[str, tuple[Callable[[Canvas, Look], None], float]] = {
    "mug": (tableware.mug, 0.62),
    "bottle": (tableware.bottle, 0.66),
    "vase": (tableware.vase, 0.66),
    "planter": (tableware.planter, 0.68),
    "lamp": (tableware.lamp, 0.70),
    "candle": (tableware.candle, 0.62),
    "cushion": (textiles.cushion, 0.62),
    "rug": (textiles.rug, 0.16),
    "notebook": (textiles.notebook, 0.0),
    "backpack": (textiles.backpack, 0.68),
    "beanie": (textiles.beanie, 0.64),
    "scarf": (textiles.scarf, 0.0),
}


def hero(look: Look, seed: int) -> Image.Image:
    """The 1000 × 1000 product picture."""
    draw, horizon = DRAW[look.kind]
    if look.shape == "round":
        horizon = horizon if look.kind != "rug" else 0.0
    canvas = backdrop(np.random.default_rng([seed, look.seed]), look.paper, horizon=horizon)
    draw(canvas, look)
    return canvas.picture()


def detail(look: Look, seed: int) -> Image.Image:
    """The 1000 × 1000 picture of the material from near."""
    canvas = backdrop(np.random.default_rng([seed, look.seed, 1]), look.paper, horizon=0.0)
    textiles.swatch(canvas, look, look.kind)
    return canvas.picture()
