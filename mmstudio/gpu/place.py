"""Where the other build lies and which one is used. Loads nothing: the program starts with this."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from mmstudio.atomic import write_text
from mmstudio.paths import data_dir

POINTER = "gpu.json"
OFF = "MMSTUDIO_GPU"  # "off" in the environment: the program's own build, whatever is installed


def gpu_dir() -> Path:
    """The folder of all builds; not created here."""
    return data_dir() / "gpu"


def chosen() -> dict[str, Any] | None:
    """What the pointer says (name, wheels, for which Python), or None; a broken pointer counts as none."""
    try:
        data = json.loads((gpu_dir() / POINTER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return None
    name = data["name"]
    if Path(name).name != name or not (gpu_dir() / name / "torch").is_dir():
        return None
    return data


def activate() -> Path | None:
    """Put the chosen build before the program's own in the search path; its folder, or None.

    Called before torch is imported. A build made for another Python is not used.
    """
    if os.environ.get(OFF, "").lower() == "off":
        return None
    found = chosen()
    if found is None or found.get("python") != python_tag():
        return None
    folder = gpu_dir() / str(found["name"])
    sys.path.insert(0, str(folder))
    return folder


def choose(name: str, facts: dict[str, Any]) -> None:
    """Use the build ``name`` from the next start on; atomic."""
    write_text(
        gpu_dir() / POINTER, json.dumps({**facts, "name": name, "python": python_tag()}, indent=1) + "\n"
    )


def forget_choice() -> None:
    """Use the program's own build from the next start on."""
    (gpu_dir() / POINTER).unlink(missing_ok=True)


def python_tag() -> str:
    """ "cp312" for CPython 3.12."""
    return f"cp{sys.version_info.major}{sys.version_info.minor}"
