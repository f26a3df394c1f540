"""Some hundred draws of a model, measured once: what sliders are fitted to and where projections start."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.latents.measures import LOOKS, measure_looks
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.latents.book import Book
    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.latents.space import Floats

SEED = 20_210_621


@dataclass(slots=True)
class Survey:
    """N draws.

    Attributes:
        latents: float32[N, L]. looks: float32[N, K], see :data:`measures.LOOKS`. features: float32[N, D] of
            the network that pictures are measured in, rows of length 1.
    """

    latents: Floats
    looks: Floats
    features: Floats


def survey(player: Player, book: Book | None, *, features: bool = True) -> Generator[Progress, None, Survey]:
    """Draw and measure, or read what was measured before for these weights.

    Without ``features`` they may be N×0: the looks alone are measured in half the time.
    """
    count = how_many(player)
    latents = player.space.draws(count, SEED)
    kept, notes = ({}, {}) if book is None else book.read(player, "survey")
    if notes.get("seed") == SEED and {"looks", "features"} <= set(kept):
        made = Survey(latents, kept["looks"], kept["features"])
        whole = made.looks.shape == (count, len(LOOKS)) and len(made.features) == count
        if whole and (made.features.shape[1] or not features):
            return made
    from mmstudio.learning.evaluation.networks import picture_features

    measure_features, network = picture_features(str(player.model.device))
    looks_rows: list[NDArray[np.float64]] = []
    feature_rows: list[NDArray[np.float64]] = []
    step = player.model.rows
    for first in range(0, count, step):
        drawn = plain(player, latents[first : first + step])
        looks_rows += [measure_looks(pixels) for pixels in drawn]
        if features:
            feature_rows.append(measure_features(np.stack(drawn).transpose(0, 3, 1, 2)))
        done = min(count, first + step)
        yield Progress(done, count, tr("Looking at {done} of {total} pictures", done=done, total=count))
    looks = np.stack(looks_rows).astype(np.float32)
    seen = unit(np.concatenate(feature_rows)) if features else np.zeros((count, 0))
    made = Survey(latents, looks, seen.astype(np.float32))
    if book is not None:
        found = {"looks": made.looks, "features": made.features}
        book.write(player, "survey", found, {"seed": SEED, "network": network})
    return made


def how_many(player: Player) -> int:
    """Draws to look at: more for longer latents, fewer where one takes long."""
    wanted = 384 if player.space.length > 128 else 256
    return wanted if player.model.rows >= 4 or player.model.device.type != "cpu" else wanted * 5 // 8


def plain(player: Player, latents: Floats) -> list[NDArray[np.uint8]]:
    """Square pictures of float32[N, L] or [N, S, L] latents, told nothing."""
    import torch

    z = latents if latents.ndim == 3 else latents[:, None]
    z = np.array(np.broadcast_to(z, (len(z), player.stages, z.shape[2])))
    whole = torch.from_numpy(z)
    return list(player.model.pictures(whole if player.stages > 1 else whole[:, 0]))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; a row of zeros stays one."""
    found: NDArray[np.float64] = rows / np.maximum(1e-12, np.linalg.norm(rows, axis=1, keepdims=True))
    return found
