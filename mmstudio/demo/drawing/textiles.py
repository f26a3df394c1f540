"""Soft and flat products: cushions, rugs, notebooks, backpacks, beanies, scarves."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .canvas import Array, Canvas, blur, cover, linear, mix, noise, resize, shade, smooth
from .look import Look
from .soft import normals, outline, puff, rounded, stitch, threads, warp
from .tableware import mix_hex
from .turned import arc, tube

WHITE = np.ones(3, np.float32)


def cushion(canvas: Canvas, look: Look) -> None:
    wide, tall = (600.0, 560.0) if look.shape == "square" else (680.0, 430.0)
    width, height = round(wide) + 40, round(tall) + 40
    t = np.linspace(0, 1, 40, endpoint=False)
    points: list[tuple[float, float]] = []
    # Sides bow inwards between the corners, as a filled cover does.
    for k in range(4):
        for s in t:
            bow = 20 * np.sin(np.pi * s) - 9 * np.sin(np.pi * s) ** 6
            x, y = [(s, 0), (1, s), (1 - s, 1), (0, 1 - s)][k]
            dx, dy = [(0, 1), (-1, 0), (0, -1), (1, 0)][k]
            points.append((20 + x * wide + dx * bow, 20 + y * tall + dy * bow))
    mask = outline(points, width, height)
    top = 812 - height
    left = 500 - width // 2
    canvas.contact(500, 778, wide * 0.47, 40, 0.66)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    # The print stretches over the belly of the cushion.
    x, y = (columns - width / 2) / (wide / 2), (rows - height / 2) / (tall / 2)
    belly = 1 - 0.10 * np.clip(1 - x * x, 0, 1) * np.clip(1 - y * y, 0, 1)
    albedo = look.skin(tall)((columns - width / 2) * belly, (height / 2 - rows) * belly + tall / 2)
    dome = (np.clip(1 - x * x, 0, 1) * np.clip(1 - y * y, 0, 1)) ** 0.5 * 82
    crease = _corner_creases(x, y) * 5
    relief = np.asarray(dome + crease + threads(canvas.rng, height, width, 3.0) * 0.16, np.float32)
    ao = 0.80 + 0.20 * smooth(1.02, 0.72, y)
    puff(canvas, left, top, mask, albedo, depth=16, relief=relief, weave=0.05, wrinkle=4, occlusion=ao)
    loop = np.array([*points, points[0]], np.float32) + np.array([left, top], np.float32)
    tube(canvas, loop, 5.5, look.accent, 0.05)
    if look.seed % 3 == 0:
        for px, py in ((20, 20), (20 + wide, 20), (20, 20 + tall), (20 + wide, 20 + tall)):
            _tassel(canvas, left + px, top + py, look.accent, 1 if py > 100 else -0.4)


def _corner_creases(x: Array, y: Array) -> Array:
    out = np.zeros_like(x)
    for sx in (1, -1):
        for sy in (1, -1):
            dx, dy = 1 - sx * x, 1 - sy * y
            angle = np.arctan2(dy, dx)
            out += np.sin(angle * 9) * np.exp(-(dx * dx + dy * dy) / 0.16)
    return np.asarray(out, np.float32)


def _tassel(canvas: Canvas, x: float, y: float, colour: str, down: float) -> None:
    for k in range(9):
        spread = (k - 4) * 3.6
        end = (x + spread * 1.7, y + 44 * down + (10 if down < 0 else 0))
        tube(
            canvas,
            np.array([(x + spread * 0.4, y), end], np.float32),
            2.4,
            colour if k % 2 else mix_hex(colour, 0.85),
            0.0,
        )
    tube(
        canvas,
        np.array([(x - 5, y + 3 * down), (x + 5, y + 3 * down)], np.float32),
        6,
        mix_hex(colour, 0.9),
        0.0,
    )


def rug(canvas: Canvas, look: Look) -> None:
    if look.shape == "round":
        _round_rug(canvas, look)
        return
    width, height = 620, 940
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = np.abs(columns - width / 2), np.abs(rows - height / 2)
    field = look.skin(height)(columns - width / 2, height - rows)
    border = cover(x - (width / 2 - 46)) + cover(y - (height / 2 - 46))
    line = cover(5 - np.abs(np.maximum(x - width / 2, y - height / 2) + 62))
    albedo = field + (np.clip(border, 0, 1) * 0.96)[..., None] * (linear(look.accent) - field)
    if look.motif not in ("plain", "marl"):
        albedo = albedo + line[..., None] * (linear(look.accent) - albedo)
    albedo = np.asarray(albedo * (1 + 0.05 * noise(canvas.rng, (height, width), 8)[..., None]), np.float32)
    relief = threads(canvas.rng, height, width, 3.2) * 0.30
    lit = shade(albedo, normals(np.asarray(relief, np.float32), 1.2), 0.0)
    # Fringes stick out of the two short ends.
    fringe = 44
    sheet = np.zeros((height + 2 * fringe, width, 3), np.float32)
    alpha = np.zeros((height + 2 * fringe, width), np.float32)
    sheet[fringe:-fringe], alpha[fringe:-fringe] = lit, 1
    strand = (0.5 + 0.5 * np.cos(columns[:fringe] * 2 * np.pi / 9 + 0.5 * np.sin(rows[:fringe] / 9))) ** 0.5
    ragged = canvas.rng.uniform(0.72, 1.0, width // 9 + 2)[(columns[:fringe] / 9).astype(int)]
    ends = strand * (rows[:fringe] < ragged * fringe)
    yarn = mix(look.colours[0], "#f3ead8", 0.6)
    sheet[-fringe:], alpha[-fringe:] = yarn * (0.6 + 0.35 * strand[..., None]), ends
    sheet[:fringe], alpha[:fringe] = yarn * (0.6 + 0.35 * strand[::-1, :, None]), ends[::-1]
    corners = [(222, 332), (778, 332), (936, 872), (64, 872)]
    flat, mask = warp(sheet, alpha, corners, canvas.size)
    canvas.drop(0, 0, np.ascontiguousarray(mask), 6, 9, 5, 0.42)
    canvas.drop(0, 0, np.ascontiguousarray(mask), 12, 16, 22, 0.25)
    canvas.over(0, 0, flat, mask)


def _round_rug(canvas: Canvas, look: Look) -> None:
    """Braided in rings, seen from above."""
    n = 860
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32)
    dx, dy = columns - n / 2, rows - n / 2
    radius = np.hypot(dx, dy)
    angle = np.arctan2(dy, dx)
    pitch = 19.0
    ring = np.floor(radius / pitch)
    tones = [linear(c) for c in look.colours]
    order = np.array([0, 0, 1, 0, 2, 2, 0, 1, 1, 0, 0, 2, 0, 1, 0, 0, 1, 2, 1, 0, 0, 1, 0, 0])
    pick = order[np.clip(ring, 0, len(order) - 1).astype(int)] % len(tones)
    albedo = np.stack(tones)[pick]
    braid = np.sin(
        angle * np.maximum(ring, 1) * 7.0 + ring * 2.1 + (np.mod(radius, pitch) / pitch - 0.5) * 3.4
    )
    height = (np.sin(np.mod(radius, pitch) / pitch * np.pi) ** 0.6) * 4.2 + braid * 1.5
    lit = shade(np.asarray(albedo, np.float32), normals(np.asarray(height, np.float32), 0.8), 0.0)
    mask = cover(n / 2 - 14 - radius + braid * 1.5)
    left = (canvas.size - n) // 2
    canvas.drop(left, left, mask, 10, 12, 7, 0.45)
    canvas.drop(left, left, mask, 22, 26, 30, 0.25)
    canvas.over(
        left, left, np.asarray(lit * (1 + 0.05 * noise(canvas.rng, (n, n), 6)[..., None]), np.float32), mask
    )


def notebook(canvas: Canvas, look: Look) -> None:
    """A bound notebook lying on the desk, a pencil beside it."""
    width, height = (
        (520, 720) if look.shape == "tall" else (600, 640) if look.shape == "square" else (500, 690)
    )
    angle = np.radians(9.0 - 3.2 * (look.seed % 5))
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    n = 900
    left, top = 480 - n // 2, 500 - n // 2
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) - n / 2
    # The cover's own axes: origin in the middle, x along the width, y down.
    x, y = columns * cos + rows * sin, rows * cos - columns * sin

    def sheet(dx: float, dy: float, dw: float, dh: float, radius: float) -> Array:
        """Coverage of a rounded rectangle moved by (dx, dy) and grown by (dw, dh)."""
        qx = np.abs(x - dx - dw / 2) - (width + dw) / 2 + radius
        qy = np.abs(y - dy - dh / 2) - (height + dh) / 2 + radius
        outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0)
        return cover(radius - outside)

    back = sheet(9, 11, 4, 4, 16)
    canvas.drop(left, top, back, 8, 10, 5, 0.45)
    canvas.drop(left, top, back, 26, 30, 26, 0.34)
    canvas.over(left, top, linear(mix_hex(look.colours[0], 0.55)), back)
    pages = 0.74 + 0.16 * np.sin((x + y) * 2.2)
    canvas.over(
        left, top, np.asarray(pages[..., None] * linear("#f3ecdc"), np.float32), sheet(6, 6, 3, 3, 12)
    )
    ribbon = np.array([[width * 0.12, height / 2 - 8], [width * 0.14, height / 2 + 62]], np.float32)
    path = np.stack([ribbon[:, 0] * cos - ribbon[:, 1] * sin, ribbon[:, 0] * sin + ribbon[:, 1] * cos], -1)
    tube(canvas, (path + np.array([480, 500])).astype(np.float32), 7, look.accent, 0.1, 0.5)
    albedo = look.skin(height)(x, height / 2 - y)
    albedo = albedo + (cover(46 - width / 2 - x) * 0.92)[..., None] * (linear(look.accent) - albedo)
    board = sheet(0, 0, 0, 0, 16)
    groove = np.exp(-((x + width / 2 - 52) ** 2) / 18)
    field = blur(board, 3) * 9 + threads(canvas.rng, n, n, 2.6) * 0.10 - groove * 2.4
    lit = shade(np.asarray(albedo, np.float32), normals(np.asarray(field, np.float32), 0.9), 0.04)
    sheen = 0.99 - 0.10 * (columns + rows) / (2 * n)
    canvas.over(left, top, np.asarray(lit * sheen[..., None], np.float32), board)
    band = cover(7.5 - np.abs(x - width / 2 + 54)) * cover(height / 2 + 3 - np.abs(y))
    canvas.drop(left, top, band * board, 3, 3, 2.5, 0.5)
    canvas.over(left, top, linear(look.accent) * np.float32(0.92), band)
    if look.shape != "square":
        _pencil(canvas, 858, 250, 836, 770, look.accent)


def _pencil(canvas: Canvas, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
    a, b = np.array([x0, y0]), np.array([x1, y1])
    axis = (b - a) / np.linalg.norm(b - a)
    shadow = Image.new("L", (canvas.size, canvas.size))
    ImageDraw.Draw(shadow).line([(x0 + 9, y0 + 8), (x1 + 9, y1 + 8)], fill=255, width=17)
    canvas.darken(blur(np.asarray(shadow, np.float32) / 255, 6), 0.42)
    tube(canvas, np.array([a, b], np.float32), 11, colour, 0.35, 0.9)
    tip = b + axis * 46
    origin = np.floor(np.minimum(b, tip)) - 14
    side = np.array([axis[1], -axis[0]]) * 10.5
    cone = np.stack([b + side, b - side, tip]) - origin
    size = np.ceil(cone.max(0)).astype(int) + 4
    point = cone * 0.28 + (tip - origin) * 0.72
    for corners, tone in ((cone, "#e3bf92"), (point, "#35322f")):
        mask = outline([(float(p[0]), float(p[1])) for p in corners], int(size[0]), int(size[1]))
        canvas.over(int(origin[0]), int(origin[1]), linear(tone), mask)
    tube(canvas, np.array([a - axis * 30, a], np.float32), 11.5, "#c9c4ba", 0.9)
    tube(canvas, np.array([a - axis * 52, a - axis * 30], np.float32), 11, "#d98b86", 0.05)


def backpack(canvas: Canvas, look: Look) -> None:
    ground, trim = look.colours[0], look.accent
    cx = 500
    canvas.contact(cx, 852, 236, 40, 0.70)
    roll = look.shape == "rolltop"
    # Straps behind, then the body, the pocket, the flap and the buckles.
    tube(canvas, arc(cx, 168 if not roll else 150, 58, 66, 180, 360, 26), 12, mix_hex(trim, 0.8), 0.1, 0.7)
    for side in (-1, 1):
        strap = np.array(
            [[cx + side * 150, 280], [cx + side * 262, 420], [cx + side * 266, 640], [cx + side * 215, 790]],
            np.float32,
        )
        dense = np.stack([np.interp(np.linspace(0, 3, 40), range(4), strap[:, k]) for k in range(2)], -1)
        kernel = np.ones(9) / 9
        smooth_path = np.stack(
            [np.convolve(np.pad(dense[:, k], 4, mode="edge"), kernel, "valid") for k in range(2)], -1
        )
        tube(canvas, smooth_path.astype(np.float32), 17, mix_hex(ground, 0.62), 0.0, 0.6)
    w, h = 500, 740
    left, top = cx - w // 2, 138
    main = outline(rounded(16, 16, w - 16, h - 12, 96, 26), w, h)
    ao = 0.78 + 0.22 * np.linspace(1, 0, h, dtype=np.float32)[:, None] * np.ones((1, w), np.float32)
    puff(canvas, left, top, main, look.skin(h), depth=46, weave=0.07, wrinkle=9, occlusion=ao)
    side_pockets = ((cx - 256, 1), (cx + 176, -1))
    for x, _ in side_pockets:
        pocket = outline(rounded(4, 4, 78, 236, 26), 82, 240)
        puff(canvas, x, 602, pocket, mix_hex(ground, 0.82), depth=14, weave=0.07, wrinkle=4, occlusion=0.92)
    # Front pocket.
    pw, ph = 372, 270
    pocket = outline(rounded(6, 6, pw - 6, ph - 6, 54), pw, ph)
    canvas.drop(cx - pw // 2, 578, pocket, 3, 5, 8, 0.5)
    puff(
        canvas,
        cx - pw // 2,
        576,
        pocket,
        mix_hex(ground, 0.94) if look.motif != "plain" else ground,
        depth=24,
        weave=0.07,
        wrinkle=6,
    )
    tube(
        canvas,
        np.array([[cx - 150, 626], [cx, 618], [cx + 150, 626]], np.float32),
        5.5,
        mix_hex(trim, 0.55),
        0.3,
    )
    tube(canvas, np.array([[cx + 118, 624], [cx + 112, 662]], np.float32), 4.5, trim, 0.3)
    stitch(
        canvas,
        [
            (cx - 158, 650),
            (cx - 158, 800),
            (cx - 130, 828),
            (cx + 130, 828),
            (cx + 158, 800),
            (cx + 158, 650),
        ],
        mix_hex(ground, 1.5),
    )
    if roll:
        rw, rh = 452, 150
        fold = outline(rounded(6, 6, rw - 6, rh - 6, 46), rw, rh)
        canvas.drop(cx - rw // 2, 150, fold, 2, 8, 10, 0.5)
        puff(canvas, cx - rw // 2, 146, fold, mix_hex(ground, 0.9), depth=34, weave=0.07, wrinkle=10)
        tube(canvas, np.array([[cx, 170], [cx, 590]], np.float32), 13, trim, 0.1, 0.55)
        _buckle(canvas, cx, 448, trim)
        return
    if look.shape == "day":
        zip_path = arc(cx, 470, 206, 250, 188, 352, 40)
        tube(canvas, zip_path, 6, mix_hex(trim, 0.55), 0.3)
        tube(canvas, np.array([[cx + 150, 300], [cx + 158, 352]], np.float32), 5, trim, 0.3)
        patch = outline(rounded(4, 4, 116, 66, 8), 120, 70)
        puff(canvas, cx - 60, 400, patch, trim, depth=5, weave=0.04, gloss=0.05)
        stitch(
            canvas,
            [(cx - 50, 410), (cx + 50, 410), (cx + 50, 460), (cx - 50, 460), (cx - 50, 410)],
            mix_hex(trim, 1.5),
            6,
        )
        return
    fw, fh = 468, 390
    flap = outline(rounded(8, 8, fw - 8, fh - 8, 98, 14), fw, fh)
    canvas.drop(cx - fw // 2, 146, flap, 3, 9, 12, 0.55)
    puff(canvas, cx - fw // 2, 136, flap, look.skin(h), depth=38, weave=0.07, wrinkle=8)
    stitch(
        canvas,
        [
            (cx - 214, 330),
            (cx - 206, 440),
            (cx - 130, 506),
            (cx + 130, 506),
            (cx + 206, 440),
            (cx + 214, 330),
        ],
        mix_hex(ground, 1.5),
    )
    for side in (-104, 104):
        tube(canvas, np.array([[cx + side, 440], [cx + side, 640]], np.float32), 15, trim, 0.12, 0.5)
        _buckle(canvas, cx + side, 566, trim)


def _buckle(canvas: Canvas, x: float, y: float, strap: str) -> None:
    box = np.array(
        [(x - 25, y - 21), (x + 25, y - 21), (x + 25, y + 21), (x - 25, y + 21), (x - 25, y - 21)], np.float32
    )
    tube(canvas, box, 4.6, "#c9b37c", 0.9)
    tube(canvas, np.array([(x, y - 20), (x, y + 14)], np.float32), 3.2, "#c9b37c", 0.9)


def beanie(canvas: Canvas, look: Look) -> None:
    """A ribbed knit hat with a folded brim."""
    w, h = 600, 620
    left, top = 200, 226
    canvas.contact(500, 798, 272, 38, 0.66)
    t = np.linspace(0, np.pi, 50)
    crown = [(300 - 252 * float(np.cos(a)), 430 - 400 * float(np.sin(a)) ** 0.80) for a in t]
    crown += [(548, 560), (300, 588), (52, 560)]
    mask = outline(crown, w, h)
    rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
    # Ribs run together towards the crown.
    up = np.clip((440 - rows) / 400, 0, 1)
    spread = np.sqrt(np.clip(1 - up**1.9, 0.02, 1))
    ribs = np.arcsin(np.clip((columns - 300) / (256 * spread), -1, 1))
    knit = _knit(ribs * 215, rows * 1.0)
    albedo = look.skin(420)(ribs * 215, np.asarray(560 - rows, np.float32))
    ao = 0.86 + 0.14 * knit
    puff(
        canvas,
        left,
        top,
        mask,
        albedo,
        depth=70,
        weave=0.09,
        relief=np.asarray(knit * 3.4, np.float32),
        occlusion=ao,
    )
    bw, bh = 588, 190
    brim = outline(rounded(14, 14, bw - 14, bh - 16, 52), bw, bh)
    canvas.drop(206, 618, brim, 0, -7, 9, 0.5)
    rows, columns = np.mgrid[0:bh, 0:bw].astype(np.float32)
    turn = np.arcsin(np.clip((columns - bw / 2) / (bw / 2 - 10), -1, 1))
    knit = _knit(turn * 250, rows * 0.92)
    puff(
        canvas,
        206,
        634,
        brim,
        linear(look.accent),
        depth=30,
        weave=0.09,
        relief=np.asarray(knit * 4.2, np.float32),
        occlusion=0.84 + 0.16 * knit,
    )
    label = outline(rounded(3, 3, 87, 51, 5), 90, 54)
    puff(canvas, 612, 700, label, "#c08b55", depth=4, weave=0.03, gloss=0.05)
    stitch(canvas, [(620, 708), (694, 708), (694, 746), (620, 746), (620, 708)], "#f0dcb8", 6)
    if look.shape == "pompom":
        n = 230
        rows, columns = np.mgrid[0:n, 0:n].astype(np.float32)
        fuzz = noise(canvas.rng, (n, n), 11, 3)
        d = 92 - np.hypot(columns - n / 2, rows - n / 2) + fuzz * 9
        ball = smooth(-2, 8, d)
        canvas.drop(500 - n // 2, 138, ball, 4, 8, 12, 0.3)
        puff(
            canvas,
            500 - n // 2,
            130,
            ball,
            look.colours[min(1, len(look.colours) - 1)],
            depth=40,
            weave=0.22,
            relief=fuzz * 7,
        )


def _knit(u: Array, v: Array) -> Array:
    """Stocking-stitch relief in 0…1: V-shaped loops in columns."""
    column = np.mod(u, 24) / 24 - 0.5
    vee = np.mod(v + np.abs(column) * 26, 15) / 15
    rib = np.cos(column * 2 * np.pi) * 0.5 + 0.5
    return np.asarray(rib * (0.55 + 0.45 * np.sin(vee * np.pi)), np.float32)


def scarf(canvas: Canvas, look: Look) -> None:
    """A folded scarf with fringes, seen from above."""
    layers = ((-26, 236, 470, 0.78), (14, 196, 560, 0.90), (-6, 150, 640, 1.0))
    for k, (dx, y, h, light) in enumerate(layers):
        w = 640 - 14 * (2 - k)
        rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
        mask = outline(rounded(8, 8, w - 8, h - 8, 40), w, h)
        left, top = 180 + dx, y
        fringe = _fringe(canvas, w - 34, 92, look)
        if k == 2:
            canvas.drop(left + 17, top + h - 20, fringe[1], 5, 7, 5, 0.4)
            canvas.over(left + 17, top + h - 20, fringe[0], fringe[1])
        canvas.drop(left, top, mask, 8, 12, 12, 0.5)
        albedo = look.skin(h)(columns + 60 * k, np.asarray(h - rows, np.float32)) * np.float32(light)
        drape = np.asarray(
            7 * np.sin(columns / 96 + 0.6 * k + rows / 400) + 3 * np.sin(columns / 41 + rows / 150),
            np.float32,
        )
        drape += threads(canvas.rng, h, w, 3.0) * 0.32
        puff(canvas, left, top, mask, np.asarray(albedo, np.float32), depth=17, weave=0.08, relief=drape)


def _fringe(canvas: Canvas, width: int, length: int, look: Look) -> tuple[Array, Array]:
    rows, columns = np.mgrid[0:length, 0:width].astype(np.float32)
    pitch = 15.0
    index = (columns / pitch).astype(int)
    reach = canvas.rng.uniform(0.78, 1.0, width // int(pitch) + 2)[index] * length
    sway = canvas.rng.uniform(-4, 4, width // int(pitch) + 2)[index] * (rows / length) ** 2
    d = np.abs(np.mod(columns + sway, pitch) - pitch / 2)
    alpha = cover(5.2 - d) * cover(reach - rows)
    tones = np.stack([linear(c) for c in look.colours])[index % len(look.colours)]
    light = 0.95 - 0.10 * d[..., None] + 0.10 * np.sin(rows[..., None] / 3.0)
    return np.asarray(tones * light * 0.9, np.float32), alpha


def swatch(canvas: Canvas, look: Look, kind: str) -> None:
    """The detail picture: the material from very near, with soft folds for cloth."""
    n = canvas.size
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32)
    cloth = kind in ("cushion", "rug", "backpack", "beanie", "scarf")
    fold = noise(canvas.rng, (n, n), 420, 2) * (11.0 if cloth else 6.0)
    albedo = look.skin(n * 0.9, 2.1)(columns - n / 2 + fold, np.asarray(n - rows + fold, np.float32))
    relief = fold * 2.6
    if kind == "beanie":
        relief = relief + _knit(columns * 0.52, rows * 0.52) * 9
    elif cloth:
        relief = relief + threads(canvas.rng, n, n, 6.0) * 0.9
    else:
        relief = relief + resize(canvas.rng.standard_normal((n // 5, n // 5)).astype(np.float32), n, n) * 0.12
    gloss = 0.0 if cloth else 0.22
    light = 0.90 + 0.22 * np.exp(-(((columns / n - 0.3) / 0.5) ** 2 + ((rows / n - 0.25) / 0.5) ** 2))
    canvas.rgb[:] = shade(albedo, normals(np.asarray(relief, np.float32), 0.9), gloss) * light[..., None]
