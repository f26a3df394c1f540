"""Checkpoints that are whole or not there: safetensors plus JSON, versioned names, one pointer file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmstudio.atomic import atomic_path, write_text
from mmstudio.errors import NotFound, StudioError

POINTER = "checkpoint.json"
WEIGHTS = "weights.safetensors"  # a shipped model: one file, no pointer
KEEP = 2


@dataclass(slots=True)
class TrainingState:
    """All that an exact resume needs: tensors, and small numbers as JSON."""

    tensors: dict[str, Tensor]
    numbers: dict[str, Any]


def save_checkpoint(folder: Path, step: int, weights: dict[str, Tensor], state: TrainingState) -> None:
    """Write weights and state, then point at them; older ones beyond the last two go.

    Raises:
        DiskFull: the earlier checkpoint stays valid.
    """
    names = {"weights": f"weights-{step:07d}.safetensors", "state": f"state-{step:07d}.safetensors"}
    write_tensors(folder / names["weights"], weights, {"step": step})
    write_tensors(folder / names["state"], state.tensors, state.numbers)
    entry = {"step": step, **names}
    entry |= {f"{kind}_sha256": _sha256(folder / name) for kind, name in names.items()}
    entries = [entry] + [old for old in _entries(folder) if old["step"] != step]
    write_text(folder / POINTER, json.dumps({"format": 1, "checkpoints": entries[:KEEP]}, indent=2) + "\n")
    kept = {old[kind] for old in entries[:KEEP] for kind in ("weights", "state")}
    for file in [*folder.glob("weights-*.safetensors"), *folder.glob("state-*.safetensors")]:
        if file.name not in kept:
            file.unlink(missing_ok=True)


def load_state(folder: Path) -> TrainingState | None:
    """The newest whole training state, or None where there is none."""
    for entry in _entries(folder):
        path = folder / entry["state"]
        if _is_whole(path, entry["state_sha256"]):
            tensors, numbers = read_tensors(path)
            return TrainingState(tensors, numbers)
    return None


def load_weights(folder: Path) -> dict[str, Tensor]:
    """The newest whole weights of a model folder, float32, on the CPU.

    Raises:
        NotFound: nothing was trained yet.
        StudioError: there are weights, but none is whole.
    """
    for entry in _entries(folder):
        path = folder / entry["weights"]
        if _is_whole(path, entry["weights_sha256"]):
            return {key: value.float() for key, value in load_file(path).items()}
    path = folder / WEIGHTS
    if path.is_file():
        try:
            return {key: value.float() for key, value in load_file(path).items()}
        except (SafetensorError, OSError) as error:
            raise _damaged(folder) from error
    if _entries(folder):
        raise _damaged(folder)
    raise NotFound(
        "The model “{name}” has no weights yet.", hint="Train it for a few steps first.", name=folder.name
    )


def weights_id(folder: Path) -> str:
    """The first 16 digits of the SHA-256 of the weights :func:`load_weights` reads."""
    for entry in _entries(folder):
        if _is_whole(folder / entry["weights"], entry["weights_sha256"]):
            return str(entry["weights_sha256"])[:16]
    return _sha256(folder / WEIGHTS)[:16] if (folder / WEIGHTS).is_file() else ""


def write_tensors(path: Path, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """One safetensors file with the numbers as JSON in its header."""
    plain = {key: value.detach().contiguous().cpu().clone() for key, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(plain, temporary, metadata={"json": json.dumps(numbers)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Back from :func:`write_tensors`."""
    with safe_open(path, framework="pt") as file:
        numbers = json.loads((file.metadata() or {}).get("json", "{}"))
        return {key: file.get_tensor(key) for key in file.keys()}, numbers  # noqa: SIM118


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads((folder / POINTER).read_text(encoding="utf-8"))
        return [entry for entry in data["checkpoints"] if {"step", "weights", "state"} <= set(entry)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(folder: Path) -> StudioError:
    return StudioError(
        "The weights of “{name}” are damaged.",
        hint="Restore the model's folder from a copy, or train it again.",
        name=folder.name,
    )
