"""Training data as one uint8 array, in an order that depends only on the seed and on what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.atomic import atomic_path


@dataclass(slots=True)
class Batch:
    """What one step learns from.

    Attributes:
        x: N×C×H×W in [-1, 1], on the CPU (other families: what their task asks for).
        c: N×condition, or None.
        held: M×C×H×W that no step learns from, or None; held_c: their conditions.
        parts, present: of a set, modality → tensor with N rows, and modality → bool N, which of them are
            there (the rows of the others are zeros).
    """

    x: Tensor
    c: Tensor | None = None
    held: Tensor | None = None
    held_c: Tensor | None = None
    parts: dict[str, Tensor] = field(default_factory=dict)
    present: dict[str, Tensor] = field(default_factory=dict)


class TrainingData(Protocol):
    """What the trainer asks of data: how much there is, and batches in an order of its own.

    A batch depends only on the data's seed, on ``seen`` and on ``random``: so a training resumes exactly.
    """

    def __len__(self) -> int: ...

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """The examples after the first ``seen``; every epoch is a permutation of all."""
        ...


class ArrayData:
    """N×C×H×W uint8 (pictures, or 8-bit log-mel spectrograms), mapped to [-1, 1] on the way out.

    ``conditions`` is float32[N, width] or None; ``held`` are examples kept out of the training (M×C×H×W
    uint8), with ``held_conditions``.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        seed: int,
        flip: bool = False,
        *,
        conditions: NDArray[np.float32] | None = None,
        held: NDArray[np.uint8] | None = None,
        held_conditions: NDArray[np.float32] | None = None,
    ) -> None:
        self.pixels, self.seed, self.flip = pixels, seed, flip
        self.conditions, self.held, self.held_conditions = conditions, held, held_conditions
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """The ``count`` examples after the first ``seen``: every epoch is a fresh permutation of all.

        With them come half as many held-out ones, at random, where there are any.
        """
        indices = [self._index(position) for position in range(seen, seen + count)]
        found = Batch(self._floats(self.pixels, indices, random), _rows(self.conditions, indices))
        if self.held is not None and len(self.held):
            some = torch.randint(len(self.held), (max(1, count // 2),), generator=random).tolist()
            found.held = self._floats(self.held, some, random)
            found.held_c = _rows(self.held_conditions, some)
        return found

    def _floats(self, pixels: NDArray[np.uint8], indices: list[int], random: torch.Generator) -> Tensor:
        x = to_float(np.stack([pixels[i] for i in indices]))
        if self.flip:
            mirrored = torch.rand(len(indices), generator=random) < 0.5
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


def _rows(table: NDArray[np.float32] | None, indices: list[int]) -> Tensor | None:
    return None if table is None else torch.from_numpy(np.array(table[indices], np.float32))


def to_float(pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 → float32 in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).float().div_(127.5).sub_(1.0)


def to_bytes(x: Tensor) -> NDArray[np.uint8]:
    """float in [-1, 1] → uint8, clipped and rounded; same axes."""
    return x.detach().float().add(1.0).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8).numpy()


DATA = {
    "pixels": "data.npy",
    "held": "held.npy",
    "conditions": "conditions.npy",
    "held_conditions": "held-conditions.npy",
    "groups": "groups.npy",
}


def save_data(folder: Path, **arrays: NDArray[Any] | None) -> None:
    """Keep decoded training data (:data:`DATA` by name) beside the model, so that resuming needs no decoding.

    Raises:
        DiskFull: what was there stays.
    """
    for name, array in reversed(arrays.items()):  # "pixels" last: with it the rest is whole
        if array is None:
            (folder / DATA[name]).unlink(missing_ok=True)
        else:
            save_pixels(folder / DATA[name], array)


def load_data(folder: Path, seed: int, flip: bool = False) -> ArrayData | None:
    """Back from :func:`save_data`, memory-mapped; None where the pictures are missing or cut."""
    pixels = load_pixels(folder / DATA["pixels"])
    if pixels is None:
        return None
    rest = {name: load_array(folder / DATA[name]) for name in ("held", "conditions", "held_conditions")}
    return ArrayData(pixels, seed, flip, **rest)


def remove_data(folder: Path) -> None:
    """Forget decoded training data: what a finished model no longer needs."""
    for name in DATA.values():
        (folder / name).unlink(missing_ok=True)


def save_pixels(path: Path, pixels: NDArray[Any]) -> None:
    """One array as .npy, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, pixels, allow_pickle=False)


def load_pixels(path: Path) -> NDArray[np.uint8] | None:
    """Memory-mapped pixels, or None where they are missing or cut."""
    pixels = load_array(path)
    return pixels if pixels is not None and pixels.dtype == np.uint8 and pixels.ndim == 4 else None


def load_array(path: Path) -> NDArray[Any] | None:
    """One memory-mapped array, or None where it is missing or cut."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array
