"""Steps that lay scenes: those of the recipe one after the other, or a pattern of it put at a time."""

from __future__ import annotations

import copy as copying
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mmstudio.composition.draft import Draft
from mmstudio.composition.layout import place_all
from mmstudio.composition.looking import focus_for
from mmstudio.composition.steps.pictures import ground_colours, pixels_of
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Scene,
    ShapeLayer,
    Stack,
    TextLayer,
    Transition,
    VideoLayer,
    layer_from_dict,
)
from mmstudio.errors import StudioError


def scenes(draft: Draft) -> None:
    """Lay the recipe's scenes one after the other and put every layer in its place."""
    start = 0.0
    for plain in draft.recipe.scenes:
        scene = make_scene(draft, str(plain["name"]), start, float(plain["duration"]))
        start += scene.duration
    finish_scenes(draft)


def make_scene(
    draft: Draft,
    pattern: str,
    start: float,
    duration: float,
    *,
    copy: Mapping[str, str] | None = None,
    pictures: Mapping[str, int | None] | None = None,
    name: str = "",
    transition: Transition | None = None,
) -> Scene:
    """Put a scene of the recipe (a pattern) at a time and append it to the storyboard.

    Args:
        pattern: name of a scene in the recipe's TOML.
        start, duration: seconds.
        copy: words by the ``bind`` of the pattern's texts. They go into the storyboard's copy as
            ``NAME.bind`` and the texts follow; binds not named here stay shared with other scenes.
        pictures: asset ids by what the pattern calls them (``picture = "..."``), a clip as well as a picture;
            None leaves the layer out. Others come from ``draft.pictures``.
        name: the scene's own name; "" takes the pattern's, numbered where that is taken.
        transition: instead of the pattern's own; the first scene of a storyboard always cuts in.

    Raises:
        StudioError: the recipe has no such pattern.

    Call :func:`finish_scenes` after the last one.
    """
    plain = draft.recipe.scene(pattern)
    if plain is None:
        raise StudioError(
            "The recipe {name} has no scene called {scene}.",
            hint="Check its recipe.toml.",
            name=draft.recipe.name,
            scene=pattern,
        )
    name = _free_name(draft, name or pattern)
    scene = Scene(name, round(start, 6), round(duration, 6), pattern="" if name == pattern else pattern)
    if not draft.board.scenes:
        scene.transition = Transition("cut", 0.0)
    elif transition is not None:
        scene.transition = transition
    elif "transition" in plain:
        change = plain["transition"]
        scene.transition = Transition(change.get("kind", "fade"), float(change.get("seconds", 0.4)))
    scene.transition.seconds = min(scene.transition.seconds, duration * 0.6)
    scene.stacks = [
        Stack(members=list(s["members"]), gap=float(s.get("gap", 0.02)), slot=str(s.get("slot", "")))
        for s in plain.get("stacks", [])
    ]
    for entry in plain.get("layers", []):
        layer = _layer(draft, entry, scene, copy or {}, pictures or {})
        if layer is not None:
            scene.layers.append(layer)
    draft.board.scenes.append(scene)
    return scene


def finish_scenes(draft: Draft) -> None:
    """Set the storyboard's length to that of its scenes and give every layer its place."""
    draft.board.duration = round(max((scene.end for scene in draft.board.scenes), default=0.0), 4)
    place_all(draft.board, draft.recipe)


def focus_of(draft: Draft, asset_id: int, default: tuple[float, float]) -> tuple[float, float]:
    """Where a picture may be cropped (see :mod:`mmstudio.composition.looking`); the default if unreadable."""
    known: dict[int, tuple[float, float]] = draft.plan.setdefault("focus", {})
    if asset_id not in known:
        pixels = pixels_of(draft, asset_id, 320)
        known[asset_id] = default if pixels is None else focus_for(pixels)
    return known[asset_id]


def _free_name(draft: Draft, wanted: str) -> str:
    taken = {scene.name for scene in draft.board.scenes}
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}{number}"
    return name


def _layer(
    draft: Draft,
    entry: Mapping[str, Any],
    scene: Scene,
    words: Mapping[str, str],
    pictures: Mapping[str, int | None],
) -> AnyLayer | None:
    """A layer of the recipe for a scene; None where its picture was left out on purpose."""
    plain = copying.deepcopy(dict(entry))
    for key, value in plain.items():
        if isinstance(value, str) and value.startswith("$"):
            plain[key] = draft.board.palette.get(value[1:], "#808080")
    layer = layer_from_dict(plain)
    if isinstance(layer, TextLayer):
        if layer.bind in words:
            slot = f"{scene.name}.{layer.bind}"
            given = draft.overrides.get(slot)
            draft.board.copy[slot] = str(words[layer.bind] if given is None else given)[:2000]
            layer.bind = slot
        return layer
    if isinstance(layer, ShapeLayer):
        return layer
    if isinstance(layer, GeneratedLayer):
        called = str(plain.get("picture", ""))
        layer.asset_id, layer.model = draft.background, draft.model
        if called:
            layer.asset_id = pictures.get(called, draft.pictures.get(called))
        layer.seed = draft.seed + (draft.item.id if draft.item is not None else 0)
        layer.colours = ground_colours(draft.board)
        layer.source = "generated" if layer.asset_id is not None else "gradient"
        return layer
    called = str(plain.get("picture", "logo" if isinstance(layer, LogoLayer) else "hero"))
    asset_id = pictures[called] if called in pictures else draft.pictures.get(called)
    if asset_id is None and called in pictures:
        return None
    layer.source = f"{scene.name}.{called}" if called in pictures else called
    layer.asset_id = asset_id
    if isinstance(layer, ImageLayer):
        hero = draft.pictures.get("hero")
        if called == "detail" and asset_id == hero and called not in pictures:
            # one picture only: come closer, so that the second scene shows something new
            layer.motion.zoom = (layer.motion.zoom[0] + 0.24, layer.motion.zoom[1] + 0.24)
        if asset_id is not None and called in pictures and draft.asset(asset_id).kind == "video":
            return _as_clip(layer)
        if layer.fit == "cover" and asset_id is not None:
            layer.focus = focus_of(draft, asset_id, layer.focus)
    return layer


def _as_clip(layer: ImageLayer) -> VideoLayer:
    """The clip that takes a picture's place."""
    names = {spec.name for spec in fields(VideoLayer)}
    same = {spec.name: getattr(layer, spec.name) for spec in fields(layer) if spec.name in names}
    return VideoLayer(**same)
