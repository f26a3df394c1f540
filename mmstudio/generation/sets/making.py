"""A wish becomes a set; one part of it is made anew; a manifest becomes the same set again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mmstudio.errors import MediaError, UsageError
from mmstudio.generation.sets import bed, joint, mood, pictures, recipes, trust, words
from mmstudio.generation.sets.agreement import agreement
from mmstudio.generation.sets.contract import FORMAT, PARTS, MadePart, MadeSet, Mood, Part, SetWish
from mmstudio.generation.sets.judge import Judge
from mmstudio.generation.sets.packing import packed
from mmstudio.generation.sets.source import Given, read
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation

T = TypeVar("T")
Making = Generator[Progress, None, MadeSet]


def making(generation: Generation, wish: SetWish) -> Making:
    """Make a set. Loads torch: for the device thread or a job; yields between short pieces of work.

    Raises:
        UsageError: a wish that cannot be had. NotFound: no such item, asset, audience, file or model.
        MediaError: the given file cannot be decoded.
    """
    wish = wish.checked()
    yield Progress(0, 4, tr("Looking at what was given"))
    given = read(generation.library, wish)
    name, notes = joint.chosen(generation, wish)
    wish = replace(wish, model=name)
    made = yield from _made(generation, given, wish, {})
    made = replace(made, notes=(*notes, *made.notes))
    yield Progress(4, 4, tr("The set is made"))
    return made


def rerolling(generation: Generation, made: MadeSet, part: Part, seed: int) -> Making:
    """The same set with one part made anew; the others stay bit for bit.

    Raises:
        UsageError: no such part. Otherwise as :func:`making`.
    """
    if part not in PARTS:
        raise UsageError(
            "“{part}” is no part of a set.", hint="The parts are picture, sound and text.", part=part
        )
    yield Progress(0, 2, tr("Looking at what was given"))
    if part in made.wish.given:
        raise UsageError("This part was given: there is nothing to make anew.", hint="Take it out first.")
    locks = tuple(other for other in made.wish.locks if other != part)
    wish = replace(made.wish, seeds={**made.wish.seeds, part: seed}, locks=locks)
    given = read(generation.library, wish)
    given.palette, given.mood = made.palette, made.mood
    kept = {name: one for name, one in made.parts.items() if name != part}
    found = yield from _made(generation, given, wish, kept, made)
    yield Progress(2, 2, tr("The set is made"))
    return found


def reroll(generation: Generation, made: MadeSet, part: Part, seed: int) -> MadeSet:
    """:func:`rerolling` at once."""
    return finished(rerolling(generation, made, part, seed))


def again(generation: Generation, manifest: Mapping[str, Any]) -> MadeSet:
    """The set of a manifest, bit for bit, from its recipes.

    Raises:
        UsageError: no manifest of a set. NotFound: a file or model is gone. StudioError: it has changed
        since.
    """
    try:
        if manifest.get("kind") != "set" or int(manifest.get("format", 0)) > FORMAT:
            raise ValueError(manifest.get("kind"))
        parts = {str(name): MadePart(**part) for name, part in manifest["parts"].items()}
        palette = tuple((int(r), int(g), int(b)) for r, g, b in manifest["palette"])
        feeling = Mood.of(manifest["mood"])
        whole = {name: dict(parts[name].recipe) for name in PARTS}
        if whole["text"].get("by") == "text":  # another of the variants may have been chosen since
            whole["text"]["text"] = str(manifest["text"])
        told = {name: tuple(map(str, manifest.get(name, ()))) for name in ("variants", "facts")}
        numbers = float(manifest["tempo"]), int(manifest["key"])
        sources = tuple(int(asset) for asset in manifest["sources"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "This does not describe a set.", hint="Use the manifest that was written beside it."
        ) from error
    samples, rate = recipes.sound_of(generation, whole["sound"])
    return MadeSet(
        wish=SetWish.of(manifest["wish"]),
        picture=recipes.picture_of(generation, whole["picture"]),
        sound=samples,
        rate=rate,
        title=str(manifest.get("title", "")),
        text=recipes.text_of(generation, whole["text"]),
        variants=told["variants"],
        palette=palette,
        tempo=numbers[0],
        key=numbers[1],
        mood=feeling,
        sources=sources,
        parts=parts,
        agreement={str(k): float(v) for k, v in manifest.get("agreement", {}).items()},
        facts=told["facts"],
        notes=trust.notes_of(generation, [parts[name].model for name in PARTS]),
    )


def finished(work: Generator[Progress, None, T]) -> T:
    """What a generator of progress returns."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            found: T = stop.value
            return found


# -- inside ------------------------------------------------------------------------------------------------


def _made(
    generation: Generation,
    given: Given,
    wish: SetWish,
    kept: Mapping[str, MadePart],
    before: MadeSet | None = None,
) -> Making:
    """Make the parts that are not kept."""
    parts: dict[str, MadePart] = dict(kept)
    found: dict[str, Any] = {}
    if before is not None:
        found |= {"picture": before.picture, "sound": (before.sound, before.rate), "text": before.text}
    for part in PARTS:
        if part in kept:
            continue
        found.pop(part, None)
        itself = _given_itself(generation, given, wish, part)
        if itself is not None:
            found[part], parts[part] = itself
    told = before
    untied: tuple[str, ...] = ()
    tempo, key = (told.tempo, told.key) if told is not None else (given.tempo, given.key)
    if wish.model and any(part not in found for part in PARTS):
        others = {name: parts[name] for name in kept} if before is not None else {}
        untied = yield from joint.joining(generation, given, wish, found, parts, others)
    judge = Judge(generation.library, generation.trainings.device)
    try:
        judge.aim(given)
        if "sound" not in found:
            heard = yield from bed.playing(generation, given, wish, wish.seed_of("sound"), judge)
            recipe = {**heard.made.recipe, "latent": packed(heard.latent)}
            parts["sound"] = replace(heard.made, recipe=recipe)
            found["sound"], tempo, key = (heard.samples, heard.rate), heard.tempo, heard.key
            told_sound = {"part": "sound", "sound": heard.samples, "rate": heard.rate}
            yield Progress(2, 4, tr("The music bed is made"), told_sound)
        if "picture" not in found:
            drawn = yield from pictures.drawing(generation, given, wish, wish.seed_of("picture"), judge)
            found["picture"], parts["picture"] = drawn.pixels, drawn.made
            yield Progress(3, 4, tr("The picture is made"), {"part": "picture", "picture": drawn.pixels})
    finally:
        judge.close()
    written = None
    if "text" not in found:
        written = yield from words.writing(generation, given, wish, wish.seed_of("text"))
        found["text"], parts["text"] = written.text, written.made
    samples, rate = found["sound"]
    if "sound" not in kept and parts["sound"].recipe.get("by") != "sound":
        _, beat, heard_key = mood.of_sound(bed.as_sound(samples, rate))
        tempo = round(bed.folded(beat, given.tempo), 1) if beat and given.tempo else given.tempo
        key = heard_key if heard_key is not None else given.key
    title, variants, facts = _told(given, found["text"], written, before)
    agreed = agreement(found["picture"], samples, rate, found["text"], given.palette, given.mood, given.tempo)
    return MadeSet(
        wish, found["picture"], samples, rate, title, found["text"], variants, given.palette, float(tempo),
        int(key or 0), given.mood, given.sources, {name: parts[name] for name in PARTS}, agreed, facts,
        (*untied, *trust.notes_of(generation, [parts[name].model for name in PARTS])),
    )  # fmt: skip


def _told(
    given: Given, text: str, written: words.Words | None, before: MadeSet | None
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if written is not None:
        return written.title, written.variants, written.facts
    if before is not None and before.text == text:
        return before.title, before.variants, before.facts
    title, lines = words.lines_for(given)
    return title, tuple(dict.fromkeys((text, *lines)))[: words.VARIANTS], ()


def _given_itself(
    generation: Generation, given: Given, wish: SetWish, part: Part
) -> tuple[Any, MadePart] | None:
    """The given thing as a part, where it is locked and of that kind."""
    origin = given.origins.get(part)
    if origin is None or not (part in wish.locks or part in wish.given):
        return None
    made = MadePart(part, "", wish.seed_of(part), 1.0, dict(origin))
    if part == "picture":
        return recipes.picture_of(generation, origin), made
    if part == "sound":
        samples, rate = recipes.sound_of(generation, origin)
        if not float(np.abs(samples).max(initial=0.0)) > 1e-5:
            raise MediaError("There is no sound in it.", status="empty")
        return (samples, rate), made
    return recipes.text_of(generation, origin), made
