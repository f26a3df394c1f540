"""What a model family declares of itself. Knows no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mmstudio.errors import UsageError
from mmstudio.learning.config import ModelConfig

Modality = Literal["image", "audio", "text", "set", "items"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The numbers a person chose for a new model; None means the family's own."""

    name: str
    size: int = 64
    steps: int | None = None
    batch: int | None = None
    seed: int = 0
    width: int = 16


@dataclass(frozen=True, slots=True)
class FamilyInfo:
    """One family: all that the rooms above need to know to train it, load it and show it.

    Attributes:
        name: "image-gan", "image-vae", "sound-vae", "text-lm", "joint", "fused", …
        label, explanation: English; show through ``tr``.
        modality: "image", "audio", "text", "set" (picture, sound and text that belong together), or "items":
            the features of everything in the library.
        defaults: steps, batch, rate, latent and, under "options", the family's own hyper-parameters.
        configure: (this family, wanted) → the config of a new model.
        source: module with ``data(trainings, folder, config)``, a generator of Progress that returns
            (training data, notes), and ``judge(config, data, device)``, which gives a Judge or None.
        task: "module:class" of its :class:`engine.task.Task`.
        loader: "module:function" that gives (folder, device) → the model, ready to be sampled.
        more_options: hyper-parameters that may be set although they have no default here.
        bases: families a model of this one may start from.
        settle: brings what depends on options in line with them; see :func:`families.settle`.
        ranges: least and greatest value of its options.
        network: options that are part of the network: a model that starts from another keeps that one's.
    """

    name: str
    label: str
    explanation: str
    modality: Modality
    defaults: Mapping[str, Any]
    configure: Callable[[FamilyInfo, Wanted], ModelConfig]
    source: str = ""
    task: str = ""
    loader: str = ""
    more_options: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    settle: Callable[[ModelConfig], None] = lambda config: None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    network: tuple[str, ...] = ()

    def config(self, wanted: Wanted, **shape: Any) -> ModelConfig:
        """A config with this family's defaults; ``shape`` gives size, channels, widths and what else differs.

        Raises:
            UsageError: fewer than one step or example.
        """
        if (wanted.steps is not None and wanted.steps < 1) or (wanted.batch is not None and wanted.batch < 1):
            raise UsageError("Steps and batch must be at least 1.")
        given: dict[str, Any] = {
            "latent": int(self.defaults["latent"]),
            "steps": wanted.steps or int(self.defaults["steps"]),
            "batch": wanted.batch or int(self.defaults["batch"]),
            "rate": float(self.defaults["rate"]),
            "options": dict(self.defaults["options"]),
        }
        return ModelConfig(family=self.name, name=wanted.name, seed=wanted.seed, **(given | shape))
