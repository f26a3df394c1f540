"""Editing a storyboard by hand: pure functions from a storyboard to a changed copy, and their history.

A scene is named by its place (0 is the first), a layer by its name; :func:`named` gives every layer one.
"""

from __future__ import annotations

from mmstudio.composition.editing.alternatives import (
    Alternative,
    alternatives,
    choose,
    lay_sound,
    place,
    sound_alternatives,
)
from mmstudio.composition.editing.autosave import Keeper
from mmstudio.composition.editing.base import Edit, layer_of, named, put, scene_of, set_values, tracks_named
from mmstudio.composition.editing.history import History
from mmstudio.composition.editing.locks import lock, lock_copy, lock_slot, lock_sound, reroll

__all__ = [
    "Alternative",
    "Edit",
    "History",
    "Keeper",
    "alternatives",
    "choose",
    "lay_sound",
    "layer_of",
    "lock",
    "lock_copy",
    "lock_slot",
    "lock_sound",
    "named",
    "place",
    "put",
    "reroll",
    "scene_of",
    "set_values",
    "sound_alternatives",
    "tracks_named",
]
