"""Model folders: what one is, whether it is whole, and how one comes in from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmstudio.atomic import write_text
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.features.pictures.weights import check_weights
from mmstudio.features.texts.vector_files import FOLDER as WORD_VECTORS
from mmstudio.learning.catalogue.backbone import ARCHITECTURES, spec_of
from mmstudio.learning.catalogue.entries import is_name
from mmstudio.learning.catalogue.fetch import room, sha256_of
from mmstudio.learning.catalogue.weights import (
    PICKLES,
    WEIGHTS,
    check_finite,
    damaged,
    read_weights,
    recognise,
    write_weights,
)

FORMAT = 1
CONFIG = "config.json"
RECORD = "mmstudio.json"  # what was installed, from where, with which hashes
HIDDEN = ".partial"  # unfinished things: below one hidden folder, so that nobody takes them for models
_KEPT = {".json", ".txt", ".safetensors", ".model", ".md", ".jinja"}
_IMAGENET = {"size": 224, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
_SENTENCE = "modules.json"
_WORDS = {".txt", ".vec", ".glove", ".w2v"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a model folder is: see :data:`mmstudio.learning.catalogue.entries.KINDS` for ``kind``."""

    name: str
    kind: str
    architecture: str
    label: str
    licence: str
    dimension: int
    size: int
    path: Path
    config: Mapping[str, Any] = field(default_factory=dict)


def look(folder: Path) -> Found:
    """What a folder is, from its config.json and the headers of its weights; loads no network.

    Raises:
        StudioError: no config.json, an unreadable one, one of a newer MM Studio, an unknown kind, weights
            that are missing, cut or only there as a pickle.
    """
    config = read_config(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    kind = str(config.get("kind", ""))
    label, licence = str(config.get("label", folder.name)), str(config.get("licence", ""))
    if kind == "image-backbone":
        check_weights(_weights_in(folder))
        spec = spec_of(folder)
        return Found(
            folder.name, kind, spec.architecture, label, licence, spec.dimension, size, folder, config
        )
    if kind == "word-vectors":
        if not (folder / str(config.get("file", ""))).is_file():
            raise damaged(folder / str(config.get("file", "")))
        dimension = _whole_number(config.get("dimension"))
        return Found(folder.name, kind, "", label, licence, dimension, size, folder, config)
    architectures = config.get("architectures")
    if "model_type" in config or isinstance(architectures, list):
        for weights in _transformer_weights(folder):
            check_weights(weights)
        found = "sentence" if (folder / _SENTENCE).is_file() else "image-text"
        dimension = _whole_number(config.get("projection_dim") or config.get("hidden_size"))
        return Found(
            folder.name,
            found,
            str(config.get("model_type", "")),
            label,
            licence,
            dimension,
            size,
            folder,
            config,
        )
    raise StudioError(
        "The folder {name} is not a model that can be used here.",
        hint="Its config.json names neither a kind nor a model_type.",
        name=folder.name,
    )


def check(folder: Path) -> Found:
    """Look closely: hashes where they were written down, weights finite, and the network really builds.

    Raises:
        StudioError: what is wrong, in one sentence.
    """
    found = look(folder)
    for path, sha256 in recorded(folder).items():
        if not (folder / path).is_file() or sha256_of(folder / path) != sha256:
            raise StudioError(
                "The file {file} of “{name}” is not the one that was installed.",
                hint="Remove the model and fetch or import it again.",
                file=path,
                name=folder.name,
            )
    if found.kind == "image-backbone":
        check_finite(read_weights(_weights_in(folder)), folder.name)
        _build(folder)
    elif found.kind in ("sentence", "image-text"):
        for weights in _transformer_weights(folder):
            check_finite(read_weights(weights), folder.name)
    return found


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder. Raises StudioError, see :func:`look`."""
    path = folder / CONFIG
    if not path.is_file():
        raise StudioError(
            "The folder {name} has no config.json, so it is not a model.",
            hint="Give the folder that holds config.json and the weights.",
            name=folder.name,
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        newest = config.get("format", FORMAT)
    except (OSError, ValueError, AttributeError) as error:
        raise StudioError(
            "The config.json of {name} cannot be read.",
            hint="Fetch or copy the model again.",
            name=folder.name,
        ) from error
    if not isinstance(newest, int) or newest > FORMAT:
        raise StudioError(
            "The model {name} was made for a newer MM Studio.",
            hint="Update MM Studio to use it; nothing was changed.",
            name=folder.name,
        )
    return dict(config)


def draws(folder: Path) -> bool:
    """True for a model that draws or plays (its config.json names a family): the trainings' business."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "family" in config


def recorded(folder: Path) -> dict[str, str]:
    """SHA-256 by relative path as written down when the model came in; empty where nothing was."""
    try:
        files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
        return {str(path): str(sha256) for path, sha256 in files.items() if ".." not in Path(path).parts}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


# -- coming in -------------------------------------------------------------------------------------------


def bring_in(
    root: Path, path: Path, *, name: str = "", architecture: str = "", licence: str = "", label: str = ""
) -> Found:
    """Copy a model from a folder or a file into ``root``; the original is not touched.

    Args:
        path: a model folder of ours, a transformers or sentence-transformers folder, a torchvision file
            (.pth, .pt, .safetensors), or word vectors as text (.txt, .vec).
        name: what it is called here; the file's or folder's name by default.
        architecture: for torchvision files; recognised from the weights where empty.

    Raises:
        NotFound, UsageError, StudioError: see :func:`look` and :mod:`weights`; nothing is left behind.
    """
    if not path.exists():
        raise NotFound("There is no file or folder {path}.", path=path)
    called = name or _plain(path.name if path.is_dir() else path.stem)
    if path.is_file() and path.suffix.lower() in _WORDS:
        called = WORD_VECTORS  # the one folder where the features room looks for them
    if not is_name(called):
        raise UsageError("“{name}” cannot be a model's name.", hint="Use letters and digits.", name=called)
    with staged(root, called) as folder:
        if path.is_dir():
            look(path)  # says what is wrong with the original, by its own name
            _copy_folder(path, folder)
        elif path.suffix.lower() in (*PICKLES, ".safetensors"):
            room(folder, 2 * path.stat().st_size)
            take_torchvision(folder, path, architecture, label or called, licence)
        elif path.suffix.lower() in _WORDS:
            _take_word_vectors(folder, path, label or called, licence)
        else:
            raise UsageError(
                "{name} is not a model: give a folder, or a .safetensors, .pth, .txt or .vec file.",
                name=path.name,
            )
        check(folder)
        write_record(folder, {"from": str(path)})
    return look(root / called)


@contextmanager
def staged(root: Path, name: str) -> Iterator[Path]:
    """A new folder that becomes ``root/NAME`` only when the block succeeds.

    Raises:
        StudioError: there is a model of that name.
    """
    final = root / name
    if final.exists():
        raise StudioError("There is already a model “{name}”.", hint="Remove or rename it first.", name=name)
    outer = root / HIDDEN / uuid.uuid4().hex[:12]
    folder = outer / name  # by its own name, so that what is said about it names the model
    folder.mkdir(parents=True)
    try:
        yield folder
        for path in folder.rglob("*"):
            if path.is_file():
                with path.open("rb+") as file:
                    os.fsync(file.fileno())
        if final.exists():
            raise StudioError(
                "There is already a model “{name}”.", hint="Remove or rename it first.", name=name
            )
        folder.rename(final)
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def write_record(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write down the hash of every file and where the model came from."""
    files = {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != RECORD
    }
    record = {
        "format": FORMAT,
        **facts,
        "installed": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": files,
    }
    write_text(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def take_torchvision(
    folder: Path,
    path: Path,
    architecture: str,
    label: str,
    licence: str,
    config: Mapping[str, Any] | None = None,
) -> None:
    """Turn a file of torchvision's weights into a model folder: config.json and weights.safetensors.

    The weights of the classifier on top are left out; the features room does not use them.
    """
    tensors = read_weights(path)
    found = recognise(tensors, architecture)
    check_finite(tensors, label)
    write_weights(folder / WEIGHTS, tensors)
    written = {
        "format": FORMAT, "kind": "image-backbone", "architecture": found,
        "dimension": ARCHITECTURES[found], **_IMAGENET, **(config or {}), "licence": licence or "unknown",
        "label": label,
    }  # fmt: skip
    write_text(folder / CONFIG, json.dumps(written, indent=2, ensure_ascii=False) + "\n")


def _take_word_vectors(folder: Path, path: Path, label: str, licence: str) -> None:
    try:
        with path.open(encoding="utf-8", errors="strict") as file:
            first, second = file.readline().split(), file.readline().split()
        row = second if len(first) == 2 else first
        dimension = len(row) - 1
        [float(value) for value in row[1:]]
        if dimension < 2:
            raise ValueError("too short")
    except (OSError, ValueError) as error:
        raise StudioError(
            "{name} is not a file of word vectors.",
            hint="Each line is a word and its numbers, as word2vec and GloVe write them.",
            name=path.name,
        ) from error
    room(folder, path.stat().st_size)
    shutil.copyfile(path, folder / "vectors.txt")
    config = {
        "format": FORMAT, "kind": "word-vectors", "file": "vectors.txt", "dimension": dimension,
        "licence": licence or "unknown", "label": label,
    }  # fmt: skip
    write_text(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def _copy_folder(source: Path, folder: Path) -> None:
    # Only data: no code, no pickles, no hidden files; nothing from outside the folder but single files that
    # links in it name (a Hugging Face cache is made of such links).
    files = [
        path
        for path in sorted(source.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in _KEPT
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    ]
    room(folder, sum(path.stat().st_size for path in files))
    for path in files:
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (folder / RECORD).unlink(missing_ok=True)


def _weights_in(folder: Path) -> Path:
    path = folder / WEIGHTS
    if not path.is_file():
        raise StudioError(
            "The model {name} has no weights: {file} is missing.",
            hint="Fetch or copy the model again.",
            name=folder.name,
            file=WEIGHTS,
        )
    return path


def _transformer_weights(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.safetensors"))
    if found:
        return found
    if any(path.suffix in PICKLES for path in folder.iterdir()):
        raise StudioError(
            "The folder {name} holds its weights only as a pickle, which can run programs.",
            hint="Look for the same model with a model.safetensors file.",
            name=folder.name,
        )
    raise StudioError(
        "The model {name} has no weights: {file} is missing.",
        hint="Fetch or copy the model again.",
        name=folder.name,
        file="model.safetensors",
    )


def _build(folder: Path) -> None:
    """Build the network as the features room will."""
    from mmstudio.features.pictures.backbones import Backbone

    Backbone(spec_of(folder), "cpu")


def _whole_number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _plain(name: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    return kept.strip("-_")[:40]
