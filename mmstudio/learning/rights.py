"""Which model learned from which media, what came of it, and how to have media forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mmstudio.learning.service import Trainings
    from mmstudio.learning.training import Wish

How = Literal["trained", "held-out", "base"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One asset that a model saw.

    Attributes:
        how: "trained" (learned from), "held-out" (judged by) or "base" (seen by a model it started from).
        rights: its rights now; "" where it is no longer in the library.
        forgotten: whether its rights forbid training now, or it was forgotten and is gone.
    """

    asset_id: int
    title: str
    how: How
    rights: str
    forgotten: bool


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model that saw an asset."""

    name: str
    family: str
    how: How


@dataclass(frozen=True, slots=True)
class OutputUse:
    """One generated asset: ``how`` is "model" (by a model that saw the asset) or "source" (made from it)."""

    asset_id: int
    title: str
    model: str
    how: Literal["model", "source"]


@dataclass(frozen=True, slots=True)
class UsedBy:
    """What used an asset."""

    models: list[ModelUse] = field(default_factory=list)
    outputs: list[OutputUse] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of a wish to forget.

    Attributes:
        assets: whose rights are now "no-training". models: that saw one of them, all marked.
        outputs: generated assets that used one of them; they stay.
    """

    assets: list[int]
    models: list[str]
    outputs: list[int]


def saw(trainings: Trainings, model: str) -> list[Seen]:
    """What a model saw. Raises NotFound."""
    raise NotImplementedError


def used_by(trainings: Trainings, asset_id: int) -> UsedBy:
    """Which models and outputs used an asset. Raises NotFound."""
    raise NotImplementedError


def forget(trainings: Trainings, asset_ids: Sequence[int]) -> Forgotten:
    """Forbid training on assets (one step of undo) and mark the models that saw them."""
    raise NotImplementedError


def retrain_wish(trainings: Trainings, model: str) -> Wish:
    """The same training without what was forgotten, under a new name. Raises NotFound."""
    raise NotImplementedError
