"""A point's wishes for many draws at once: sliders by name, truncation, what the model is told."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.generation.latents.measures import LOOKS
from mmstudio.generation.latents.point import Point
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.sampling import Steering


def known_sliders(player: Player, wished: Mapping[str, float]) -> dict[str, float]:
    """Sliders by key; "darker", "cooler" … are the other side of theirs, a tag's name is its slider.

    Raises:
        UsageError: the model has no such slider, or the amount is beyond ±10.
    """
    keys = [slider.key for slider in player.sliders()]
    less = {look.less.replace(" ", "-"): look.key for look in LOOKS}
    found: dict[str, float] = {}
    for name, amount in wished.items():
        key, sign = (name, 1.0) if name in keys else (less.get(name.replace(" ", "-"), f"tag:{name}"), -1.0)
        if key.startswith("tag:"):
            sign = 1.0
        if key not in keys:
            raise UsageError(
                "“{model}” has no slider “{name}” that does what it says.",
                hint="It has: {known}.",
                model=player.model_name,
                name=name,
                known=", ".join(keys) or "–",
            )
        if not abs(amount) <= 10.0:
            raise UsageError("A slider goes from -3 to 3.", hint="Choose a smaller amount.")
        found[key] = found.get(key, 0.0) + sign * amount
    return found


def check_condition(player: Player, told: Mapping[str, Any]) -> None:
    """Raises UsageError where the model cannot be told what a person wants to tell it."""
    conditions = player.conditions
    unknown = [tag for tag in told.get("tags") or () if tag not in conditions.tags]
    if unknown:
        raise UsageError(
            "“{model}” was not trained with the tag “{tag}”.",
            hint="It knows: {known}." if conditions.tags else "Train a picture GAN with tags for that.",
            model=player.model_name,
            tag=unknown[0],
            known=", ".join(conditions.tags),
        )
    if told.get("palette") and not conditions.palette:
        raise UsageError(
            "“{model}” was not trained with colours.",
            hint="Train a picture GAN with colours for that, or move its colour sliders.",
            model=player.model_name,
        )


def steer(player: Player, wished: Point, steering: Steering) -> Generator[Progress, None, dict[str, Any]]:
    """Put what is wished into ``steering``; returns what belongs into the recipe.

    Raises:
        UsageError: unknown sliders, tags or colours the model was not trained with, a truncation beyond 0…2.
    """
    import torch

    recipe: dict[str, Any] = {}
    if not 0.0 <= wished.truncation <= 2.0:
        raise UsageError("Truncation goes from 0 to 2.", hint="1 is what the model learned.")
    if wished.truncation != 1.0:
        recipe["truncation"] = wished.truncation
    moved = {key: amount for key, amount in wished.sliders.items() if amount}
    if moved:
        yield from player.find_sliders()
        moved = known_sliders(player, moved)
        offset = player.offset(Point(sliders=moved))
        same = bool((offset == offset[:1]).all())
        steering.shift = torch.from_numpy(np.ascontiguousarray(offset[:1] if same else offset))
        recipe["sliders"] = moved
    plain = (int, float, str)
    told = {k: v if isinstance(v, plain) else list(v) for k, v in wished.condition.items() if v}
    if told:
        check_condition(player, told)
        rows = player.condition_rows([Point(condition=told)])
        assert rows is not None
        steering.condition = torch.from_numpy(rows)
        recipe |= {"condition": told, "condition_row": rows[0].tolist()}
    return recipe
