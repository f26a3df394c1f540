"""The music bed of a set: several are tried short, the one that fits best is made whole."""

from __future__ import annotations

import zlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.sets import mood
from mmstudio.generation.sets.contract import MadePart
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.generation.service import Generation
    from mmstudio.generation.sets.contract import SetWish
    from mmstudio.generation.sets.judge import Judge
    from mmstudio.generation.sets.source import Given

MODELS = ("starter-sound-vae", "starter-sound-gan")
TRIED = 4.0  # seconds of each candidate that are heard
MOST = 4  # candidates: each is itself the best of many pieces, and takes its time
_NEAR = 0.06  # share of the tempo that is not heard as another tempo


@dataclass(frozen=True, slots=True)
class Bed:
    """float32[2, N] at ``rate`` and how it was made; ``tempo`` and ``key`` as measured, else as aimed at."""

    samples: NDArray[np.float32]
    rate: int
    tempo: float
    key: int
    made: MadePart
    latent: NDArray[np.float32]


def default_model(generation: Generation, wish: SetWish) -> str:
    """The sound model of a wish. Raises NotFound where there is none at all."""
    return wish.sound_model or generation.default_model(MODELS)


def playing(
    generation: Generation, given: Given, wish: SetWish, seed: int, judge: Judge
) -> Generator[Progress, None, Bed]:
    """Make short beds in the tempo and key of the aim, keep the one that fits best, make it ``wish.seconds``.

    Raises:
        NotFound: no such model. UsageError: a picture model.
    """
    from mmstudio.generation.sounding.make import making_sound
    from mmstudio.generation.sounding.wish import FASTEST, SLOWEST, SoundWish, key_name

    name = default_model(generation, wish)
    count = max(1, min(wish.candidates, MOST))
    key = given.key if given.key is not None else mood.key_for(given.mood, seed)
    tempo = float(np.clip(given.tempo or mood.tempo_of(given.mood), SLOWEST, FASTEST))
    like: int | str | None = None
    if given.kind == "sound":
        like = given.origins["sound"].get("asset") or given.origins["sound"].get("path")
    own = (seed + zlib.crc32(given.words.encode())) % 2**31 if given.words else seed
    wished = SoundWish(name, own, "bed", wish.seconds, round(tempo, 1), key_name(key), like=like)
    wished = (
        replace(wished, spread=min(1.0, wished.spread * wish.temperature)) if like is not None else wished
    )
    best, best_fit = wished, -1.0
    for place in range(count):
        yield Progress(place, count + 1, tr("Trying a music bed"))
        if count == 1:
            break
        short = replace(wished.nth(place), seconds=min(TRIED, wish.seconds))
        made = yield from making_sound(generation, short)
        fit = fitness(made.samples, made.rate, given, tempo, judge)
        if fit > best_fit:
            best, best_fit = wished.nth(place), fit
    yield Progress(count, count + 1, tr("Making the music bed"))
    made = yield from making_sound(generation, best)
    fit = fitness(made.samples, made.rate, given, tempo, judge)
    _, heard_tempo, heard_key = mood.of_sound(as_sound(made.samples, made.rate))
    recipe: dict[str, Any] = {
        "by": "sound",
        "model": name,
        "wish": best.as_json(),
        "weights": made.params.get("weights", ""),
        "steps": made.params.get("steps", 0),
        "aim": {"tempo": round(tempo, 1), "key": key_name(key)},
    }
    part = MadePart("sound", name, seed, round(fit, 4), recipe)
    told = folded(heard_tempo, tempo) if heard_tempo else tempo
    return Bed(made.samples, made.rate, round(told, 1), key if heard_key is None else heard_key, part,
               np.asarray(made.latent, np.float32))  # fmt: skip


def fitness(
    samples: NDArray[np.float32], rate: int, given: Given, tempo: float, judge: Judge
) -> float:  # fmt: skip
    """0 to 1: how near tempo and mood are to the aim; silence is 0."""
    sound = as_sound(samples, rate)
    heard, found, _ = mood.of_sound(sound)
    if not float(np.abs(samples).max(initial=0.0)) > 1e-4:
        return 0.0
    alike = 1.0 - mood.distance(heard, given.mood)
    # A bed without a beat is in no tempo and so in none that is wrong; a lively mood asks for one.
    beatless = 0.75 - 0.6 * given.mood.energy
    timely = beatless if not found else max(0.0, 1.0 - max(0.0, tempo_error(found, tempo) - _NEAR) / 0.25)
    fit = 0.6 * alike + 0.4 * timely
    shared = judge.sound(sound)
    return float(fit if shared is None else 0.75 * fit + 0.25 * shared)


def folded(found: float, aim: float) -> float:
    """A tempo, or its half or double, whichever is nearest to the aim: people count either."""
    return min((found * times for times in (0.5, 1.0, 2.0)), key=lambda t: abs(np.log2(t / aim)))


def tempo_error(found: float, aim: float) -> float:
    """Relative error of a tempo, octaves aside."""
    return abs(folded(found, aim) / aim - 1.0)


def as_sound(samples: NDArray[np.float32], rate: int) -> Sound:
    """Samples as the feature extractors hear them."""
    from mmstudio.features.sounds.hearing import Sound

    return Sound([np.asarray(samples, np.float32)], rate)
