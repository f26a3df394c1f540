"""A trained shared encoder on disk, read without torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.normalise import Statistics
from mmstudio.features.tagging.calibration import Platt
from mmstudio.features.texts.words import TextModel, load_text_model
from mmstudio.learning.config import load_config
from mmstudio.learning.fusion.inputs import Part

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEXT_MODEL = "text.safetensors"
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True, slots=True)
class StoredEncoder:
    """Weights and all that they depend on.

    Attributes:
        names: modalities in the network's order. parts: modality → extractors with their statistics.
        labels: the tags it knows. platt: logits → probabilities. text: its own fitted text model.
        fingerprint: of the weights. width: of the shared vector.
        labelled_kinds: kinds of media that it has seen with labels; None where that was not written down.
    """

    weights: dict[str, NDArray[np.float32]]
    names: list[str]
    parts: dict[str, list[Part]]
    labels: list[str]
    platt: Platt
    text: TextModel | None
    fingerprint: str
    width: int
    labelled_kinds: list[str] | None = None


def record_parts(parts: dict[str, list[Part]]) -> dict[str, Any]:
    """The parts as plain JSON, for the config (their statistics lie with the weights)."""
    return {
        modality: [
            {"name": p.name, "version": p.version, "parameters": p.parameters, "dimension": p.dimension}
            for p in chosen
        ]
        for modality, chosen in parts.items()
    }


def statistics_tensors(parts: dict[str, list[Part]]) -> dict[str, NDArray[np.float32]]:
    """The statistics of the parts by name, for the weights file."""
    found: dict[str, NDArray[np.float32]] = {}
    for part in (part for chosen in parts.values() for part in chosen):
        found[f"statistics.{part.name}.mean"] = np.asarray(part.statistics.mean, np.float32)
        found[f"statistics.{part.name}.std"] = np.asarray(part.statistics.std, np.float32)
        found[f"statistics.{part.name}.count"] = np.array([part.statistics.count], np.float32)
    return found


def load_encoder(folder: Path) -> StoredEncoder:
    """Read the newest whole weights of a model folder.

    Raises:
        NotFound: not trained yet. StudioError: damaged, or not an encoder.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    config = load_config(folder)
    try:
        inputs, labels = config.trained["inputs"], list(config.trained["labels"])
        names = [str(name) for name in config.trained["modalities"]]
        path, fingerprint = _weights_of(folder)
        tensors = dict(load_file(str(path)))
        parts = {
            modality: [Part(**one, statistics=_statistics(tensors, one["name"])) for one in chosen]
            for modality, chosen in inputs.items()
        }
        weights = {key: v.astype(np.float32) for key, v in tensors.items() if key.startswith("fused.")}
        if not weights or not all(np.isfinite(v).all() for v in weights.values()):
            raise ValueError("weights")
        slope, offset = config.trained.get("platt", [1.0, 0.0])
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise StudioError(
            "The weights of “{name}” are damaged.",
            hint="Restore the model's folder from a copy, or train it again.",
            name=folder.name,
        ) from error
    text = load_text_model(folder / TEXT_MODEL) if "text" in names else None
    width = weights["fused.tags_out.weight"].shape[1]
    platt = Platt(float(slope), float(offset))
    kinds = config.trained.get("labelled_kinds")
    return StoredEncoder(weights, names, parts, labels, platt, text, fingerprint, width, kinds)


def _statistics(tensors: dict[str, NDArray[np.float32]], name: str) -> Statistics:
    at = f"statistics.{name}."
    return Statistics(tensors[at + "mean"], tensors[at + "std"], int(tensors[at + "count"][0]))


def _weights_of(folder: Path) -> tuple[Path, str]:
    """The newest whole weights, with the start of their SHA-256."""
    try:
        entries = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))["checkpoints"]
    except (OSError, ValueError, KeyError):
        entries = []
    for entry in entries:
        path = folder / entry["weights"]
        if path.is_file() and _sha256(path) == entry["weights_sha256"]:
            return path, str(entry["weights_sha256"])[:16]
    path = folder / WEIGHTS
    return path, _sha256(path)[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
