"""What every edit is built of: a storyboard goes in, a changed copy comes out, the one given stays as it is.

Only what changes is copied; scenes and layers that stay are shared between the copies, so that a step of the
history costs next to nothing. Nobody changes a storyboard in place that an edit gave or was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from mmstudio.composition.layout import shape_of
from mmstudio.composition.names import shown_name
from mmstudio.composition.own_places import EVERY, key_of
from mmstudio.composition.storyboard import AnyLayer, Rect, Scene, SoundTrack, Source, Storyboard, TextLayer
from mmstudio.errors import NotFound, UsageError

Edit = Callable[[Storyboard], Storyboard]

# What a recipe's place decides anew on every canvas: a person's own value is kept beside it in `places`.
PLACED = ("size", "lines", "align", "valign", "corners", "radius", "fit", "foot")
LEAST_SCENE = 0.2  # seconds


def scene_of(board: Storyboard, scene: int) -> Scene:
    """A scene by its place. Raises NotFound."""
    if not 0 <= scene < len(board.scenes):
        raise NotFound("There is no scene {n}.", hint="The storyboard has {count}.", n=scene + 1,
                       count=len(board.scenes))  # fmt: skip
    return board.scenes[scene]


def layer_of(board: Storyboard, scene: int, layer: str) -> AnyLayer:
    """A layer by its scene and name. Raises NotFound."""
    held = scene_of(board, scene)
    for one in held.layers:
        if one.name == layer:
            return one
    raise NotFound(
        "The scene {scene} has no layer {name}.",
        hint="Its layers: {names}.",
        scene=held.name or scene + 1,
        name=layer,
        names=", ".join(one.name for one in held.layers),
    )


def free_layer(board: Storyboard, scene: int, layer: str) -> AnyLayer:
    """As :func:`layer_of`. Raises UsageError where a person locked it."""
    found = layer_of(board, scene, layer)
    if found.locked:
        raise UsageError("{name} is locked.", hint="Unlock it first.", name=shown_name(layer))
    return found


def with_scene(board: Storyboard, scene: int, **changes: Any) -> Storyboard:
    """A copy with other values in one scene."""
    scenes = list(board.scenes)
    scenes[scene] = replace(scene_of(board, scene), **changes)
    return replace(board, scenes=scenes)


def with_layer(board: Storyboard, scene: int, made: AnyLayer, instead_of: str | None = None) -> Storyboard:
    """A copy with one layer put in the place of the one of its name (or of ``instead_of``)."""
    wanted = made.name if instead_of is None else instead_of
    layers = [made if one.name == wanted else one for one in scene_of(board, scene).layers]
    return with_scene(board, scene, layers=layers)


def set_values(board: Storyboard, scene: int, layer: str, **values: Any) -> Storyboard:
    """Change plain values of a layer (opacity, colour, size, fit, begin, hidden, …).

    Raises:
        NotFound: no such layer. UsageError: it is locked, or it has no such value.
    """
    found = free_layer(board, scene, layer)
    known = {spec.name for spec in fields(found)} - {"name", "locked", "rect"}
    if unknown := sorted(set(values) - known):
        raise UsageError("{name} has no {values}.", name=layer, values=", ".join(unknown))
    made = with_layer(board, scene, replace(found, **values))
    own = {key: value for key, value in values.items() if key in PLACED}
    return with_own(made, scene, layer, EVERY, own) if own and found.slot else made


def with_own(board: Storyboard, scene: int, layer: str, shape: str, values: dict[str, Any]) -> Storyboard:
    """Note a person's own values of a layer for a shape of canvas, so that placing keeps them."""
    key = key_of(scene_of(board, scene).name, layer)
    here = {**board.places.get(shape, {})}
    here[key] = {**here.get(key, {}), **values}
    return replace(board, places={**board.places, shape: here})


def put(board: Storyboard, scene: int, layer: str, rect: Rect) -> Storyboard:
    """Put a layer at a place of the canvas.

    It is kept for this shape of canvas only: other formats keep the recipe's place. A text leaves its stack.
    """
    found = free_layer(board, scene, layer)
    made = with_layer(board, scene, replace(found, rect=rect))
    held = scene_of(made, scene)
    if any(layer in stack.members for stack in held.stacks):
        stacks = [replace(s, members=[m for m in s.members if m != layer]) for s in held.stacks]
        made = with_scene(made, scene, stacks=stacks)
    where = [round(v, 5) for v in (rect.x, rect.y, rect.w, rect.h)]
    return with_own(made, scene, layer, shape_of(board.size), {"rect": where})


def unique_name(taken: Iterable[str], wanted: str) -> str:
    """``wanted``, with a number behind it where it is taken."""
    used = set(taken)
    stem = wanted.strip() or "layer"
    if stem not in used:
        return stem
    stem = stem.rstrip("0123456789").rstrip() or stem
    return next(name for n in range(2, len(used) + 3) if (name := f"{stem} {n}") not in used)


def named(board: Storyboard) -> Storyboard:
    """A copy in which every scene, and in each scene every layer, has a name of its own."""
    scenes: list[Scene] = []
    for scene in board.scenes:
        name = unique_name((s.name for s in scenes), scene.name or "scene")
        layers: list[AnyLayer] = []
        for layer in scene.layers:
            own = unique_name((one.name for one in layers), layer.name or _kind_word(layer))
            layers.append(layer if own == layer.name else replace(layer, name=own))
        pattern = scene.pattern or (scene.name if name != scene.name else "")
        scenes.append(replace(scene, name=name, pattern=pattern, layers=layers))
    return replace(board, scenes=scenes)


def _kind_word(layer: AnyLayer) -> str:
    return type(layer).__name__.removesuffix("Layer").lower()


def with_source(board: Storyboard, made: Source) -> Storyboard:
    """A copy that names where a part comes from, instead of what it said of that part before."""
    kept = [source for source in board.sources if source.part != made.part]
    return replace(board, sources=[*kept, made])


def without_unused_sources(board: Storyboard) -> Storyboard:
    """A copy without the sources of pictures and sounds that are used no more."""
    drawn = {one.source for scene in board.scenes for one in scene.layers if one.source}
    used = set(board.asset_ids())
    kept = [
        source
        for source in board.sources
        if source.asset_id is None or source.asset_id in used or source.part in drawn
    ]
    return board if len(kept) == len(board.sources) else replace(board, sources=kept)


def words_of(board: Storyboard, layer: TextLayer) -> str:
    """The words a text layer shows."""
    return board.text_of(layer)


def tracks_named(board: Storyboard) -> dict[str, SoundTrack]:
    """Every sound by the name that edits call it: "music", "voice", and each effect by its own name."""
    found: dict[str, SoundTrack] = {}
    if board.music is not None:
        found["music"] = board.music
    if board.voice is not None:
        found["voice"] = board.voice
    for track in board.effects:
        found[unique_name(found, track.name or "effect")] = track
    return found
