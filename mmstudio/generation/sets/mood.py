"""Where pictures, sounds and words stand in mood, and what a mood asks of a sound and of a picture.

The bridge between eye and ear is emotion: people match fast music in major keys with saturated, light, warm
colours and slow music in minor keys with dull, dark, cold ones, and the emotional ratings of what they match
agree (Palmer, Schloss, Xu and Prado-León, "Music–color associations are mediated by emotion", PNAS 110,
2013). The rules below put numbers to that; they are rules, not laws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.sets.contract import RGB, Mood
from mmstudio.generation.sets.lexicon import MoodWord, found_in, words
from mmstudio.media.oklab import srgb_to_oklab

if TYPE_CHECKING:
    from mmstudio.features.sounds.hearing import Sound

AXES = ("energy", "valence", "warmth", "brightness")
SLOWEST, FASTEST = 66.0, 138.0  # beats per minute that a bed is asked for
MINOR = 12
_MAJOR_KEYS = (0, 7, 2, 9, 5, 10, 4)  # C G D A F B♭ E: what players of all instruments know
_CHROMA = 0.16  # OKLab chroma of a fully coloured picture
_REACH = 0.42  # how far from the middle a mood must be for its word to be said


def of_picture(picture: NDArray[np.uint8]) -> Mood:
    """The mood of uint8[H, W, 3].

    Pleasure = .69 B + .22 S, arousal = −.31 B + .60 S for brightness B and saturation S (Valdez and
    Mehrabian, "Effects of color on emotions", J. Experimental Psychology: General 123, 1994, equations 1 and
    2), both scaled so that a mid-grey picture is 0.35 and a bright, fully coloured one near 1.
    """
    from PIL import Image

    from mmstudio.features.pictures.look import sharpness

    small = np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BOX))
    lab = srgb_to_oklab(small, np.float32).reshape(-1, 3)
    mood = of_colours(lab)
    steps = np.concatenate([np.abs(np.diff(small.astype(np.float32), axis=axis)).ravel() for axis in (0, 1)])
    busy = float(np.clip(steps.mean() / 18.0, 0.0, 1.0)) * (0.6 + 0.4 * sharpness(picture))
    return replace(mood, busyness=busy, energy=_clipped(0.75 * mood.energy + 0.25 * busy))


def of_colours(lab: NDArray[np.float32]) -> Mood:
    """The mood of OKLab colours N×3, each counting the same."""
    light = float(np.clip(lab[:, 0].mean(), 0, 1))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    saturation = float(np.clip(chroma.mean() / _CHROMA, 0, 1))
    # Warm is towards red and yellow: half-way between a and b; each colour counts by how colourful it is.
    warm = float((0.6 * lab[:, 1] + 0.8 * lab[:, 2]).mean() / 0.10)
    return Mood(
        energy=_clipped(0.45 + 1.4 * (-0.31 * (light - 0.6) + 0.60 * (saturation - 0.3))),
        valence=_clipped(0.12 + 0.69 * light + 0.22 * saturation),
        warmth=_clipped(0.5 + 0.5 * warm),
        brightness=light,
        busyness=0.5,
    )


def of_palette(palette: Sequence[RGB]) -> Mood:
    """The mood of a palette, the first colours counting more."""
    lab = srgb_to_oklab(np.asarray(palette, np.uint8).reshape(-1, 3), np.float32)
    counts = [max(1, 5 - 2 * place) for place in range(len(lab))]
    return of_colours(np.repeat(lab, counts, axis=0))


def of_sound(sound: Sound) -> tuple[Mood, float, int | None]:
    """(mood, tempo in BPM with 0 for none, key 0–23 or None) of a sound; a middling mood for silence."""
    from mmstudio.features.sounds import shape

    row = shape.describe(sound)
    if row[shape.SOUNDING] <= 0:
        return Mood(energy=0.1, valence=0.45, busyness=0.1), 0.0, None
    told = dict(zip(shape.COLUMNS, map(float, row), strict=True))
    measured = shape.measures(row)
    tempo = measured.get("tempo", 0.0) if measured.get("tempo_sure", 0.0) >= 0.15 else 0.0
    busy = _clipped(told["onset_rate"] / 8.0)
    speed = (np.clip(tempo, SLOWEST, FASTEST) - SLOWEST) / (FASTEST - SLOWEST) if tempo else busy
    # The centre of the spectrum from 400 Hz (dull) to 4 kHz (bright).
    bright = _clipped((told["centroid"] - np.log2(400.0)) / (np.log2(4000.0) - np.log2(400.0)))
    key = int(measured["key"]) if measured.get("key_sure", 0.0) >= 0.2 else None
    mode = 0.5 if key is None else 0.66 if key < MINOR else 0.34
    energy = _clipped(0.5 * float(speed) + 0.3 * busy + 0.2 * bright)
    warmth = _clipped(0.5 + 0.35 * (mode - 0.5) / 0.16 * 0.6 + 0.3 * (energy - 0.5))
    valence = _clipped(0.55 * mode + 0.25 * bright + 0.2 * energy)
    return Mood(energy, valence, warmth, bright, busy), tempo, key


def of_words(text: str) -> tuple[Mood, float]:
    """(mood, how sure 0…1) of a text in English or Chinese; not sure at all where no word says anything.

    Mood words of :mod:`mmstudio.generation.sets.lexicon`; praise and complaint move valence.
    """
    from mmstudio.features.texts.lexicon import polarity

    sums, counts = np.zeros(4), np.zeros(4)
    found = found_in(text)
    for mood, sign in found:
        for place, value in enumerate(mood.values):
            if value is not None:
                sums[place] += value if sign > 0 else 1.0 - value
                counts[place] += 1
    spoken = polarity(text) if text.strip() else 0.0
    if spoken:
        sums[1] += 0.5 + 0.4 * spoken
        counts[1] += 1
    means = np.where(counts > 0, sums / np.maximum(counts, 1), 0.5)
    energy, valence, warmth, brightness = (float(value) for value in means)
    sure = 1.0 - 0.5 ** float(len(found) + (0.5 if spoken else 0.0))
    return Mood(energy, valence, warmth, brightness, busyness=_clipped(0.25 + 0.5 * energy)), sure


def mixed(moods: Iterable[tuple[Mood, float]]) -> Mood:
    """The weighted mean of moods, without words; the middle where all weights are 0."""
    known = [(mood, weight) for mood, weight in moods if weight > 0]
    total = sum(weight for _, weight in known)
    if total <= 0:
        return Mood()
    energy, valence, warmth, brightness, busyness = (
        _clipped(sum(weight * getattr(mood, name) for mood, weight in known) / total)
        for name in (*AXES, "busyness")
    )
    return Mood(energy, valence, warmth, brightness, busyness)


def words_for(mood: Mood, chinese: bool, most: int = 3, named: Sequence[str] = ()) -> tuple[str, ...]:
    """The words nearest to a mood: those that were said themselves first, then by distance."""
    point = np.array([getattr(mood, axis) for axis in AXES])

    def apart(values: Sequence[float | None]) -> float:
        known = [(value, at) for value, at in zip(values, point, strict=True) if value is not None]
        return float(np.sqrt(np.mean([(value - at) ** 2 for value, at in known])) + 0.04 * (4 - len(known)))

    near = sorted((word for word in words() if apart(word.values) < _REACH), key=lambda w: apart(w.values))
    said = [word for word, sign in found_in(" ".join(named)) if sign > 0 and word in near]
    found: list[MoodWord] = []
    for word in [*said, *near]:
        if word not in found and all(_agree(word, other) for other in found):
            found.append(word)
    return tuple(word.said(chinese) for word in found[:most])


def _agree(a: MoodWord, b: MoodWord) -> bool:
    """False for words that stand against each other, such as dark and bright."""
    pairs = zip(a.values, b.values, strict=True)
    return all(x is None or y is None or abs(x - y) < 0.45 for x, y in pairs)


def tempo_of(mood: Mood) -> float:
    """Beats per minute for a mood: from 66 (calm) to 138 (lively), in even steps of energy."""
    return round(SLOWEST + (FASTEST - SLOWEST) * mood.energy, 1)


def key_for(mood: Mood, seed: int) -> int:
    """A key 0–23 for a mood: major above the middle of valence, minor below; the root by the seed.

    Fast tempo and major mode sound happy, slow and minor sad (Hunter, Schellenberg and Schimmack, "Feelings
    and perceptions of happiness and sadness induced by music", Psychology of Aesthetics 4, 2010).
    """
    root = _MAJOR_KEYS[int(np.random.default_rng([seed % 2**63, 24]).integers(len(_MAJOR_KEYS)))]
    return root if mood.valence >= 0.5 else (root + 9) % 12 + MINOR  # the relative minor: the same notes


def distance(a: Mood, b: Mood) -> float:
    """Root mean square distance of energy, valence, warmth and brightness, 0 to 1."""
    return float(np.sqrt(np.mean([(getattr(a, axis) - getattr(b, axis)) ** 2 for axis in AXES])))


def _clipped(value: float) -> float:
    return float(np.clip(value, 0.0, 1.0))
