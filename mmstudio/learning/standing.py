"""What a model's folder holds, told from sizes and headers: quick, and without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_LONGEST_HEADER = 100 * 2**20


def newest_step(folder: Path) -> int:
    """The step of the newest checkpoint; 0 without one."""
    return max((int(entry.get("step", 0)) for entry in _entries(folder)), default=0)


def has_whole_weights(folder: Path) -> bool:
    """True where some file of weights is as long as its own header says.

    A file that was cut is told at once; one whose numbers were changed only when it is loaded (its SHA-256 is
    compared then).
    """
    named = [str(entry["weights"]) for entry in _entries(folder) if "weights" in entry]
    return any(_is_whole(folder / name) for name in (*named, "weights.safetensors"))


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
        found = data.get("checkpoints", [])
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    except (OSError, ValueError, AttributeError):
        return []


def _is_whole(path: Path) -> bool:
    """A safetensors file: 8 bytes length of the header, the header as JSON, then the tensors."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(_LONGEST_HEADER, size - 8):
                return False
            header = json.loads(file.read(length))
        ends = [int(entry["data_offsets"][1]) for key, entry in header.items() if key != "__metadata__"]
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return False
    return size == 8 + length + max(ends, default=0)
