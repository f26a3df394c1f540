"""What an audience likes, told to a picture model: its shared vector, and where its pictures lie."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import MediaError, StudioError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.latents.point import Point
    from mmstudio.generation.latents.space import Floats
    from mmstudio.generation.sampling import Steering
    from mmstudio.generation.service import Generation
    from mmstudio.generation.sets.contract import SetWish

log = logging.getLogger(__name__)
MOST = 16  # liked pictures that are looked up in a model
NEAREST = 0.75  # of the way to the liked pictures at full strength: the rest stays with chance, so that the
# candidates of a set, and its variations, are not one and the same picture


def told(player: Player, wish: SetWish) -> dict[str, Any]:
    """The part of :attr:`Point.condition` that tells the taste's vector by the strength; {} where the model
    takes none, the taste has none of that length, or the strength is 0."""
    vector = wish.taste.get("vector")
    length = player.conditions.vector
    if not length or wish.strength <= 0 or not isinstance(vector, list | tuple) or len(vector) != length:
        return {}
    if not all(isinstance(n, int | float) and math.isfinite(n) for n in vector) or not any(vector):
        return {}
    return {"vector": [float(n) for n in vector], "vector_share": float(wish.strength)}


def middle(generation: Generation, player: Player, wish: SetWish) -> Floats | None:
    """float32[1 or S, L]: where the liked pictures lie in the model; None where that is not known.

    What the model made itself lies where it was made, with these very weights; another picture where the
    model's encoder puts it, if it has one. The mean of several is brought to their mean distance from the
    model's middle: means of latents lie nearer to it than any picture does, and look like none.
    """
    if wish.strength <= 0:
        return None
    liked = wish.taste.get("pictures")
    ids = [n for n in liked if isinstance(n, int)] if isinstance(liked, list | tuple) else []
    found = [one for one in (_place(generation, player, n) for n in ids[:MOST]) if one is not None]
    if not found:
        return None
    white = player.space.white(np.stack(found)).astype(np.float64)
    mean = white.mean(axis=0)
    typical = np.linalg.norm(white, axis=-1, keepdims=True).mean(axis=0)
    length = np.linalg.norm(mean, axis=-1, keepdims=True)
    mean *= np.where(length > 1e-8, typical / np.maximum(length, 1e-8), 1.0)
    return player.space.back(mean.astype(np.float32))


def towards(player: Player, point: Point, liked: Floats, strength: float) -> Point:
    """A point on its way to the liked pictures, along the sphere of the prior; what it is told stays."""
    start = player.core(point)
    rows = player.space.between(start, np.broadcast_to(liked, start.shape), NEAREST * strength)
    return replace(player.based(point, rows), truncation=1.0)


def steered(generation: Generation, player: Player, wish: SetWish, steering: Steering) -> dict[str, Any]:
    """The same for many draws at once: a place to go to is put into ``steering``; returns what is to be told.

    Raises:
        UsageError: this model can do nothing with this taste.
    """
    if wish.strength <= 0:
        return {}
    condition, liked = told(player, wish.checked()), middle(generation, player, wish)
    if not condition and liked is None:
        raise UsageError(
            "“{model}” cannot be told what people like.",
            hint="Choose a picture VAE, or a picture GAN trained with the shared vector.",
            model=player.model_name,
        )
    if liked is not None:
        aim, share = liked.mean(axis=0, keepdims=True), NEAREST * wish.strength

        def move(z: Tensor) -> Tensor:
            import torch

            drawn: Floats = z.numpy()
            return torch.from_numpy(player.space.between(drawn, np.broadcast_to(aim, drawn.shape), share))

        steering.move = move
    return condition


def steer_all(
    generation: Generation, player: Player, taste: Mapping[str, Any], strength: float, steering: Steering
) -> None:
    """Put a taste into ``steering``, as a job with the same taste does. Raises UsageError: see `steered`."""
    from mmstudio.generation.latents.point import Point
    from mmstudio.generation.latents.steer import steer
    from mmstudio.generation.sets.contract import SetWish

    told = steered(generation, player, SetWish(taste=taste, strength=strength), steering)
    for _progress in steer(player, Point(condition=told), steering):
        pass


def _place(generation: Generation, player: Player, asset_id: int) -> Floats | None:
    """float32[1 or S, L] of one picture; None where it has no place that is known."""
    try:
        made = _made(generation, player, asset_id)
        return _encoded(generation, player, asset_id) if made is None else made
    except (MediaError, StudioError, OSError) as error:  # one picture less says nothing against the others
        log.info("the liked picture %s has no place in %s: %s", asset_id, player.model_name, error)
        return None


def _made(generation: Generation, player: Player, asset_id: int) -> Floats | None:
    row = generation.library.generations.of_asset(asset_id)
    if row is None or row.latent is None or row.model != player.model_name:
        return None
    latent = np.frombuffer(row.latent, np.float32)
    same = row.params.get("weights") == player.fingerprint
    if not same or latent.size not in (player.space.length, player.stages * player.space.length):
        return None
    rows = latent.reshape(-1, player.space.length)
    return np.ascontiguousarray(np.broadcast_to(rows, (player.stages, player.space.length)))


def _encoded(generation: Generation, player: Player, asset_id: int) -> Floats | None:
    if player.model.encoder is None:
        return None
    from mmstudio.generation.latents.shape import squeezed
    from mmstudio.media.image import image_array

    asset = generation.library.assets.get(asset_id)
    if asset.kind != "image" or asset.status != "ok":
        return None
    pixels = image_array(generation.library.assets.path_of(asset), 4 * max(player.size))
    whole = squeezed(pixels, player.model.config)
    coded: Floats = player.model.encode(whole.transpose(2, 0, 1)[None])[0].numpy()
    return np.ascontiguousarray(np.broadcast_to(coded[None], (player.stages, player.space.length)))
