"""Locks, and making the rest anew: what is locked stays byte for byte, everything else gets another seed."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from mmstudio.composition.editing.base import layer_of, named, scene_of, tracks_named, with_layer
from mmstudio.composition.editing.flowing import followed
from mmstudio.composition.editing.sounds import lock_name
from mmstudio.composition.layout import reframe
from mmstudio.composition.steps.words import captions_of
from mmstudio.composition.storyboard import AnyLayer, Scene, Source, Storyboard, TextLayer
from mmstudio.errors import UsageError

if TYPE_CHECKING:
    from mmstudio.composition.composer import Composer


def lock(board: Storyboard, scene: int, layer: str, on: bool = True) -> Storyboard:
    """Lock a layer as it is, or free it. A locked text keeps its words, too. Raises NotFound."""
    found = layer_of(board, scene, layer)
    return board if found.locked == on else with_layer(board, scene, replace(found, locked=on))


def lock_copy(board: Storyboard, slot: str, on: bool = True) -> Storyboard:
    """Lock the words of a copy slot, or free them. Raises UsageError where there are none."""
    if slot not in board.copy:
        raise UsageError("The storyboard has no words called {slot}.", hint="It has: {known}.", slot=slot,
                         known=", ".join(board.copy) or "–")  # fmt: skip
    return _locked(board, f"copy:{slot}", on)


def lock_sound(board: Storyboard, name: str, on: bool = True) -> Storyboard:
    """Lock a sound ("music", "voice", an effect's name), or free it. Raises UsageError for another name."""
    tracks = tracks_named(board)
    if name not in tracks:
        raise UsageError("The storyboard has no sound called {name}.", hint="It has: {names}.", name=name,
                         names=", ".join(tracks) or "–")  # fmt: skip
    return _locked(board, lock_name(name), on)


def lock_slot(board: Storyboard, slot: str, on: bool = True) -> Storyboard:
    """Lock whatever has this name: a sound, words, or every layer of it (by name, place or part).

    Raises:
        UsageError: nothing has that name.
    """
    found = False
    if slot in tracks_named(board):
        board, found = lock_sound(board, slot, on), True
    if slot in board.copy:
        board, found = lock_copy(board, slot, on), True
    for n, scene in enumerate(board.scenes):
        for layer in scene.layers:
            bind = layer.bind if isinstance(layer, TextLayer) else ""
            if slot in (layer.name, layer.source, bind, f"{scene.name}/{layer.name}"):
                board, found = lock(board, n, layer.name, on), True
    if not found:
        raise UsageError("Nothing in the storyboard is called {name}.", hint="It has: {names}.", name=slot,
                         names=", ".join(slots(board)))  # fmt: skip
    return board


def slots(board: Storyboard) -> list[str]:
    """Every name that can be locked: sounds, words, then layers as "scene/layer"."""
    layers = [f"{scene.name}/{layer.name}" for scene in board.scenes for layer in scene.layers]
    return [*tracks_named(board), *board.copy, *layers]


def _locked(board: Storyboard, name: str, on: bool) -> Storyboard:
    if (name in board.locks) == on:
        return board
    locks = [*board.locks, name] if on else [one for one in board.locks if one != name]
    return replace(board, locks=locks)


def kept_words(board: Storyboard) -> dict[str, str]:
    """The words that stay when the rest is made anew: locked ones, and those that a person wrote."""
    slots_kept = {name.removeprefix("copy:") for name in board.locks if name.startswith("copy:")}
    slots_kept |= {s.part for s in board.sources if s.kind == "person" and s.part in board.copy}
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, TextLayer) and layer.locked and layer.bind:
                slots_kept.add(layer.bind)
    return {slot: board.copy[slot] for slot in board.copy if slot in slots_kept}


def reroll(composer: Composer, board: Storyboard, seed: int) -> Storyboard:
    """The storyboard made anew from its recipe and inputs with another seed; nothing is saved.

    Locked layers, locked words, locked sounds and what a person wrote or added stay exactly as they are.
    Scenes keep the times, order and places that a person gave them as long as the recipe still has them.

    Raises:
        UsageError: it was not made by a recipe. StudioError: as composing.
    """
    fresh = named(composer.again(board, seed=seed))
    return merged(board, fresh if fresh.size == board.size else reframe(fresh, board.size), seed)


def merged(board: Storyboard, fresh: Storyboard, seed: int) -> Storyboard:
    """What was made anew, put into what a person did; see :func:`reroll`."""
    words = kept_words(board)
    patterns = {scene.pattern or scene.name for scene in board.scenes}
    by_name = {scene.name: scene for scene in fresh.scenes}
    same = {scene.pattern or scene.name for scene in fresh.scenes} == patterns or all(
        name in by_name for name in patterns
    )
    if same:
        scenes = [_renewed_scene(scene, _counterpart(scene, by_name)) for scene in board.scenes]
    else:
        scenes = _with_kept(board, fresh)
    made = replace(
        board,
        scenes=scenes,
        copy={**fresh.copy, **words},
        facts={k: v for k, v in fresh.facts.items() if k not in words}
        | {k: v for k, v in board.facts.items() if k in words},
        palette=fresh.palette,
        seed=seed,
        inputs={**fresh.inputs, "seed": seed} if fresh.inputs else fresh.inputs,
        blocks=fresh.blocks,
        fonts=[],
        size=board.size,
    )
    made = _sounds_kept(board, fresh, made)
    duration = round(sum(scene.duration for scene in scenes), 4)
    if not same:
        start = 0.0
        for n, scene in enumerate(scenes):
            scenes[n] = replace(scene, start=start)
            start = round(start + scene.duration, 4)
    made = replace(made, duration=duration, sources=_sources(board, fresh, made, words))
    if made.voice is not None:
        captions = board.captions if made.voice == board.voice else fresh.captions
    elif [(s.name, s.start) for s in scenes] == [(s.name, s.start) for s in fresh.scenes]:
        captions = fresh.captions
    else:
        captions = captions_of(made)
    return followed(fresh, replace(made, captions=copy.deepcopy(captions)))


def _counterpart(scene: Scene, by_name: dict[str, Scene]) -> Scene | None:
    return by_name.get(scene.name) or by_name.get(scene.pattern)


def _renewed_scene(scene: Scene, fresh: Scene | None) -> Scene:
    if fresh is None:
        return scene  # a person's own scene
    found = {layer.name: layer for layer in fresh.layers}
    return replace(scene, layers=[_renewed(layer, found.get(layer.name)) for layer in scene.layers])


def _renewed(old: AnyLayer, fresh: AnyLayer | None) -> AnyLayer:
    """The new content in the old layer's place and time; a locked or added one as it is."""
    if old.locked or fresh is None:
        return old
    made = copy.deepcopy(fresh)
    made.rect, made.begin, made.end = old.rect, old.begin, old.end
    made.hidden, made.opacity, made.motion, made.slot = old.hidden, old.opacity, old.motion, old.slot
    if isinstance(made, TextLayer) and isinstance(old, TextLayer):
        made.text = old.text or made.text
        made.size, made.lines, made.align, made.valign = old.size, old.lines, old.align, old.valign
        made.family, made.weight, made.italic = old.family, old.weight, old.italic
    return made


def _with_kept(board: Storyboard, fresh: Storyboard) -> list[Scene]:
    """The new scenes with the locked layers of the old ones in them: by scene name, else by time."""
    scenes = [copy.deepcopy(scene) for scene in fresh.scenes]
    names = {scene.name: n for n, scene in enumerate(scenes)}
    for old in board.scenes:
        kept = [layer for layer in old.layers if layer.locked]
        if not kept or not scenes:
            continue
        index = names.get(old.name)
        if index is None:
            share = old.start / max(board.duration, 1e-6)
            index = min(int(share * len(scenes)), len(scenes) - 1)
        layers = list(scenes[index].layers)
        for layer in kept:
            at = next((n for n, one in enumerate(layers) if one.name == layer.name), None)
            if at is None:
                layers.append(layer)
            else:
                layers[at] = layer
        scenes[index] = replace(scenes[index], layers=layers)
    return scenes


def _sounds_kept(board: Storyboard, fresh: Storyboard, made: Storyboard) -> Storyboard:
    made = replace(
        made,
        music=board.music if "music" in board.locks else fresh.music,
        voice=board.voice if "voice" in board.locks else fresh.voice,
    )
    own = [track for track in board.effects if track not in fresh.effects]
    held = {lock_name(name): track for name, track in tracks_named(board).items()}
    kept = [track for name, track in held.items() if name in board.locks and name.startswith("effect:")]
    effects = list(fresh.effects)
    for track in [*kept, *own]:
        if not any(track is one or (track.name and track.name == one.name) for one in effects):
            effects.append(track)
        elif track in kept:
            effects = [track if one.name == track.name else one for one in effects]
    return replace(made, effects=effects)


def _sources(board: Storyboard, fresh: Storyboard, made: Storyboard, words: dict[str, str]) -> list[Source]:
    """The new sources, with those of what was kept."""
    drawn = {layer.source for scene in made.scenes for layer in scene.layers if layer.locked}
    own_parts = set(words) | drawn
    own_parts |= {name for name in ("music", "voice") if name in board.locks}
    own_parts |= {track.name for track in made.effects if track in board.effects}
    fresh_parts = {source.part for source in fresh.sources}
    used = set(made.asset_ids())
    kept = [
        source
        for source in board.sources
        if source.part in own_parts
        or (source.part not in fresh_parts and (source.kind == "person" or source.asset_id in used))
    ]
    names = {(source.part, source.asset_id) for source in kept}
    exclusive = set(words) | {name for name in ("music", "voice") if name in board.locks}
    return [
        *(s for s in fresh.sources if (s.part, s.asset_id) not in names and s.part not in exclusive),
        *kept,
    ]


__all__ = [
    "kept_words", "lock", "lock_copy", "lock_slot", "lock_sound", "merged", "reroll", "scene_of", "slots",
]  # fmt: skip
