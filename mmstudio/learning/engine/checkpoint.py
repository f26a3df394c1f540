"""Checkpoints that are whole or not there: safetensors plus JSON, versioned names, one pointer file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmstudio.atomic import atomic_path, write_text
from mmstudio.errors import NotFound, StudioError

POINTER = "checkpoint.json"
WEIGHTS = "weights.safetensors"  # a shipped model: one file, no pointer
KEEP = 2
Which = Literal["best", "last"]


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
    best = _pointer(folder).get("best")
    names = {"weights": f"weights-{step:07d}.safetensors", "state": f"state-{step:07d}.safetensors"}
    write_tensors(folder / names["weights"], weights, {"step": step})
    write_tensors(folder / names["state"], state.tensors, state.numbers)
    entry = {"step": step, **names}
    entry |= {f"{kind}_sha256": _sha256(folder / name) for kind, name in names.items()}
    entries = [entry] + [old for old in _entries(folder) if old["step"] != step]
    _point(folder, entries[:KEEP], best)
    kept = {old[kind] for old in entries[:KEEP] for kind in ("weights", "state")}
    for file in [*folder.glob("weights-*.safetensors"), *folder.glob("state-*.safetensors")]:
        if file.name not in kept:
            file.unlink(missing_ok=True)


def save_best(folder: Path, step: int, weights: dict[str, Tensor], figures: dict[str, float]) -> None:
    """Keep these weights as the best so far, beside the checkpoints; the earlier best goes.

    Raises:
        DiskFull: the earlier best stays.
    """
    name = f"best-{step:07d}.safetensors"
    write_tensors(folder / name, weights, {"step": step})
    best = {"step": step, "weights": name, "weights_sha256": _sha256(folder / name), "figures": figures}
    _point(folder, _entries(folder), best)
    for file in folder.glob("best-*.safetensors"):
        if file.name != name:
            file.unlink(missing_ok=True)


def best_of(folder: Path) -> dict[str, Any] | None:
    """{"step", "figures", …} of the best weights kept, or None."""
    best = _pointer(folder).get("best")
    return best if isinstance(best, dict) and {"step", "weights", "weights_sha256"} <= set(best) else None


def load_state(folder: Path) -> TrainingState | None:
    """The newest whole training state, or None where there is none."""
    for entry in _entries(folder):
        path = folder / entry["state"]
        if _is_whole(path, entry["state_sha256"]):
            tensors, numbers = read_tensors(path)
            return TrainingState(tensors, numbers)
    return None


def load_weights(folder: Path, which: Which = "best") -> dict[str, Tensor]:
    """Whole weights of a model folder, float32, on the CPU: the best kept where a training judged
    itself, else the newest.

    Raises:
        NotFound: nothing was trained yet.
        StudioError: there are weights, but none is whole.
    """
    entries = _weights(folder, which)
    for entry in entries:
        path = folder / entry["weights"]
        if _is_whole(path, entry["weights_sha256"]):
            return {key: value.float() for key, value in load_file(path).items()}
    path = folder / WEIGHTS
    if path.is_file():
        try:
            return {key: value.float() for key, value in load_file(path).items()}
        except (SafetensorError, OSError) as error:
            raise _damaged(folder) from error
    if entries:
        raise _damaged(folder)
    raise NotFound(
        "The model “{name}” has no weights yet.", hint="Train it for a few steps first.", name=folder.name
    )


def weights_id(folder: Path) -> str:
    """The first 16 digits of the SHA-256 of the weights :func:`load_weights` reads."""
    for entry in _weights(folder, "best"):
        if _is_whole(folder / entry["weights"], entry["weights_sha256"]):
            return str(entry["weights_sha256"])[:16]
    return _sha256(folder / WEIGHTS)[:16] if (folder / WEIGHTS).is_file() else ""


def write_tensors(path: Path, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """One safetensors file with the numbers as JSON in its header. Raises DiskFull."""
    plain = {key: value.detach().contiguous().cpu().clone() for key, value in tensors.items()}
    with atomic_path(path) as temporary:
        try:
            save_file(plain, temporary, metadata={"json": json.dumps(numbers)})
        except SafetensorError as error:
            raise _of_the_system(error) from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Back from :func:`write_tensors`."""
    with safe_open(path, framework="pt") as file:
        numbers = json.loads((file.metadata() or {}).get("json", "{}"))
        return {key: file.get_tensor(key) for key in file.keys()}, numbers  # noqa: SIM118


def _pointer(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _point(folder: Path, entries: list[dict[str, Any]], best: object) -> None:
    data = {"format": 1, "checkpoints": entries} | ({"best": best} if best else {})
    write_text(folder / POINTER, json.dumps(data, indent=2) + "\n")


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        entries = _pointer(folder).get("checkpoints", [])
        return [entry for entry in entries if {"step", "weights", "state"} <= set(entry)]
    except TypeError:
        return []


def _weights(folder: Path, which: Which) -> list[dict[str, Any]]:
    best = best_of(folder) if which == "best" else None
    return ([best] if best else []) + _entries(folder)


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_the_system(error: SafetensorError) -> Exception:
    """The operating system's error that safetensors has only put into words: a full disk is known by it."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    if found is None:
        return error
    number = int(found.group(1))
    if os.name == "nt" and number in (39, 112):  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
        number = errno.ENOSPC
    return OSError(number, os.strerror(number))


def _damaged(folder: Path) -> StudioError:
    return StudioError(
        "The weights of “{name}” are damaged.",
        hint="Restore the model's folder from a copy, or train it again.",
        name=folder.name,
    )
