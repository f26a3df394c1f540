"""What a model is: the one JSON file beside its weights. Knows no torch."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mmstudio.atomic import write_text
from mmstudio.errors import StudioError, UsageError

FORMAT = 3
CONFIG = "config.json"


class NewerModel(StudioError):
    """A config of a format that this program does not know yet."""


@dataclass(slots=True)
class ModelConfig:
    """Everything that rebuilds a model and its training.

    Attributes:
        family: a name of :func:`mmstudio.learning.families.families`.
        size: pixels per side (spectrogram frames for sound).
        channels, widths, latent: the network; see ``nets.conv``.
        steps, batch, rate, seed: the training.
        options: hyper-parameters of the family (beta, gamma, …).
        base: name of the model it started from, or "".
        query: the search that chose the training assets.
        leave_out: ids of assets that the search finds but a person took out.
        fit: how a picture of another shape comes into the model's: "crop" (middle), "smart" (the crop keeps
            what one looks at), "pad" (its edge colour around it) or "stretch".
        aspect: width / height of what the model draws; networks see it squeezed into the square.
        condition: what a picture is described by beside the latent; see ``conditions.Conditions``.
        parts: what a family needs to know beyond numbers, as JSON: the shape of sounds, the modalities of a
            joint model and the models under them.
        augment: the augmentation recipe of the training data as JSON, with its seed; empty without one.
        trained: what came out: steps, pictures seen, metrics, asset ids; filled by the trainer.
    """

    family: str
    name: str
    size: int
    channels: int
    widths: list[int]
    latent: int
    steps: int = 1000
    batch: int = 16
    rate: float = 5e-4
    seed: int = 0
    options: dict[str, float] = field(default_factory=dict)
    base: str = ""
    query: str = ""
    leave_out: list[int] = field(default_factory=list)
    fit: str = "crop"
    aspect: float = 1.0
    condition: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    augment: dict[str, Any] = field(default_factory=dict)
    trained: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def save(self, folder: Path) -> None:
        """Write ``config.json`` atomically."""
        write_text(folder / CONFIG, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def load_config(folder: Path) -> ModelConfig:
    """Read ``config.json``.

    Raises:
        StudioError: where the file is missing or broken. NewerModel: written by a newer MM Studio.
    """
    path = folder / CONFIG
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        newest = int(data.get("format", 0))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise StudioError(
            "The model “{name}” has no readable config.json.",
            hint="Restore the folder from a copy, or train the model again.",
            name=folder.name,
        ) from error
    if newest > FORMAT:
        raise NewerModel(
            "The model “{name}” was made by a newer MM Studio.",
            hint="Update MM Studio to use it; nothing was changed.",
            name=folder.name,
        )
    known = {f.name for f in fields(ModelConfig)}
    try:
        return ModelConfig(**{key: value for key, value in data.items() if key in known})
    except TypeError as error:
        raise StudioError(
            "The model “{name}” has an incomplete config.json.",
            hint="Restore the folder from a copy, or train the model again.",
            name=folder.name,
        ) from error


def safe_name(name: str) -> str:
    """A model's name that is also a folder's on every system.

    Raises:
        UsageError: nothing is left of it.
    """
    cleaned = re.sub(r"[^\w.\- ]+", "-", name.strip()).strip(". -")[:60]
    if not cleaned:
        raise UsageError("“{name}” cannot be a model's name.", hint="Use letters and digits.", name=name)
    return cleaned
