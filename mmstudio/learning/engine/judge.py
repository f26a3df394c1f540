"""How a training is going, measured on what it draws: closeness to the media, copying, diversity."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.learning.engine.data import to_bytes
from mmstudio.learning.engine.evaluate import FEATURES, distances, features, kernel_distance

COPYING = 0.9  # a nearest-ratio below this means copying
SAMPLES = 128
_CHUNK = 16
_REFERENCE = 512
_FEW_HELD = 8

Features = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


class Judging(Protocol):
    """What the trainer asks of a judge: to measure what a task's ``sampler`` gives, and which is better."""

    name: str

    def look(self, draw: Callable[[int], Tensor]) -> Generator[None, None, dict[str, float]]:
        """Measure, in short parts; empty where there is nothing to measure by."""
        ...

    def better(self, new: dict[str, float], old: dict[str, float] | None) -> bool:
        """Whether weights that measured ``new`` are to be kept instead of those that measured ``old``."""
        ...


class Judge:
    """Measures samples against training and held-out examples in one feature space.

    Args:
        train, held: N×C×S×S uint8; ``held`` may be empty.
        features: N×C×S×S uint8 → N×D; thumbnails where not given. ``name`` says which they are.
    """

    def __init__(
        self,
        train: NDArray[np.uint8],
        held: NDArray[np.uint8] | None = None,
        features_of: Features = features,
        name: str = FEATURES,
    ) -> None:
        self.name = name
        self._features = features_of
        spread = np.linspace(0, len(train) - 1, min(len(train), _REFERENCE)).astype(int)
        self._train_pixels = train[spread]
        self._held_pixels = held[:_REFERENCE] if held is not None else train[:0]
        self._train: NDArray[np.float64] | None = None
        self._held = np.zeros((0, 0))

    def look(
        self, draw: Callable[[int], Tensor], count: int = SAMPLES
    ) -> Generator[None, None, dict[str, float]]:
        """Draw ``count`` examples and measure them, in short parts.

        Returns:
            kernel_distance (×1000, to the training examples), nearest_ratio (median distance of a drawn
            example to its nearest training example over the same for held-out ones, or for training ones to
            each other where few are held out), diversity (mean distance between drawn ones over that between
            training ones). Empty where there are fewer than four training examples or all are equal.
        """
        if self._train is None:
            self._train = yield from self._chunks(self._train_pixels)
            self._held = yield from self._chunks(self._held_pixels)
            self._centre, self._spread = self._train.mean(axis=0), max(float(self._train.std(0).mean()), 1e-6)
            self._train, self._held = self._scaled(self._train), self._scaled(self._held)
        if len(self._train) < 4:
            return {}
        made = []
        for first in range(0, count, _CHUNK):
            made.append(self._features(to_bytes(draw(min(_CHUNK, count - first)))))
            yield
        return figures(self._train, self._held, self._scaled(np.concatenate(made)))

    def better(self, new: dict[str, float], old: dict[str, float] | None) -> bool:
        """See :func:`better`."""
        return better(new, old)

    def _chunks(self, pixels: NDArray[np.uint8]) -> Generator[None, None, NDArray[np.float64]]:
        found = []
        for first in range(0, len(pixels), _CHUNK):
            found.append(self._features(np.asarray(pixels[first : first + _CHUNK])))
            yield
        return np.concatenate(found) if found else np.zeros((0, 1))

    def _scaled(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return (rows - self._centre) / self._spread if len(rows) else rows


def figures(
    train: NDArray[np.float64], held: NDArray[np.float64], made: NDArray[np.float64]
) -> dict[str, float]:
    """See :meth:`Judge.look`; all N×D."""
    among = distances(train, train)
    np.fill_diagonal(among, np.inf)
    nearest = distances(held, train).min(1) if len(held) >= _FEW_HELD else among.min(1)
    own = float(np.median(nearest))
    apart = float(among[np.isfinite(among)].mean())
    if own < 1e-6 or apart < 1e-6:
        return {}
    pairs = distances(made, made)
    return {
        "kernel_distance": 1000 * kernel_distance(train, made),
        "nearest_ratio": float(np.median(distances(made, train).min(1))) / own,
        "diversity": float(pairs[~np.eye(len(pairs), dtype=bool)].mean()) / apart,
    }


def better(new: dict[str, float], old: dict[str, float] | None) -> bool:
    """Whether weights that measured ``new`` are to be kept instead of those that measured ``old``: nearer to
    the media, but not by copying them."""
    if not new or not old:
        return bool(new)
    copies, copied = new["nearest_ratio"] < COPYING, old["nearest_ratio"] < COPYING
    if copies != copied:
        return copied
    return new["kernel_distance"] < old["kernel_distance"]
