"""How well the parts of a set agree, measured on what was made and not on what was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.sets import colours, mood
from mmstudio.generation.sets.bed import tempo_error
from mmstudio.generation.sets.contract import RGB, Mood

if TYPE_CHECKING:
    from mmstudio.generation.sets.contract import MadeSet


def agreement(
    picture: NDArray[np.uint8],
    samples: NDArray[np.float32],
    rate: int,
    text: str,
    palette: Sequence[RGB],
    aim: Mood,
    tempo: float,
) -> dict[str, float]:
    """Measures of one set.

    Returns:
        palette: OKLab distance of the picture's colours from ``palette`` (0 the same, 0.25 strangers).
        tempo: relative error of the heard tempo, octaves aside; missing where no beat is heard.
        mood: distance of the picture's mood from the sound's, 0 to 1. picture_mood, sound_mood: from the
        aim. words: share of the two colour names and the mood words that the text says.
    """
    from mmstudio.features.pictures.colour import palette as palette_of
    from mmstudio.features.sounds.hearing import Sound

    seen = mood.of_picture(picture)
    heard, found, _ = mood.of_sound(Sound([np.asarray(samples, np.float32)], rate))
    result = {
        "palette": colours.distance(palette, palette_of(picture)),
        "mood": mood.distance(seen, heard),
        "picture_mood": mood.distance(seen, aim),
        "sound_mood": mood.distance(heard, aim),
        "words": _said(text, palette, aim),
    }
    if found:
        result["tempo"] = tempo_error(found, tempo)
    return {key: round(value, 4) for key, value in result.items()}


def between(first: MadeSet, second: MadeSet) -> dict[str, float]:
    """The same figures for the parts of one set against the aim of another, "mood" for the picture of the one
    with the sound of the other: what chance gives."""
    palette, aim, tempo = second.palette, second.mood, _aimed_tempo(second)
    crossed = agreement(first.picture, second.sound, second.rate, first.text, palette, aim, tempo)
    result = agreement(first.picture, first.sound, first.rate, first.text, palette, aim, tempo)
    return result | {"mood": crossed["mood"]}


def _aimed_tempo(made: MadeSet) -> float:
    """What a bed was asked for; ``MadeSet.tempo`` is what is heard in it."""
    aim = made.parts["sound"].recipe.get("aim") or {}
    return float(aim.get("tempo") or made.tempo or mood.tempo_of(made.mood))


def _said(text: str, palette: Sequence[RGB], aim: Mood) -> float:
    lowered = text.lower()
    wanted = [*(name for zh in (False, True) for name in colours.colour_names(palette, zh)), *aim.words]
    # Colours count in either language, so half of the names cannot be said: at most 2 of the 4 are asked for.
    hits = sum(word.lower() in lowered for word in wanted)
    return min(1.0, hits / max(1, 2 + len(aim.words)))
