"""Training data of sets: an array per modality and which rows are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor

from mmstudio.atomic import atomic_path
from mmstudio.learning.engine.data import DATA, Batch

Arrays = Mapping[str, NDArray[Any]]
DATA.setdefault("set", "set.safetensors")  # goes when the training ends, as all kept data do


class SetData:
    """Modality → N rows (uint8 pictures, whole-number tokens, float32 rows) with bool[N] of which are there.

    ``held`` and ``held_present`` are rows that no step learns from. Augmented copies are rows like others.
    """

    def __init__(
        self,
        arrays: Arrays,
        present: Arrays,
        seed: int,
        *,
        held: Arrays | None = None,
        held_present: Arrays | None = None,
    ) -> None:
        self.arrays, self.present, self.seed = dict(arrays), dict(present), seed
        self.held, self.held_present = dict(held or {}), dict(held_present or {})
        self.names = list(self.arrays)
        self._count = len(next(iter(self.arrays.values())))
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return self._count

    def batch(self, seen: int, count: int, random: torch.Generator) -> Batch:
        """The ``count`` rows after the first ``seen``; every epoch is a fresh permutation of all."""
        del random
        found = np.empty(count, np.int64)
        done = 0
        while done < count:
            epoch, offset = divmod(seen + done, self._count)
            some = self._order(epoch)[offset : offset + count - done]
            found[done : done + len(some)] = some
            done += len(some)
        return self.rows(found)

    def rows(self, which: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Some rows as tensors, in that order."""
        return as_batch(self.arrays, self.present, np.asarray(which, np.int64))

    def held_rows(self, most: int) -> Batch | None:
        """The first held-out rows, or None."""
        if not self.held:
            return None
        count = min(most, len(next(iter(self.held.values()))))
        return as_batch(self.held, self.held_present, np.arange(count)) if count else None

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k == epoch - 1}
            self._orders[epoch] = np.random.default_rng([self.seed, epoch]).permutation(self._count)
        return self._orders[epoch]


def as_batch(arrays: Arrays, present: Arrays, which: NDArray[np.int64]) -> Batch:
    """Rows of arrays as a batch: uint8 stays uint8, whole numbers become int64, the rest float32."""
    parts = {name: _tensor(array[which]) for name, array in arrays.items()}
    masks = {
        name: torch.from_numpy(np.asarray(present[name][which], bool))
        if name in present
        else torch.ones(len(which), dtype=torch.bool)
        for name in arrays
    }
    return Batch(torch.empty(len(which), 0), parts=parts, present=masks)


def _tensor(rows: NDArray[Any]) -> Tensor:
    if rows.dtype == np.uint8:
        return torch.from_numpy(np.ascontiguousarray(rows))
    kind = np.int64 if np.issubdtype(rows.dtype, np.integer) else np.float32
    return torch.from_numpy(np.ascontiguousarray(rows, kind))


def save_sets(folder: Path, data: SetData) -> None:
    """Keep decoded sets beside the model, so that resuming needs no decoding. Raises DiskFull."""
    groups = {
        "arrays": data.arrays,
        "present": data.present,
        "held": data.held,
        "held_present": data.held_present,
    }
    tensors = {
        f"{group}/{name}": np.ascontiguousarray(array)
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }
    with atomic_path(folder / DATA["set"]) as temporary:
        save_file(tensors, str(temporary), metadata={"names": "\n".join(data.names)})


def load_sets(folder: Path, seed: int) -> SetData | None:
    """Back from :func:`save_sets`; None where there is none or it is cut."""
    path = folder / DATA["set"]
    if not path.is_file():
        return None
    found: dict[str, dict[str, NDArray[Any]]] = {"arrays": {}, "present": {}, "held": {}, "held_present": {}}
    try:
        with safe_open(str(path), framework="numpy") as file:
            order = (file.metadata() or {}).get("names", "").split("\n")
            for key in file.keys():  # noqa: SIM118
                group, _, name = key.partition("/")
                found[group][name] = file.get_tensor(key)
        arrays = {name: found["arrays"][name] for name in order}
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return SetData(arrays, found["present"], seed, held=found["held"], held_present=found["held_present"])
