"""Bodies of revolution seen slightly from above: mugs, bottles, vases, pots, lamps, candles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from .canvas import Array, Canvas, cover, linear, mix, shade, smooth
from .patterns import Pattern

TILT = 0.22  # camera elevation in radians


@dataclass(frozen=True)
class Body:
    """Where each pixel of a patch meets the body.

    left, top: the patch on the canvas; u, v: pixels around and up; alpha [h,w]; normal [h,w,3]; the body's
    height; radius and canvas row of its rim.
    """

    left: int
    top: int
    u: Array
    v: Array
    alpha: Array
    normal: Array
    height: float
    rim: float
    rim_y: float


def profile(points: list[tuple[float, float]], steps: int = 4) -> tuple[Array, Array, float]:
    """Smooth radius over height through (height, radius) points, by monotone cubic interpolation (PCHIP)."""
    y = np.array([p[0] for p in points], np.float64)
    r = np.array([p[1] for p in points], np.float64)
    width = np.diff(y)
    slope = np.diff(r) / width
    tangent = np.zeros_like(r)
    inner = slope[:-1] * slope[1:] > 0
    w1, w2 = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        tangent[1:-1] = np.where(inner, (w1 + w2) / (w1 / slope[:-1] + w2 / slope[1:]), 0)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    x = np.arange(0, y[-1] * steps + 1) / steps
    k = np.clip(np.searchsorted(y, x, "right") - 1, 0, len(width) - 1)
    t = (x - y[k]) / width[k]
    radius = (
        r[k] * (1 + 2 * t) * (1 - t) ** 2
        + tangent[k] * width[k] * t * (1 - t) ** 2
        + r[k + 1] * t * t * (3 - 2 * t)
        + tangent[k + 1] * width[k] * t * t * (t - 1)
    ).astype(np.float32)
    return radius, np.gradient(radius).astype(np.float32) * steps, float(y[-1])


def body(
    canvas: Canvas, cx: float, base: float, points: list[tuple[float, float]], turn: float = 0.0
) -> Body:
    """Solve the front surface of the profile standing at (cx, base), for an orthographic camera at TILT.

    A ring at height y projects to an ellipse around y·cos(TILT); the height seen at a pixel is found by
    fixed-point iteration, which converges while the profile is not nearly flat.
    """
    radius, slope, height = profile(points)
    steps = 4
    ce, se = float(np.cos(TILT)), float(np.sin(TILT))
    widest = float(radius.max())
    left, top, right, bottom = canvas.box(
        cx - widest - 3, base - height * ce - widest * se - 3, cx + widest + 3, base + widest * se + 3
    )
    x = (np.arange(left, right, dtype=np.float32) + 0.5 - cx)[None, :]
    up = (base - np.arange(top, bottom, dtype=np.float32) - 0.5)[:, None]
    last = len(radius) - 1
    y = np.broadcast_to(up / ce, (bottom - top, right - left)).astype(np.float32)
    r = c = y
    for _ in range(6):
        r = radius[np.clip(y * steps, 0, last).astype(np.int32)]
        c = np.sqrt(np.maximum(1 - (x / r) ** 2, 0))
        y = (up + r * se * c) / ce
    index = np.clip(y * steps, 0, last).astype(np.int32)
    r, dr = radius[index], slope[index]
    side = np.clip(x / r, -1, 1)
    c = np.sqrt(1 - side * side)
    norm = 1 / np.sqrt(1 + dr * dr)
    # Rotated into the camera: ny and nz mix by the tilt.
    nx, ny0, nz0 = side * norm, -dr * norm, c * norm
    normal = np.stack([nx, ny0 * ce + nz0 * se, nz0 * ce - ny0 * se], -1)
    distance = np.minimum((r - np.abs(x)) * norm, np.minimum(y * ce, (height - y) * ce + 0.5))
    theta = np.arcsin(side) + turn
    return Body(
        left,
        top,
        (theta * widest).astype(np.float32),
        y,
        cover(distance),
        normal.astype(np.float32),
        height,
        float(radius[-1]),
        base - height * ce,
    )


def paint(canvas: Canvas, shape: Body, skin: Pattern | Array, gloss: float, bump: float = 0.0) -> None:
    """Lay the pattern round the body and light it. bump roughens clay and cloth."""
    albedo = skin if isinstance(skin, np.ndarray) else skin(shape.u, shape.v)
    normal = shape.normal
    if bump > 0:
        grain = canvas.rng.standard_normal(shape.alpha.shape).astype(np.float32) * bump
        normal = normal.copy()
        normal[..., 0] += grain
        normal[..., 1] += np.roll(grain, 1, 0)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    foot = 0.72 + 0.28 * smooth(0, shape.height * 0.16, shape.v)
    canvas.over(shape.left, shape.top, shade(albedo, normal, gloss, foot), shape.alpha)


def disc(
    canvas: Canvas, cx: float, cy: float, radius: float, colour: str | Array, light: float = 1.0
) -> None:
    """A level disc: a lid, a surface of coffee or soil, brighter towards the key light."""
    ry = radius * np.sin(TILT)
    left, top, right, bottom = canvas.box(cx - radius - 2, cy - ry - 2, cx + radius + 2, cy + ry + 2)
    x = (np.arange(left, right, dtype=np.float32) + 0.5 - cx)[None, :] / radius
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5 - cy)[:, None] / ry
    rho = np.sqrt(x * x + y * y)
    tone = (light * (1.0 - 0.10 * x + 0.10 * y))[..., None] * linear(colour)
    canvas.over(left, top, np.asarray(tone, np.float32), cover((1 - rho) * ry * np.maximum(np.abs(y), 0.6)))


def opening(
    canvas: Canvas, cx: float, cy: float, radius: float, wall: float, rim: str | Array, inside: str | Array
) -> None:
    """An open rim: the lit lip, then the hollow, dark on the side that the key light does not reach."""
    disc(canvas, cx, cy, radius, mix(rim, np.ones(3, np.float32), 0.12), 1.05)
    inner = radius - wall
    ry = inner * np.sin(TILT)
    left, top, right, bottom = canvas.box(cx - inner - 2, cy - ry - 2, cx + inner + 2, cy + ry + 2)
    x = (np.arange(left, right, dtype=np.float32) + 0.5 - cx)[None, :] / inner
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5 - cy)[:, None] / ry
    alpha = cover((1 - np.sqrt(x * x + y * y)) * ry * 0.8)
    depth = 0.34 + 0.42 * smooth(-0.5, 1.0, x) * smooth(1.1, -0.6, y) + 0.10 * (1 - y)
    canvas.over(left, top, np.asarray(depth[..., None] * linear(inside), np.float32), alpha)


def pool(
    canvas: Canvas,
    cx: float,
    cy: float,
    radius: float,
    wall: float,
    drop: float,
    colour: str | Array,
    light: float = 0.85,
) -> None:
    """Something level that fills an opening to `drop` pixels below its rim (clipped by the near lip)."""
    inner = radius - wall
    ry = inner * np.sin(TILT)
    left, top, right, bottom = canvas.box(cx - inner - 2, cy - ry - 2, cx + inner + 2, cy + ry + 2)
    x = (np.arange(left, right, dtype=np.float32) + 0.5 - cx)[None, :] / inner
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5 - cy)[:, None] / ry
    y2 = y - drop / ry
    mouth = cover((1 - np.sqrt(x * x + y * y)) * ry * 0.8)
    level = cover((1 - np.sqrt(x * x + y2 * y2)) * ry * 0.8)
    sheen = light * (0.86 + 0.22 * smooth(0.2, 0.9, x - y2 * 0.3))
    edge = 1 + 0.5 * smooth(0.90, 0.97, np.sqrt(x * x + y2 * y2))
    canvas.over(left, top, np.asarray((sheen * edge)[..., None] * linear(colour), np.float32), mouth * level)


def tube(
    canvas: Canvas, path: Array, radius: float, colour: str | Array, gloss: float, flat: float = 1.0
) -> None:
    """A bent round bar along a polyline [n,2] in pixels: handles, straps, stems.

    flat < 1 widens the lit face.
    """
    left, top, right, bottom = canvas.box(
        path[:, 0].min() - radius - 2,
        path[:, 1].min() - radius - 2,
        path[:, 0].max() + radius + 2,
        path[:, 1].max() + radius + 2,
    )
    columns = np.arange(left, right, dtype=np.float32) + 0.5
    rows = np.arange(top, bottom, dtype=np.float32) + 0.5
    best = np.full((bottom - top, right - left), 1e9, np.float32)
    dx = np.zeros_like(best)
    dy = np.zeros_like(best)
    for a, b in itertools.pairwise(path):
        x0, y0 = int(min(a[0], b[0]) - radius - 2) - left, int(min(a[1], b[1]) - radius - 2) - top
        x1, y1 = int(max(a[0], b[0]) + radius + 3) - left, int(max(a[1], b[1]) + radius + 3) - top
        part = (slice(max(0, y0), max(0, y1)), slice(max(0, x0), max(0, x1)))
        px, py = columns[None, part[1]] - a[0], rows[part[0], None] - a[1]
        ex, ey = b[0] - a[0], b[1] - a[1]
        t = np.clip((px * ex + py * ey) / max(ex * ex + ey * ey, 1e-6), 0, 1)
        qx, qy = px - t * ex, py - t * ey
        d = np.hypot(qx, qy)
        closer = d < best[part]
        best[part] = np.where(closer, d, best[part])
        dx[part] = np.where(closer, qx, dx[part])
        dy[part] = np.where(closer, qy, dy[part])
    rho = np.clip(best / radius, 0, 1)
    nx, ny = dx / radius * flat, -dy / radius * flat
    nz = np.sqrt(np.maximum(1 - (rho * flat) ** 2, 0.02))
    normal = np.stack([nx, ny, nz], -1) / np.sqrt(nx * nx + ny * ny + nz * nz)[..., None]
    canvas.over(left, top, shade(linear(colour), normal.astype(np.float32), gloss), cover(radius - best))


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, n: int = 40) -> Array:
    """Points [n,2] of an elliptic arc; angles in degrees, clockwise on screen from +x."""
    t = np.radians(np.linspace(start, end, n))
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], -1).astype(np.float32)
