"""Weights from elsewhere: read without running anything, recognised, checked, written as safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError, UsageError
from mmstudio.features.pictures.weights import check_weights
from mmstudio.learning.catalogue.backbone import ARCHITECTURES, of_classifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

WEIGHTS = "weights.safetensors"
PICKLES = (".pth", ".pt", ".bin", ".ckpt")


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name of a .safetensors file or a PyTorch file, on the CPU.

    PyTorch files are read with ``weights_only=True``: one that holds anything but tensors is refused, and
    nothing in it is run.

    Raises:
        StudioError: cut, damaged, or with something else inside.
    """
    import warnings

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        check_weights(path)
        try:
            return dict(load_file(str(path)))
        except (SafetensorError, OSError, ValueError) as error:
            raise damaged(path) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols: what is refused is said below
            found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch names no common class: UnpicklingError, RuntimeError, EOFError, KeyError, …
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise StudioError(
                "{name} holds more than weights, so it is not opened: such a file can run programs.",
                hint="Look for the same model as a .safetensors file.",
                name=path.name,
            ) from error
        raise damaged(path) from error
    for key in ("state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found:
        raise damaged(path)
    if not all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in found.items()):
        raise StudioError(
            "{name} holds something else than weights.",
            hint="Give a file of weights: tensors by name.",
            name=path.name,
        )
    return {key.removeprefix("module."): value.detach().contiguous() for key, value in found.items()}


def check_finite(tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise StudioError where a weight is not a number or infinite."""
    import torch

    for value in tensors.values():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise StudioError(
                "The weights of “{name}” hold values that are not numbers.",
                hint="The file is damaged: fetch or copy it again.",
                name=name,
            )


def recognise(tensors: Mapping[str, Tensor], wanted: str = "") -> str:
    """The torchvision architecture that names and shapes of the weights fit.

    Args:
        wanted: only this one is tried.

    Raises:
        UsageError: ``wanted`` is none we know. StudioError: nothing fits.
    """
    if wanted and wanted not in ARCHITECTURES:
        raise UsageError(
            "There is no architecture {name}.",
            hint="Known are: {known}.",
            name=wanted,
            known=", ".join(ARCHITECTURES),
        )
    for name in (wanted,) if wanted else ARCHITECTURES:
        if _expected(name) == _shapes(tensors, name):
            return name
    if wanted:
        raise StudioError(
            "These weights do not fit the architecture {name}.",
            hint="Leave --architecture out to have it recognised.",
            name=wanted,
        )
    raise StudioError(
        "These weights fit no architecture that is known here.",
        hint="Known are: {known}.",
        known=", ".join(ARCHITECTURES),
    )


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """One safetensors file, written whole or not at all."""
    from safetensors.torch import save_file

    plain = {key: value.detach().contiguous().cpu().clone() for key, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, str(temporary))


def damaged(path: Path) -> StudioError:
    """What is said of a file that cannot be read."""
    return StudioError(
        "The weights in {name} are damaged or cut off.",
        hint="Fetch or copy the file again.",
        name=path.name,
    )


def _shapes(tensors: Mapping[str, Tensor], architecture: str) -> dict[str, tuple[int, ...]]:
    # Counters of batch normalisation are missing in files of old PyTorch versions and are not used here.
    return {
        key: tuple(value.shape)
        for key, value in tensors.items()
        if not of_classifier(key, architecture) and not key.endswith("num_batches_tracked")
    }


def _expected(architecture: str) -> dict[str, tuple[int, ...]]:
    import torch
    import torchvision

    with torch.device("meta"):
        net = getattr(torchvision.models, architecture)(weights=None)
    return _shapes(net.state_dict(), architecture)
