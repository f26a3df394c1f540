"""What to expect from so many pictures, what to do about it, and how long it takes: in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio import paths
from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.datasets.report import Finding

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Library

_ENOUGH_FOR_NOTHING = 5000  # pictures from which a starter model is no longer advised
_LEAST_STEPS = 20  # of a training whose pace tells something


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that a training would take, by the model that it was measured with."""

    seconds: float | None
    model: str


def expect(count: int, size: int, distinct: int, *, picture: bool = True) -> str:
    """What to expect from ``count`` pictures, ``distinct`` of them unlike each other, at ``size`` px."""
    if not count:
        return ""
    if not picture:
        return tr("Expect near copies of the sounds.") if count < 20 else ""
    n = distinct
    if n == 1:
        return tr("It can only ever draw this one picture.")
    if n < 10:
        return tr("It will know these pictures by heart: expect them again, and mixtures of them.")
    if n < 20:
        return tr("Expect near copies of the pictures, and in-betweens.")
    if n < 200:
        text = tr("Started from a model that draws already, expect new pictures in the manner of yours, "
                  "some of them close to yours. From nothing, expect near copies.")  # fmt: skip
    elif n < 1000:
        text = tr("Expect new pictures of their kind; details come from a model that draws already.")
    elif n < 5000:
        text = tr("Enough to learn from nothing; a model that draws already saves time.")
    else:
        text = tr("Plenty to learn from nothing; train longer for details.")
    if size >= 256 and n < 1000:
        text += " " + tr(
            "{size} pixels are much for so few: a smaller size learns more from them.", size=size
        )
    return text


def advice(count: int, config: ModelConfig, findings: Sequence[Finding], base: str) -> list[str]:
    """What to do, a sentence each, the most useful first."""
    if not count:
        return []
    told: list[str] = []
    if base and config.base != base:
        told.append(tr("Start from “{base}”.", base=base))
    if count < 200 and not config.augment and config.family.endswith("-vae"):
        told.append(tr("Let varied copies of the pictures join."))
    kinds = {finding.key: finding for finding in findings}
    if "small" in kinds and kinds["small"].level == "warning" and config.size > 16:
        told.append(tr("Train at {size} pixels.", size=config.size // 2))
    if "shapes" in kinds and config.fit == "crop":
        told.append(tr("Cut pictures to what one looks at rather than to their middle."))
    return told


def starter(config: ModelConfig, count: int) -> str:
    """The largest starter model of the family up to the size; "" for none, or where none is needed."""
    found: list[tuple[int, str]] = []
    root = paths.starter_models()
    for folder in root.glob("starter-*") if root.is_dir() and 0 < count < _ENOUGH_FOR_NOTHING else ():
        if (folder / CONFIG).is_file():
            try:
                known = load_config(folder)
            except StudioError:
                continue
            if known.family == config.family and known.size <= config.size:
                found.append((known.size, folder.name))
    return max(found)[1] if found else ""


def pace(library: Library, config: ModelConfig, device: str = "auto") -> Pace | None:
    """How long ``config`` would train, by the last model of the same family, size, widths and batch trained
    here (on ``device``, if that is not "auto"); None where there is none: nothing is guessed.
    """
    for row in library.models.list():
        if row.family != config.family:
            continue
        try:
            known = load_config(library.path / row.path)
        except StudioError:
            continue
        steps, seconds = known.trained.get("steps", 0), known.trained.get("seconds", 0.0)
        there = known.trained.get("device", "")
        alike = (known.size, known.widths, known.batch) == (config.size, config.widths, config.batch)
        if alike and steps >= _LEAST_STEPS and seconds > 0 and (device in ("auto", "") or there == device):
            return Pace(round(config.steps * seconds / steps, 1), row.name)
    return None
