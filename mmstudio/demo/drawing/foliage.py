"""Plants for the planters and stems for the vases."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from .canvas import Array, Canvas, blur, linear, mix, noise
from .turned import body, paint, tube

WHITE = np.ones(3, np.float32)


def leaf(
    canvas: Canvas,
    x: float,
    y: float,
    angle: float,
    length: float,
    width: float,
    colour: str,
    *,
    bend: float = 0.0,
    light: float = 1.0,
    shape: float = 1.0,
    vein: float = 0.35,
    edge: str = "",
) -> None:
    """One leaf from its stalk end at (x, y), pointing to `angle` degrees (90 is up).

    bend curls the midrib, shape < 1 puts the widest part nearer the tip, edge colours a margin.
    """
    n = 26
    t = np.linspace(0, 1, n)
    direction = np.radians(angle) + bend * (t - 0.15)
    step = length / (n - 1)
    px = x + np.concatenate([[0], np.cumsum(np.cos(direction[:-1]) * step)])
    py = y - np.concatenate([[0], np.cumsum(np.sin(direction[:-1]) * step)])
    half = width / 2 * np.sin(np.pi * t ** (1 / shape)) ** 0.85
    nx, ny = np.sin(direction), np.cos(direction)
    a, b = np.stack([px - nx * half, py - ny * half], -1), np.stack([px + nx * half, py + ny * half], -1)
    x0, y0, x1, y1 = canvas.box(
        min(a[:, 0].min(), b[:, 0].min()) - 3,
        min(a[:, 1].min(), b[:, 1].min()) - 3,
        max(a[:, 0].max(), b[:, 0].max()) + 3,
        max(a[:, 1].max(), b[:, 1].max()) + 3,
    )
    scale, size = 3, ((x1 - x0) * 3, (y1 - y0) * 3)
    mid = np.stack([px, py], -1)

    def mask(points: Array) -> Array:
        picture = Image.new("L", size)
        ImageDraw.Draw(picture).polygon(
            [((p[0] - x0) * scale, (p[1] - y0) * scale) for p in points], fill=255
        )
        return np.asarray(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BOX), np.float32) / 255

    upper = np.sin(np.radians(angle) + bend * 0.4 + np.pi / 2) > 0
    left_light, right_light = (1.16, 0.80) if upper == (np.cos(np.radians(angle)) < 0.2) else (0.84, 1.12)
    base = linear(colour)
    for side, tone in ((a, left_light), (b, right_light)):
        alpha = mask(np.concatenate([side, mid[::-1]]))
        rows = np.linspace(1.10, 0.86, alpha.shape[0], dtype=np.float32)[:, None, None]
        canvas.over(
            x0,
            y0,
            np.asarray(base * tone * light * rows * np.ones((1, alpha.shape[1], 1), np.float32)),
            alpha,
        )
    if edge:
        picture = Image.new("L", size)
        draw = ImageDraw.Draw(picture)
        for side in (a, b):
            draw.line(
                [((p[0] - x0) * scale, (p[1] - y0) * scale) for p in side],
                fill=255,
                width=round(width * 0.26),
            )
        border = np.asarray(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BOX), np.float32) / 255
        whole = np.maximum(mask(np.concatenate([a, mid[::-1]])), mask(np.concatenate([b, mid[::-1]])))
        canvas.over(x0, y0, linear(edge) * np.float32(light), border * whole)
    if vein > 0:
        picture = Image.new("L", size)
        line = [((p[0] - x0) * scale, (p[1] - y0) * scale) for p in mid[: n - 2]]
        ImageDraw.Draw(picture).line(line, fill=255, width=5)
        alpha = np.asarray(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BOX), np.float32) / 255
        canvas.over(x0, y0, mix(base, WHITE, 0.45) * np.float32(light), alpha * vein)


def snake(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    blades = sorted(rng.uniform(-1, 1, 11), key=lambda v: -abs(v))
    for k, offset in enumerate(blades):
        length = 400 - 150 * abs(offset) + rng.uniform(-40, 40)
        leaf(
            canvas,
            cx + offset * spread * 1.1,
            y + 8,
            90 - offset * 20 + rng.uniform(-3, 3),
            length,
            58,
            "#3f7a4c",
            bend=rng.uniform(-0.16, 0.16),
            light=0.62 + 0.045 * k,
            shape=0.82,
            vein=0.15,
            edge="#cfd68a",
        )


def rubber(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    """A small rubber fig: broad leaves up a stem."""
    rng = np.random.default_rng(seed)
    stem = np.array([[cx, y + 10], [cx + 8, y - 150], [cx - 4, y - 330]], np.float32)
    tube(canvas, stem, 8, "#6b5138", 0.1)
    for k in range(13):
        t = k / 12
        side = 1 if k % 2 else -1
        at = y - 30 - 300 * t
        angle = 90 - side * (78 - 58 * t) + rng.uniform(-8, 8)
        leaf(
            canvas,
            cx + 4,
            at,
            angle,
            205 - 70 * t,
            98 - 30 * t,
            "#2f6b46" if k % 3 else "#3c7d4e",
            bend=side * -0.5 * (1 - t),
            light=0.66 + 0.035 * k,
            shape=1.1,
        )


def fern(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fronds = [
        (-80, 300),
        (80, 300),
        (-62, 340),
        (62, 335),
        (-44, 350),
        (46, 350),
        (-22, 370),
        (26, 365),
        (2, 380),
    ]
    for k, (lean, length) in enumerate(fronds):
        bend = math.radians(lean) * -0.95
        light = 0.62 + 0.05 * k
        x, at = cx + lean * 0.25, y + 4
        direction = math.radians(90 - lean * 0.62)
        n = 17
        for i in range(n):
            t = i / n
            d = direction + bend * t
            x += math.cos(d) * length / n
            at -= math.sin(d) * length / n
            size = 92 * math.sin(math.pi * min(1, (t * 0.86 + 0.14))) ** 0.7 + 10
            for side in (1, -1):
                leaf(
                    canvas,
                    x,
                    at,
                    math.degrees(d) + side * (68 - 22 * t),
                    size,
                    size * 0.27,
                    "#4d8f4b" if (i + k) % 3 else "#5ea257",
                    bend=-side * 0.3,
                    vein=0,
                    light=light + rng.uniform(-0.05, 0.05),
                )


def succulent(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    """An echeveria rosette, drawn from the outer leaves inwards."""
    rng = np.random.default_rng(seed)
    cy = y - 52
    for ring in range(5):
        count = 13 - ring
        for i in range(count):
            a = 2 * math.pi * (i + 0.5 * (ring % 2)) / count + rng.uniform(-0.05, 0.05)
            length = 178 - 33 * ring
            dx, dy = math.cos(a), math.sin(a) * 0.62 + 0.10
            angle = math.degrees(math.atan2(dy, dx))
            reach = length * math.hypot(dx, dy)
            leaf(
                canvas,
                cx,
                cy,
                angle,
                reach,
                70 - 8 * ring,
                "#8db8a0" if ring < 3 else "#a9cbb0",
                light=0.62 + 0.11 * ring + 0.10 * max(0, dy),
                shape=0.62,
                vein=0,
                edge="#d79a9a" if ring < 4 else "",
            )


def cactus(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    def column(x: float, base: float, height: float, radius: float) -> None:
        shape = body(
            canvas,
            x,
            base,
            [
                (0, radius * 0.72),
                (height * 0.3, radius),
                (height * 0.72, radius * 0.98),
                (height * 0.9, radius * 0.72),
                (height * 0.97, radius * 0.4),
                (height, radius * 0.12),
            ],
        )
        ribs = 0.5 + 0.5 * np.cos(shape.u / radius * 11)
        albedo = mix("#2f6a4a", "#6fae7a", ribs[..., None] ** 1.5)
        spine = (np.mod(shape.v, 26) < 4) & (ribs > 0.96)
        albedo = np.where(spine[..., None], linear("#f3ecd2"), albedo)
        paint(canvas, shape, np.asarray(albedo, np.float32), 0.05)

    tube(
        canvas,
        np.array([[cx - 40, y - 130], [cx - 110, y - 140], [cx - 122, y - 190]], np.float32),
        34,
        "#4f8f63",
        0.03,
    )
    column(cx - 122, y - 160, 150, 38)
    column(cx + 6, y + 10, 380, 74)
    tube(
        canvas,
        np.array([[cx + 60, y - 190], [cx + 118, y - 200], [cx + 128, y - 240]], np.float32),
        30,
        "#579a69",
        0.03,
    )
    column(cx + 128, y - 215, 120, 33)
    for k in range(7):
        leaf(canvas, cx + 6, y - 352, 30 + 20 * k, 46, 20, "#f08fa0", light=0.85 + 0.04 * k, vein=0.2)


def olive(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    """A little olive tree."""
    rng = np.random.default_rng(seed)
    trunk = np.array([[cx, y + 10], [cx - 10, y - 80], [cx + 8, y - 190]], np.float32)
    tube(canvas, trunk, 11, "#8b7357", 0.05)
    twigs = []
    for _ in range(34):
        a, d = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0, 1))
        twigs.append((cx + 8 + 165 * d * math.cos(a), y - 285 + 140 * d * math.sin(a), a))
    for k, (x, at, a) in enumerate(
        sorted(twigs, key=lambda p: math.hypot(p[0] - cx, p[1] - y + 285), reverse=True)
    ):
        lean = 90 - math.cos(a) * 60
        light = 0.62 + 0.36 * k / len(twigs) - (at - (y - 285)) / 900
        for i in range(4):
            for side in (1, -1):
                leaf(
                    canvas,
                    x + math.cos(math.radians(lean)) * 17 * i,
                    at - math.sin(math.radians(lean)) * 17 * i,
                    lean + side * 48,
                    58,
                    17,
                    "#6f8a62" if (k + i) % 3 else "#8ba37e",
                    vein=0.3,
                    light=light,
                )


def eucalyptus(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for k, lean in enumerate((-34, 30, -14, 12)):
        length = 330 - 2.2 * abs(lean)
        x, at = cx + lean * spread / 60, y
        previous = (x, at)
        for i in range(12):
            d = math.radians(90 - lean * (0.45 + 0.6 * i / 12))
            x, at = x + math.cos(d) * length / 12, at - math.sin(d) * length / 12
            tube(canvas, np.array([previous, (x, at)], np.float32), 3, "#8a7a5e", 0)
            previous = (x, at)
            if i > 1:
                size = 66 - 3.1 * i
                for side in (1, -1):
                    leaf(
                        canvas,
                        x,
                        at,
                        math.degrees(d) + side * (66 + rng.uniform(-10, 10)),
                        size,
                        size * 0.72,
                        "#86a592" if (i + k) % 2 else "#9db8a4",
                        vein=0.35,
                        light=0.76 + 0.07 * k,
                    )


def pampas(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for lean in (-30, 26, -8, 8):
        x, at = cx + lean * spread / 60, y
        for i in range(9):
            d = math.radians(90 - lean * (0.3 + 0.6 * i / 9))
            nx, ny = x + math.cos(d) * 24, at - math.sin(d) * 24
            tube(canvas, np.array([(x, at), (nx, ny)], np.float32), 2.4, "#b79c6e", 0)
            x, at = nx, ny
        for i in range(64):
            t = i / 64
            d = math.radians(90 - lean * (0.9 + 0.5 * t))
            px, py = x + math.cos(d) * 190 * (1 - t) - 0, at - math.sin(d) * 190 * (1 - t) + 40
            side = rng.uniform(-52, 52)
            leaf(
                canvas,
                px,
                py,
                math.degrees(d) + side,
                74 * (0.45 + 0.8 * math.sin(math.pi * (0.1 + 0.85 * t))),
                7,
                "#e2c9a0" if i % 3 else "#cfae80",
                vein=0,
                light=rng.uniform(0.78, 1.08),
            )


def tulip(canvas: Canvas, cx: float, y: float, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tones = ["#e8745a", "#f2a65a", "#d9567a", "#f3c4b0", "#e8745a"]
    for k, lean in enumerate((-38, 36, -18, 19, 1)):
        x, at = cx + lean * spread / 60, y
        length = 285 + rng.uniform(-20, 20) - abs(lean)
        for i in range(8):
            d = math.radians(90 - lean * (0.3 + 0.5 * i / 8))
            nx, ny = x + math.cos(d) * length / 8, at - math.sin(d) * length / 8
            tube(canvas, np.array([(x, at), (nx, ny)], np.float32), 5, "#6f9a55", 0.05)
            x, at = nx, ny
            if i == 2:
                leaf(
                    canvas,
                    x,
                    at,
                    90 - lean - 26 * (1 if k % 2 else -1),
                    170,
                    34,
                    "#7aa65d",
                    bend=0.3 if k % 2 else -0.3,
                    light=0.9,
                )
        d = 90 - lean * 0.8
        for turn, width, light in (
            (-26, 54, 0.78),
            (26, 54, 0.86),
            (-12, 52, 0.95),
            (12, 52, 1.0),
            (0, 50, 1.1),
        ):
            leaf(
                canvas,
                x,
                at + 8,
                d + turn,
                104,
                width,
                tones[k],
                light=light,
                vein=0,
                bend=-turn / 70,
                shape=0.9,
            )


def moss(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A soft mossy height field."""
    return blur(np.clip(noise(rng, shape, 12) * 0.5 + 0.5, 0, 1), 1.5)


FOLIAGE: dict[str, Callable[[Canvas, float, float, float, int], None]] = {
    "snake": snake,
    "rubber": rubber,
    "fern": fern,
    "succulent": succulent,
    "cactus": cactus,
    "olive": olive,
    "eucalyptus": eucalyptus,
    "pampas": pampas,
    "tulip": tulip,
}
