"""Training data as one uint8 array, in an order that depends only on the seed and on what was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.atomic import atomic_path


class ArrayData:
    """N×C×H×W uint8 (pictures, or 8-bit log-mel spectrograms), mapped to [-1, 1] on the way out."""

    def __init__(self, pixels: NDArray[np.uint8], seed: int, flip: bool = False) -> None:
        self.pixels, self.seed, self.flip = pixels, seed, flip
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, seen: int, count: int, random: torch.Generator) -> Tensor:
        """The ``count`` examples after the first ``seen``: every epoch is a fresh permutation of all."""
        indices = [self._index(position) for position in range(seen, seen + count)]
        x = to_float(np.stack([self.pixels[i] for i in indices]))
        if self.flip:
            mirrored = torch.rand(count, generator=random) < 0.5
            x[mirrored] = x[mirrored].flip(-1)
        return x

    def head(self, count: int) -> Tensor:
        """The first examples, in file order: what reconstructions are shown of."""
        return to_float(np.asarray(self.pixels[:count]))

    def _index(self, position: int) -> int:
        epoch, offset = divmod(position, len(self.pixels))
        if epoch not in self._orders:
            self._orders = {epoch - 1: self._orders[epoch - 1]} if epoch - 1 in self._orders else {}
            random = np.random.default_rng([self.seed, epoch])
            self._orders[epoch] = random.permutation(len(self.pixels))
        return int(self._orders[epoch][offset])


def to_float(pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 → float32 in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).float().div_(127.5).sub_(1.0)


def to_bytes(x: Tensor) -> NDArray[np.uint8]:
    """float in [-1, 1] → uint8, clipped and rounded; same axes."""
    return x.detach().float().add(1.0).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8).numpy()


def save_pixels(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Keep decoded training data beside the model, so that resuming needs no decoding."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, pixels, allow_pickle=False)


def load_pixels(path: Path) -> NDArray[np.uint8] | None:
    """Memory-mapped pixels, or None where they are missing or cut."""
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return pixels if pixels.dtype == np.uint8 and pixels.ndim == 4 else None
