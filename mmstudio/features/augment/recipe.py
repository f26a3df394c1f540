"""What augmentation may do, how often and how far: a frozen recipe that is plain JSON, and its seeded draws.

Every operation of every copy draws from a generator of its own, made from the seed, the medium, the number of
the copy and the operation's name. So a result depends on nothing else: not on the order of the work, not on
threads, not on which other operations are on, and no global generator is touched.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.features.augment.operations import MODALITIES, OPERATIONS, Operation, Step
from mmstudio.i18n import tr

Preset = Literal["off", "gentle", "strong"]
PRESETS: tuple[Preset, ...] = ("off", "gentle", "strong")
MOST_COPIES = 20
MOST_SEED = 2**32 - 1
_KEYS = {"name", "seed", "copies", *MODALITIES}
_STEP_KEYS = {"on", "probability", "range"}


@dataclass(frozen=True, slots=True)
class AugmentRecipe:
    """Which operations, how likely, how strong; equal recipes give equal results.

    Attributes:
        name: what a person calls it, or the name of a preset.
        seed: 0 to 2³²-1.
        copies: augmented copies of each medium that a training gets, 1 to 20.
        steps: operation name → :class:`Step`; an operation that is missing is off.
    """

    name: str = "off"
    seed: int = 0
    copies: int = 3
    steps: Mapping[str, Step] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", MappingProxyType(dict(self.steps)))
        _whole(self.seed, "seed", 0, MOST_SEED)
        _whole(self.copies, "copies", 1, MOST_COPIES)
        for name, step in self.steps.items():
            _check(name, step)

    def __hash__(self) -> int:
        return hash((self.name, self.seed, self.copies, tuple(sorted(self.steps.items()))))

    def step(self, operation: str) -> Step:
        """The setting of an operation; off where the recipe does not name it."""
        return self.steps.get(operation) or replace(OPERATIONS[operation].gentle, on=False)

    def active(self, modality: str) -> list[Operation]:
        """Operations of "image", "audio" or "text" that can happen, in the order they are applied."""
        return [
            op
            for op in OPERATIONS.values()
            if op.modality == modality and self.step(op.name).on and self.step(op.name).probability > 0
        ]

    def with_step(self, operation: str, step: Step, name: str | None = None) -> AugmentRecipe:
        """The same recipe with one operation set otherwise. Raises UsageError where it is out of range."""
        steps = {**self.steps, operation: step}
        return replace(self, name=self.name if name is None else name, steps=steps)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; :func:`read_recipe` gives the same recipe back."""
        document: dict[str, Any] = {"name": self.name, "seed": self.seed, "copies": self.copies}
        for word, modality in MODALITIES.items():
            document[word] = {
                op.name: {"on": step.on, "probability": step.probability, "range": [step.low, step.high]}
                for op in OPERATIONS.values()
                if op.modality == modality and (step := self.steps.get(op.name)) is not None
            }
        return document


@lru_cache(maxsize=8)
def preset(name: str, seed: int = 0, copies: int = 3) -> AugmentRecipe:
    """A recipe that comes with the program: "off", "gentle" or "strong".

    Raises:
        UsageError: no preset of that name.
    """
    if name not in PRESETS:
        raise UsageError(
            "There is no augmentation “{name}”.",
            hint="Choose off, gentle or strong, or give a JSON file.",
            name=name,
        )
    steps = {
        op.name: op.gentle if name == "gentle" else op.strong for op in OPERATIONS.values() if name != "off"
    }
    return AugmentRecipe(name, seed, copies, steps)


def read_recipe(value: str | Mapping[str, Any] | AugmentRecipe | None, seed: int = 0) -> AugmentRecipe:
    """A recipe from a preset's name, from plain JSON, or None (off).

    Args:
        value: what was given. seed: used where ``value`` does not say one.

    Raises:
        UsageError: unknown names, wrong types, numbers out of range: the first is said in words.
    """
    if isinstance(value, AugmentRecipe):
        return value
    if value is None or isinstance(value, str):
        return preset(value or "off", seed)
    if not isinstance(value, Mapping):
        raise _not_a_recipe()
    unknown = [str(key) for key in value if key not in _KEYS]
    if unknown:
        raise UsageError(
            "An augmentation recipe has no field “{field}”.",
            hint="Use name, seed, copies, pictures, sounds and texts.",
            field=unknown[0],
        )
    steps: dict[str, Step] = {}
    for word, modality in MODALITIES.items():
        part = value.get(word) or {}
        if not isinstance(part, Mapping):
            raise _not_a_recipe()
        for name, raw in part.items():
            operation = OPERATIONS.get(str(name))
            if operation is None or operation.modality != modality:
                raise UsageError(
                    "Augmentation of {what} has no operation “{name}”.",
                    hint="Choose from: {known}.",
                    what=word,
                    name=name,
                    known=", ".join(op.name for op in OPERATIONS.values() if op.modality == modality),
                )
            steps[operation.name] = _read_step(operation, raw)
    name = value.get("name", "custom")
    copies = _whole(value.get("copies", 3), "copies", 1, MOST_COPIES)
    return AugmentRecipe(str(name), _whole(value.get("seed", seed), "seed", 0, MOST_SEED), copies, steps)


def _read_step(operation: Operation, raw: Any) -> Step:
    if isinstance(raw, bool):  # {"flip": true} is enough
        return replace(operation.gentle, on=raw)
    if not isinstance(raw, Mapping) or not set(raw) <= _STEP_KEYS:
        raise _not_understood(operation)
    known = operation.gentle
    on = raw.get("on", True)
    span = raw.get("range", [known.low, known.high])
    if not isinstance(on, bool) or not isinstance(span, list | tuple) or len(span) != 2:
        raise _not_understood(operation)
    probability = _number(raw.get("probability", known.probability), operation)
    return Step(on, probability, _number(span[0], operation), _number(span[1], operation))


def _not_understood(operation: Operation) -> UsageError:
    return UsageError(
        "“{name}” in the augmentation recipe is not understood.",
        hint='Write it as {{"on": true, "probability": 0.5, "range": [{low}, {high}]}}.',
        name=operation.name,
        low=operation.gentle.low,
        high=operation.gentle.high,
    )


def _number(value: Any, operation: Operation) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _out_of_range(operation)
    return float(value)


def _check(name: str, step: Step) -> None:
    operation = OPERATIONS.get(name)
    if operation is None:
        raise UsageError(
            "There is no augmentation “{name}”.",
            hint="“mmstudio augment --list” shows what there is.",
            name=name,
        )
    inside = operation.least <= step.low <= step.high <= operation.most
    if not inside or not 0.0 <= step.probability <= 1.0:
        raise _out_of_range(operation)


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(
            "“{what}” of an augmentation must be a whole number from {least} to {most}.",
            what=what,
            least=least,
            most=most,
        )
    return value


def _out_of_range(operation: Operation) -> UsageError:
    return UsageError(
        "“{name}” needs a probability from 0 to 1 and a range within {least} to {most}.",
        hint="“mmstudio augment --list” shows what there is.",
        name=operation.name,
        least=f"{operation.least:g}",
        most=f"{operation.most:g}",
    )


def _not_a_recipe() -> UsageError:
    return UsageError(
        "This is not an augmentation recipe.",
        hint="“mmstudio augment --list --json” prints one to start from.",
    )


@dataclass(frozen=True, slots=True)
class Applied:
    """One operation as it happened; ``amount`` in the operation's unit."""

    operation: str
    amount: float

    def words(self) -> str:
        """In the person's language, such as "Rotation 5.2°"."""
        operation = OPERATIONS[self.operation]
        return tr(operation.title) + operation.amount_text(self.amount)


@dataclass(frozen=True, slots=True)
class Draw:
    """An operation that is to happen, how far, and the generator for whatever else it needs."""

    name: str
    amount: float
    random: np.random.Generator

    @property
    def applied(self) -> Applied:
        """For the record."""
        return Applied(self.name, round(self.amount, 4))


def draws(recipe: AugmentRecipe, modality: str, key: str, index: int) -> list[Draw]:
    """What happens to one copy, in the order of application.

    Args:
        recipe: the recipe. modality: "image", "audio" or "text".
        key: names the medium (its content's hash). index: number of the copy, from 0.
    """
    found = []
    for operation in recipe.active(modality):
        step = recipe.step(operation.name)
        random = stream(recipe.seed, key, index, operation.name)
        chosen, place = random.random(), random.random()
        if chosen < step.probability:
            found.append(Draw(operation.name, step.low + (step.high - step.low) * place, random))
    return found


def stream(seed: int, key: str, index: int, name: str) -> np.random.Generator:
    """A generator of its own for (seed, medium, copy, operation)."""
    text = f"{seed}\0{key}\0{index}\0{name}"
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def content_key(data: np.ndarray[Any, Any] | str) -> str:
    """The name of a medium that has none: a hash of its values and shape."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(data, str):
        digest.update(data.encode("utf-8", "surrogatepass"))
    else:
        digest.update(f"{data.shape}{data.dtype}".encode())
        digest.update(np.ascontiguousarray(data).data)
    return digest.hexdigest()
