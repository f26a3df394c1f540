"""Places: putting the layers of a storyboard where a recipe wants them on a canvas of some shape."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

from mmstudio.composition.corners import place_brand, shape_name
from mmstudio.composition.direction import is_rtl_locale
from mmstudio.composition.own_places import apply_own
from mmstudio.composition.recipe import Recipe, get_recipe
from mmstudio.composition.storyboard import Rect, ShapeLayer, Stack, Storyboard, TextLayer, layer_from_dict
from mmstudio.errors import NotFound, UsageError

FORMATS: dict[str, tuple[int, int]] = {"square": (1080, 1080), "tall": (1080, 1920), "wide": (1920, 1080)}
_OVERRIDES = {"size", "lines", "align", "valign", "corners", "radius", "fit", "foot"}


def shape_of(size: tuple[int, int]) -> str:
    """``square``, ``tall`` or ``wide``."""
    return shape_name(size)


def form_of(size: tuple[int, int]) -> str:
    """The shape that places are looked up for: finer than :func:`shape_of` for banners.

    ``strip`` from 5:1 on (a leaderboard), ``flat`` from 2.6:1 on (a billboard), ``tower`` up to 0.4:1 (a
    skyscraper).
    """
    ratio = size[0] / size[1]
    if ratio >= 2.6:
        return "strip" if ratio >= 5.0 else "flat"
    return "tower" if ratio <= 0.4 else shape_of(size)


def reframe(storyboard: Storyboard, size: tuple[int, int]) -> Storyboard:
    """A copy of a storyboard for another canvas; words, pictures and timing stay, places follow the recipe.

    Layers placed by hand (no slot) keep their fractions of the canvas.

    Raises:
        UsageError: a side is under 32 or above 8192 pixels.
    """
    if not (32 <= size[0] <= 8192 and 32 <= size[1] <= 8192):
        raise UsageError(
            "A canvas of {width} × {height} pixels is not possible.",
            hint="Use sides between 32 and 8192 pixels.",
            width=size[0],
            height=size[1],
        )
    made = copy.deepcopy(storyboard)
    made.size = (size[0] - size[0] % 2, size[1] - size[1] % 2)
    try:
        recipe = get_recipe(storyboard.recipe)
    except NotFound:
        place_brand(made, storyboard.size)
        apply_own(made, shape_of(made.size))
        return made
    place_all(made, recipe, storyboard.size)
    return made


def place_all(storyboard: Storyboard, recipe: Recipe, before: tuple[int, int] | None = None) -> None:
    """Give every layer and stack with a slot its place for the storyboard's shape; letter sizes likewise.

    ``before``: the size its canvas had (None: the same). In a locale that is written from right to left the
    places are mirrored: what stands at the left there stands at the right.
    """
    mirrored = is_rtl_locale(storyboard.locale)
    shape = shape_of(storyboard.size)
    for scene in storyboard.scenes:
        plain = recipe.scene(scene.pattern or scene.name)
        places = recipe.places(form_of(storyboard.size), scene.pattern or scene.name)
        own: dict[str, dict[str, Any]] = {}
        if plain is not None:
            own = {entry.get("name", ""): entry for entry in plain.get("layers", [])}
        for layer in scene.layers:
            place = places.get(layer.slot)
            if place is None:
                continue
            layer.rect = Rect(*(float(v) for v in place["rect"]))
            base = own.get(layer.name, {})
            _restore(layer, base)
            for key, value in place.items():
                if key == "size_scale" and isinstance(layer, TextLayer):
                    layer.size *= float(value)
                elif key == "lines" and isinstance(layer, TextLayer):
                    layer.lines = int(value) if layer.lines > 1 else 1
                elif key in _OVERRIDES and hasattr(layer, key):
                    setattr(layer, key, value)
            if mirrored:
                _mirror(layer)
        for stack in scene.stacks:
            _place_stack(stack, places, plain)
            if mirrored and stack.slot in places:
                stack.rect.x = 1.0 - stack.rect.x - stack.rect.w
    place_brand(storyboard, before or storyboard.size)
    apply_own(storyboard, shape)


def _mirror(layer: Any) -> None:
    layer.rect.x = 1.0 - layer.rect.x - layer.rect.w
    if isinstance(layer, ShapeLayer):
        layer.corners = {"left": "right", "right": "left"}.get(layer.corners, layer.corners)


def _restore(layer: Any, base: dict[str, Any]) -> None:
    """Back to the recipe's own values of what a place may override, before the next place is applied."""
    if not base:
        return
    fresh = layer_from_dict({k: v for k, v in base.items() if k in _OVERRIDES or k == "kind"})
    for spec in fields(layer):
        if spec.name in _OVERRIDES:
            setattr(layer, spec.name, getattr(fresh, spec.name))


def _place_stack(stack: Stack, places: dict[str, Any], plain: dict[str, Any] | None) -> None:
    place = places.get(stack.slot)
    if place is None:
        return
    stack.rect = Rect(*(float(v) for v in place["rect"]))
    stacks: list[dict[str, Any]] = (plain or {}).get("stacks", [])
    base: dict[str, Any] = next((s for s in stacks if s.get("slot") == stack.slot), {})
    stack.justify = place.get("justify", base.get("justify", "center"))
    if "members" in base:
        stack.members = list(base["members"])  # one that stands alone in another shape is back in its place
