"""The place of a picture in a model's latent space: an encoder's start, then optimisation."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.generation.latents.directions import ridge
from mmstudio.generation.latents.point import Point
from mmstudio.generation.latents.shape import squeezed
from mmstudio.generation.latents.space import Floats
from mmstudio.generation.latents.survey import survey, unit
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.generation.latents.book import Book
    from mmstudio.generation.latents.player import Player

_SHOWN = 10  # rounds between two intermediate points
_NEAREST = 8  # draws of the survey tried beside the regression's guess
_RATE, _EDGES, _PULL, _SPREAD, _FEATURES = 0.06, 0.5, 2e-3, 1e-2, 0.1


def project(
    player: Player, pixels: NDArray[np.uint8], seed: int, book: Book | None, rounds: int
) -> Generator[Progress, None, Point]:
    """The point whose picture is nearest to ``pixels`` (uint8 H×W×3; its middle, in the model's shape).

    A VAE starts from its encoder's mean, a GAN from the best of a ridge regression of latents on picture
    features and of the nearest draws of the survey (an encoder start, as in Zhu et al., "Generative visual
    manipulation on the natural image manifold", ECCV 2016). Then Adam on the L1 distance of pixels and of
    their differences, and for a GAN of its discriminator's features, in latents per stage that are held near
    each other and to the prior (W+ and its regularisation: Abdal et al., ICCV 2019; Karras et al., 2020).
    """
    whole = squeezed(pixels, player.model.config)
    yield Progress(0, rounds, tr("Looking for a place to start"))
    start = yield from _start(player, whole, seed, book)
    fit = _Fit(player, whole, start)
    best, distance = fit.point(seed), fit.distance()
    yield Progress(0, rounds, _words(distance), {"point": best, "distance": distance})
    for done in range(1, rounds + 1):
        fit.improve(done / rounds)
        if done % _SHOWN and done < rounds:
            yield Progress(done, rounds, _words(distance))
            continue
        now = fit.distance()
        if now <= distance:
            best, distance = fit.point(seed), now
        yield Progress(done, rounds, _words(distance), {"point": best, "distance": distance})
    return best


def _words(distance: float) -> str:
    return tr("On average {percent} % away per pixel", percent=f"{100 * distance:.1f}")


def _start(
    player: Player, whole: NDArray[np.uint8], seed: int, book: Book | None
) -> Generator[Progress, None, Floats]:
    """float32[L]."""
    if player.model.encoder is not None:
        coded: Floats = player.model.encode(whole.transpose(2, 0, 1)[None])[0].numpy()
        return coded
    seen = yield from survey(player, book)
    from mmstudio.learning.evaluation.networks import picture_features

    features = unit(picture_features(str(player.model.device))[0](whole.transpose(2, 0, 1)[None]))
    x = player.space.white(seen.latents).astype(np.float64)
    weights, level = ridge(seen.features.astype(np.float64), x)
    guess = (features @ weights + level)[0]
    # A regression is modest: its guess is brought to the length of what the model draws.
    guess *= np.sqrt(player.space.length) / max(1e-9, float(np.linalg.norm(guess)))
    nearest = np.argsort(-(seen.features @ features[0]))[:_NEAREST]
    candidates = np.stack([*x[nearest], guess, 0.6 * guess])
    latents = player.space.back(candidates.astype(np.float32))
    del seed
    from mmstudio.generation.latents.survey import plain

    distances = []
    for first in range(0, len(latents), player.model.rows):
        drawn = plain(player, latents[first : first + player.model.rows])
        distances += [_away(one, whole) for one in drawn]
        yield Progress(0, None, tr("Looking for a place to start"))
    best: Floats = latents[int(np.argmin(distances))]
    return best


def _away(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Distance of two pictures at a quarter of their size, so that a shift of a pixel counts little."""
    side = max(4, len(a) // 4)
    small = [
        np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BOX)).astype(int) for p in (a, b)
    ]
    return float(np.abs(small[0] - small[1]).mean() / 255)


class _Fit:
    """Latents being brought to a picture; a step at a time."""

    def __init__(self, player: Player, whole: NDArray[np.uint8], start: Floats) -> None:
        import torch

        from mmstudio.learning.engine.data import to_float

        self.player, model = player, player.model
        device = model.device
        self.target = to_float(whole.transpose(2, 0, 1)[None]).to(device)
        space = player.space
        self.factor = torch.from_numpy(space.factor if space.scale is None else space.scale).to(device)
        self.mean = torch.from_numpy(player.space.mean).to(device)
        white = torch.from_numpy(player.space.white(start)[None].copy()).to(device)
        self.x = white.repeat(player.stages, 1).clone().requires_grad_(True)
        self.optimiser = torch.optim.Adam([self.x], lr=_RATE, betas=(0.9, 0.99))
        features = getattr(model.discriminator, "features", None)
        self._features: Any = features
        self._wanted: list[Tensor] = []
        if features is not None:
            with torch.no_grad():
                self._wanted = [_normed(h) for h in features(self.target)[0]]

    def improve(self, progress: float) -> None:
        """One step of Adam; the rate falls along a cosine."""
        import torch

        from mmstudio.learning.objectives.vae import gradient_l1

        self.optimiser.param_groups[0]["lr"] = _RATE * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * progress)))
        y = self._drawn()
        loss = (y - self.target).abs().mean() + _EDGES * gradient_l1(y, self.target)
        if self._wanted:
            for made, wanted in zip(self._features(y)[0], self._wanted, strict=True):
                loss = loss + _FEATURES / len(self._wanted) * (_normed(made) - wanted).abs().mean()
        # Towards the sphere that draws of the prior lie near, and the stages towards each other.
        loss = loss + _PULL * self.x.square().mean()
        if len(self.x) > 1:
            loss = loss + _SPREAD * (self.x - self.x.mean(0)).square().mean()
        (gradient,) = torch.autograd.grad(loss, [self.x])
        self.x.grad = gradient
        self.optimiser.step()

    def _drawn(self) -> Tensor:
        moved = self.x @ self.factor.T if self.factor.ndim == 2 else self.x * self.factor
        z = moved + self.mean
        drawn: Tensor = self.player.model.decoder(z[None] if self.player.stages > 1 else z)
        return drawn.float()

    def rows(self) -> Floats:
        """float32[S, L]."""
        white: Floats = self.x.detach().cpu().numpy()
        return self.player.space.back(white)

    def point(self, seed: int) -> Point:
        """Where it is now."""
        return self.player.based(Point(seed), self.rows())

    def distance(self) -> float:
        """Mean absolute difference of the picture to the one wanted, 0…1."""
        import torch

        with torch.inference_mode():
            return float((self._drawn().clamp(-1, 1) - self.target).abs().mean()) / 2


def _normed(h: Tensor) -> Tensor:
    """Activations with length 1 over their channels, as perceptual distances have them (Zhang et al.)."""
    unit_rows: Tensor = h / (h.square().sum(1, keepdim=True) + 1e-8).sqrt()
    return unit_rows
