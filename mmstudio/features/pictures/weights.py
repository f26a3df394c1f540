"""Files of weights: is one whole, and what is in it. Pickles that could run code are never opened."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.features.pictures.torchvision_nets import of_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from mmstudio.features.pictures.spec import BackboneSpec


def check_weights(path: Path) -> None:
    """A quick look at a file of weights: whole, and of a kind we read. Raises StudioError."""
    if path.suffix == ".safetensors":
        if not _whole_safetensors(path):
            raise StudioError(
                "{name} in {folder} is not a whole safetensors file.",
                hint="Fetch or copy it again.",
                name=path.name,
                folder=path.parent.name,
            )
    elif not zipfile.is_zipfile(path):
        raise StudioError(
            "{name} in {folder} is not a file of weights that torch can read safely.",
            hint="Put a safetensors file, or a .pth file of newer torchvision, in its place.",
            name=path.name,
            folder=path.parent.name,
        )


def load_state(spec: BackboneSpec) -> dict[str, Tensor]:
    """The weights of a spec as float32, without the classifier.

    Raises StudioError for a file that cannot be read safely or whose weights are not numbers.
    """
    import pickle

    import torch
    from safetensors import SafetensorError

    path = spec.weights
    assert path is not None
    try:
        state = {
            name: value.float() if value.is_floating_point() else value
            for name, value in _read(path).items()
            if not of_classifier(name, spec.architecture)
        }
        if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
            raise ValueError("weights that are not numbers")
        return state
    except (
        OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError, EOFError, SafetensorError,
        pickle.UnpicklingError,
    ) as error:  # fmt: skip
        raise unreadable(spec) from error


def unreadable(spec: BackboneSpec) -> StudioError:
    """What a person reads when weights do not load."""
    assert spec.weights is not None
    return StudioError(
        "The picture network in {folder} cannot be read.",
        hint="Remove that folder or put a whole copy in its place.",
        folder=spec.weights.parent.name,
    )


def _read(path: Path) -> dict[str, Tensor]:
    import torch
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        return load_file(str(path))
    found: Any = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model"):
        if isinstance(found.get(key), dict):
            found = found[key]
    return {str(name).removeprefix("module."): value for name, value in found.items()}


def _whole_safetensors(path: Path) -> bool:
    """Whether the header of a safetensors file can be read and its tensors end where the file does."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, 100_000_000):
                return False
            header = json.loads(file.read(length))
        ends = [int(one["data_offsets"][1]) for name, one in header.items() if name != "__metadata__"]
        return bool(ends) and 8 + length + max(ends) == size
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return False
