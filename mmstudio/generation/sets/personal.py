"""The taste of an audience in the aim of a set: colours, mood, tempo, key and words, by its strength."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.generation.sets import colours, mood
from mmstudio.generation.sets.contract import RGB
from mmstudio.generation.sounding.wish import FASTEST, SLOWEST, key_name

if TYPE_CHECKING:
    from mmstudio.generation.sets.contract import SetWish
    from mmstudio.generation.sets.source import Given

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_OWN_KEY = 0.5  # strength from which on the key is the taste's
_MOOD = 2.0  # what a taste at full strength counts beside the mood of what was given (1)


def personal(given: Given, wish: SetWish) -> None:
    """Move the aim of a set towards ``wish.taste`` by ``wish.strength``; at 0 nothing changes.

    Every colour moves in OKLab towards the nearest one of the taste; tempo goes by ratio, from the octave of
    the taste's tempo that is nearest; the key changes at one half. What chance decides (seeds, candidates)
    stays, so that a set with and one without differ by taste alone.
    """
    strength, taste = wish.strength, wish.taste
    if strength <= 0 or not taste:
        return
    liked = colours_of(taste)
    if liked:
        given.palette = moved(given.palette, liked, strength)
    style = [str(word) for word in taste.get("style", ())]
    moods = [(given.mood, 1.0)]
    if liked:
        moods.append((mood.of_palette(liked), _MOOD * strength))
    told, sure = mood.of_words(" ".join(style))
    moods.append((told, _MOOD * strength * sure))
    found = mood.mixed(moods)
    said = style if strength >= _OWN_KEY else [*given.mood.words, *style]
    given.mood = replace(found, words=mood.words_for(found, given.chinese, named=said))
    tempo = float(taste.get("tempo") or 0.0)
    if tempo > 0:
        given.tempo = _towards(given.tempo, tempo, strength)
    key = taste.get("key")
    if strength >= _OWN_KEY and isinstance(key, int) and 0 <= key < 24:
        given.key = key
    most = round(3 * strength)
    given.favourites = tuple(str(word) for word in taste.get("words", ()))[:most]
    tags = [str(tag) for tag in taste.get("tags", ())][:most]
    given.tags = tuple(dict.fromkeys((*given.tags, *tags)))


def heard(fields: Mapping[str, Any], taste: Mapping[str, Any], strength: float) -> dict[str, Any]:
    """Fields of a `SoundWish` on their way to the tempo and key of a taste; at 0 they stay as they are.

    A tempo that was wished for moves there by ratio, none takes the taste's on; the key changes at one half.
    """
    found, tempo, key = dict(fields), float(taste.get("tempo") or 0.0), taste.get("key")
    if strength > 0 and tempo > 0:
        wished = _towards(float(found.get("tempo") or 0.0), tempo, strength)
        found["tempo"] = min(max(wished, SLOWEST), FASTEST)
    if strength >= _OWN_KEY and isinstance(key, int) and 0 <= key < 24:
        found["key"] = key_name(key)
    return found


def _towards(own: float, liked: float, strength: float) -> float:
    """Beats a minute between ``own`` (0: none) and the octave of ``liked`` that is nearest to it."""
    near = liked * 2.0 ** round(math.log2(own / liked)) if own else liked
    return round(float((own or near) ** (1 - strength) * near**strength), 1)


def colours_of(taste: Mapping[str, Any]) -> tuple[RGB, ...]:
    """The colours of a taste; what is no "#rrggbb" is left out."""
    given = taste.get("palette") or ()
    named = [one for one in given if isinstance(one, str) and _HEX.fullmatch(one)]
    return tuple((int(one[1:3], 16), int(one[3:5], 16), int(one[5:7], 16)) for one in named)


def moved(palette: Sequence[RGB], liked: Sequence[RGB], strength: float) -> tuple[RGB, ...]:
    """A palette on its way to another: 0 is itself, 1 has only the other's colours, in their order."""
    if strength >= 1 or not palette:
        return colours.joined(liked)
    own, aim = colours.lab_of(palette), colours.lab_of(liked)
    near = np.linalg.norm(own[:, None] - aim[None], axis=2).argmin(axis=1)
    # No two of the first colours go to the same one, as long as there are others.
    taken: list[int] = []
    for place, best in enumerate(near.tolist()):
        free = [number for number in range(len(aim)) if number not in taken]
        if best in taken and free:
            best = min(free, key=lambda number: float(np.linalg.norm(own[place] - aim[number])))
        taken.append(best)
    return colours.joined(colours.from_lab((1 - strength) * own + strength * aim[taken]))
