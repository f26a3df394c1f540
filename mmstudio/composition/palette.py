"""Colours taken from a product: OKLab clusters, a scheme built on them, and WCAG contrast.

OKLab follows B. Ottosson, "A perceptual color space for image processing" (2020); contrast follows WCAG 2.2,
success criterion 1.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmstudio.media.oklab import oklab_to_srgb, srgb_to_oklab

Floats = NDArray[np.float64]
RGB = tuple[int, int, int]


def from_lch(lightness: float, chroma: float, hue: float) -> RGB:
    """The sRGB colour of an OKLCh triple (hue in degrees); chroma shrinks until it fits the gamut."""
    angle = np.deg2rad(hue)
    for step in np.linspace(1.0, 0.0, 24):
        c = chroma * step
        rgb = oklab_to_srgb(np.array([lightness, c * np.cos(angle), c * np.sin(angle)]))
        if rgb.min() >= -0.5 and rgb.max() <= 255.5:
            break
    red, green, blue = (int(v) for v in np.clip(np.rint(rgb), 0, 255))
    return red, green, blue


def to_lch(rgb: RGB) -> tuple[float, float, float]:
    """Lightness, chroma and hue (degrees) of an sRGB colour in OKLCh."""
    lightness, a, b = srgb_to_oklab(np.array(rgb))
    return float(lightness), float(np.hypot(a, b)), float(np.rad2deg(np.arctan2(b, a)) % 360)


def hex_of(rgb: RGB) -> str:
    """``#rrggbb`` of a colour."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def rgb_of(text: str) -> RGB:
    """The colour of ``#rrggbb`` (an alpha part is ignored)."""
    value = text.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def luminance(rgb: NDArray[np.generic] | RGB) -> Floats:
    """Relative luminance 0..1 of sRGB colours (WCAG 2.2)."""
    c = np.asarray(rgb, dtype=np.float64) / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    weighed: Floats = linear @ np.array([0.2126, 0.7152, 0.0722])
    return weighed


def contrast(first: RGB, second: RGB) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    a, b = float(luminance(first)), float(luminance(second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def legible(colour: RGB, ground: RGB, least: float = 4.5) -> RGB:
    """The colour itself, or the nearest lightness of its hue that reads at ``least`` on the ground."""
    if contrast(colour, ground) >= least:
        return colour
    lightness, chroma, hue = to_lch(colour)
    darker = float(luminance(ground)) > 0.18
    for step in range(1, 101):
        moved = lightness - step / 100 if darker else lightness + step / 100
        made = from_lch(min(max(moved, 0.0), 1.0), chroma, hue)
        if contrast(made, ground) >= least:
            return made
    return (0, 0, 0) if darker else (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a picture and the share of it, 0 to 1."""

    rgb: RGB
    share: float


def swatches(pixels: NDArray[np.uint8], weights: Floats | None = None, k: int = 5) -> list[Swatch]:
    """The k main colours of pixels [N,3] by k-means in OKLab, largest first.

    Deterministic: the centres start farthest from one another (k-means++ without the dice).
    """
    if len(pixels) == 0:
        return []
    step = max(1, len(pixels) // 6000)
    lab = srgb_to_oklab(pixels[::step])
    mass = np.ones(len(lab)) if weights is None else np.asarray(weights, dtype=np.float64)[::step]
    mass = mass / max(mass.sum(), 1e-12)
    centres = [(lab * mass[:, None]).sum(0)]
    while len(centres) < k:
        gap = np.min([((lab - c) ** 2).sum(1) for c in centres], axis=0)
        if gap.max() < 1e-5:
            break
        centres.append(lab[int(np.argmax(gap * np.sqrt(mass)))])
    middle = np.array(centres)
    for _ in range(12):
        nearest = ((lab[:, None] - middle[None]) ** 2).sum(2).argmin(1)
        for index in range(len(middle)):
            share = mass * (nearest == index)
            if share.sum() > 0:
                middle[index] = (lab * share[:, None]).sum(0) / share.sum()
    found = []
    for index, centre in enumerate(middle):
        part = float(mass[nearest == index].sum())
        if part > 0.004:
            red, green, blue = (int(v) for v in np.clip(np.rint(oklab_to_srgb(centre)), 0, 255))
            found.append(Swatch((red, green, blue), part))
    return sorted(found, key=lambda s: -s.share)


def _skin(chroma: float, hue: float, lightness: float) -> bool:
    """Whether a colour could be a model's skin, which should not colour the ad of a shirt."""
    return 30 <= hue <= 78 and 0.035 <= chroma <= 0.125 and 0.35 <= lightness <= 0.9


def accent_of(found: list[Swatch]) -> Swatch | None:
    """The colour the eye remembers: large and colourful, not skin; None when all is grey."""

    def pull(swatch: Swatch) -> float:
        lightness, chroma, hue = to_lch(swatch.rgb)
        vivid = chroma * (0.25 if _skin(chroma, hue, lightness) else 1.0)
        return float(np.sqrt(swatch.share) * vivid)

    best = max(found, key=pull, default=None)
    return best if best is not None and pull(best) > 0.008 else None


# hues that suit a product without a colour of its own: clay, sage, steel, plum
_QUIET_HUES = (62.0, 150.0, 245.0, 330.0)


def scheme(found: list[Swatch], seed: int = 0, *, lifted: bool = True) -> dict[str, str]:
    """A palette for an ad from a product's colours; every text colour reads at 4.5:1 or better on its ground.

    Keys: ``ground``, ``ground_2``, ``ground_3`` (light to dark of the background picture), ``sheet``,
    ``ink`` and ``muted`` on the sheet, ``accent`` and ``on_accent`` for the chip, ``panel`` and ``on_panel``
    with ``panel_accent`` for the detail scene, ``on_ground`` for text over the background. ``lifted`` says
    that the product stands on the ground itself, not in a framed photo: only then a pale one asks for a deep
    ground.
    """
    main = accent_of(found)
    weight = sum(s.share for s in found) or 1.0
    light = sum(to_lch(s.rgb)[0] * s.share for s in found) / weight if found else 0.5
    if main is None:
        hue, chroma = _QUIET_HUES[seed % len(_QUIET_HUES)], 0.03
    else:
        _, chroma, hue = to_lch(main.rgb)
    soft = min(chroma, 0.16)
    if lifted and light > 0.8:  # a pale product stands out on a deep ground
        ground = [from_lch(v, min(0.5 * soft + 0.02, 0.09), hue) for v in (0.52, 0.43, 0.33)]
        on_ground = (255, 255, 255)
    else:
        ground = [
            from_lch(v, min(c * soft + 0.012, 0.1), hue)
            for v, c in ((0.955, 0.16), (0.9, 0.32), (0.79, 0.55))
        ]
        on_ground = legible(from_lch(0.24, 0.05, hue), ground[2], 7.0)
    sheet = from_lch(0.985, 0.006, hue)
    ink = from_lch(0.22, min(soft, 0.035), hue)
    accent = main.rgb if main else from_lch(0.36, 0.05, hue)
    accent_l, accent_c, accent_h = to_lch(accent)
    if accent_l > 0.62:
        accent = from_lch(0.62, max(accent_c, 0.08), accent_h)
    on_accent = (255, 255, 255)
    accent = legible(accent, on_accent)
    panel = from_lch(0.31, min(0.55 * soft + 0.02, 0.1), hue)
    return {
        "ground": hex_of(ground[0]),
        "ground_2": hex_of(ground[1]),
        "ground_3": hex_of(ground[2]),
        "on_ground": hex_of(legible(on_ground, ground[0])),
        "sheet": hex_of(sheet),
        "ink": hex_of(ink),
        "muted": hex_of(legible(from_lch(0.5, min(soft, 0.03), hue), sheet)),
        "accent": hex_of(accent),
        "on_accent": hex_of(on_accent),
        "panel": hex_of(panel),
        "on_panel": hex_of(legible(from_lch(0.97, 0.012, hue), panel, 7.0)),
        "panel_accent": hex_of(legible(from_lch(0.86, min(soft, 0.12), hue), panel)),
    }
