"""Which colours are a brand's, and which of them can be read on a ground."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.palette import RGB, contrast, from_lch, hex_of, legible, rgb_of, to_lch

_SAME = 0.03  # OKLab distance that hardly anybody sees
_NEUTRAL = 0.022  # chroma below which a colour is a grey
_HUE = 14.0  # degrees within which a lighter or darker colour is a tint or shade of the brand's
WHITE, BLACK = (255, 255, 255), (17, 17, 17)


def distance(first: RGB, second: RGB) -> float:
    """Distance of two colours in OKLab: 0.02 is just seen, 0.1 is plainly another."""
    (l1, c1, h1), (l2, c2, h2) = to_lch(first), to_lch(second)
    a1, b1 = c1 * math.cos(math.radians(h1)), c1 * math.sin(math.radians(h1))
    a2, b2 = c2 * math.cos(math.radians(h2)), c2 * math.sin(math.radians(h2))
    return math.dist((l1, a1, b1), (l2, a2, b2))


def belongs(colour: RGB, kit: BrandKit) -> bool:
    """Whether a colour is one of the kit's, a tint or shade of one, or a grey."""
    _, chroma, hue = to_lch(colour)
    if chroma < _NEUTRAL:
        return True
    for value in kit.colours.values():
        own = rgb_of(value)
        if distance(colour, own) <= _SAME:
            return True
        _, own_chroma, own_hue = to_lch(own)
        turn = abs((hue - own_hue + 180) % 360 - 180)
        if own_chroma >= _NEUTRAL and turn <= _HUE and chroma <= own_chroma + 0.02:
            return True
    return False


def nearest(colour: RGB, kit: BrandKit, ground: RGB | None = None, least: float = 4.5) -> RGB:
    """The kit's colour nearest to one; with ``ground``: the nearest that reads there, else a shade of it."""
    own = [rgb_of(value) for value in kit.colours.values()]
    ordered = sorted(own or [colour], key=lambda one: distance(one, colour))
    if ground is None:
        return ordered[0]
    for one in ordered:
        if contrast(one, ground) >= least:
            return one
    shaded = legible(ordered[0], ground, least)
    return shaded if contrast(shaded, ground) >= least else readable(ground)


def readable(ground: RGB, choices: Iterable[RGB] = (WHITE, BLACK)) -> RGB:
    """The colour of the choices that reads best on a ground."""
    return max(choices, key=lambda one: contrast(one, ground))


def scheme_of(kit: BrandKit, old: dict[str, str], *, ground_too: bool) -> dict[str, str]:
    """A palette (see :func:`mmstudio.composition.palette.scheme`) in the kit's colours.

    Args:
        old: the palette it replaces; roles that the kit has no colour for stay.
        ground_too: also the ground's, which a picture made in the old colours does not allow.
    """
    made = dict(old)
    own = {role: rgb_of(value) for role, value in kit.colours.items()}
    ink = own.get("ink", BLACK)
    accent = own.get("accent", own.get("primary"))
    if accent is not None:
        made["accent"] = hex_of(accent)
        made["on_accent"] = hex_of(_on(accent, [WHITE, ink], kit))
    panel = own.get("secondary", own.get("primary"))
    if panel is not None:
        made["panel"] = hex_of(panel)
        made["on_panel"] = hex_of(_on(panel, [WHITE, ink], kit))
        tinted = own.get("accent")
        fits = tinted is not None and contrast(tinted, panel) >= kit.contrast
        made["panel_accent"] = hex_of(tinted) if fits and tinted is not None else made["on_panel"]
    if "ground" in own and ground_too:
        lightness, chroma, hue = to_lch(own["ground"])
        made["ground"] = hex_of(own["ground"])
        made["ground_2"] = hex_of(from_lch(lightness - 0.035, chroma, hue))
        made["ground_3"] = hex_of(from_lch(lightness - 0.08, chroma, hue))
        made["on_ground"] = hex_of(_on(rgb_of(made["ground_3"]), [ink, WHITE], kit))
        made["sheet"] = hex_of(from_lch(0.985, min(chroma, 0.006), hue))
    sheet = rgb_of(made.get("sheet", "#ffffff"))
    if "ink" in own:
        made["ink"] = hex_of(legible(ink, sheet, kit.contrast))
        lightness, chroma, hue = to_lch(ink)
        made["muted"] = hex_of(legible(from_lch(lightness + 0.22, chroma, hue), sheet, kit.contrast))
    return made


def _on(ground: RGB, choices: list[RGB], kit: BrandKit) -> RGB:
    """The first choice that reads on a ground, else a shade that does."""
    for one in choices:
        if contrast(one, ground) >= kit.contrast:
            return one
    return legible(readable(ground, choices), ground, kit.contrast)
