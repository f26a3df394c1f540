"""The colours a set shares: from a mood, in words, as areas of a picture; how far palettes are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.pictures.named import NAMES, shares
from mmstudio.generation.colour import lch
from mmstudio.generation.sets.contract import RGB, Mood
from mmstudio.media.oklab import oklab_to_bytes, srgb_to_oklab

Floats = NDArray[np.float32]
MOST = 5
AREAS = 5
_SAME = 0.06  # OKLab distance below which two colours are one
_GAP = 0.10  # of lightness between neighbouring areas that a picture needs to show shapes
# Hues in turns of OKLab, from warm to cold.
_WARM, _MIDDLE, _COLD = (0.07, 0.14, 0.21, 0.27), (0.40, 0.93, 0.33, 0.85), (0.54, 0.63, 0.71, 0.79)
_CHINESE = {
    "black": "黑色", "grey": "灰色", "white": "白色", "red": "红色", "orange": "橙色", "brown": "棕色",
    "beige": "米色", "yellow": "黄色", "green": "绿色", "teal": "青色", "blue": "蓝色", "purple": "紫色",
    "pink": "粉色",
}  # fmt: skip
_NEUTRAL = ("black", "grey", "white")


def lab_of(palette: Sequence[RGB]) -> Floats:
    """RGB 0–255 → OKLab float32[N, 3]."""
    return srgb_to_oklab(np.asarray(palette, np.uint8).reshape(-1, 3), np.float32)


def from_lab(lab: Floats) -> tuple[RGB, ...]:
    """OKLab N×3 → RGB, clipped to what a screen shows."""
    return tuple((int(r), int(g), int(b)) for r, g, b in oklab_to_bytes(lab))


def of_mood(mood: Mood, seed: int) -> tuple[RGB, ...]:
    """Four colours for a mood: warmth chooses the hues, brightness the lightness, energy how colourful.

    Calm palettes keep to neighbouring hues, lively ones put the opposite hue beside the main one.
    """
    random = np.random.default_rng([seed % 2**63, 5])
    hues = _WARM if mood.warmth >= 0.58 else _COLD if mood.warmth <= 0.42 else _MIDDLE
    hue = float(hues[int(random.integers(len(hues)))] + random.uniform(-0.02, 0.02))
    light = 0.36 + 0.42 * mood.brightness
    chroma = 0.045 + 0.10 * mood.energy
    step = 0.06 + 0.40 * max(0.0, mood.energy - 0.4)
    aside = step if random.random() < 0.5 else -step
    yellow = 0.2 < hue % 1.0 < 0.37  # dark yellow looks like mud: its shades turn to orange
    light, deeper = (max(light, 0.8), -0.11) if yellow else (light, -0.04)
    lab = np.stack(
        [
            lch(light, chroma, hue),
            lch(min(0.9, light + 0.16), 0.9 * chroma, hue + aside),
            lch(max(0.24, light - 0.2), 0.8 * chroma, hue + deeper),
            lch(min(0.96, 0.72 + 0.28 * mood.brightness), 0.25 * chroma, hue + 0.5 * aside),
        ]
    )
    return from_lab(lab)


def joined(*palettes: Sequence[RGB], most: int = MOST) -> tuple[RGB, ...]:
    """Palettes one after the other without colours that are nearly the same, at most ``most``."""
    kept: list[RGB] = []
    for r, g, b in (colour for palette in palettes for colour in palette):
        colour = (int(r), int(g), int(b))
        if not kept or float(np.linalg.norm(lab_of(kept) - lab_of([colour])[0], axis=1).min()) > _SAME:
            kept.append(colour)
    return tuple(kept[:most])


def colour_names(palette: Sequence[RGB], chinese: bool, most: int = 2) -> tuple[str, ...]:
    """What the first colours are called, colourful ones before black, grey and white."""
    said: list[str] = []
    for one in lab_of(palette):
        name = NAMES[int(np.argmax(shares(one[None, None])))]
        if name not in said:
            said.append(name)
    said.sort(key=lambda name: name in _NEUTRAL)
    return tuple(_CHINESE[name] if chinese else name for name in said[:most])


def areas(palette: Sequence[RGB]) -> tuple[Floats, Floats]:
    """(OKLab float32[5, 3] from light to deep, shares float32[5] adding up to 1) for a picture in a palette.

    The colours stay what they are; where there are fewer than five, tints and shades of the first fill up,
    and lightness is spread where the areas would not be told apart.
    """
    lab = lab_of(palette)[:AREAS]
    weights = [1.0, 0.62, 0.45, 0.34, 0.26][: len(lab)]
    rows = [*lab]
    # Dark yellow looks like mud: where the first colour is one, only one shade goes down.
    muddy = 0.2 < float(np.arctan2(lab[0, 2], lab[0, 1]) / (2 * np.pi)) % 1.0 < 0.37
    shifts = (0.14, 0.24, 0.32, -0.16) if muddy else (0.14, -0.16, 0.26, -0.28)
    for shift, weight in zip(shifts, (0.5, 0.35, 0.35, 0.2), strict=True):
        if len(rows) == AREAS:
            break
        tint = lab[0].copy()
        tint[0] = np.clip(tint[0] + shift, 0.16, 0.97)
        tint[1:] *= 0.75
        rows.append(tint)
        weights.append(weight)
    found, share = np.stack(rows).astype(np.float32), np.asarray(weights, np.float32)
    order = np.argsort(-found[:, 0], kind="stable")
    found, share = found[order], share[order]
    spread = float(found[0, 0] - found[-1, 0])
    if spread < _GAP * (AREAS - 1) * 0.8:  # spread out around the middle, inside what a screen shows
        middle = float(np.clip(found[:, 0].mean(), 0.68 if muddy else 0.42, 0.76))
        goal = middle + _GAP * np.linspace(2, -2, AREAS, dtype=np.float32)
        found[:, 0] = np.clip(goal, 0.14, 0.97)
    return found, share / share.sum()


def distance(a: Sequence[RGB], b: Sequence[RGB]) -> float:
    """How far two palettes are apart in OKLab: 0 for the same, about 0.3 for strangers.

    The mean over both of the distance from each colour to the nearest of the other (Chamfer distance), a
    colour's weight falling with its place: 1, 1/2, 1/3 …
    """
    if not len(a) or not len(b):
        return 1.0
    table = np.linalg.norm(lab_of(a)[:, None] - lab_of(b)[None], axis=2)
    one = np.average(table.min(axis=1), weights=1 / np.arange(1, len(a) + 1))
    other = np.average(table.min(axis=0), weights=1 / np.arange(1, len(b) + 1))
    return float((one + other) / 2)
