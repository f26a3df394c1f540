"""A small generated picture becomes a large, crisp background in a product's colours.

The picture's main colour axis is a smooth surface. Enlarged, its level lines stay smooth at any size, so the
surface is cut into a few areas along them, each in one colour of the palette, with edges one pixel soft:
sharp at 1080 pixels although the network drew 64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.generation.colour import lch
from mmstudio.generation.quality import main_axis
from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab

Floats = NDArray[np.float32]
_SHARES = (0.34, 0.24, 0.18, 0.14, 0.10)
_BLUR = 0.05  # of the side: calm shapes, no slivers
_SHADOW = 0.035  # OKLab lightness lost under the edge of the area above: paper cut-outs


def paint(
    picture: NDArray[np.uint8], palette: Sequence[Sequence[int]], size: tuple[int, int], seed: int
) -> Image.Image:
    """S×S×3 generated picture → RGB picture of ``size`` (width, height).

    ``palette`` is RGB 0–255, main colour first.
    """
    return paint_areas(picture, ramp(palette), np.asarray(_SHARES), size, seed, follow=False)


def paint_areas(
    picture: NDArray[np.uint8],
    colours: Floats,
    shares: NDArray[np.floating],
    size: tuple[int, int],
    seed: int,
    blur: float = _BLUR,
    follow: bool = True,
) -> Image.Image:
    """The same in colours as they are: OKLab float32[K, 3], the share of the picture of each float32[K].

    ``blur`` (of the side) is how calm the shapes are; ``follow``: a colour keeps its share where light and
    deep change places.
    """
    surface = _enlarge(_smooth(main_axis(srgb_to_oklab(picture, np.float32)), blur), size)
    random = np.random.default_rng(seed)
    turned = random.random() >= 0.7
    order = colours[::-1] if turned else colours
    shares = (shares[::-1] if turned and follow else shares) * random.uniform(0.8, 1.2, len(order))
    cuts = np.quantile(surface[::8, ::8], np.cumsum(shares / shares.sum())[:-1]).astype(np.float32)
    slope_y, slope_x = np.gradient(surface)
    slope = np.maximum(np.hypot(slope_x, slope_y), 1e-6)
    lab = np.broadcast_to(order[0], (*surface.shape, 3)).astype(np.float32)
    for cut, colour in zip(cuts, order[1:], strict=True):
        inside = (surface - cut) / slope  # pixels to the edge, positive within the upper area
        shadow = np.exp(np.minimum(inside, 0.0) / (0.012 * max(size)))
        lab[..., 0] -= _SHADOW * shadow
        lab += (colour - lab) * np.clip(inside + 0.5, 0.0, 1.0)[..., None]
    # Half a step of noise keeps the soft shading free of visible banding.
    rgb = oklab_to_bytes(lab).astype(np.float32) + random.uniform(-0.5, 0.5, (*surface.shape, 1)).astype(
        np.float32
    )
    return Image.fromarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def ramp(palette: Sequence[Sequence[int]]) -> Floats:
    """Five OKLab colours for areas behind a product, light to deep, in the palette's hues.

    The first colour sets the tone; its hue is taken lighter and calmer, the second colour (or a neighbouring
    hue) gives the accent.
    """
    colours = (
        srgb_to_oklab(np.asarray(palette, np.float32).reshape(-1, 3), np.float32) if len(palette) else None
    )
    if colours is None:
        colours = np.stack([lch(0.7, 0.08, 0.68)])
    main = colours[0]
    others = colours[1:]
    distance = np.linalg.norm(others[:, 1:] - main[1:], axis=1) if len(others) else np.zeros(0)
    accent = others[int(distance.argmax())] if len(distance) and distance.max() > 0.03 else None
    hue, chroma = _hue(main), float(np.hypot(main[1], main[2]))
    accent_hue = hue + 0.06 if accent is None else _hue(accent)
    accent_chroma = chroma if accent is None else float(np.hypot(accent[1], accent[2]))
    calm, lively = min(chroma, 0.14), min(max(accent_chroma, 0.0 if chroma < 0.02 else 0.06), 0.15)
    return np.stack(
        [
            lch(0.955, 0.16 * calm, hue),
            lch(0.905, 0.42 * calm, hue),
            lch(0.845, 0.70 * calm, hue + 0.01),
            lch(0.800, 0.85 * lively, accent_hue),
            lch(0.690, 0.95 * calm, hue - 0.01),
        ]
    )


def _hue(lab: Floats) -> float:
    return float(np.arctan2(lab[2], lab[1]) / (2 * np.pi))


def _smooth(surface: Floats, blur: float = _BLUR) -> Floats:
    """Scaled to 0–1 and blurred (Gaussian, ``blur`` of the side; rows renormalised at the edges)."""
    side = len(surface)
    low, high = float(surface.min()), float(surface.max())
    away = np.subtract.outer(np.arange(side), np.arange(side)) / (blur * side)
    weight = np.exp(-0.5 * away**2)
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    blurred: Floats = weight @ ((surface - low) / max(high - low, 1e-6)) @ weight.T
    return blurred.astype(np.float32)


def _enlarge(surface: Floats, size: tuple[int, int]) -> Floats:
    width, height = size
    side = len(surface)
    # The part of the square that has the wanted shape, so that nothing is stretched.
    across = side if width >= height else side * width / height
    down = side if height >= width else side * height / width
    box = ((side - across) / 2, (side - down) / 2, (side + across) / 2, (side + down) / 2)
    picture = Image.fromarray(surface)
    half = (max(1, width // 4), max(1, height // 4))
    coarse = np.asarray(picture.resize(half, Image.Resampling.BICUBIC, box=box))
    large = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32)
