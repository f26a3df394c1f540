"""The picture of a set: drawn several times, painted in the shared palette, and the best fit kept."""

from __future__ import annotations

import zlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.generation import backgrounds
from mmstudio.generation.latents.point import Point
from mmstudio.generation.quality import measure
from mmstudio.generation.sets import colours, liking, mood
from mmstudio.generation.sets.contract import MadePart
from mmstudio.generation.sets.packing import packed
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.generation.sets.contract import SetWish
    from mmstudio.generation.sets.judge import Judge
    from mmstudio.generation.sets.source import Given

MODELS = ("starter-image-gan-128", "starter-image-gan", "starter-image-vae-128", "starter-image-vae")
_STRANGE = 0.25  # OKLab distance of palettes that share nothing
_TRIED = 192  # pixels of a candidate
_CALM, _BUSY = 0.075, 0.03  # blur of the painted shapes, as shares of the side


@dataclass(frozen=True, slots=True)
class Picture:
    """uint8 H×W×3 and how it was made."""

    pixels: NDArray[np.uint8]
    made: MadePart


def default_model(generation: Generation, wish: SetWish) -> str:
    """The picture model of a wish. Raises NotFound where there is none at all."""
    return wish.picture_model or generation.default_model(MODELS)


def drawing(
    generation: Generation, given: Given, wish: SetWish, seed: int, judge: Judge
) -> Generator[Progress, None, Picture]:
    """Draw ``wish.candidates`` pictures and keep the one that fits the aim best.

    What a starter model draws are shapes: they are painted in the set's palette, crisp at any size. A model
    of the person's own media is told the palette where it can be, and shown as it draws. What an audience
    likes is told, and started from, as far as a model can: see :mod:`mmstudio.generation.sets.liking`.

    Raises:
        NotFound: no such model. UsageError: a sound model.
    """
    name = default_model(generation, wish)
    yield Progress(0, wish.candidates, tr("Drawing a picture"))
    player = generation.player(name)
    shapes = _draws_shapes(generation, name)
    # Of the given thing too: sets of two items from one seed do not look alike.
    own = zlib.crc32(given.words.encode())
    numbers = np.random.default_rng([seed % 2**63, own]).integers(0, 2**31, wish.candidates).tolist()
    told: dict[str, Any] = {}
    if player.conditions.palette:
        told["palette"] = [list(colour) for colour in given.palette]
    if player.conditions.tags and given.tags:
        told["tags"] = [tag for tag in given.tags if tag in player.conditions.tags]
    told |= liking.told(player, wish)
    middle = liking.middle(generation, player, wish)
    best: tuple[float, NDArray[np.uint8], dict[str, Any]] | None = None
    for place, number in enumerate(numbers):
        point = Point(int(number), wish.temperature, condition={k: v for k, v in told.items() if v})
        if middle is not None:
            point = liking.towards(player, point, middle, wish.strength)
        recipe: dict[str, Any] = {
            "by": "picture",
            "model": name,
            "weights": player.fingerprint,
            "steps": player.model.config.trained.get("steps", 0),
            "point": point.as_json(),
            "latent": packed(player.latent(point)),
            "size": wish.size,
        }
        if shapes:
            blur = _CALM + (_BUSY - _CALM) * given.mood.busyness
            recipe["paint"] = {
                "palette": [list(colour) for colour in given.palette],
                "seed": int(number),
                "blur": round(blur, 4),
            }
        drawn = player.draw(point)
        fit = fitness(draw(drawn, recipe | {"size": min(_TRIED, wish.size)}), given, judge)
        if best is None or fit > best[0]:
            best = fit, drawn, recipe
        yield Progress(place + 1, wish.candidates, tr("Drawing a picture"))
    assert best is not None
    fit, drawn, recipe = best
    return Picture(draw(drawn, recipe), MadePart("picture", name, seed, round(fit, 4), recipe))


def draw(drawn: NDArray[np.uint8], recipe: dict[str, Any]) -> NDArray[np.uint8]:
    """What a model drew → the picture of the set: painted or enlarged, as the recipe says."""
    size = int(recipe["size"])
    paint = recipe.get("paint")
    if paint is None:
        return enlarged(drawn, size)
    lab, shares = colours.areas([tuple(colour) for colour in paint["palette"]])
    square = np.asarray(_square(drawn))
    painted = backgrounds.paint_areas(square, lab, shares, (size, size), int(paint["seed"]), paint["blur"])
    return np.asarray(painted)


def enlarged(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The longer side brought to ``size`` pixels (Lanczos)."""
    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    wanted = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(wanted, Image.Resampling.LANCZOS))


def fitness(pixels: NDArray[np.uint8], given: Given, judge: Judge) -> float:
    """0 to 1: how near palette, mood and detail are to the aim; flat pictures lose half of it."""
    from mmstudio.features.pictures.colour import palette

    near = 1.0 - min(1.0, colours.distance(given.palette, palette(pixels)) / _STRANGE)
    seen = mood.of_picture(pixels)
    alike = 1.0 - mood.distance(seen, given.mood)
    detail = 1.0 - abs(seen.busyness - given.mood.busyness)
    fit = 0.5 * near + 0.3 * alike + 0.2 * detail
    shared = judge.picture(pixels)
    if shared is not None:
        fit = 0.75 * fit + 0.25 * shared
    return float(fit if measure(pixels).passes else 0.5 * fit)


def _square(pixels: NDArray[np.uint8]) -> Image.Image:
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))


def _draws_shapes(generation: Generation, name: str) -> bool:
    """Whether a model is one of the program's own, which know abstract shapes and nothing else."""
    from mmstudio import paths

    return generation.trainings.folder(name).parent == paths.starter_models()
