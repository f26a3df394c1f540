"""A generated sequence for a slider: a walk through a model's latent space, kept as pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from mmstudio.composition.draft import Draft
from mmstudio.errors import StudioError

FRAMES = 9
_SIDE = 512  # pixels of a frame at least


def generated_sequence(draft: Draft, frames: int = FRAMES) -> Iterator[int]:
    """Asset ids of a walk from one picture of a model to another, one after the other.

    Nothing comes without a model that can be used. The same seed and weights give the same frames.
    """
    generation = draft.generation
    if generation is None:
        return
    from mmstudio.generation import keeping
    from mmstudio.generation.latents.point import Point

    try:
        name = draft.inputs.model or generation.default_model()
        player = generation.player(name)
    except StudioError:
        if draft.inputs.model:
            raise  # a model that was named must be there
        return
    keys = [Point(seed=draft.seed * 2 + 1), Point(seed=draft.seed * 2 + 2)]
    path = player.walk(keys, frames, "walk")
    config = player.model.config
    done = 0
    for batch in player.batches(path):
        draft.breathe()
        for pixels in batch:
            params = {
                "points": [key.as_json() for key in keys],
                "kind": "walk",
                "frame": done,
                "frames": frames,
            }
            params["weights"] = player.fingerprint
            label = f"{config.name} {done + 1}/{frames}"
            record = keeping.record_of(config, label, keys[0].seed, player.latent(path[done]), params)
            file = draft.library.generated_dir / f"{config.name}-walk-{draft.seed}-{done:02d}.png"
            file = keeping.write_picture(file, _large(pixels), record)
            yield keeping.add_to_library(
                draft.library,
                file,
                kind="image",
                title=label,
                model=config.name,
                seed=keys[0].seed,
                latent=player.latent(path[done]),
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
