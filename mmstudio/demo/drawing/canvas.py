"""The stage: linear-light canvas, backdrop, shadows and shading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Array = NDArray[Any]  # float32 throughout
KEY = np.array([-0.52, 0.62, 0.588], np.float32)  # direction to the key light: left, above, in front
_LEVELS = 4096
_TO_SRGB = np.clip(
    np.where(
        np.linspace(0, 1, _LEVELS) <= 0.0031308,
        np.linspace(0, 1, _LEVELS) * 12.92,
        1.055 * np.linspace(0, 1, _LEVELS) ** (1 / 2.4) - 0.055,
    )
    * 255
    + 0.5,
    0,
    255,
).astype(np.uint8)

_GRAIN = np.random.default_rng(1).normal(0, 0.0032, (1000, 1000)).astype(np.float32)


def linear(colour: str | Array) -> Array:
    """Linear RGB in 0…1 of an sRGB colour written "#rrggbb" (IEC 61966-2-1)."""
    if not isinstance(colour, str):
        return np.asarray(colour, np.float32)
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def develop(rgb: Array) -> NDArray[np.uint8]:
    """sRGB bytes [H,W,3] of a linear picture."""
    return np.asarray(_TO_SRGB[(np.clip(rgb, 0, 1) * (_LEVELS - 1)).astype(np.int32)], np.uint8)


def mix(a: str | Array, b: str | Array, t: float | Array) -> Array:
    """Linear blend of two colours or pictures."""
    return np.asarray(linear(a) * (1 - t) + linear(b) * t, np.float32)


def smooth(edge0: float, edge1: float, x: Array) -> Array:
    """Hermite step from 0 at edge0 to 1 at edge1."""
    t: Array = np.clip((x - edge0) / (edge1 - edge0), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def cover(distance: Array) -> Array:
    """Antialiased coverage of a signed distance in pixels, positive inside."""
    return np.asarray(np.clip(distance + 0.5, 0, 1), np.float32)


def resize(plane: Array, width: int, height: int) -> Array:
    """Bicubic resize of a float32 [H,W] plane."""
    picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def blur(plane: Array, radius: float) -> Array:
    """Gaussian blur of a [H,W] plane in 0…1; wide radii are computed on a smaller picture."""
    height, width = plane.shape
    step = max(1, int(radius // 3))
    small = Image.fromarray((np.clip(plane, 0, 1) * 255).astype(np.uint8))
    small = small.resize((max(2, width // step), max(2, height // step)), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(radius / step))
    out = np.asarray(small, np.float32) / 255
    return resize(out, width, height) if step > 1 else out


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 3) -> Array:
    """Smooth value noise about 0, roughly −1…1, with features of `cell` pixels."""
    out = np.zeros(shape, np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows, columns = max(2, int(shape[0] / cell) + 2), max(2, int(shape[1] / cell) + 2)
        plane = rng.standard_normal((rows, columns)).astype(np.float32)
        out += weight * resize(plane, shape[1], shape[0])
        weight *= 0.5
        cell = max(1.0, cell / 2)
    return out / 1.6


def shade(albedo: Array, normal: Array, gloss: float, occlusion: Array | float = 1.0) -> Array:
    """Light a surface: wrapped diffuse key, sky and floor bounce, a softbox and a rim reflection.

    Args:
        albedo: float32 [H,W,3] or [3], linear.
        normal: float32 [H,W,3], unit length, x right, y up, z to the viewer.
        gloss: 0 for cloth and clay, 1 for glaze and enamel.
        occlusion: 0…1, how much light reaches the point.
    """
    nx, ny, nz = normal[..., 0], normal[..., 1], normal[..., 2]
    facing = nx * KEY[0] + ny * KEY[1] + nz * KEY[2]
    wrapped = np.clip((facing + 0.35) / 1.35, 0, 1) ** 1.3
    sky = 0.5 + 0.5 * ny
    fill = np.clip(nx * 0.7 + nz * 0.4, 0, 1)
    light = (0.20 + 0.16 * sky + 0.92 * wrapped + 0.10 * fill) * occlusion
    out = albedo * light[..., None]
    if gloss > 0:
        box = smooth(-0.80, -0.68, nx) * (1 - smooth(-0.42, -0.30, nx)) * smooth(-0.55, -0.1, ny)
        rim = smooth(0.72, 0.84, nx) * (1 - smooth(0.90, 0.985, nx)) * 0.45
        half = KEY + np.array([0, 0, 1], np.float32)
        half /= np.linalg.norm(half)
        spot = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1) ** 60
        edge = (1 - np.clip(nz, 0, 1)) ** 4
        out = out + (gloss * (0.26 * box + 0.16 * rim + 0.22 * spot + 0.10 * edge))[..., None]
    return np.asarray(out, np.float32)


@dataclass
class Canvas:
    """A square linear-light picture that products are put on."""

    rgb: Array
    rng: np.random.Generator

    @property
    def size(self) -> int:
        return int(self.rgb.shape[0])

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        """Whole pixel bounds clipped to the canvas."""
        n = self.size
        left, top = min(n - 1, max(0, int(np.floor(x0)))), min(n - 1, max(0, int(np.floor(y0))))
        return left, top, max(left + 1, min(n, int(np.ceil(x1)))), max(top + 1, min(n, int(np.ceil(y1))))

    def over(self, left: int, top: int, colour: Array, alpha: Array) -> None:
        """Lay a patch [h,w,3] (or one colour) with coverage [h,w] over the canvas; edges are clipped."""
        height, width = alpha.shape
        x0, y0, x1, y1 = max(0, left), max(0, top), min(self.size, left + width), min(self.size, top + height)
        if x1 <= x0 or y1 <= y0:
            return
        part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        a = alpha[part][..., None]
        source = colour[part] if colour.ndim == 3 else colour
        view = self.rgb[y0:y1, x0:x1]
        view += a * (source - view)

    def darken(
        self, mask: Array, strength: float, tint: tuple[float, float, float] = (1.0, 0.97, 0.92)
    ) -> None:
        """Multiply by a shadow mask [S,S]; a slightly warm-to-cool tint keeps shadows from going dead."""
        for channel in range(3):
            self.rgb[..., channel] *= 1 - mask * np.float32(strength * tint[channel])

    def glow(self, x: float, y: float, radius: float, colour: str | Array, strength: float) -> None:
        """Add light that falls off smoothly around (x, y)."""
        n = self.size // 4
        rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) * 4
        fall = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius * radius)).astype(np.float32)
        self.rgb += (resize(fall, self.size, self.size) * strength)[..., None] * linear(colour)

    def contact(self, cx: float, y: float, rx: float, ry: float, strength: float = 0.55) -> None:
        """A contact shadow under a standing thing and the long soft one the key light throws."""
        n = self.size // 4
        rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) * 4

        def ellipse(ex: float, ey: float, a: float, b: float) -> Array:
            distance = 1 - np.sqrt(((columns - ex) / a) ** 2 + ((rows - ey) / b) ** 2)
            return cover(distance * b / 4)

        near = blur(ellipse(cx, y, rx * 1.02, ry * 1.05), max(1.5, ry / 14))
        far = blur(ellipse(cx + rx * 0.55, y + ry * 0.25, rx * 1.35, ry * 1.0), max(4.0, ry / 3.2))
        wide = blur(ellipse(cx + rx * 0.15, y + ry * 0.2, rx * 1.6, ry * 1.9), max(8.0, ry / 1.6))
        shadow = 1 - (1 - near * strength) * (1 - far * strength * 0.62) * (1 - wide * strength * 0.32)
        self.darken(resize(shadow, self.size, self.size), 1.0)

    def drop(
        self, left: int, top: int, mask: Array, dx: float, dy: float, radius: float, strength: float
    ) -> None:
        """The soft shadow a flat thing lying on the ground throws."""
        plane = np.zeros((self.size, self.size), np.float32)
        x, y = left + round(dx), top + round(dy)
        height, width = mask.shape
        x0, y0, x1, y1 = max(0, x), max(0, y), min(self.size, x + width), min(self.size, y + height)
        if x1 > x0 and y1 > y0:
            plane[y0:y1, x0:x1] = mask[y0 - y : y1 - y, x0 - x : x1 - x]
        self.darken(blur(plane, radius), strength)

    def picture(self) -> Image.Image:
        """Develop the canvas: soft shoulder, fine grain, sRGB."""
        rgb = self.rgb
        roll = tuple(int(k) for k in self.rng.integers(0, _GRAIN.shape[0], 2))
        rgb += np.roll(_GRAIN, roll, (0, 1))[: self.size, : self.size, None]
        # Only highlights are bent, so that the catalogue's colours stay the catalogue's colours.
        high = np.maximum(rgb - 0.72, 0)
        rgb -= high - 0.28 * (1 - np.exp(-high / 0.28))
        return Image.fromarray(develop(rgb))


def backdrop(rng: np.random.Generator, colour: str, size: int = 1000, horizon: float = 0.60) -> Canvas:
    """A seamless paper sweep of one colour: lit wall, soft horizon, brighter floor.

    horizon is its height as a share of the picture; 0 looks straight down.
    """
    n = size // 4
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) / n
    base = linear(colour)
    key = np.exp(-(((columns - 0.30) / 0.55) ** 2 + ((rows - 0.22) / 0.55) ** 2))
    if horizon > 0:
        floor = smooth(horizon - 0.07, horizon + 0.10, rows)
        light = 0.80 + 0.30 * key + floor * (0.14 + 0.10 * (1 - rows)) - 0.10 * smooth(0.75, 1.0, rows)
    else:
        light = 0.86 + 0.24 * key
    corner = ((columns - 0.5) ** 2 + (rows - 0.5) ** 2) * 2
    light = light * (1 - 0.16 * corner**1.5)
    plane = resize(light.astype(np.float32), size, size)
    return Canvas(np.asarray(plane[..., None] * base, np.float32), rng)
