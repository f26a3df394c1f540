"""What stays when a storyboard is made anew: locked layers, and the words of locked texts."""

from __future__ import annotations

import copy

from mmstudio.composition.storyboard import Storyboard, TextLayer


def locked_words(board: Storyboard) -> dict[str, str]:
    """The words of every locked text that is bound to the storyboard's copy, by copy slot."""
    return {
        layer.bind: board.copy[layer.bind]
        for scene in board.scenes
        for layer in scene.layers
        if layer.locked and isinstance(layer, TextLayer) and layer.bind in board.copy
    }


def keep_locked(made: Storyboard, before: Storyboard) -> None:
    """Put the locked layers of ``before`` into ``made``, where it has a scene of the same name.

    A layer takes the place of the one of its name, or comes on top. Sources of the kept parts, words and
    what they rest on come along; where sizes differ the kept layers keep their fractions of the canvas.
    """
    scenes = {scene.name: scene for scene in made.scenes}
    for old in before.scenes:
        scene = scenes.get(old.name)
        if scene is None:
            continue
        for layer in old.layers:
            if not layer.locked:
                continue
            kept = copy.deepcopy(layer)
            place = next((i for i, one in enumerate(scene.layers) if one.name == layer.name), None)
            if place is None:
                scene.layers.append(kept)
            else:
                scene.layers[place] = kept
            if isinstance(layer, TextLayer):
                _keep_words(made, before, layer.bind)
            elif layer.source:
                same = [source for source in before.sources if source.part == layer.source]
                if same:
                    made.sources = [s for s in made.sources if s.part != layer.source] + copy.deepcopy(same)


def _keep_words(made: Storyboard, before: Storyboard, slot: str) -> None:
    if slot not in before.copy:
        return
    made.copy[slot] = before.copy[slot]
    made.facts.pop(slot, None)
    if slot in before.facts:
        made.facts[slot] = list(before.facts[slot])
    made.sources = [source for source in made.sources if source.part != slot]
    made.sources += [copy.deepcopy(source) for source in before.sources if source.part == slot]
