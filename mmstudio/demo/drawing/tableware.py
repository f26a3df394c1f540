"""Turned products: mugs, bottles, vases, planters, lamps, candles."""

from __future__ import annotations

import numpy as np

from .canvas import Array, Canvas, cover, linear, mix, smooth
from .foliage import FOLIAGE
from .look import Look
from .turned import arc, body, disc, opening, paint, pool, tube

Points = list[tuple[float, float]]
WHITE = np.ones(3, np.float32)

MUGS: dict[str, tuple[Points, float]] = {
    "straight": ([(0, 128), (8, 140), (60, 146), (320, 148)], 148),
    "round": ([(0, 92), (10, 112), (90, 168), (190, 172), (290, 146), (310, 146)], 150),
    "tapered": ([(0, 104), (10, 112), (180, 138), (330, 160)], 150),
    "footed": ([(0, 100), (14, 98), (34, 116), (120, 158), (300, 152)], 150),
    "tall": ([(0, 112), (8, 122), (60, 126), (390, 130)], 128),
    "enamel": ([(0, 136), (10, 148), (60, 152), (268, 154), (276, 158)], 154),
}


def mug(canvas: Canvas, look: Look) -> None:
    points, _ = MUGS[look.shape]
    scale = 1.36
    points = [(h * scale, r * scale) for h, r in points]
    cx, base = 442.0, 760.0
    height, wide = points[-1][0], max(r for _, r in points)
    canvas.contact(cx, base, points[0][1] * 1.05, points[0][1] * 0.24, 0.62)
    gloss = 0.30 if look.motif in ("dip", "speckle", "terrazzo") else 0.62
    handle = look.accent
    top, foot = base - height * 0.86, base - height * 0.24
    middle, reach = (top + foot) / 2, wide * (0.60 if look.shape != "tall" else 0.72)
    edge = np.interp(height * 0.55, [p[0] for p in points], [p[1] for p in points])
    thick = 21.0 if look.shape != "enamel" else 13.0
    tube(
        canvas, arc(cx + float(edge) - 14, middle, reach, (foot - top) / 2, -88, 88, 34), thick, handle, gloss
    )
    shape = body(canvas, cx, base, points, turn=0.4)
    paint(canvas, shape, look.skin(shape.height), gloss, 0.012 if gloss < 0.5 else 0.0)
    inside = mix(look.colours[0], WHITE, 0.35) if look.shape != "enamel" else linear("#f3f1ea")
    rim = look.accent if look.shape == "enamel" else mix(look.colours[0], WHITE, 0.2)
    opening(canvas, cx, shape.rim_y, shape.rim, 11 if look.shape != "enamel" else 6, rim, inside)
    if look.seed % 2:
        pool(canvas, cx, shape.rim_y, shape.rim, 11 if look.shape != "enamel" else 6, 22, "#4a2a17", 0.9)


BOTTLES: dict[str, Points] = {
    "slim": [(0, 84), (8, 92), (40, 95), (380, 95), (430, 78), (462, 52), (486, 48)],
    "wide": [(0, 112), (10, 122), (50, 126), (330, 126), (385, 112), (412, 84), (432, 80)],
    "flask": [(0, 100), (8, 108), (60, 112), (250, 112), (340, 98), (420, 80), (470, 76)],
    "tumbler": [(0, 88), (10, 96), (200, 114), (400, 130)],
}


def bottle(canvas: Canvas, look: Look) -> None:
    cx, base = 490.0, 806.0
    scale = 1.16
    points = [(h * scale, r * scale) for h, r in BOTTLES[look.shape]]
    canvas.contact(cx, base, points[1][1], points[1][1] * 0.24, 0.62)
    shape = body(canvas, cx, base, points, turn=0.25)
    paint(canvas, shape, look.skin(shape.height), 0.34, 0.02)
    ring = body(canvas, cx, base - 6, [(0, points[1][1] + 1), (14, points[2][1] + 2), (20, points[2][1] + 2)])
    paint(canvas, ring, linear("#b9bcbe"), 0.9)
    neck_y, neck_r = shape.rim_y, shape.rim
    if look.shape == "tumbler":
        lid = [(0.0, neck_r + 4), (10.0, neck_r + 7), (26.0, neck_r + 3), (34.0, neck_r - 10)]
        top = body(canvas, cx, neck_y + 10, lid)
        paint(canvas, top, linear(look.accent), 0.3)
        disc(canvas, cx, top.rim_y, top.rim, mix(look.accent, WHITE, 0.10))
        tube(
            canvas,
            np.array(
                [[cx + 34, top.rim_y - 2], [cx + 52, top.rim_y - 128], [cx + 57, top.rim_y - 166]], np.float32
            ),
            9,
            "#d8d6cf",
            0.8,
        )
        return
    collar = body(canvas, cx, neck_y + 8, [(0, neck_r + 2), (14, neck_r + 3), (18, neck_r + 1)])
    paint(canvas, collar, linear("#b9bcbe"), 0.9)
    if look.shape == "wide":
        tube(canvas, arc(cx, collar.rim_y - 62, 62, 58, 180, 360, 30), 12, look.accent, 0.25)
    wood = look.accent in ("#c69c6d", "#b98a58")
    cap = body(
        canvas, cx, collar.rim_y + 4, [(0, neck_r + 5), (8, neck_r + 10), (62, neck_r + 9), (70, neck_r + 3)]
    )
    paint(canvas, cap, linear(look.accent), 0.12 if wood else 0.28, 0.05 if wood else 0.02)
    disc(canvas, cx, cap.rim_y, cap.rim, mix(look.accent, WHITE, 0.14))
    if look.shape == "slim":
        tube(
            canvas,
            arc(cx + neck_r + 24, cap.rim_y + 42, 34, 46, -120, 130, 28),
            7,
            mix_hex(look.accent, 0.75),
            0.2,
        )


def mix_hex(colour: str, factor: float) -> str:
    """A darker (factor < 1) version of "#rrggbb", for cords and shaded parts."""
    return "#" + "".join(
        f"{max(0, min(255, round(int(colour[i : i + 2], 16) * factor))):02x}" for i in (1, 3, 5)
    )


VASES: dict[str, Points] = {
    "bulb": [
        (0, 74),
        (8, 86),
        (60, 132),
        (120, 164),
        (165, 172),
        (210, 162),
        (270, 116),
        (320, 66),
        (360, 47),
        (400, 47),
        (430, 64),
    ],
    "amphora": [
        (0, 60),
        (10, 70),
        (80, 98),
        (170, 138),
        (250, 158),
        (300, 152),
        (360, 112),
        (405, 70),
        (440, 66),
        (460, 80),
    ],
    "cylinder": [(0, 96), (8, 104), (220, 108), (420, 104)],
    "gourd": [
        (0, 84),
        (10, 96),
        (110, 146),
        (200, 122),
        (250, 88),
        (320, 108),
        (370, 84),
        (410, 50),
        (440, 54),
    ],
    "jug": [(0, 88), (10, 98), (140, 146), (240, 140), (330, 92), (390, 82), (430, 100)],
}


def vase(canvas: Canvas, look: Look) -> None:
    cx, base = 500.0, 824.0
    points = VASES[look.shape]
    canvas.contact(cx, base, points[1][1] * 1.05, points[1][1] * 0.25, 0.6)
    height = points[-1][0]
    top = base - height * 0.975
    if look.shape == "jug":
        tube(canvas, arc(cx + 92, base - 292, 74, 96, -100, 95, 34), 17, look.accent, 0.3)
    stems = (
        FOLIAGE["pampas"]
        if look.seed % 3 == 0
        else FOLIAGE["eucalyptus"]
        if look.seed % 3 == 1
        else FOLIAGE["tulip"]
    )
    stems(canvas, cx, top + 12, points[-1][1] * 0.5, look.seed)
    shape = body(canvas, cx, base, points, turn=0.2)
    paint(canvas, shape, look.skin(shape.height), 0.10 if look.motif == "speckle" else 0.36, 0.03)
    _front_lip(canvas, cx, shape.rim_y, shape.rim, look)


def _front_lip(canvas: Canvas, cx: float, cy: float, radius: float, look: Look) -> None:
    """The near half of a vase's lip; the stems stand behind it."""
    colour = "#" + "".join(f"{int(c):02x}" for c in _srgb(mix(look.colours[0], WHITE, 0.12)))
    tube(canvas, arc(cx, cy, radius - 4, (radius - 4) * 0.218, 0, 180, 30), 5, colour, 0.4)


def _srgb(colour: Array) -> list[float]:
    return [max(0.0, min(255.0, 255 * float(c) ** (1 / 2.2))) for c in colour]


POTS: dict[str, Points] = {
    "classic": [(0, 108), (8, 114), (210, 154), (212, 168), (262, 172)],
    "cylinder": [(0, 134), (10, 144), (250, 146)],
    "bowl": [(0, 84), (12, 100), (90, 168), (200, 190), (220, 188)],
    "egg": [(0, 94), (10, 110), (110, 162), (200, 150), (250, 132)],
}


def planter(canvas: Canvas, look: Look) -> None:
    cx, base = 500.0, 846.0
    points = POTS[look.shape]
    canvas.contact(cx, base, points[1][1] * 1.1, points[1][1] * 0.25, 0.62)
    if look.shape in ("classic", "bowl"):
        saucer = points[1][1] + 34
        plate = body(canvas, cx, base + 6, [(0, saucer - 20), (14, saucer), (20, saucer)])
        paint(canvas, plate, linear(look.colours[0]), 0.15, 0.03)
        opening(canvas, cx, plate.rim_y, plate.rim, 7, look.colours[0], look.colours[0])
    shape = body(canvas, cx, base - 2, points, turn=0.3)
    paint(
        canvas,
        shape,
        look.skin(shape.height),
        0.12 if look.motif in ("speckle", "plain", "dip") else 0.3,
        0.04,
    )
    opening(
        canvas,
        cx,
        shape.rim_y,
        shape.rim,
        10,
        mix(look.colours[0], WHITE, 0.1),
        mix_hex(look.colours[0], 0.7),
    )
    pool(canvas, cx, shape.rim_y, shape.rim, 10, 9, "#3a281d", 0.8)
    FOLIAGE[look.accent](canvas, cx, shape.rim_y + 6, shape.rim * 0.5, look.seed)
    tube(
        canvas,
        arc(cx, shape.rim_y, shape.rim - 5, (shape.rim - 5) * 0.218, 20, 160, 24),
        4.5,
        look.colours[0],
        0.3,
    )


LAMP_FEET: dict[str, Points] = {
    "ball": [
        (0, 66),
        (10, 84),
        (40, 112),
        (75, 126),
        (110, 125),
        (150, 104),
        (190, 60),
        (225, 24),
        (285, 16),
    ],
    "column": [(0, 96), (12, 104), (22, 100), (30, 34), (60, 25), (270, 22)],
    "gourd": [(0, 72), (10, 84), (80, 112), (140, 72), (165, 54), (205, 76), (245, 40), (270, 16)],
    "cone": [(0, 118), (12, 124), (140, 62), (250, 20), (270, 15)],
}


def lamp(canvas: Canvas, look: Look) -> None:
    cx, base = 500.0, 856.0
    points = LAMP_FEET[look.shape]
    canvas.glow(cx, 400, 330, "#ffcf87", 0.34)
    canvas.contact(cx, base, points[1][1] * 1.15, points[1][1] * 0.27, 0.55)
    canvas.glow(cx, base + 6, 150, "#ffcf87", 0.10)
    shape = body(canvas, cx, base, points, turn=0.2)
    wood = look.motif == "marl"
    paint(canvas, shape, look.skin(shape.height), 0.10 if wood else 0.5, 0.03 if wood else 0.0)
    top = shape.rim_y
    paint(canvas, body(canvas, cx, top + 4, [(0, 12), (40, 12), (42, 9)]), linear("#b08d4c"), 0.8)
    tall = 250.0 if look.shape != "cone" else 215.0
    low, high = (
        (214.0, 138.0)
        if look.shape in ("ball", "gourd")
        else (190.0, 158.0)
        if look.shape == "column"
        else (240.0, 92.0)
    )
    shade_base = top + 28
    disc(canvas, cx, shade_base, low - 2, "#ffdf9f", 1.0)
    drum = body(canvas, cx, shade_base, [(0, low), (4, low), (tall, high)], turn=0.0)
    cloth = linear(look.accent)
    up = drum.v / drum.height
    bulb = np.exp(-((up - 0.34) ** 2) / 0.09) * (0.55 + 0.45 * np.clip(drum.normal[..., 2], 0, 1))
    weave = 1 + 0.02 * np.sin(drum.u * 1.1) + 0.02 * np.sin(drum.v * 1.3)
    lit = mix(cloth, linear("#ffd48a"), 0.42)
    light = (0.46 + 0.66 * bulb + 0.14 * np.clip(drum.normal[..., 2], 0, 1)) * weave
    canvas.over(drum.left, drum.top, np.asarray(lit * light[..., None], np.float32), drum.alpha)
    for ring_y, ring_r in ((shade_base, low), (drum.rim_y, drum.rim)):
        tube(canvas, arc(cx, ring_y, ring_r - 1, (ring_r - 1) * 0.218, 2, 178, 30), 3.2, look.accent, 0.1)
    opening(canvas, cx, drum.rim_y, drum.rim, 4, look.accent, "#fff0c8")
    canvas.glow(cx, drum.rim_y - 10, 120, "#ffdca0", 0.20)


def candle(canvas: Canvas, look: Look) -> None:
    """Scented candle in a glass or ceramic vessel, lit."""
    cx, base = 500.0, 800.0
    canvas.glow(cx, 400, 280, "#ffca80", 0.25)
    points: Points = {
        "glass": [(0.0, 142.0), (8.0, 152.0), (300.0, 152.0)],
        "bowl": [(0.0, 96.0), (12.0, 112.0), (90.0, 176.0), (200.0, 188.0)],
        "tin": [(0.0, 164.0), (6.0, 170.0), (176.0, 170.0)],
    }[look.shape]
    points = [(h * 1.32, r * 1.32) for h, r in points]
    canvas.contact(cx, base, points[1][1], points[1][1] * 0.24, 0.58)
    shape = body(canvas, cx, base, points, turn=0.5)
    albedo = look.skin(shape.height)(shape.u, shape.v)
    if look.shape == "glass":
        fill = smooth(shape.height * 0.74, shape.height * 0.78, shape.v)
        warm = np.exp(-((shape.v / shape.height - 0.72) ** 2) / 0.05)[..., None]
        albedo = albedo * (1 + 0.5 * warm * linear("#ffd9a0"))
        albedo = np.asarray(albedo * (1 - 0.25 * fill[..., None]), np.float32)
    paint(canvas, shape, albedo, 0.9 if look.shape != "bowl" else 0.35)
    if look.shape == "glass":
        _label(canvas, cx, base - 150, look, points[-1][1] + 1)
    wall = 8.0
    opening(canvas, cx, shape.rim_y, shape.rim, wall, mix(look.colours[0], WHITE, 0.3), look.colours[0])
    drop = 14.0 if look.shape != "glass" else 20.0
    pool(canvas, cx, shape.rim_y, shape.rim, wall, drop, "#f6e7c9", 1.05)
    wick = shape.rim_y + drop
    tube(canvas, np.array([[cx, wick], [cx + 2, wick - 30]], np.float32), 2.6, "#2a211c", 0)
    canvas.glow(cx, wick - 4, 70, "#ffb45a", 0.34)
    _flame(canvas, cx + 2, wick - 24)


def _label(canvas: Canvas, cx: float, cy: float, look: Look, radius: float) -> None:
    """A paper label with a printed rule and mark, bent round the glass."""
    label = body(canvas, cx, cy + 56, [(0, radius), (118, radius)])
    wide = cover(78 - np.abs(label.u))
    paper = np.broadcast_to(linear("#f7f3ea"), (*label.u.shape, 3)).copy()
    ink = linear(look.accent)
    for v, half in ((22, 40), (30, 28), (38, 34)):
        paper += (cover(1.6 - np.abs(label.v - v)) * cover(half - np.abs(label.u)))[..., None] * (ink - paper)
    ring = np.hypot(label.u, (label.v - 76))
    paper += cover(1.8 - np.abs(ring - 22))[..., None] * (ink - paper)
    paper += (cover(13 - np.hypot(label.u + 4, label.v - 74)))[..., None] * (ink - paper)
    light = 0.72 + 0.42 * np.clip(-label.normal[..., 0] * 0.5 + label.normal[..., 2] * 0.6, 0, 1)
    canvas.over(label.left, label.top, np.asarray(paper * light[..., None], np.float32), label.alpha * wide)


def _flame(canvas: Canvas, x: float, y: float) -> None:
    left, top, right, bottom = canvas.box(x - 40, y - 110, x + 40, y + 20)
    columns = (np.arange(left, right, dtype=np.float32) + 0.5 - x)[None, :]
    up = (y - np.arange(top, bottom, dtype=np.float32))[:, None]
    t = np.clip(up / 86, 0, 1)
    half = 17 * np.sqrt(np.clip(t, 0, 1)) * (1 - t) ** 0.85 * 1.9
    edge = half - np.abs(columns)
    alpha = smooth(-1.5, 7, edge) * (up > 0)
    heat = np.clip(edge / 14, 0, 1)[..., None]
    colour = mix("#ff9d2e", "#fff6d8", heat)
    blue = (1 - smooth(0.02, 0.16, t))[..., None] * 0.55
    canvas.over(
        left, top, np.asarray(colour * 1.25 * (1 - blue) + linear("#6d8fff") * blue, np.float32), alpha * 0.95
    )
