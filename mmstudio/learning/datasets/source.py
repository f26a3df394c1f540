"""Pictures and sounds of the library as training data of a family; see :class:`FamilyInfo.source`."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets.choose import forbidden_now
from mmstudio.learning.datasets.gather import Gathered, as_record, gather
from mmstudio.learning.rights import inherited

if TYPE_CHECKING:
    from mmstudio.learning.engine.data import ArrayData
    from mmstudio.learning.engine.judge import Judge
    from mmstudio.learning.service import Trainings


def data(
    trainings: Trainings, folder: Path, config: ModelConfig
) -> Generator[Progress, None, tuple[ArrayData, list[str]]]:
    from mmstudio.learning.engine.data import load_data, save_data

    flip = config.options.get("flip", 0.0) > 0
    library = trainings.library
    notes: list[str] = []
    kept = load_data(folder, config.seed, flip) if "assets" in config.trained else None
    if kept is not None:
        gone = forbidden_now(library) & {*config.trained["assets"], *config.trained.get("held_assets", ())}
        if not gone:
            return kept, []
        notes.append(tr("forgotten since, so that the data is read anew without them: {n}", n=len(gone)))
    if config.base and "inherited_assets" not in config.trained:
        config.trained["inherited_assets"] = inherited(trainings, config.base)
    found: Gathered = yield from gather(library, config)
    before = config.trained if trainings.has_weights(folder) else None
    config.trained |= as_record(found, before) | {"library": library.id}
    save_data(
        folder,
        pixels=found.pixels,
        held=found.held,
        conditions=found.conditions,
        held_conditions=found.held_conditions,
    )
    data = load_data(folder, config.seed, flip)
    assert data is not None
    return data, notes + found.notes


def judge(config: ModelConfig, data: ArrayData, device: str) -> Judge | None:
    """Measures pictures with the network that pictures are compared by; short trainings are not judged."""
    if config.channels != 3 or config.steps < 25:
        return None
    from mmstudio.learning.engine.judge import Judge
    from mmstudio.learning.evaluation.networks import picture_features

    features, name = picture_features(device)
    return Judge(data.pixels, data.held, features, name)
