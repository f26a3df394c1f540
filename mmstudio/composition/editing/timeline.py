"""Edits of time: scenes trimmed, moved, split, added; what follows moves along (ripple)."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Literal

from mmstudio.composition.editing.base import (
    LEAST_SCENE,
    scene_of,
    unique_name,
    with_scene,
    without_unused_sources,
)
from mmstudio.composition.own_places import key_of
from mmstudio.composition.storyboard import (
    AnyLayer,
    Caption,
    Motion,
    Scene,
    ShapeLayer,
    Storyboard,
    Transition,
    TransitionKind,
)
from mmstudio.errors import UsageError

TRANSITIONS: tuple[TransitionKind, ...] = ("cut", "fade", "push", "wipe", "zoom")
LONGEST = 4 * 3600.0  # seconds of a scene


def laid(board: Storyboard, scenes: list[Scene], moved: dict[int, int] | None = None) -> Storyboard:
    """The scenes one after the other; captions go along with the scene they stand in.

    Args:
        moved: new scene -> old scene that its captions come from; the same place where not given. With a
            voice the captions say what is spoken and stay where they are.
    """
    placed: list[Scene] = []
    start = 0.0
    for scene in scenes:
        placed.append(scene if scene.start == start else replace(scene, start=start))
        start = round(start + scene.duration, 4)
    captions = board.captions
    if board.voice is None and captions:
        captions = _captions(board, placed, moved or {n: n for n in range(len(placed))})
    return replace(board, scenes=placed, duration=start, captions=captions)


def _captions(board: Storyboard, placed: list[Scene], moved: dict[int, int]) -> list[Caption]:
    found: list[Caption] = []
    for new, old in moved.items():
        if not (0 <= old < len(board.scenes) and new < len(placed)):
            continue
        was, now = board.scenes[old], placed[new]
        last = old == len(board.scenes) - 1
        for caption in board.captions:
            if not (was.start <= caption.start < was.end or (last and caption.start >= was.end)):
                continue
            start = round(now.start + caption.start - was.start, 4)
            end = round(min(now.start + caption.end - was.start, now.end), 4)
            if end - start >= 0.05:
                found.append(Caption(start, end, caption.text))
    return sorted(found, key=lambda c: c.start)


def trim(board: Storyboard, scene: int, seconds: float, side: Literal["start", "end"] = "end") -> Storyboard:
    """Make a scene ``seconds`` long by moving its end, or by moving its start (what came first is cut off).

    Raises:
        NotFound. UsageError: shorter than 0.2 s or longer than four hours.
    """
    held = scene_of(board, scene)
    if not LEAST_SCENE <= seconds <= LONGEST:
        raise UsageError("A scene lasts from {least} seconds to four hours.", least=LEAST_SCENE)
    seconds = round(seconds, 4)
    cut = held.duration - seconds if side == "start" else 0.0
    layers = [
        _later(one, cut, seconds) if cut > 0 else _earlier(one, held.duration, seconds) for one in held.layers
    ]
    scenes = list(board.scenes)
    scenes[scene] = replace(
        held, duration=seconds, layers=layers, transition=_short(held.transition, seconds)
    )
    return laid(board, scenes)


def _earlier(layer: AnyLayer, was: float, seconds: float) -> AnyLayer:
    """A layer of a scene that ends at another time; one that was seen to the end still is."""
    end = 0.0 if layer.end >= was - 1e-6 else min(layer.end, seconds)
    begin = min(layer.begin, max(seconds - 0.05, 0.0))
    return layer if (begin, end) == (layer.begin, layer.end) else replace(layer, begin=begin, end=end)


def _later(layer: AnyLayer, cut: float, seconds: float) -> AnyLayer:
    begin = round(min(max(layer.begin - cut, 0.0), max(seconds - 0.05, 0.0)), 4)
    end = round(min(max(layer.end - cut, 0.05), seconds), 4) if layer.end else 0.0
    return replace(layer, begin=begin, end=end)


def _short(transition: Transition, seconds: float) -> Transition:
    return (
        transition
        if transition.seconds <= seconds / 2
        else replace(transition, seconds=round(seconds / 2, 3))
    )


def move_scene(board: Storyboard, scene: int, index: int) -> Storyboard:
    """Put a scene at another place of the order."""
    held = scene_of(board, scene)
    index = min(max(index, 0), len(board.scenes) - 1)
    if index == scene:
        return board
    order = [n for n in range(len(board.scenes)) if n != scene]
    order.insert(index, scene)
    scenes = [board.scenes[n] for n in order]
    if scenes[0] is not board.scenes[0]:  # nothing stands before the first scene that it could come in over
        first = board.scenes[0]
        scenes[0] = replace(scenes[0], transition=Transition("cut", 0.0))
        at = scenes.index(first)
        if first.transition.kind == "cut":
            scenes[at] = replace(
                first, transition=held.transition if held.transition.seconds else Transition()
            )
    return laid(board, scenes, dict(enumerate(order)))


def split(board: Storyboard, t: float) -> tuple[Storyboard, int]:
    """Cut the scene playing at ``t`` in two there; nothing looks different. Returns the second half's place.

    Raises:
        UsageError: nearer than 0.2 s to an end of the scene.
    """
    index = board.scene_at(t)
    held = scene_of(board, index)
    at = round(t - held.start, 4)
    if not LEAST_SCENE <= at <= held.duration - LEAST_SCENE:
        raise UsageError("A scene cannot be cut this close to its end.", hint="Move the playhead further in.")
    first = replace(
        held,
        duration=at,
        layers=[_half(one, held, 0.0, at) for one in held.layers if one.begin < at],
    )
    name = unique_name((s.name for s in board.scenes), held.name or "scene")
    layers = [_half(one, held, at, held.duration) for one in held.layers if not 0 < one.end <= at]
    second = replace(
        copy.deepcopy(held),
        name=name,
        pattern=held.pattern or held.name,
        duration=round(held.duration - at, 4),
        layers=layers,
        transition=Transition("cut", 0.0),
    )
    board = _keys_copied(board, held.name, name)
    scenes = [*board.scenes[:index], first, second, *board.scenes[index + 1 :]]
    captions = board.captions
    made = laid(replace(board, captions=[]), scenes)
    return replace(made, captions=captions), index + 1  # no time was moved


def _half(layer: AnyLayer, scene: Scene, start: float, end: float) -> AnyLayer:
    """A layer between two seconds of its scene as a scene of its own, its movement cut there."""
    last = layer.end if 0.0 < layer.end < scene.duration else scene.duration
    seen = max(last - layer.begin, 1e-6)  # what its movement runs over
    share = [min(max((at - layer.begin) / seen, 0.0), 1.0) for at in (start, end)]

    def cut(pair: tuple[float, float]) -> tuple[float, float]:
        low, high = (pair[0] + (pair[1] - pair[0]) * part for part in share)
        return round(low, 5), round(high, 5)

    motion: Motion = layer.motion
    made = replace(motion, zoom=cut(motion.zoom), pan_x=cut(motion.pan_x), pan_y=cut(motion.pan_y))
    gone = start - layer.begin  # seconds it was seen before the cut
    if motion.enter != "none" and gone > 0:
        over = motion.delay + motion.seconds <= gone
        made = replace(made, enter="none", delay=0.0) if over else replace(made, delay=motion.delay - gone)
    begin = max(layer.begin - start, 0.0)
    until = 0.0 if last >= end - 1e-6 else last - start
    return replace(copy.deepcopy(layer), motion=made, begin=round(begin, 4), end=round(until, 4))


def duplicate_scene(board: Storyboard, scene: int) -> tuple[Storyboard, int]:
    """A second scene like this one behind it; returns the board and its place."""
    held = scene_of(board, scene)
    name = unique_name((s.name for s in board.scenes), held.name or "scene")
    made = replace(
        copy.deepcopy(held),
        name=name,
        pattern=held.pattern or held.name,
        transition=held.transition if held.transition.seconds else Transition(),
    )
    for layer in made.layers:
        layer.locked = False
    board = _keys_copied(board, held.name, name)
    scenes = [*board.scenes[: scene + 1], made, *board.scenes[scene + 1 :]]
    moved = {n: n if n <= scene else n - 1 for n in range(len(scenes))}
    return laid(board, scenes, moved), scene + 1


def add_scene(board: Storyboard, index: int, seconds: float = 2.0, name: str = "") -> tuple[Storyboard, int]:
    """A new scene with a plain ground at a place of the order; returns the board and its place."""
    index = min(max(index, 0), len(board.scenes))
    own = unique_name((s.name for s in board.scenes), name or "scene")
    ground = ShapeLayer(name="ground", colour=board.palette.get("ground", "#ffffff"))
    made = Scene(
        own, 0.0, seconds, [ground], [], Transition("fade", 0.4) if index else Transition("cut", 0.0)
    )
    scenes = [*board.scenes[:index], made, *board.scenes[index:]]
    moved = {n: n if n < index else n - 1 for n in range(len(scenes)) if n != index}
    return laid(board, scenes, moved), index


def delete_scene(board: Storyboard, scene: int) -> Storyboard:
    """Take a scene out; what follows moves up. Raises UsageError for the only one, or a locked layer."""
    held = scene_of(board, scene)
    if len(board.scenes) == 1:
        raise UsageError("A storyboard needs one scene.", hint="Add another before you delete this one.")
    locked = [layer.name for layer in held.layers if layer.locked]
    if locked:
        raise UsageError("{name} is locked.", hint="Unlock it first.", name=locked[0])
    scenes = [s for n, s in enumerate(board.scenes) if n != scene]
    if scene == 0:
        scenes[0] = replace(scenes[0], transition=Transition("cut", 0.0))
    moved = {n: n if n < scene else n + 1 for n in range(len(scenes))}
    return without_unused_sources(laid(board, scenes, moved))


def set_transition(
    board: Storyboard, scene: int, kind: TransitionKind, seconds: float | None = None
) -> Storyboard:
    """How a scene comes in over the one before. Raises UsageError for the first scene or an unknown kind."""
    held = scene_of(board, scene)
    if kind not in TRANSITIONS:
        raise UsageError("There is no transition {name}.", hint="Choose one of: {names}.", name=kind,
                         names=", ".join(TRANSITIONS))  # fmt: skip
    if scene == 0 and kind != "cut":
        raise UsageError("The first scene comes in over nothing.", hint="Choose a later scene.")
    if seconds is None:
        seconds = held.transition.seconds or 0.4
    longest = min(held.duration, board.scenes[scene - 1].duration if scene else held.duration)
    seconds = 0.0 if kind == "cut" else round(min(max(seconds, 0.05), longest), 3)
    return with_scene(board, scene, transition=Transition(kind, seconds))


def set_times(board: Storyboard, scene: int, layer: str, begin: float, end: float) -> Storyboard:
    """When a layer is seen, in seconds of its scene (``end`` 0 or past its end: to the end)."""
    from mmstudio.composition.editing.base import set_values

    length = scene_of(board, scene).duration
    begin = round(min(max(begin, 0.0), length - 0.05), 4)
    end = 0.0 if end <= 0 or end >= length - 1e-6 else round(max(end, begin + 0.05), 4)
    return set_values(board, scene, layer, begin=begin, end=end)


def _keys_copied(board: Storyboard, old: str, new: str) -> Storyboard:
    """A person's own places of a scene's layers, for a copy of the scene too."""
    if not any(key.startswith(key_of(old, "")) for here in board.places.values() for key in here):
        return board
    places = {
        shape: here | {key_of(new, key[len(old) + 1 :]): dict(value) for key, value in here.items()
                       if key.startswith(key_of(old, ""))}
        for shape, here in board.places.items()
    }  # fmt: skip
    return replace(board, places=places)
