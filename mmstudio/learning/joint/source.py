"""What belongs together in a library, as the training data of a joint model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.jobs import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.engine.set_data import SetData
    from mmstudio.learning.service import Trainings

LEAST = 12  # sets of two parts at least, below which nothing is learned


@dataclass(slots=True)
class Sets:
    """One row per set: an item, a media file with its own words, a video's frame and sound.

    Attributes:
        arrays: modality → N rows as its part says; rows of what is missing are zeros.
        present: modality → bool[N].
        group: int64[N]: sets of one item share a number. held: bool[N], kept out of training, by group.
        assets: per row the ids of the media in it, modality → int64[N] (0: none).
    """

    arrays: dict[str, NDArray[Any]]
    present: dict[str, NDArray[np.bool_]]
    group: NDArray[np.int64]
    held: NDArray[np.bool_]
    assets: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.group)


def read_sets(trainings: Trainings, config: ModelConfig) -> Generator[Progress, None, Sets]:
    """All sets of the library as ``config`` sees them; fills ``config.parts`` where it is new. A trained
    model's evaluation calls it again and takes the rows that are held out.

    Raises:
        StudioError: too few things that belong together.
    """
    raise NotImplementedError
    yield


def data(
    trainings: Trainings, folder: Path, config: ModelConfig
) -> Generator[Progress, None, tuple[SetData, list[str]]]:
    """See :class:`mmstudio.learning.families.info.FamilyInfo`."""
    raise NotImplementedError
    yield


def judge(config: ModelConfig, data: SetData, device: str) -> None:
    """Sets are scored when the training ends, not by pictures drawn meanwhile."""
    del config, data, device
