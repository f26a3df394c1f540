"""From the recipe of a part to the part: the same bytes as the first time, or one sentence why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import NotFound, StudioError
from mmstudio.generation.sets.packing import unpacked
from mmstudio.generation.sets.source import plain, sha_of
from mmstudio.generation.sounding.finish import to_stereo
from mmstudio.generation.sounding.wish import RATE

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation

LARGEST = 2048  # pixels of a given picture that stays in a set
Sound = tuple[NDArray[np.float32], int]


def picture_of(generation: Generation, recipe: Mapping[str, Any]) -> NDArray[np.uint8]:
    """uint8 H×W×3.

    Raises:
        NotFound: a file or model is gone. StudioError: it has changed since.
    """
    by = recipe.get("by")
    if by in ("asset", "file"):
        return _given_picture(_file_of(generation, recipe))
    if by == "picture":
        from mmstudio.generation.latents.point import Point
        from mmstudio.generation.sets.pictures import draw

        player = generation.player(str(recipe["model"]))
        _same_weights(recipe, player.fingerprint)
        rows = player.condition_rows([Point.of(recipe["point"])])
        drawn = player.draw_latents(unpacked(recipe["latent"])[None], rows)[0]
        return draw(drawn, dict(recipe))
    if by == "joint":
        from mmstudio.generation.sets.joint import remade

        found: NDArray[np.uint8] = remade(generation, recipe)
        return found
    raise _unknown()


def sound_of(generation: Generation, recipe: Mapping[str, Any]) -> Sound:
    """(float32[2, N], rate). Raises as :func:`picture_of`."""
    by = recipe.get("by")
    if by in ("asset", "file"):
        return given_sound(_file_of(generation, recipe))
    if by == "sound":
        from mmstudio.generation.sounding.make import make_sound
        from mmstudio.generation.sounding.wish import SoundWish

        made = make_sound(generation, SoundWish.kept(recipe["wish"]))
        _same_weights(recipe, str(made.params.get("weights", "")))
        return made.samples, made.rate
    if by == "joint":
        from mmstudio.generation.sets.joint import remade

        found: Sound = remade(generation, recipe)
        return found
    raise _unknown()


def text_of(generation: Generation, recipe: Mapping[str, Any]) -> str:
    """The line. What an engine wrote is kept in its recipe: it need not say the same twice."""
    by = recipe.get("by")
    if by in ("text", "given"):
        return str(recipe["text"])
    if by in ("asset", "file"):
        return given_text(_file_of(generation, recipe))
    if by == "joint":
        from mmstudio.generation.sets.joint import remade

        return str(remade(generation, recipe))
    raise _unknown()


def part_again(generation: Generation, params: Mapping[str, Any]) -> Image.Image | Sound | str:
    """A part of a saved set from what the library keeps of it: a picture, (samples, rate), or a text.

    Raises:
        As :func:`picture_of`.
    """
    recipe, part = params["recipe"], params.get("part")
    if part == "picture":
        return Image.fromarray(picture_of(generation, recipe))
    return sound_of(generation, recipe) if part == "sound" else text_of(generation, recipe)


def _given_picture(path: Path) -> NDArray[np.uint8]:
    from mmstudio.media.image import image_array, over_white
    from mmstudio.media.kinds import kind_of

    if kind_of(path) == "video":
        from mmstudio.media.video import VideoReader

        with VideoReader(path) as reader:
            return np.asarray(over_white(reader.frame_at(0.5, LARGEST)))
    return image_array(path, LARGEST)


def given_sound(path: Path) -> Sound:
    """A sound file as it is, as two channels at the rate of generated sounds, ten minutes of it at most."""
    from mmstudio.media.audio import load_audio, resample

    samples, rate = load_audio(path, duration=600.0)
    samples = to_stereo(resample(samples, rate, RATE))
    return np.ascontiguousarray(np.clip(samples, -1.0, 1.0), np.float32), RATE


def given_text(path: Path) -> str:
    """The words of a text file, one line."""
    from mmstudio.media.text import load_text

    return plain(load_text(path).text)


def _file_of(generation: Generation, recipe: Mapping[str, Any]) -> Path:
    if recipe["by"] == "asset":
        asset = generation.library.assets.get(int(recipe["asset"]))
        path = generation.library.assets.path_of(asset)
    else:
        path = Path(str(recipe["path"]))
    if not path.is_file():
        raise NotFound("The file {name} is not there.", hint="Relink it first.", name=path.name)
    if recipe.get("sha256") and sha_of(path) != recipe["sha256"]:
        raise StudioError(
            "{name} has changed since the set was made.",
            hint="Make a new set from it.",
            name=path.name,
        )
    return path


def _same_weights(recipe: Mapping[str, Any], now: str) -> None:
    if recipe.get("weights") != now:
        raise StudioError(
            "The model “{name}” has been trained further since.",
            hint="What it made before is kept in the library.",
            name=recipe.get("model", ""),
        )


def _unknown() -> StudioError:
    return StudioError(
        "This manifest does not say how its parts were made.",
        hint="It may come from a newer version of MM Studio.",
    )
