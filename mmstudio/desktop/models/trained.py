"""Models as rows: the library's own, the starters that ship with the program, and those the person added."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning import ModelInfo, Trainings

SOURCES = {"library": mark("trained here"), "starter": mark("starter"), "user": mark("added by you")}
STATES = {
    "ready": mark("ready"),
    "training": mark("not finished"),
    "empty": mark("nothing learned yet"),
    "damaged": mark("damaged"),
}


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model with the newest picture it drew and the words of its family."""

    info: ModelInfo
    label: str
    explanation: str
    modality: str
    sample: str | None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.info.name


class TrainedListModel(RowListModel[ModelLine]):
    """All models."""

    def text(self, row: ModelLine) -> str:
        return row.name

    def spoken(self, row: ModelLine) -> str:
        source, state = SOURCES[row.info.source], STATES.get(row.info.status, row.info.status)
        return ", ".join((row.name, tr(row.label), tr(source), tr(state)))

    def identity(self, row: ModelLine) -> str:
        return row.name


def model_lines(trainings: Trainings) -> list[ModelLine]:
    """Every model, the library's first; reads files, not for the GUI thread."""
    families = trainings.families()
    lines = []
    for info in trainings.models():
        family = families.get(info.family)
        lines.append(
            ModelLine(
                info,
                family.label if family else info.family,
                family.explanation if family else "",
                family.modality if family else "image",
                newest_sample(info.path),
            )
        )
    return lines


def newest_sample(folder: Path) -> str | None:
    """The last sample grid of a model, or a picture beside its card."""
    pictures = sorted((folder / "samples").glob("*.png")) or sorted(folder.glob("*.png"))
    return str(pictures[-1]) if pictures else None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the card of one model shows beyond its line."""

    line: ModelLine
    history: list[dict[str, Any]]
    figures: dict[str, Any]


def model_facts(trainings: Trainings, line: ModelLine) -> ModelFacts:
    """Read the losses and figures of a model; not for the GUI thread."""
    return ModelFacts(line, trainings.history(line.name), figures_of(line.info.metrics))


def figures_of(metrics: dict[str, Any]) -> dict[str, Any]:
    """The measured figures of a model: numbers only."""
    return {k: v for k, v in metrics.items() if isinstance(v, int | float) and not isinstance(v, bool)}


@dataclass(frozen=True, slots=True)
class Past:
    """What a training left so far: lines of its logs, its sample sheets (oldest first), its best step."""

    history: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    sheets: list[str]
    best: tuple[int, dict[str, float]] | None = None


def past_of(trainings: Trainings, name: str) -> Past:
    """Read it; not for the GUI thread.

    Raises:
        NotFound: nothing was written yet.
    """
    from mmstudio.learning.engine.judge import better
    from mmstudio.learning.engine.logs import read_figures

    folder = trainings.folder(name)
    figures = read_figures(folder)
    best: tuple[int, dict[str, float]] | None = None
    for line in figures:
        measured = line.get("figures", {})
        whole = {"kernel_distance", "nearest_ratio"} <= set(measured)
        if whole and better(measured, best[1] if best else None):
            best = (int(line["step"]), measured)
    sheets = [str(path) for path in sorted((folder / "samples").glob("step-*.png"))]
    return Past(trainings.history(name), figures, sheets, best)
