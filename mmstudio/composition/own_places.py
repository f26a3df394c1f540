"""What a person changed of a recipe's places: kept by shape of canvas, put back after every placing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mmstudio.composition.storyboard import Rect, Storyboard

EVERY = "*"  # in place of a shape: for all of them


def key_of(scene: str, layer: str) -> str:
    """The name of a layer's own values in :attr:`Storyboard.places`."""
    return f"{scene}/{layer}"


def apply_own(storyboard: Storyboard, shape: str) -> None:
    """Give layers their own values for a shape of canvas (square, tall, wide), in place.

    A text with a place of its own stands alone: it leaves the stack it belongs to in that shape.
    """
    everywhere = storyboard.places.get(EVERY, {})
    here = storyboard.places.get(shape, {})
    if not everywhere and not here:
        return
    for scene in storyboard.scenes:
        alone: set[str] = set()
        for layer in scene.layers:
            key = key_of(scene.name, layer.name)
            values = {**_plain(everywhere.get(key)), **_plain(here.get(key))}
            known = {spec.name for spec in fields(layer)}
            for name, value in values.items():
                if name == "rect":
                    if _is_box(value):
                        layer.rect = Rect(*(float(v) for v in value))
                        alone.add(layer.name)
                elif name in known and _alike(getattr(layer, name), value):
                    setattr(layer, name, value)
        if alone:
            for stack in scene.stacks:
                stack.members = [name for name in stack.members if name not in alone]


def _is_box(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 4
        and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    )


def _alike(now: Any, value: Any) -> bool:
    """Whether a value from a file is of the kind that the layer has there."""
    if isinstance(now, bool | str):
        return type(value) is type(now)
    if isinstance(now, int | float):
        return isinstance(value, int | float) and math.isfinite(value)
    return False


def _plain(values: Any) -> Mapping[str, Any]:
    return values if isinstance(values, Mapping) else {}
