"""Picture networks in the user's model folder: which are there, and what is wrong with the others.

A folder is one of two kinds. Weights for a torchvision network or for the project's own: one file
``*.safetensors``, or a state dict ``*.pth`` / ``*.pt`` that torch reads with ``weights_only``, with a
config.json of ours (``kind``, ``architecture``, and where they differ from ImageNet's: ``size``, ``mean``,
``std``, ``resize``, ``whole``; ``licence``, ``label``, ``preferred``), or without one where the name of the
folder or file tells the architecture. Or a transformers folder: its config.json beside model.safetensors.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmstudio.errors import StudioError
from mmstudio.features.pictures.spec import BackboneSpec
from mmstudio.features.pictures.torchvision_nets import DIMENSIONS
from mmstudio.features.pictures.transformers_nets import MODEL_TYPES, transformers_spec
from mmstudio.features.pictures.weights import check_weights
from mmstudio.i18n import tr_error
from mmstudio.paths import user_models_dir

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
KIND = "image-backbone"


@dataclass(frozen=True, slots=True)
class Problem:
    """A folder that looks like a picture network but cannot be used.

    Attributes:
        folder: its name.
        reason, hint: a sentence each, in the person's language.
    """

    folder: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Found:
    spec: BackboneSpec | None
    error: StudioError | None
    preferred: bool
    since: int  # ns: when it was put there


def own_backbones() -> list[BackboneSpec]:
    """The networks of the user's model folder, the one that serves likeness search first.

    First come those whose config.json says ``"preferred": true``, then by the time the config was written,
    the oldest first: adding a network never silently changes what the library's pictures are compared by.
    """
    good = [(not one.preferred, one.since, one.spec.name, one.spec) for one in _all() if one.spec is not None]
    return [spec for _, _, _, spec in sorted(good, key=lambda row: row[:3])]


def problems() -> list[Problem]:
    """The folders of the user's model folder that look like picture networks and cannot be used."""
    found = []
    for folder, one in zip(_folders(), _all(), strict=True):
        if one.error is not None:
            reason, hint = tr_error(one.error)
            found.append(Problem(folder.name, reason, hint))
    return found


def read_folder(folder: Path, source: str) -> BackboneSpec | None:
    """The network in a folder, or None where the folder is about something else.

    Only headers are read, no weights. Raises StudioError where it is a picture network that cannot be used.
    """
    data = _config(folder)
    if data is None:
        architecture = _guess(folder)
        return None if architecture is None else _ours(folder, source, {"architecture": architecture})
    if data.get("kind") == KIND:
        return _ours(folder, source, data)
    if "kind" not in data and data.get("model_type") in MODEL_TYPES:
        return transformers_spec(folder, data)
    return None


def _folders() -> list[Path]:
    own = user_models_dir()
    try:
        return sorted(folder for folder in own.iterdir() if folder.is_dir() and folder.name[:1] != ".")
    except OSError:
        return []


def _all() -> list[_Found]:
    return [_look(folder, _stamp(folder)) for folder in _folders()]


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes with the folder's files."""
    try:
        files = [(entry.name, entry.stat()) for entry in folder.iterdir() if entry.is_file()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in files))


@lru_cache(maxsize=256)
def _look(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> _Found:
    times = {name: mtime for name, _, mtime in stamp}
    since = times.get("config.json", min(times.values(), default=0))
    try:
        preferred = bool((_config(folder) or {}).get("preferred") is True)
        return _Found(read_folder(folder, "user"), None, preferred, since)
    except StudioError as error:
        return _Found(None, error, False, since)


def _config(folder: Path) -> dict[str, Any] | None:
    """config.json of a folder; None where there is none. Raises StudioError where it is not JSON."""
    path = folder / "config.json"
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(folder) from error
    if not isinstance(data, dict):
        raise _unreadable(folder)
    return data


def _unreadable(folder: Path) -> StudioError:
    return StudioError(
        "The config.json in {folder} cannot be read.",
        hint="Fetch or copy the folder again.",
        folder=folder.name,
    )


def _guess(folder: Path) -> str | None:
    """The torchvision architecture that the names in a folder without config.json tell."""
    names = [folder.name, *(path.stem for path in _weight_files(folder))]
    plain = [name.lower().replace("-", "_") for name in names]
    for architecture in sorted(DIMENSIONS, key=len, reverse=True):
        if any(name.startswith(architecture) for name in plain) and len(names) > 1:
            return architecture
    return None


def _weight_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for pattern in ("*.safetensors", "*.pth", "*.pt"):
        found += sorted(path for path in folder.glob(pattern) if path.is_file())
    return found


def _ours(folder: Path, source: str, data: dict[str, Any]) -> BackboneSpec:
    files = _weight_files(folder)
    if not files:
        raise StudioError(
            "There are no weights in {folder}.",
            hint="Put a safetensors file or a .pth file of torchvision into it.",
            folder=folder.name,
        )
    weights = next((path for path in files if path.stem in ("weights", "model")), files[0])
    check_weights(weights)
    architecture = str(data.get("architecture"))
    try:
        widths: tuple[int, ...] = ()
        bands = 1
        if architecture == "starter-resnet":
            widths = tuple(int(w) for w in data["widths"])
            bands = int(data.get("bands", 1))
            dimension = widths[-2] + bands * widths[-1]
        elif architecture in DIMENSIONS:
            dimension = DIMENSIONS[architecture]
        else:
            raise StudioError(
                "{folder} is a network of kind {architecture}, which is not known here.",
                hint="Known are: {known}.",
                folder=folder.name,
                architecture=architecture,
                known=", ".join(DIMENSIONS),
            )
        size = int(data.get("size", 224))
        resize = int(data.get("resize", size))
        mean, std = _three(data.get("mean", IMAGENET_MEAN)), _three(data.get("std", IMAGENET_STD))
        if not 32 <= size <= 512 or resize < size or min(std) <= 0 or min(widths, default=1) < 1 or bands < 1:
            raise ValueError("out of range")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _unreadable(folder) from error
    label = str(data.get("label") or data.get("title") or folder.name)
    return BackboneSpec(
        architecture, dimension, size, mean, std, source, str(data.get("licence", "unknown")), label, weights,
        widths, bands, "starter" if widths else "torchvision", folder.name, size / resize,
        bool(data.get("whole", False)),
    )  # fmt: skip


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in values)
    if not all(math.isfinite(v) for v in (red, green, blue)):
        raise ValueError("not a number")
    return red, green, blue
