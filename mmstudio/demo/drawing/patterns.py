"""Surface patterns: (u, v) in pixels → linear colours, edges one pixel soft."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .canvas import Array, cover, linear, mix, noise, resize, smooth

Pattern = Callable[[Array, Array], Array]


def _fill(shape: tuple[int, ...], colour: Array) -> Array:
    return np.broadcast_to(colour, (*shape, 3)).astype(np.float32)


def _lay(base: Array, colour: Array, alpha: Array) -> Array:
    return np.asarray(base + alpha[..., None] * (colour - base), np.float32)


def _cell(x: Array, period: float) -> tuple[Array, Array]:
    index = np.floor(x / period)
    return index, x - (index + 0.5) * period


def _hash(i: Array, j: Array, salt: float) -> Array:
    value = np.sin(i * 127.1 + j * 311.7 + salt * 74.7) * 43758.547
    return np.asarray(value - np.floor(value), np.float32)


def pattern(name: str, colours: list[str], seed: int, scale: float = 1.0, height: float = 500.0) -> Pattern:
    """The pattern called `name` in these colours; the first colour is the ground.

    Args:
        name: one of the keys of PATTERNS.
        colours: "#rrggbb", one to four of them.
        seed: makes irregular patterns differ.
        scale: size of the motif.
        height: extent of v in pixels, for patterns that run from foot to rim.
    """
    tones = [linear(c) for c in colours]
    while len(tones) < 4:
        tones.append(tones[-1])
    function = PATTERNS[name]
    return lambda u, v: function(
        u.astype(np.float32), v.astype(np.float32), tones, float(seed), scale, height
    )


def plain(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    return _fill(u.shape, c[0])


def stripes(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    out = _fill(u.shape, c[0])
    index, d = _cell(v, 52 * s)
    out = _lay(out, c[1], cover(11 * s - np.abs(d)))
    return _lay(out, c[2], cover(3 * s - np.abs(np.abs(d) - 19 * s)) * (np.mod(index, 2) == 0))


def bands(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Three broad bands, as on a glazed jug."""
    out = _fill(u.shape, c[0])
    t = v / h
    out = _lay(out, c[1], cover((0.10 * s - np.abs(t - 0.30)) * h))
    out = _lay(out, c[2], cover((0.05 * s - np.abs(t - 0.52)) * h))
    return _lay(out, c[3], cover((0.025 * s - np.abs(t - 0.645)) * h))


def pinstripe(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    _, d = _cell(u, 30 * s)
    return _lay(_fill(u.shape, c[0]), c[1], cover(4.5 * s - np.abs(d)))


def dots(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    p = 54 * s
    row, dv = _cell(v, p * 0.866)
    column, du = _cell(u + np.mod(row, 2) * p / 2, p)
    out = _lay(_fill(u.shape, c[0]), c[1], cover(p * 0.25 - np.hypot(du, dv)))
    second = cover(p * 0.25 - np.hypot(du, dv)) * (_hash(row, column, seed) > 0.72)
    return _lay(out, c[2], second)


def speckle(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    out = _fill(u.shape, c[0])
    for k, (period, radius, tone) in enumerate(((26 * s, 2.6, 1), (40 * s, 4.2, 1), (17 * s, 1.5, 2))):
        i, du = _cell(u + 7.3 * k, period)
        j, dv = _cell(v + 3.1 * k, period)
        a, b = _hash(i, j, seed + k), _hash(j, i, seed + k + 9)
        size = radius * (0.35 + 0.9 * _hash(i + 5, j, seed + k))
        d = np.hypot(du - (a - 0.5) * period * 0.7, dv - (b - 0.5) * period * 0.7)
        out = _lay(out, c[tone], cover(size - d) * 0.85)
    return out


def dip(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Glaze dipped over bare clay, with a wavering edge and fine specks."""
    edge = h * (0.36 + 0.06 * s * np.sin(u / 61 + seed) + 0.03 * np.sin(u / 23 + 2 * seed))
    out = _lay(speckle(u, v, [c[0], c[2], c[2]], seed, 1.3, h), c[1], cover(edge - v))
    return _lay(out, mix(c[0], np.ones(3, np.float32), 0.25), cover(2.2 - np.abs(v - edge - 2)) * 0.6)


def ombre(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    t = smooth(0.05, 0.95, v / h)
    return np.asarray(c[1] + t[..., None] * (c[0] - c[1]), np.float32)


def check(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    p = 62 * s
    a = np.mod(np.floor(u / p) + np.floor(v / p), 2)
    edge = np.minimum(p / 2 - np.abs(_cell(u, p)[1]), p / 2 - np.abs(_cell(v, p)[1]))
    return _lay(_fill(u.shape, c[0]), c[1], np.where(a > 0, cover(edge), 1 - cover(edge + 0.5) * 1.0))


def gingham(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    _, du = _cell(u, 58 * s)
    _, dv = _cell(v, 58 * s)
    amount = 0.5 * cover(14 * s - np.abs(du)) + 0.5 * cover(14 * s - np.abs(dv))
    return _lay(_fill(u.shape, c[0]), c[1], amount)


def plaid(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    out = _fill(u.shape, c[0])
    p = 150 * s
    for x in (u, v):
        _, d = _cell(x, p)
        out = _lay(out, c[1], 0.55 * cover(30 * s - np.abs(d)))
        out = _lay(out, c[2], 0.75 * cover(4 * s - np.abs(np.abs(d) - 46 * s)))
        out = _lay(out, c[3], 0.70 * cover(3 * s - np.abs(d)))
    twill = (np.mod(u + v, 6) < 3).astype(np.float32)
    return np.asarray(out * (0.96 + 0.06 * twill[..., None]), np.float32)


def chevron(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    p = 64 * s
    zig = np.abs(_cell(u, p)[1])
    index, d = _cell(v + zig, p * 0.9)
    out = _lay(_fill(u.shape, c[0]), c[1], cover(p * 0.17 - np.abs(d)))
    return _lay(out, c[2], cover(p * 0.17 - np.abs(d)) * (np.mod(index, 3) == 0))


def diamonds(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    p = 130 * s
    row, dv = _cell(v, p)
    _, du = _cell(u + np.mod(row, 2) * 0, p * 0.8)
    d = p / 2 - np.abs(du) * 1.25 - np.abs(dv)
    out = _lay(_fill(u.shape, c[0]), c[1], cover(4 * s - np.abs(d - 2)))
    out = _lay(out, c[2], cover(d - p * 0.27))
    return _lay(out, c[3], cover(d - p * 0.38))


def tiles(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Quarter circles thrown like Truchet tiles."""
    p = 74 * s
    i, du = _cell(u, p)
    j, dv = _cell(v, p)
    r = _hash(i, j, seed)
    sx, sy = np.where(r > 0.5, 1, -1), np.where(np.mod(r * 2, 1) > 0.5, 1, -1)
    d = np.hypot(du * sx + p / 2, dv * sy + p / 2)
    tone = _hash(j, i, seed + 3)[..., None]
    front = np.where(tone > 0.66, c[1], np.where(tone > 0.33, c[2], c[3]))
    alpha = cover(p - 1.5 - d)
    return np.asarray(c[0] + alpha[..., None] * (front - c[0]), np.float32)


def terrazzo(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    out = _fill(u.shape, c[0])
    for k in range(3):
        p = (58, 44, 30)[k] * s
        # Columns slide and chips stray from their cells, so that no grid shows.
        i, du = _cell(u + 31 * k, p)
        j, dv = _cell(v + 17 * k + _hash(i, i * 0 + k, seed) * p, p)
        du = du - (_hash(i, j, seed + 5 + k) - 0.5) * p * 0.34
        dv = dv - (_hash(j, i, seed + 6 + k) - 0.5) * p * 0.34
        a = _hash(i, j, seed + k) * 6.28
        x, y = du * np.cos(a) + dv * np.sin(a), dv * np.cos(a) - du * np.sin(a)
        size = p * (0.14 + 0.16 * _hash(j, i, seed + 2 * k))
        d = size - np.maximum(np.abs(x) * 0.8 + np.abs(y) * 0.55, np.abs(y) * 1.15 + x * 0.2)
        out = _lay(out, c[1 + k], cover(d))
    return out


def waves(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Seigaiha: overlapping fans of three rings."""
    out = _fill(u.shape, c[0])
    w = 84 * s
    top = np.full(u.shape, -1.0, np.float32)
    for k in range(3):
        row = np.floor(v / (w / 4)) - k
        cx = _cell(u + np.mod(row, 2) * w / 2, w)[1]
        d = np.hypot(cx, v - row * w / 4)
        inside = (d < w / 2) & (top < 0)
        top = np.where(inside, d, top)
    ring = np.minimum(np.abs(top - w * 0.47), np.minimum(np.abs(top - w * 0.33), np.abs(top - w * 0.18)))
    return _lay(out, c[1], cover(w * 0.038 - ring))


def leaves(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Sprigs: paired leaves along thin stems."""
    p = 104 * s
    i, du = _cell(u, p)
    shift = _hash(i, i, seed) * p
    stem = cover(1.6 * s - np.abs(du - 3 * np.sin(v / 40)))
    out = _lay(_fill(u.shape, c[0]), c[1], stem)
    _j, dv = _cell(v + shift, 44 * s)
    for side, tone in ((1, c[1]), (-1, c[2])):
        x, y = du * side - 21 * s, dv - 8 * s * side
        along, across = x * 0.80 + y * 0.60, y * 0.80 - x * 0.60
        leaf = 8.5 * s * (1 - (along / (23 * s)) ** 2) - np.abs(across)
        out = _lay(out, tone, cover(leaf))
        out = _lay(out, c[0], cover(0.9 * s - np.abs(across)) * cover(leaf) * 0.8)
    return out


def arcs(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Rainbows and suns in a loose half-drop."""
    p = 150 * s
    i, du = _cell(u, p)
    _, dv = _cell(v + np.mod(i, 2) * p / 2, p)
    out = _fill(u.shape, c[0])
    d = np.hypot(du, dv + p * 0.18)
    above = cover(dv + p * 0.18)
    for radius, tone in ((0.40, c[1]), (0.29, c[2]), (0.18, c[3])):
        out = _lay(out, tone, cover(p * 0.042 - np.abs(d - p * radius)) * above)
    return _lay(out, c[1], cover(p * 0.065 - np.hypot(du, dv + p * 0.16)) * above)


def contours(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """A survey map: level lines of a made-up hill country."""
    x, y = u / (120 * s), v / (120 * s)
    land = (
        np.sin(x + seed)
        + np.sin(y * 1.2 - seed)
        + 0.9 * np.sin(0.8 * x + 1.4 * y)
        + 0.5 * np.sin(2.3 * x - y + seed)
    )
    rows, columns = np.gradient(land) if land.ndim == 2 and min(land.shape) > 1 else (land * 0 + 1, land * 0)
    slope = np.maximum(np.hypot(rows, columns), 0.002)
    band = np.abs(np.mod(land * 2.6, 1) - 0.5) / (2.6 * slope)
    out = _lay(_fill(u.shape, c[0]), c[1], cover(1.5 - band) * 0.9)
    return _lay(out, c[2], cover(2.0 - np.abs(np.mod(land * 0.65, 1) - 0.5) / (0.65 * slope)))


def peaks(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Three ranges of hills, the nearest darkest."""
    out = _fill(u.shape, c[0])
    out = _lay(out, mix(c[0], np.ones(3, np.float32), 0.6), cover(26 * s - np.hypot(u - 40, v - h * 0.72)))
    for k, level in enumerate((0.56, 0.42, 0.28)):
        fold = np.abs(np.mod(u / (150 * s) + 0.37 * k + seed * 0.13, 1) - 0.5) * 2
        fold2 = np.abs(np.mod(u / (67 * s) + 0.21 * k + seed * 0.29, 1) - 0.5) * 2
        ridge = h * (level - 0.10) + h * 0.20 * (1 - fold) + h * 0.05 * (1 - fold2)
        out = _lay(out, c[1 + k], cover((ridge - v) * 0.8))
    return out


def marl(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Two yarns spun together."""
    rng = np.random.default_rng(int(seed))
    tile = resize(rng.random((128, 256)).astype(np.float32), 512, 128)
    value = tile[np.mod(v / 2.2, 128).astype(np.int32) % 128, np.mod(u, 512).astype(np.int32) % 512]
    return np.asarray(c[0] + (smooth(0.35, 0.75, value) * 0.8)[..., None] * (c[1] - c[0]), np.float32)


def brush(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Loose brush strokes."""
    p = 92 * s
    row, dv = _cell(v, p * 0.6)
    column, du = _cell(u + _hash(row, row, seed) * p, p)
    rough = 4 * s * np.sin(u / 5 + row) * np.sin(v / 3.1)
    length = p * (0.22 + 0.2 * _hash(column, row, seed))
    d = 11 * s - np.hypot(np.maximum(np.abs(du) - length, 0), dv + du * 0.12) - rough * 0.35
    tone = _hash(row, column, seed + 1)[..., None]
    front = np.where(tone > 0.66, c[1], np.where(tone > 0.33, c[2], c[3]))
    return np.asarray(c[0] + cover(d)[..., None] * (front - c[0]), np.float32)


def grid(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    d = np.minimum(np.abs(_cell(u, 42 * s)[1]), np.abs(_cell(v, 42 * s)[1]))
    return _lay(_fill(u.shape, c[0]), c[1], cover(1.9 * s - d))


def blocks(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    """Colour blocks with one big sun."""
    out = _fill(u.shape, c[0])
    out = _lay(out, c[1], cover(h * (0.34 + 0.0 * s) - v + 0.12 * u))
    out = _lay(out, c[2], cover(h * 0.17 - v - 0.22 * u))
    return _lay(out, c[3], cover(h * 0.13 * s - np.hypot(u - h * 0.10, v - h * 0.62)))


def marble(u: Array, v: Array, c: list[Array], seed: float, s: float, h: float) -> Array:
    rng = np.random.default_rng(int(seed))
    warp = noise(rng, (256, 256), 90, 4)
    i, j = np.mod(v, 512).astype(np.int32) // 2, np.mod(u, 512).astype(np.int32) // 2
    bend = warp[np.minimum(i, 255), np.minimum(j, 255)]
    vein = np.abs(np.sin((u + 0.6 * v) / (95 * s) + 2.4 * bend))
    out = _lay(_fill(u.shape, c[0]), c[1], (1 - smooth(0.0, 0.30, vein)) * 0.75)
    return _lay(out, c[2], (1 - smooth(0.0, 0.05, vein)) * 0.8)


PATTERNS: dict[str, Callable[[Array, Array, list[Array], float, float, float], Array]] = {
    f.__name__: f
    for f in (
        plain,
        stripes,
        bands,
        pinstripe,
        dots,
        speckle,
        dip,
        ombre,
        check,
        gingham,
        plaid,
        chevron,
        diamonds,
        tiles,
        terrazzo,
        waves,
        leaves,
        arcs,
        contours,
        peaks,
        marl,
        brush,
        grid,
        blocks,
        marble,
    )
}
