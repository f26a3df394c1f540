"""Grounds that a model made in other colours than the brand's, and the same shapes in the brand's."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.brand.colours import belongs, scheme_of
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.palette import rgb_of
from mmstudio.composition.storyboard import GeneratedLayer, Source, Storyboard
from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from mmstudio.library import Library

RENEW = "renew"  # of a fix's value: draw the made ground again in the kit's colours
_LOOKED = 8  # pixels a side that are compared with the kit's colours: such a ground is a few calm areas
_LEAST = 0.6  # share of them that has to be the brand's
_SURFACE = 64  # pixels a side of the shapes that are taken over, as the network drew them
_STEP = 6  # levels of one channel: neighbouring colours of a picture are looked at once


def branded(pixels: NDArray[np.uint8], kit: BrandKit) -> bool:
    """Whether most of a ground (uint8 [H,W,3]) is in the kit's colours, their tints and shades, or greys."""
    high, wide = (max(side // _LOOKED, 1) for side in pixels.shape[:2])
    small = pixels[high // 2 :: high, wide // 2 :: wide].reshape(-1, 3)
    kinds, counts = np.unique(small // _STEP * _STEP + _STEP // 2, axis=0, return_counts=True)
    own = [belongs((int(r), int(g), int(b)), kit) for r, g, b in kinds]
    return float(counts[own].sum()) >= _LEAST * len(small)


def renew(board: Storyboard, asset_id: int, kit: BrandKit, library: Library) -> int | None:
    """Draw a made ground again, in place: the same shapes in the kit's colours, kept as a new asset.

    No model is needed: its shapes are there. The palette's ground becomes the kit's. Locked layers stay.

    Returns:
        The new asset; None where the picture cannot be read or nothing could be changed.
    """
    from PIL import Image

    from mmstudio.composition.parts import BACKGROUND, settle
    from mmstudio.generation import backgrounds
    from mmstudio.library.importing import register_generated
    from mmstudio.media.image import image_array

    layers = [
        layer
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, GeneratedLayer) and layer.asset_id == asset_id and not layer.locked
    ]
    if not layers or library.read_only:
        return None
    try:
        asset = library.assets.get(asset_id)
        pixels = image_array(library.assets.path_of(asset))[..., :3]
    except (StudioError, OSError):
        return None
    palette = scheme_of(kit, board.palette, ground_too=True)
    colours = [palette[key] for key in ("ground", "ground_2", "ground_3")]
    main = palette.get("accent") or next(iter(kit.colours.values()))  # as where a ground is made at first
    made = library.generations.of_asset(asset_id)
    seed = made.seed if made is not None else board.seed
    drawn = backgrounds.paint(_shrunk(pixels, _SURFACE), [rgb_of(main)], BACKGROUND, seed)
    toned = settle(np.asarray(drawn.convert("RGB")), colours)
    with tempfile.TemporaryDirectory(prefix="making-", dir=library.generated_dir) as folder:
        file = Path(folder) / "background.jpg"
        Image.fromarray(toned).save(file, quality=92, subsampling=0)
        new = register_generated(
            library, file, kind="image", title=asset.title, tags=["background"],
            generation={
                "model": made.model if made is not None else layers[0].model,
                "seed": seed,
                "params": {"palette": [main, *colours], "renewed": True},
                "sources": [asset_id],
            },
        )  # fmt: skip
    board.palette = palette
    for layer in layers:
        layer.asset_id, layer.colours = new, list(colours)
    still = any(
        getattr(layer, "asset_id", None) == asset_id for scene in board.scenes for layer in scene.layers
    )
    renewed = [
        replace(one, asset_id=new) if one.asset_id == asset_id and not still else one for one in board.sources
    ]
    if still:
        renewed.append(Source("background", "generated", new, layers[0].model))
    board.sources = renewed
    return new


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """uint8 [side,side,3]: every pixel the mean of its part (the longer side is squeezed)."""
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BOX))
