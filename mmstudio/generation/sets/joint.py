"""Parts of a set from a joint model: what is given goes in, what is missing comes out of one latent."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.sets import bed, colours, pictures, recipes, trust
from mmstudio.generation.sets.contract import PARTS, MadePart, MadeSet, Part, SetWish
from mmstudio.generation.sets.judge import Judge
from mmstudio.generation.sets.readable import KnownWords
from mmstudio.generation.sets.source import Given, plain
from mmstudio.generation.sounding.finish import faded, level, to_stereo
from mmstudio.generation.sounding.wish import LOUDNESS, RATE
from mmstudio.i18n import mark, tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.learning.joint.model import JointModel
    from mmstudio.library import Audience

log = logging.getLogger(__name__)
NONE = "none"  # as a model's name: tie the parts by rules although there is a joint model
MODALITY: dict[Part, str] = {"picture": "image", "sound": "audio", "text": "text"}
MOST = 4  # sets from one seed that become media
TRIES = 8  # times as many are drawn: the model keeps those that it takes for partners of what was given
_NAMES: dict[Part, str] = {"picture": mark("Picture"), "sound": mark("Sound"), "text": mark("Text")}
_FAMILY = "joint"
_LEFT_OUT = mark(
    "The joint model “{name}” was left out: it has learned too little. Choose it to use it all the same."
)
_BEST = mark("Of {n} joint models “{name}” was taken: it stands highest by its evaluation ({score} of 100).")
_NEWEST = mark("Of {n} joint models “{name}” was taken, the newest: none was measured (“mmstudio evaluate”).")
_UNTIED = mark(
    "“{name}” was never shown both kinds of media together, so tempo, mood and colours tie this: {parts}."
)
_FADE = 0.08  # seconds over which a short sound runs into its own beginning
_END = 1.5  # seconds over which a bed ends


def chosen(generation: Generation, wish: SetWish) -> tuple[str, tuple[str, ...]]:
    """The joint model of a wish: the one it names, else the best of the library's that have learned enough
    to be taken unasked (see :mod:`mmstudio.generation.sets.trust`), "" for rules; and what is said of it.

    The best is the one that stands highest by its own evaluation (:func:`trust.standing`); one that was
    measured comes before those that were not, and of equal ones the newest is taken.

    Raises:
        NotFound: no such model. UsageError: the model is of another family.
    """
    if wish.model == NONE:
        return "", ()
    if wish.model:
        model_of(generation, wish.model)
        return wish.model, ()
    ready = {m.name for m in generation.trainings.models() if m.family == _FAMILY and m.status == "ready"}
    rows = [row.name for row in generation.library.models.list() if row.name in ready]
    usable = [name for name in rows if not trust.doubts(generation, name)]
    if not usable:
        return "", tuple(tr(_LEFT_OUT, name=name) for name in rows[:1])
    stand = {name: trust.standing(generation, name) for name in usable}
    best = max(usable, key=lambda name: -1.0 if (value := stand[name]) is None else value)  # newest first
    if len(usable) == 1:
        return best, ()
    found = stand[best]
    if found is None:
        return best, (tr(_NEWEST, name=best, n=len(usable)),)
    return best, (tr(_BEST, name=best, n=len(usable), score=round(100 * found)),)


def model_of(generation: Generation, name: str) -> JointModel:
    """Raises UsageError where the model is no joint model."""
    from mmstudio.learning.joint.model import JointModel

    model = generation.trainings.load_any(name)
    if not isinstance(model, JointModel):
        raise UsageError(
            "“{name}” is no joint model.", hint="Train one of the family “joint” first.", name=name
        )
    return model


def joining(
    generation: Generation,
    given: Given,
    wish: SetWish,
    found: dict[str, Any],
    parts: dict[str, MadePart],
    others: Mapping[str, MadePart],
) -> Generator[Progress, None, tuple[str, ...]]:
    """Fill ``found`` and ``parts`` with what the joint model can make of the parts that are missing; returns
    sentences about those that it leaves to the rules.

    An item's line stays with the copywriter: it must say what is true. ``others`` are the parts of a set of
    which one is made anew: they are given too, so that the new one goes with them.
    """
    yield Progress(0, len(PARTS), tr("Asking the joint model"))
    model = model_of(generation, wish.model)
    wanted = [part for part in PARTS if part not in found and MODALITY[part] in model.modalities]
    if given.item is not None:
        wanted = [part for part in wanted if part != "text"]
    told = _told(generation, model, given)
    # What it never saw together it cannot tie: the rules do better. From nothing all goes with the picture.
    first = [MODALITY[part] for part in wanted[:1]]
    known = [part for part in PARTS if MODALITY[part] in model.modalities]
    tied = [part for part in known if model.ties(told or first, MODALITY[part])]
    left = [_NAMES[part] for part in wanted if part not in tied]
    notes = (tr(_UNTIED, name=wish.model, parts=tr(", ").join(map(tr, left))),) if left else ()
    wanted = [part for part in wanted if part in tied]
    told |= {
        MODALITY[name]: one.recipe  # type: ignore[index]
        for name, one in others.items()
        if MODALITY[name] in model.modalities  # type: ignore[index]
        and all(model.ties([MODALITY[name]], MODALITY[part]) for part in wanted)  # type: ignore[index]
    }
    judge = Judge(generation.library, generation.trainings.device)
    try:
        judge.aim(given)
        for seed in sorted({wish.seed_of(part) for part in wanted}):
            own = [part for part in wanted if wish.seed_of(part) == seed]
            alone = own if others else tied
            yield from _of_seed(generation, model, given, wish, seed, own, alone, told, found, parts, judge)
    finally:
        judge.close()
    if "picture" in own_parts(parts) and given.picture is None:
        from mmstudio.features.pictures.colour import palette

        given.palette = colours.joined(palette(found["picture"]))
    return notes


def own_parts(parts: Mapping[str, MadePart]) -> set[str]:
    """Names of the parts that a joint model made."""
    return {name for name, part in parts.items() if part.recipe.get("by") == "joint"}


def remade(generation: Generation, recipe: Mapping[str, Any]) -> Any:
    """A part from its recipe. Raises StudioError where the model has changed since."""
    model = _unchanged(generation, recipe)
    rows = _draw(generation, model, recipe)
    return _finish(_media(model, rows, recipe, int(recipe["index"])), recipe)


def tags_of(generation: Generation, made: MadeSet) -> list[str]:
    """The tags that go with a set, from the joint model that made a part of it: drawn from the same latent,
    so that a manifest gives the same ones. Those that the set was made from come back as they are.

    Raises:
        UsageError: no part was made by a joint model that knows tags. StudioError: it has changed since.
    """
    recipes_of = [made.parts[part].recipe for part in PARTS if made.parts[part].recipe.get("by") == "joint"]
    for recipe in recipes_of:
        if "tags" in recipe["given"]:
            return [str(tag) for tag in recipe["given"]["tags"]["value"]]
        model = _unchanged(generation, recipe)
        if "tags" in model.modalities:
            rows = _draw(generation, model, {**recipe, "want": [*recipe["want"], "tags"]})
            index = int(recipe["index"])
            return [str(tag) for tag in model.as_media("tags", rows["tags"][index], recipe["seed"] + index)]
    raise UsageError(
        "There are no tags to write: no joint model that knows tags made a part of this set.",
        hint="Train one of media that have tags: mmstudio train LIB joint.",
    )


# -- inside ------------------------------------------------------------------------------------------------


def _unchanged(generation: Generation, recipe: Mapping[str, Any]) -> JointModel:
    """The model of a recipe. Raises StudioError where it has changed since."""
    model = model_of(generation, str(recipe["model"]))
    if recipe.get("weights") != model.fingerprint:
        raise StudioError(
            "The model “{name}” has been trained further since.",
            hint="What it made before is kept in the library.",
            name=recipe["model"],
        )
    return model


def _of_seed(
    generation: Generation,
    model: JointModel,
    given: Given,
    wish: SetWish,
    seed: int,
    own: list[Part],
    drawn: list[Part],
    told: dict[str, Any],
    found: dict[str, Any],
    parts: dict[str, MadePart],
    judge: Judge,
) -> Generator[Progress, None, None]:
    common: dict[str, Any] = {
        "by": "joint",
        "model": wish.model,
        "weights": model.fingerprint,
        "steps": model.config.trained.get("steps", 0),
        "seed": seed,
        "count": max(1, min(wish.candidates, MOST)),
        "tries": TRIES,
        "temperature": wish.temperature,
        # In a new set all of them whatever is wanted, so that a part is the same with and without the
        # others; of one that is made anew only itself.
        "want": [MODALITY[part] for part in drawn],
        "given": told,
        "size": wish.size,
        "seconds": wish.seconds,
    }
    rows = _draw(generation, model, common)
    known = KnownWords(generation.library)
    best: tuple[float, int, dict[Part, Any]] | None = None
    for index in range(common["count"]):
        made: dict[Part, Any] = {}
        for part in own:
            recipe = {**common, "part": part}
            value = _finish(_media(model, rows, recipe, index), recipe)
            if part == "text" and value is not None and not known.reads(value):
                value = None  # letters that make no words: the plain line says more
            if value is not None:
                made[part] = value
        fits = [_fit(part, value, given, judge) for part, value in made.items()]
        fit = float(np.mean(fits)) if fits else 0.0
        if best is None or (len(made), fit) > (len(best[2]), best[0]):
            best = fit, index, made
        yield Progress(index + 1, common["count"], tr("Asking the joint model"))
    if best is None:
        return
    fit, index, made = best
    for part in own:
        if part in made:
            found[part] = made[part]
            recipe = {**common, "index": index, "part": part}
            parts[part] = MadePart(part, wish.model, seed, round(fit, 4), recipe)


def _told(generation: Generation, model: JointModel, given: Given) -> dict[str, Any]:
    """Modality → recipe of what the model can be given; what it cannot take is left out."""
    offered: dict[str, Any] = {}
    offered |= {MODALITY[part]: given.origins[part] for part in PARTS if part in given.origins}
    if "text" not in offered and given.item is not None and given.item.title:
        offered["text"] = {"by": "text", "text": given.item.title}
    traits = traits_told(given.audience)
    tags = [*given.tags, *traits["tags"]]
    if tags:
        offered["tags"] = {"by": "value", "value": list(dict.fromkeys(tags))}
    if given.audience is not None:
        offered["audience"] = {"by": "value", "value": dict.fromkeys(traits["audience"], 1.0)}
    kept: dict[str, Any] = {}
    for name, recipe in offered.items():
        if name not in model.modalities:
            continue
        try:
            model.as_array(name, _medium(generation, name, recipe))
        except StudioError as error:
            log.info("the joint model is not given the %s: %s", name, error)
            continue
        kept[name] = recipe
    return kept


def traits_told(audience: Audience | None) -> dict[str, list[str]]:
    """What an audience says to a joint model: its name and traits as it learned them from who did what, and
    the words of the traits as tags, which also hold for people of whom nothing was learned."""
    if audience is None:
        return {"audience": [], "tags": []}
    from mmstudio.learning.joint.belongs import trait_labels

    labels = trait_labels(audience.traits)
    return {"audience": [audience.name, *labels], "tags": [label.split(": ", 1)[-1] for label in labels]}


def _medium(generation: Generation, name: str, recipe: Mapping[str, Any]) -> Any:
    if recipe.get("by") == "value":
        return recipe["value"]
    if name == "image":
        return recipes.picture_of(generation, recipe)
    return recipes.sound_of(generation, recipe) if name == "audio" else recipes.text_of(generation, recipe)


def _draw(generation: Generation, model: JointModel, recipe: Mapping[str, Any]) -> Mapping[str, NDArray[Any]]:
    given = {name: _medium(generation, name, one) for name, one in recipe["given"].items()}
    want = [name for name in recipe["want"] if name not in given]
    numbers = int(recipe["count"]), int(recipe["seed"]), float(recipe["temperature"])
    return model.rows(given, want, *numbers, tries=int(recipe.get("tries", 1)))  # older sets: each as drawn


def _media(model: JointModel, rows: Mapping[str, NDArray[Any]], recipe: Mapping[str, Any], index: int) -> Any:
    """The one medium of a recipe: what is not asked for is not decoded (a vocoder takes its time)."""
    name = MODALITY[recipe["part"]]
    return model.as_media(name, rows[name][index], int(recipe["seed"]) + index) if name in rows else None


def _finish(value: Any, recipe: Mapping[str, Any]) -> Any:
    """What a joint model gives → a part as the set has it; None where it gives nothing usable."""
    part: Part = recipe["part"]
    if value is None:
        return None
    if part == "picture":
        return pictures.enlarged(np.ascontiguousarray(value, np.uint8), int(recipe["size"]))
    if part == "sound":
        samples = _bed(value, float(recipe["seconds"]))
        return None if samples is None else (samples, RATE)
    text = plain(str(value))
    return text if any(sign.isalnum() for sign in text) else None


def _bed(value: tuple[NDArray[np.float32], int], seconds: float) -> NDArray[np.float32] | None:
    """A short sound repeated without a seam for as long as the bed, at the usual level; None of silence."""
    from mmstudio.media.audio import resample

    samples, rate = np.atleast_2d(np.asarray(value[0], np.float32)), int(value[1])
    samples = to_stereo(np.nan_to_num(samples))
    if not float(np.abs(samples).max(initial=0.0)) > 1e-4 or samples.shape[1] < rate // 5:
        return None
    samples = resample(samples, rate, RATE)
    fade = min(round(_FADE * RATE), samples.shape[1] // 4)
    length = samples.shape[1] - fade
    t = np.linspace(0, np.pi / 2, fade, dtype=np.float32)
    loop = samples[:, :length].copy()
    loop[:, :fade] = loop[:, :fade] * np.sin(t) + samples[:, length:] * np.cos(t)  # equal power
    played = np.take(loop, np.arange(round(seconds * RATE)) % length, axis=1)
    return level(faded(played, RATE, end=min(_END, seconds / 4)), RATE, LOUDNESS)[0]


def _fit(part: Part, value: Any, given: Given, judge: Judge) -> float:
    if part == "picture":
        return pictures.fitness(value, given, judge)
    if part == "sound":
        return bed.fitness(value[0], value[1], given, given.tempo, judge)
    return 0.5
