"""Drawing from a model until enough results are good enough; variations of something given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    decoded: NDArray[np.uint8] | Tensor
    score: float


@dataclass(slots=True)
class Draw:
    """Results in the order they were drawn, how many were rejected, how many shown are below the floor."""

    results: list[Drawn]
    rejected: int
    below_floor: int


def draw_pictures(
    model: GenerativeModel, count: int, seed: int, around: Tensor | None = None, spread: float = 0.35
) -> Draw:
    """``count`` pictures (S×S×3 uint8) that pass the floor; around a latent (1×L) where one is given."""

    def decode(z: Tensor) -> list[tuple[NDArray[np.uint8], float]]:
        return [(picture, measure(picture).score) for picture in model.pictures(z)]

    return _draw(model, count, seed, around, spread, decode)


def draw_spectrograms(
    model: GenerativeModel,
    count: int,
    seed: int,
    sustained: bool,
    around: Tensor | None = None,
    spread: float = 0.35,
) -> Draw:
    """``count`` spectrograms (bands×frames tensors) that are not silent; ``sustained`` also asks for sound
    throughout, as a music bed needs."""

    def decode(z: Tensor) -> list[tuple[Tensor, float]]:
        return [(mel[0], sustain(mel[0].numpy(), sustained)) for mel in model.decode(z)]

    return _draw(model, count, seed, around, spread, decode)


def sustain(mel: NDArray[np.float32], throughout: bool) -> float:
    """1 or more where a spectrogram in [-1, 1] sounds: its loudest tones, in the quietest eighth if asked."""
    tones = np.percentile(mel, 90, axis=0)  # per frame
    if not throughout:
        return float((tones.max() + 1) / 0.7)
    eighths = [part.mean() for part in np.array_split(tones[: int(0.85 * len(tones))], 8)]
    return float((min(eighths) + 1) / 0.7)


def _draw(
    model: GenerativeModel,
    count: int,
    seed: int,
    around: Tensor | None,
    spread: float,
    decode: Callable[[Tensor], Sequence[tuple[NDArray[np.uint8] | Tensor, float]]],
) -> Draw:
    import torch

    random = torch.Generator().manual_seed(seed)
    passed: list[Drawn] = []
    failed: list[tuple[int, Drawn]] = []
    seen = 0
    while len(passed) < count and seen < PATIENCE * count + BLOCK:
        z = model.draw(BLOCK, random)
        if around is not None:
            # The mixture's noise, shrunk and moved: variations keep the correlations the model learned.
            z = around + spread * (z - model.prior.share @ model.prior.mean)
            if seen == 0:
                z[0] = around[0]
        for latent, (decoded, score) in zip(torch.split(z, 1), decode(z), strict=True):
            seen += 1
            result = Drawn(latent, decoded, score)
            if score >= 1.0:
                passed.append(result)
            else:
                failed.append((seen, result))
            if len(passed) == count:
                break
    rejected = len(failed)
    short = count - len(passed)
    best = sorted(failed, key=lambda pair: (-pair[1].score, pair[0]))[:short]
    return Draw(passed + [result for _, result in best], rejected - short, short)


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
