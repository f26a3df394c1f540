"""Short moving pictures: two turntables, a slow look at a rug, drifting colours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .drawing.canvas import backdrop, develop, linear, resize, shade, smooth
from .drawing.products import hero
from .drawing.tableware import VASES
from .drawing.turned import body, opening
from .shop import Product

SIZE = 512
FPS = 20
SECONDS = 3
Frame = NDArray[np.uint8]


def turntable(product: Product, seed: int) -> Iterator[Frame]:
    """A vase turns once; the light stays where it is, so only the pattern is looked up anew."""
    look = product.look
    points = [(h * 0.84, r * 0.84) for h, r in VASES[look.shape]]
    canvas = backdrop(np.random.default_rng([seed, look.seed]), look.paper, SIZE, 0.66)
    cx, base = SIZE / 2, SIZE * 0.84
    canvas.contact(cx, base, points[1][1] * 1.05, points[1][1] * 0.25, 0.6)
    shape = body(canvas, cx, base, points)
    wide = max(r for _, r in points)
    around = int(2 * np.pi * wide)
    rows, columns = np.mgrid[0 : int(shape.height) + 1, 0:around].astype(np.float32)
    skin = look.skin(shape.height)(columns, rows)
    # The pattern need not close on itself: fade its last part into its first.
    seam = 60
    t = np.linspace(0, 1, seam, dtype=np.float32)[None, :, None]
    wrapped = look.skin(shape.height)(columns[:, :seam] - seam, rows[:, :seam])
    skin[:, -seam:] = skin[:, -seam:] * (1 - t) + wrapped * t
    v = np.clip(shape.v, 0, shape.height).astype(np.int32)
    white = np.ones((*shape.alpha.shape, 3), np.float32)
    foot = 0.72 + 0.28 * smooth(0, shape.height * 0.16, shape.v)
    gloss = shade(np.zeros_like(white), shape.normal, 0.45)
    light = shade(white, shape.normal, 0.0, foot)
    still = canvas.rgb.copy()
    frames = FPS * SECONDS
    for k in range(frames):
        canvas.rgb[:] = still
        u = np.mod(np.floor(shape.u + around * k / frames).astype(np.int32), around)
        canvas.over(shape.left, shape.top, np.asarray(skin[v, u] * light + gloss, np.float32), shape.alpha)
        opening(canvas, cx, shape.rim_y, shape.rim, 8, look.colours[0], look.colours[0])
        yield develop(canvas.rgb)


def drift(product: Product, seed: int) -> Iterator[Frame]:
    """A slow camera move over the product picture and back, so that the clip loops."""
    picture = hero(product.look, seed)
    frames = FPS * SECONDS
    for k in range(frames):
        t = 0.5 - 0.5 * np.cos(2 * np.pi * k / frames)
        span = 1000 - 300 * t
        x, y = (1000 - span) * (0.5 + 0.18 * np.sin(2 * np.pi * k / frames)), (1000 - span) * 0.62
        yield np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR, (x, y, x + span, y + span)))


def flow(colours: tuple[str, ...], seed: int) -> Iterator[Frame]:
    """Soft bands of colour that drift and close on themselves."""
    rng = np.random.default_rng(seed)
    tones = np.stack([linear(c) for c in colours])
    n = 80
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) / n
    phase = rng.uniform(0, 6.28, (len(tones), 2))
    frames = FPS * SECONDS
    for k in range(frames):
        turn = 2 * np.pi * k / frames
        weights = np.stack(
            [
                np.sin(
                    2.2 * columns * (1 + i % 2)
                    + turn
                    + phase[i, 0]
                    + 1.6 * np.sin(2.8 * rows + phase[i, 1] + turn)
                )
                for i in range(len(tones))
            ]
        )
        weights = np.exp(2.6 * weights)
        weights /= weights.sum(0)
        small = np.einsum("ihw,ic->hwc", weights, tones).astype(np.float32)
        yield develop(np.stack([resize(small[..., c], SIZE, SIZE) for c in range(3)], -1))
