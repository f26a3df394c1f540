"""Edits of layers: place, order, adding and taking away, pictures, movement, words. Each returns a copy."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from mmstudio.composition.editing.base import (
    free_layer,
    layer_of,
    put,
    scene_of,
    set_values,
    unique_name,
    with_layer,
    with_own,
    with_scene,
    with_source,
    without_unused_sources,
)
from mmstudio.composition.editing.flowing import followed
from mmstudio.composition.names import shown_name
from mmstudio.composition.own_places import EVERY
from mmstudio.composition.storyboard import (
    AnyLayer,
    Caption,
    Fit,
    GeneratedLayer,
    ImageLayer,
    Layer,
    LogoLayer,
    Motion,
    Rect,
    Source,
    SourceKind,
    Storyboard,
    TextLayer,
    VideoLayer,
)
from mmstudio.composition.synthetic import marked_anew
from mmstudio.errors import UsageError

Side = Literal["left", "center", "right", "top", "middle", "bottom"]
Order = Literal["front", "forward", "backward", "back"]
KenBurns = Literal["none", "in", "out", "left", "right"]
KEN_BURNS: tuple[KenBurns, ...] = ("none", "in", "out", "left", "right")
_LONGEST = 10_000  # characters of a text
_BASE = [spec.name for spec in fields(Layer)]


def move(board: Storyboard, scene: int, layers: Sequence[str], dx: float, dy: float) -> Storyboard:
    """Move layers by fractions of the canvas. Raises NotFound, UsageError (locked)."""
    for name in layers:
        rect = free_layer(board, scene, name).rect
        board = put(board, scene, name, Rect(rect.x + dx, rect.y + dy, rect.w, rect.h))
    return board


def align(
    board: Storyboard, scene: int, layers: Sequence[str], side: Side, within: Rect | None = None
) -> Storyboard:
    """Align layers to a side or the middle of the canvas (or of ``within``, a safe zone say).

    Several layers are aligned to the box round all of them, as drawing programs do.
    """
    rects = {name: free_layer(board, scene, name).rect for name in layers}
    area = within or (Rect() if len(rects) < 2 else _around(list(rects.values())))
    for name, rect in rects.items():
        x, y = rect.x, rect.y
        match side:
            case "left":
                x = area.x
            case "center":
                x = area.x + (area.w - rect.w) / 2
            case "right":
                x = area.x + area.w - rect.w
            case "top":
                y = area.y
            case "middle":
                y = area.y + (area.h - rect.h) / 2
            case "bottom":
                y = area.y + area.h - rect.h
        board = put(board, scene, name, Rect(x, y, rect.w, rect.h))
    return board


def distribute(board: Storyboard, scene: int, layers: Sequence[str], axis: Literal["x", "y"]) -> Storyboard:
    """Give three or more layers equal gaps between the two outermost ones. Raises UsageError with fewer."""
    if len(layers) < 3:
        raise UsageError("Choose three layers or more to space them evenly.")
    size = "w" if axis == "x" else "h"
    rects = sorted(
        ((name, free_layer(board, scene, name).rect) for name in layers), key=lambda e: getattr(e[1], axis)
    )
    start = getattr(rects[0][1], axis)
    end = max(getattr(rect, axis) + getattr(rect, size) for _name, rect in rects)
    gap = (end - start - sum(getattr(rect, size) for _name, rect in rects)) / (len(rects) - 1)
    at = start
    for name, rect in rects:
        board = put(board, scene, name, replace(rect, **{axis: at}))
        at += getattr(rect, size) + gap
    return board


def _around(rects: list[Rect]) -> Rect:
    left, top = min(r.x for r in rects), min(r.y for r in rects)
    return Rect(left, top, max(r.x + r.w for r in rects) - left, max(r.y + r.h for r in rects) - top)


def order(board: Storyboard, scene: int, layer: str, where: Order) -> Storyboard:
    """Bring a layer to the front or the back, or one step that way."""
    layers = list(scene_of(board, scene).layers)
    index = layers.index(layer_of(board, scene, layer))
    target = {"front": len(layers) - 1, "back": 0, "forward": index + 1, "backward": index - 1}[where]
    return reorder(board, scene, layer, target)


def reorder(board: Storyboard, scene: int, layer: str, index: int) -> Storyboard:
    """Put a layer at a place of the order, 0 at the back."""
    layers = list(scene_of(board, scene).layers)
    held = layer_of(board, scene, layer)
    at = layers.index(held)
    index = min(max(index, 0), len(layers) - 1)
    if index == at:
        return board
    layers.pop(at)
    layers.insert(index, held)
    return with_scene(board, scene, layers=layers)


def add(board: Storyboard, scene: int, layer: AnyLayer) -> Storyboard:
    """Put a new layer in front; its name is made one of its own, and it belongs to no place of the recipe."""
    held = scene_of(board, scene)
    name = unique_name((one.name for one in held.layers), layer.name or type(layer).__name__[:-5].lower())
    made = replace(layer, name=name, slot="")
    board = with_scene(board, scene, layers=[*held.layers, made])
    return with_source(board, Source(name, "person", None, "")) if isinstance(made, TextLayer) else board


def duplicate(board: Storyboard, scene: int, layer: str, by: float = 0.03) -> tuple[Storyboard, str]:
    """A second layer like this one, a little to the right and below; returns the board and its name."""
    held = scene_of(board, scene)
    old = layer_of(board, scene, layer)
    name = unique_name((one.name for one in held.layers), old.name)
    made: AnyLayer = replace(
        copy.deepcopy(old),
        name=name,
        slot="",
        locked=False,
        rect=Rect(old.rect.x + by, old.rect.y + by, old.rect.w, old.rect.h),
    )
    at = held.layers.index(old) + 1
    return with_scene(board, scene, layers=[*held.layers[:at], made, *held.layers[at:]]), name


def delete(board: Storyboard, scene: int, layers: Sequence[str]) -> Storyboard:
    """Take layers out of a scene. Raises NotFound, UsageError (locked)."""
    gone = {free_layer(board, scene, name).name for name in layers}
    held = scene_of(board, scene)
    stacks = [replace(s, members=[m for m in s.members if m not in gone]) for s in held.stacks]
    kept = [one for one in held.layers if one.name not in gone]
    return without_unused_sources(with_scene(board, scene, layers=kept, stacks=stacks))


def rename(board: Storyboard, scene: int, layer: str, name: str) -> tuple[Storyboard, str]:
    """Give a layer another name, made one of its own; returns the board and that name."""
    held = scene_of(board, scene)
    old = layer_of(board, scene, layer)
    made = unique_name((one.name for one in held.layers if one is not old), name[:80] or old.name)
    if made == layer:
        return board, layer
    stacks = [replace(s, members=[made if m == layer else m for m in s.members]) for s in held.stacks]
    board = with_layer(board, scene, replace(old, name=made, slot=""), layer)
    return with_scene(board, scene, stacks=stacks), made


# --- pictures ---------------------------------------------------------------------------------------------


def replace_asset(
    board: Storyboard,
    scene: int,
    layer: str,
    asset_id: int,
    kind: str,
    *,
    focus: tuple[float, float] | None = None,
    title: str = "",
    rights: str = "",
    generated: bool = False,
    everywhere: bool = False,
) -> Storyboard:
    """Put another picture or clip of the library in a layer's place; its box and its timing stay.

    Args:
        kind: of the asset, "image" or "video". focus: from :func:`saliency.focus_in`; the middle where None.
        everywhere: also in every other layer that showed the same part (the hero in all scenes).

    Raises:
        UsageError: the layer is locked, takes no picture, or the asset is none.
    """
    if kind not in ("image", "video"):
        raise UsageError("{title} is neither a picture nor a clip.", title=title or asset_id)
    old = free_layer(board, scene, layer)
    if isinstance(old, TextLayer) or not hasattr(old, "asset_id"):
        raise UsageError("{name} takes no picture.", hint="Choose a picture, clip or logo.",
                         name=shown_name(layer))  # fmt: skip
    source: SourceKind = "generated" if generated else "asset"
    part = old.source if everywhere and old.source else f"{scene_of(board, scene).name}/{layer}"
    before, places = board, [(scene, layer)]
    if everywhere and old.source:
        places += [
            (n, one.name)
            for n, held in enumerate(board.scenes)
            for one in held.layers
            if one.source == old.source and type(one) is type(old) and not one.locked
            and (n, one.name) != (scene, layer)
        ]  # fmt: skip
    for n, name in places:
        made = _showing(layer_of(board, n, name), asset_id, kind, focus or (0.5, 0.5), part)
        board = marked_anew(with_layer(board, n, made), n, name, generated=generated, title=title)
    board = with_source(board, Source(part, source, asset_id, title, rights))
    return without_unused_sources(followed(before, board))


def _showing(old: AnyLayer, asset_id: int, kind: str, focus: tuple[float, float], part: str) -> AnyLayer:
    """A layer in the same place that shows another asset; its class changes where it must."""
    base: dict[str, Any] = {name: getattr(old, name) for name in _BASE}
    base |= {"source": part, "crop": Rect()}
    given = getattr(old, "fit", "cover")
    fit: Fit = "whole" if given == "whole" else "contain" if given == "contain" else "cover"
    radius = float(getattr(old, "radius", 0.0))
    if kind == "video":
        gain = old.gain if isinstance(old, VideoLayer) else None
        return VideoLayer(**base, asset_id=asset_id, fit=fit, radius=radius, gain=gain)
    if isinstance(old, ImageLayer):
        return replace(old, asset_id=asset_id, focus=focus, crop=Rect(), source=part)
    if isinstance(old, LogoLayer):
        return replace(old, asset_id=asset_id, source=part, crop=Rect())
    return ImageLayer(**base, asset_id=asset_id, fit="cover", radius=radius, focus=focus)


def crop(
    board: Storyboard, scene: int, layer: str, part: Rect, focus: tuple[float, float] | None = None
) -> Storyboard:
    """Use only a part of a layer's picture (fractions of the picture; ``Rect()`` is all of it).

    Raises:
        UsageError: locked, no picture, or a part that is empty or outside.
    """
    old = free_layer(board, scene, layer)
    if not isinstance(old, ImageLayer | GeneratedLayer | VideoLayer | LogoLayer):
        raise UsageError("{name} shows no picture that can be cropped.", name=shown_name(layer))
    x, y = min(max(part.x, 0.0), 0.98), min(max(part.y, 0.0), 0.98)
    w, h = min(part.w, 1.0 - x), min(part.h, 1.0 - y)
    if not (w >= 0.02 and h >= 0.02):
        raise UsageError("A crop needs at least a fiftieth of the picture on each side.")
    made = replace(old, crop=Rect(round(x, 5), round(y, 5), round(w, 5), round(h, 5)))
    if focus is not None and isinstance(made, ImageLayer):
        made = replace(made, focus=focus)
    return with_layer(board, scene, made)


def ken_burns(
    board: Storyboard,
    scene: int,
    layer: str,
    preset: KenBurns,
    *,
    point: tuple[float, float] = (0.5, 0.5),
    strength: float = 0.14,
) -> Storyboard:
    """A slow camera over a layer's picture; how it enters stays.

    Args:
        preset: "in" goes towards ``point`` (fractions of the box, from saliency), "out" comes back from it,
            "left" and "right" say where the camera goes, "none" stands still.
        strength: how much larger the picture is at its largest, 0 to 1.
    """
    old = free_layer(board, scene, layer)
    if preset not in KEN_BURNS:
        raise UsageError("There is no movement {name}.", hint="Choose one of: {names}.", name=preset,
                         names=", ".join(KEN_BURNS))  # fmt: skip
    strength = min(max(strength, 0.0), 1.0)
    spare = round(strength / 2, 4)  # how far the enlarged picture may go before an edge shows
    near = tuple(round(min(max((0.5 - p) * strength * 2, -spare), spare), 4) for p in point)
    big = round(1.0 + strength, 4)
    still = replace(old.motion, zoom=(1.0, 1.0), pan_x=(0.0, 0.0), pan_y=(0.0, 0.0))
    motion: Motion = {
        "none": still,
        "in": replace(still, zoom=(1.0, big), pan_x=(0.0, near[0]), pan_y=(0.0, near[1])),
        "out": replace(still, zoom=(big, 1.0), pan_x=(near[0], 0.0), pan_y=(near[1], 0.0)),
        "left": replace(still, zoom=(big, big), pan_x=(-spare, spare), pan_y=(near[1], near[1])),
        "right": replace(still, zoom=(big, big), pan_x=(spare, -spare), pan_y=(near[1], near[1])),
    }[preset]
    return with_layer(board, scene, replace(old, motion=motion))


def ken_burns_of(motion: Motion) -> KenBurns | None:
    """Which preset a movement is like; None where it is another."""
    if motion.zoom[0] < motion.zoom[1]:
        return "in"
    if motion.zoom[0] > motion.zoom[1]:
        return "out"
    if motion.pan_x[0] == motion.pan_x[1]:
        return "none" if motion.zoom == (1.0, 1.0) and motion.pan_y[0] == motion.pan_y[1] else None
    return "left" if motion.pan_x[0] < motion.pan_x[1] else "right"


# --- words ------------------------------------------------------------------------------------------------


def write(board: Storyboard, scene: int, layer: str, words: str) -> Storyboard:
    """Change what a text layer says. Bound words change in every scene that shows them.

    Raises:
        UsageError: the layer or its words are locked, or it is no text.
    """
    old = free_layer(board, scene, layer)
    if not isinstance(old, TextLayer):
        raise UsageError("{name} is no text.", name=shown_name(layer))
    if old.bind and not old.text:
        return write_slot(board, old.bind, words)
    made = with_layer(board, scene, replace(old, text=words[:_LONGEST]))
    return with_source(made, Source(layer, "person", None, ""))


def write_slot(board: Storyboard, slot: str, words: str) -> Storyboard:
    """Change the words of a copy slot ("headline", "scene2.line") in every scene that shows it.

    Raises:
        UsageError: the slot is locked, or no text shows it.
    """
    bound = [
        one for held in board.scenes for one in held.layers if isinstance(one, TextLayer) and one.bind == slot
    ]
    if not bound and slot not in board.copy:
        known = sorted({one.bind for held in board.scenes for one in held.layers
                        if isinstance(one, TextLayer) and one.bind} | set(board.copy))  # fmt: skip
        raise UsageError("The storyboard has no words called {slot}.", hint="It has: {known}.", slot=slot,
                         known=", ".join(known) or "–")  # fmt: skip
    if f"copy:{slot}" in board.locks or any(one.locked for one in bound):
        raise UsageError("{name} is locked.", hint="Unlock it first.",
                         name=shown_name(slot.rpartition(".")[2]))  # fmt: skip
    words = words[:_LONGEST]
    if board.copy.get(slot) == words:
        return board
    facts = {key: value for key, value in board.facts.items() if key != slot}
    before = board
    captions = _said_anew(board.captions, board.copy.get(slot, ""), words) if board.voice is None else None
    board = replace(board, copy={**board.copy, slot: words}, facts=facts)
    if captions is not None:
        board = replace(board, captions=captions)
    return with_source(followed(before, board), Source(slot, "person", None, words[:200]))


def _said_anew(captions: list[Caption], old: str, new: str) -> list[Caption]:
    """The captions of scenes, with other words in the lines that showed the old ones."""
    lines = {old.strip(): new.strip(), f"“{old.strip()}”": f"“{new.strip()}”"}
    found: list[Caption] = []
    for caption in captions:
        text = "\n".join(lines.get(line, line) if old.strip() else line for line in caption.text.split("\n"))
        text = "\n".join(line for line in text.split("\n") if line.strip("“” "))
        if text:
            found.append(caption if text == caption.text else replace(caption, text=text))
    return found


def own_words(board: Storyboard, scene: int, layer: str) -> Storyboard:
    """Cut a text loose from the words it shares, so that only this layer changes from now on."""
    old = free_layer(board, scene, layer)
    if not isinstance(old, TextLayer) or not old.bind or old.text:
        return board
    return with_layer(board, scene, replace(old, text=board.text_of(old)))


__all__ = [
    "EVERY", "KEN_BURNS", "KenBurns", "Order", "Side", "add", "align", "crop", "delete", "distribute",
    "duplicate", "ken_burns", "ken_burns_of", "move", "order", "own_words", "put", "rename", "reorder",
    "replace_asset", "set_values", "with_own", "write", "write_slot",
]  # fmt: skip
