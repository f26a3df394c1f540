"""Sounds as training data: 16-bit waves on the disk, in an order in which every file counts the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.atomic import atomic_path
from mmstudio.learning.engine.data import DATA, Batch, load_array, save_pixels

_FULL = 32767.0


class SoundData:
    """N×C×T int16 (often memory-mapped), mapped to [-1, 1] on the way out.

    ``groups`` names the file of each piece (int64[N], any numbers): an epoch takes one piece of every file,
    so that a long file does not count more than a short one. ``conditions`` is float32[N, width] or None;
    ``held`` are pieces kept out of the training.
    """

    def __init__(
        self,
        waves: NDArray[np.int16],
        seed: int,
        *,
        groups: Sequence[int] | NDArray[np.int64] | None = None,
        conditions: NDArray[np.float32] | None = None,
        held: NDArray[np.int16] | None = None,
        held_conditions: NDArray[np.float32] | None = None,
    ) -> None:
        self.waves, self.seed = waves, seed
        self.groups = np.arange(len(waves)) if groups is None else np.asarray(groups, np.int64)
        self.conditions, self.held, self.held_conditions = conditions, held, held_conditions
        order = np.argsort(self.groups, kind="stable")
        starts = np.flatnonzero(np.diff(self.groups[order], prepend=self.groups[order[:1]] - 1))
        self._files = np.split(order, starts[1:])
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self.waves)

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """One piece of each of the next ``count`` files: x is N×C×T; an epoch is a permutation of the files.

        With them come half as many held-out pieces, at random, where there are any.
        """
        indices = [self._index(position) for position in range(seen, seen + count)]
        found = Batch(self.floats(indices), _rows(self.conditions, indices))
        if self.held is not None and len(self.held):
            some = torch.randint(len(self.held), (max(1, count // 2),), generator=random).tolist()
            found.held = to_waves(np.stack([self.held[i] for i in some]))
            found.held_c = _rows(self.held_conditions, some)
        return found

    def floats(self, indices: Sequence[int]) -> Tensor:
        """The pieces named, M×C×T in [-1, 1]."""
        return to_waves(np.stack([self.waves[i] for i in indices]))

    def spread(self, most: int) -> list[int]:
        """At most ``most`` indices, spread over all pieces."""
        count = min(len(self), most)
        return [len(self) * i // count for i in range(count)]

    def _index(self, position: int) -> int:
        epoch, offset = divmod(position, len(self._files))
        if epoch not in self._orders:
            self._orders = {epoch - 1: self._orders[epoch - 1]} if epoch - 1 in self._orders else {}
            random = np.random.default_rng([self.seed, epoch])
            files = random.permutation(len(self._files))
            lots = random.random(len(self._files))
            self._orders[epoch] = np.array(
                [self._files[f][int(lot * len(self._files[f]))] for f, lot in zip(files, lots, strict=True)]
            )
        return int(self._orders[epoch][offset])


def _rows(table: NDArray[np.float32] | None, indices: list[int]) -> Tensor | None:
    return None if table is None else torch.from_numpy(np.array(table[indices], np.float32))


def to_waves(samples: NDArray[np.int16]) -> Tensor:
    """int16 → float32 in [-1, 1]."""
    return torch.from_numpy(np.array(samples, np.float32)).div_(_FULL)


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """float in [-1, 1] → int16, clipped and rounded."""
    scaled: NDArray[np.int16] = np.rint(samples.clip(-1.0, 1.0) * _FULL).astype(np.int16)
    return scaled


class Rows:
    """Writes equal rows one after another into a .npy file; ``count`` of them so far."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._file, self._shape, self.count = file, shape, 0
        self._header()

    def _header(self) -> None:
        # NumPy pads headers so that the length along the first axis may grow in place.
        shape = (self.count, *self._shape)
        header = {"descr": "<i2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def add(self, row: NDArray[np.int16]) -> None:
        """One more row of the shape."""
        self._file.write(np.ascontiguousarray(row, "<i2").tobytes())
        self.count += 1

    def finish(self) -> None:
        """State in the header how many there are."""
        self._file.seek(0)
        self._header()


@contextmanager
def writing(path: Path, shape: tuple[int, ...]) -> Iterator[Rows]:
    """A .npy of N rows of ``shape``, N not known before; whole or not there.

    Raises:
        DiskFull: nothing is left behind.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        rows = Rows(file, shape)
        yield rows
        rows.finish()


def save_sounds(
    folder: Path,
    groups: Sequence[int],
    conditions: NDArray[np.float32] | None = None,
    held_conditions: NDArray[np.float32] | None = None,
) -> None:
    """Keep what belongs to the waves written before (``DATA["pixels"]`` and ``DATA["held"]``)."""
    for name, table in (("conditions", conditions), ("held_conditions", held_conditions)):
        if table is None:
            (folder / DATA[name]).unlink(missing_ok=True)
        else:
            save_pixels(folder / DATA[name], table)
    save_pixels(folder / DATA["groups"], np.asarray(groups, np.int64))  # last: with it the rest is whole


def load_sounds(folder: Path, seed: int) -> SoundData | None:
    """Back from the disk, memory-mapped; None where something is missing or cut."""
    waves, groups = load_array(folder / DATA["pixels"]), load_array(folder / DATA["groups"])
    if waves is None or groups is None or waves.dtype != np.int16 or len(waves) != len(groups):
        return None
    rest = {name: load_array(folder / DATA[name]) for name in ("held", "conditions", "held_conditions")}
    return SoundData(waves, seed, groups=groups, **rest)
