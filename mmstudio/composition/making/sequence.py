"""Pictures a model makes for a recipe: one, or for a slider a walk through its latent space."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmstudio.composition.draft import Draft
from mmstudio.errors import StudioError
from mmstudio.generation.latents.point import Point

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player

FRAMES = 9
_FACES = 100_000
_SIDE = 512  # pixels of a frame at least


def generated_sequence(draft: Draft, frames: int = FRAMES) -> Iterator[int]:
    """Asset ids of a walk from one picture of a model to another, one after the other.

    Nothing comes without a model that can be used. The same seed and weights give the same frames.
    Raises NotFound, StudioError: a model that was named cannot be used.
    """
    player = _player(draft)
    if player is None:
        return
    keys = [Point(seed=draft.seed * 2 + 1), Point(seed=draft.seed * 2 + 2)]
    yield from _drawn(draft, player, player.walk(keys, frames, "walk"), keys, "walk")


def generated_portrait(draft: Draft, name: str) -> int | None:
    """The asset id of one picture a model makes from the draft's seed; None without a model.

    Two names have two faces, also with the same seed.
    """
    player = _player(draft)
    if player is None:
        return None
    key = Point(seed=draft.seed + zlib.crc32(name.encode("utf-8", "replace")) % _FACES, truncation=0.8)
    return next(_drawn(draft, player, [key], [key], "portrait"), None)


def _player(draft: Draft) -> Player | None:
    if draft.generation is None:
        return None
    try:
        return draft.generation.player(draft.inputs.model or draft.generation.default_model())
    except StudioError:
        if draft.inputs.model:
            raise  # a model that was named must be there
        return None


def _drawn(
    draft: Draft, player: Player, path: Sequence[Point], keys: Sequence[Point], kind: str
) -> Iterator[int]:
    from mmstudio.generation import keeping

    config = player.model.config
    done = 0
    for batch in player.batches(path):
        draft.breathe()
        for pixels in batch:
            latent = player.latent(path[done])
            params = {
                "points": [key.as_json() for key in keys],
                "kind": kind,
                "frame": done,
                "frames": len(path),
            }
            params["weights"] = player.fingerprint
            title = f"{config.name} {keys[0].seed}" + (f" {done + 1}/{len(path)}" if len(path) > 1 else "")
            record = keeping.record_of(config, title, keys[0].seed, latent, params)
            file = draft.library.generated_dir / f"{config.name}-{kind}-{draft.seed}-{done:02d}.png"
            file = keeping.write_picture(file, _large(pixels), record)
            yield keeping.add_to_library(
                draft.library,
                file,
                kind="image",
                title=title,
                model=config.name,
                seed=keys[0].seed,
                latent=latent,
                params=params,
            )
            done += 1


def _large(pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]) -> Image.Image:
    picture = Image.fromarray(pixels)
    scale = _SIDE / min(picture.size)
    if scale <= 1:
        return picture
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
    )
