"""Abstract pictures drawn by formulas: what the starter picture models are trained on.

Everything is drawn by this file from a seed, so the pictures and the weights trained on them carry no one
else's rights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.colour import lch
from mmstudio.media.oklab import oklab_to_bytes

Floats = NDArray[np.float32]
KINDS = ("gradient", "waves", "blobs", "bands", "stripes", "bokeh", "arcs", "terrazzo")
SHARES = (0.18, 0.2, 0.18, 0.14, 0.08, 0.1, 0.08, 0.04)


def draw_pictures(count: int, size: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """``count``×3×size×size uint8; picture i depends on (seed, i) alone."""
    return np.stack([draw(size, np.random.default_rng([seed, i])) for i in range(count)])


def draw(size: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """One 3×size×size picture, drawn at twice the size and averaged down."""
    kind = KINDS[int(random.choice(len(KINDS), p=SHARES))]
    side = 2 * size
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    lab = _DRAW[kind](x, y, palette(random), random)
    small = lab.reshape(size, 2, size, 2, 3).mean(axis=(1, 3))
    return oklab_to_bytes(small).transpose(2, 0, 1)


def palette(random: np.random.Generator, count: int = 5) -> Floats:
    """``count``×3 OKLab colours that go together: neighbouring hues, or two opposite ones, light to dark."""
    hue, spread = random.random(), random.uniform(0.02, 0.14)
    opposite = random.random() < 0.35
    top, bottom = random.uniform(0.8, 0.97), random.uniform(0.3, 0.6)
    colours = []
    for i in range(count):
        t = i / (count - 1)
        turn = hue + spread * (t - 0.5) + (0.5 if opposite and i == count // 2 else 0.0)
        chroma = random.uniform(0.03, 0.16) * (1 - 0.5 * abs(2 * t - 1))
        colours.append(lch(top + (bottom - top) * t, chroma, turn))
    order = np.arange(count) if random.random() < 0.6 else random.permutation(count)
    return np.stack(colours)[order]


def _edge(distance: Floats, softness: float) -> Floats:
    """0 where ``distance`` is negative, 1 where positive, a smooth step between."""
    t = np.clip(distance / softness * 0.5 + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _over(below: Floats, colour: Floats, cover: Floats) -> Floats:
    return below + (colour - below) * cover[..., None]


def _field(x: Floats, y: Floats, random: np.random.Generator, reach: float = 1.6) -> Floats:
    """A smooth random surface: a few plane waves of low frequency, about ±1."""
    field = np.zeros_like(x)
    for _ in range(4):
        fx, fy = random.normal(0, reach, 2)
        field += np.sin(2 * np.pi * (fx * x + fy * y) * 0.6 + random.uniform(0, 2 * np.pi))
    return field / 2.5


def _gradient(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    warp = 0.12 * _field(x, y, random, 1.0)
    weight = np.zeros((*x.shape, len(colours)), np.float32)
    for i in range(len(colours)):
        cx, cy = random.uniform(-0.1, 1.1, 2)
        weight[..., i] = np.exp(-((x + warp - cx) ** 2 + (y - warp - cy) ** 2) / random.uniform(0.06, 0.2))
    weight += 1e-4
    mixed: Floats = (weight / weight.sum(-1, keepdims=True)) @ colours
    return mixed


def _waves(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    lab = np.broadcast_to(colours[0], (*x.shape, 3)) + 0.06 * (y[..., None] - 0.5) * np.array(
        [1, 0, 0], np.float32
    )
    tilt = random.uniform(-0.5, 0.5)
    frequency = random.uniform(0.5, 1.4)
    for i in range(1, len(colours)):
        height = 0.12 + 0.72 * i / len(colours) + random.uniform(-0.05, 0.05)
        phase, amplitude = random.uniform(0, 2 * np.pi), random.uniform(0.04, 0.13)
        line = height + tilt * (x - 0.5) + amplitude * np.sin(2 * np.pi * frequency * x + phase)
        lab = _over(lab, colours[i], _edge(y - line, 0.02))
    return lab


def _blobs(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    lab = np.broadcast_to(colours[0], (*x.shape, 3)).copy()
    for colour in colours[1:4]:
        field = np.zeros_like(x)
        for _ in range(3):
            cx, cy, r = *random.uniform(0, 1, 2), random.uniform(0.1, 0.24)
            field += r * r / ((x - cx) ** 2 + (y - cy) ** 2 + 0.003)
        lab = _over(lab, colour, _edge(field - 1.4, 0.18))
    return lab


def _bands(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    field = _field(x, y, random, 1.2)
    lab = np.broadcast_to(colours[0], (*x.shape, 3)).copy()
    for i, level in enumerate(np.linspace(-0.6, 0.6, len(colours) - 1)):
        lab = _over(lab, colours[i + 1], _edge(field - np.float32(level), 0.06))
    return lab


def _stripes(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    angle = random.choice([0.0, 0.25, 0.5, 0.75]) * np.pi
    along = x * np.cos(angle) + y * np.sin(angle) + 0.05 * random.random() * _field(x, y, random, 1.0)
    wave = np.sin(2 * np.pi * along * random.uniform(2, 5) + random.uniform(0, 6))
    lab = np.broadcast_to(colours[0], (*x.shape, 3))
    lab = _over(lab, colours[2], _edge(wave - 0.3, 0.25))
    return _over(lab, colours[3], _edge(wave - 0.86, 0.12))


def _bokeh(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    lab = _gradient(x, y, colours[[0, 4]], random)
    for _ in range(int(random.integers(6, 12))):
        cx, cy, r = *random.uniform(0, 1, 2), random.uniform(0.06, 0.2)
        away = r - np.hypot(x - cx, y - cy)
        lab = _over(lab, colours[int(random.integers(1, 4))], random.uniform(0.3, 0.7) * _edge(away, 0.04))
    return lab


def _arcs(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    cx, cy = random.choice([0.0, 0.5, 1.0], 2)
    away = np.hypot(x - cx, y - cy)
    step = random.uniform(0.13, 0.22)
    lab = np.broadcast_to(colours[-1], (*x.shape, 3)).copy()
    for i in range(len(colours) - 1, 0, -1):
        lab = _over(lab, colours[i - 1], _edge(np.float32(step * i) - away, 0.02))
    return lab


def _terrazzo(x: Floats, y: Floats, colours: Floats, random: np.random.Generator) -> Floats:
    lab = np.broadcast_to(colours[0], (*x.shape, 3)).copy()
    for _ in range(int(random.integers(12, 22))):
        cx, cy, r, turn = *random.uniform(0, 1, 2), random.uniform(0.03, 0.1), random.uniform(0, 2 * np.pi)
        angle = np.arctan2(y - cy, x - cx) + turn
        corners = random.integers(3, 6)
        outline = r / np.maximum(np.cos((angle % (2 * np.pi / corners)) - np.pi / corners), 0.3) * 0.8
        lab = _over(
            lab, colours[int(random.integers(1, 5))], _edge(outline - np.hypot(x - cx, y - cy), 0.015)
        )
    return lab


_DRAW = {
    "gradient": _gradient,
    "waves": _waves,
    "blobs": _blobs,
    "bands": _bands,
    "stripes": _stripes,
    "bokeh": _bokeh,
    "arcs": _arcs,
    "terrazzo": _terrazzo,
}
