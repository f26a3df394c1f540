"""Drawing from a model until enough results are good enough; variations of something given."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.quality import measure

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.engine.registry import GenerativeModel

BLOCK = 16  # latents drawn at a time: the first results of a seed are the same however many are asked for
PATIENCE = 6  # candidates looked at per result wanted, before settling for the best of the rest


@dataclass(slots=True)
class Drawn:
    """One result: its latent (1×L), what was decoded, how good it is (1 is the floor)."""

    latent: Tensor
    decoded: NDArray[np.uint8]
    score: float


@dataclass(slots=True)
class Draw:
    """Results in the order they were drawn, how many were rejected, how many shown are below the floor."""

    results: list[Drawn] = field(default_factory=list)
    rejected: int = 0
    below_floor: int = 0


Drawing = Generator[Drawn | None, None, tuple[int, int]]  # returns (rejected, below the floor)


@dataclass(slots=True)
class Steering:
    """How drawn latents are changed; by default they are not.

    Attributes:
        around: 1×L, the latent to vary. spread: how far, 0 to 1.
        truncation: 1 is what the model learned, less is nearer to its middle.
        shift: 1×L, or S×L for a model with a latent per stage, added to each.
        move: latents as drawn (N×L) → where they go instead, before ``shift``; or None.
        condition: 1×width of ``model.conditions``, or None.
        floor: throw away what is too flat or too soft to show.
    """

    around: Tensor | None = None
    spread: float = 0.35
    truncation: float = 1.0
    move: Callable[[Tensor], Tensor] | None = None
    shift: Tensor | None = None
    condition: Tensor | None = None
    floor: bool = True


def draw_pictures(
    model: GenerativeModel,
    count: int,
    seed: int,
    around: Tensor | None = None,
    spread: float = 0.35,
    steering: Steering | None = None,
) -> Draw:
    """``count`` pictures (S×S×3 uint8) that pass the floor; around a latent (1×L) where one is given."""
    return _all(drawing(model, count, seed, steering or Steering(around, spread)))


def drawing(model: GenerativeModel, count: int, seed: int, steering: Steering) -> Drawing:
    """The same one by one, as they are found; None comes between two passes of the network."""
    c = steering.condition

    def decode(z: Tensor) -> list[tuple[NDArray[np.uint8], float]]:
        known = None if c is None else c.expand(len(z), -1)
        made = model.pictures(z, known)
        return [(picture, measure(picture).score if steering.floor else 1.0) for picture in made]

    return _draw(model, count, seed, steering, decode)


def _all(found: Drawing) -> Draw:
    results: list[Drawn] = []
    while True:
        try:
            one = next(found)
        except StopIteration as stop:
            return Draw(results, *stop.value)
        if one is not None:
            results.append(one)


def _draw(
    model: GenerativeModel,
    count: int,
    seed: int,
    steering: Steering,
    decode: Callable[[Tensor], Sequence[tuple[NDArray[np.uint8], float]]],
) -> Drawing:
    import torch

    random = torch.Generator().manual_seed(seed)
    failed: list[tuple[int, Drawn]] = []
    passed = seen = 0
    while passed < count and seen < PATIENCE * count + BLOCK:
        z = model.draw(BLOCK, random, steering.truncation)
        if steering.around is not None:
            # The mixture's noise, shrunk and moved: variations keep the correlations the model learned.
            z = steering.around + steering.spread * (z - model.prior.share @ model.prior.mean)
            if seen == 0:
                z[0] = steering.around[0]
        if steering.move is not None:
            z = steering.move(z)
        if steering.shift is not None:
            z = z + steering.shift if len(steering.shift) == 1 else z[:, None] + steering.shift
        for start in range(0, BLOCK, max(1, model.rows)):
            part = z[start : start + model.rows]
            for latent, (decoded, score) in zip(torch.split(part, 1), decode(part), strict=True):
                seen += 1
                result = Drawn(latent, decoded, score)
                if score < 1.0:
                    failed.append((seen, result))
                    continue
                passed += 1
                yield result
                if passed == count:
                    break
            if passed == count:
                break
            yield None
    short = count - passed
    for _, result in sorted(failed, key=lambda pair: (-pair[1].score, pair[0]))[:short]:
        yield result
    return len(failed) - short, short


def project(model: GenerativeModel, pixels: NDArray[np.uint8], seed: int, rounds: int = 60) -> Tensor:
    """The latent (1×L) whose picture is nearest to ``pixels`` (C×S×S uint8).

    A VAE's encoder knows at once. A GAN has none: the best of 128 random latents is improved by Adam on
    the L1 distance of pixels and of their differences, held near the prior.
    """
    import torch

    from mmstudio.learning.engine.data import to_float
    from mmstudio.learning.objectives.vae import gradient_l1

    if model.encoder is not None:
        return model.encode(pixels[None])
    random = torch.Generator().manual_seed(seed)
    target = to_float(pixels[None])
    candidates = model.draw(128, random)
    distance = (model.decode(candidates) - target).abs().mean(dim=(1, 2, 3))
    z = candidates[distance.argmin()][None].to(model.device).requires_grad_(True)
    target = target.to(model.device)
    optimiser = torch.optim.Adam([z], lr=0.05)
    for _ in range(rounds):
        y = model.decoder(z)
        loss = (y - target).abs().mean() + 0.5 * gradient_l1(y, target) + 1e-3 * z.square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return z.detach().cpu()
