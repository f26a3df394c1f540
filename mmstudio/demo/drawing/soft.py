"""Cloth, paper and leather: flat outlines given thickness by a blurred height field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .canvas import Array, Canvas, blur, linear, noise, resize, shade
from .patterns import Pattern

Points = Sequence[tuple[float, float]]


def outline(points: Points, width: int, height: int) -> Array:
    """Antialiased mask [height,width] of a polygon, drawn three times finer."""
    picture = Image.new("L", (width * 3, height * 3))
    ImageDraw.Draw(picture).polygon([(x * 3, y * 3) for x, y in points], fill=255)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float32) / 255


def rounded(
    x0: float, y0: float, x1: float, y1: float, radius: float, taper: float = 0.0
) -> list[tuple[float, float]]:
    """A rounded rectangle; taper draws the top edge in by that many pixels on each side."""
    out: list[tuple[float, float]] = []
    corners = (
        (x1 - taper - radius, y0 + radius, -90),
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 90),
        (x0 + taper + radius, y0 + radius, 180),
    )
    for cx, cy, start in corners:
        for k in range(13):
            a = np.radians(start + 90 * k / 12)
            out.append((cx + radius * float(np.cos(a)), cy + radius * float(np.sin(a))))
    return out


def normals(height: Array, strength: float) -> Array:
    """Unit normals [h,w,3] of a height field whose rows run down the screen."""
    rows, columns = np.gradient(height)
    normal = np.stack([-columns * strength, rows * strength, np.ones_like(height)], -1)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True), np.float32)


def puff(
    canvas: Canvas,
    left: int,
    top: int,
    mask: Array,
    skin: Pattern | str | Array,
    *,
    depth: float = 40.0,
    gloss: float = 0.0,
    weave: float = 0.06,
    wrinkle: float = 0.0,
    relief: Array | None = None,
    occlusion: Array | float = 1.0,
) -> None:
    """Draw a stuffed shape: its outline is inflated to about `depth` pixels and lit.

    weave is the grain of the cloth, wrinkle the height of slow folds, relief adds a height
    field of the same shape.
    """
    height, width = mask.shape
    field = np.zeros_like(mask)
    for share, weight in ((0.35, 1.0), (0.9, 0.8), (2.0, 0.6)):
        padded = np.pad(mask, 8)
        field += weight * blur(padded, depth * share)[8:-8, 8:-8] * depth * min(share + 0.5, 1.5) / 2
    if wrinkle > 0:
        field += (
            noise(canvas.rng, mask.shape, min(height, width) / 3.2, 2)
            * wrinkle
            * min(1.0, min(height, width) / 480) ** 1.4
            * mask
        )
    if relief is not None:
        field += relief
    normal = normals(field, 1.25)
    if weave > 0:
        grain = canvas.rng.standard_normal((2, *mask.shape)).astype(np.float32) * weave
        normal[..., 0] += grain[0]
        normal[..., 1] += grain[1]
    if isinstance(skin, str):
        albedo: Array = linear(skin)
    elif isinstance(skin, np.ndarray):
        albedo = skin
    else:
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        albedo = skin(columns - width / 2, height - rows)
    canvas.over(left, top, shade(albedo, normal, gloss, occlusion), mask)


def stitch(canvas: Canvas, points: Points, colour: str, dash: float = 9.0, width: float = 2.2) -> None:
    """A dashed seam along a closed or open polyline of canvas pixels."""
    path = np.array(points, np.float32)
    x0, y0, x1, y1 = canvas.box(
        path[:, 0].min() - 4, path[:, 1].min() - 4, path[:, 0].max() + 4, path[:, 1].max() + 4
    )
    picture = Image.new("L", ((x1 - x0) * 2, (y1 - y0) * 2))
    draw = ImageDraw.Draw(picture)
    seg = np.hypot(*np.diff(path, axis=0).T)
    length = np.concatenate([[0], np.cumsum(seg)])
    for start in np.arange(0, length[-1], dash * 1.6):
        ends = [
            ((np.interp(d, length, path[:, 0]) - x0) * 2, (np.interp(d, length, path[:, 1]) - y0) * 2)
            for d in (start, min(start + dash, length[-1]))
        ]
        draw.line(ends, fill=255, width=max(1, round(width * 2)))
    alpha = np.asarray(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BOX), np.float32) / 255
    canvas.over(x0, y0, linear(colour), alpha * 0.85)


def warp(colour: Array, alpha: Array, corners: Points, size: int) -> tuple[Array, Array]:
    """Perspective: put a flat [h,w,3] sheet so that its corners (tl, tr, br, bl) land on these canvas points.

    Returns the sheet and its coverage on a canvas of `size`.
    """
    height, width = alpha.shape
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    right = np.array([c for point in source for c in point], np.float64)
    matrix = np.linalg.solve(np.array(rows, np.float64), right)
    planes = []
    for plane in (colour[..., 0], colour[..., 1], colour[..., 2], alpha):
        picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
        planes.append(
            np.asarray(
                picture.transform(
                    (size, size), Image.Transform.PERSPECTIVE, tuple(matrix), Image.Resampling.BILINEAR
                ),
                np.float32,
            )
        )
    return np.stack(planes[:3], -1), np.clip(planes[3], 0, 1)


def threads(rng: np.random.Generator, height: int, width: int, pitch: float = 4.0) -> Array:
    """Relief of a plain weave, about −1…1."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    weave = np.sin(rows * np.pi / pitch) * np.sin(columns * np.pi / pitch)
    slub = resize(rng.standard_normal((max(2, height // 3), 12)).astype(np.float32), width, height)
    return np.asarray(weave * 0.7 + slub * 0.3, np.float32)
