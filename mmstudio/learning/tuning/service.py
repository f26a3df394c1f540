"""The search of settings as a job."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.jobs import JobContext, Progress

if TYPE_CHECKING:
    from mmstudio.learning.service import Trainings

STEPS = {"image-gan": 200, "image-gan-plain": 200, "image-vae": 150, "sound-vae": 150}


@dataclass(frozen=True, slots=True)
class Search:
    """What a person asks for.

    Attributes:
        family: "image-gan", "image-gan-plain" or "image-vae".
        name: of the search; the same name goes on with it. The family's where empty.
        trials: short trainings in all, the one with the defaults included; at least 1.
        steps: of each; None is a number for the family.
        size: pixels per side. query: the media. seed: of data order, first weights and the sampler.
    """

    family: str
    name: str = ""
    trials: int = 12
    steps: int | None = None
    size: int = 32
    query: str = ""
    seed: int = 0


def tuning(
    trainings: Trainings, context: JobContext, search: Search
) -> Generator[Progress, None, dict[str, Any]]:
    """The job behind :meth:`Trainings.tune_work`."""
    raise StudioError("Not there yet.")
    yield Progress(0, 1)
