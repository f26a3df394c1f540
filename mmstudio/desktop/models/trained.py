"""Models as rows: the library's own, the starters that ship with the program, and those the person added."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning import ModelInfo, Trainings
    from mmstudio.learning.evaluation.report import Evaluation
    from mmstudio.learning.rights import Seen

SOURCES = {"library": mark("trained here"), "starter": mark("starter"), "user": mark("added by you")}
STATES = {
    "ready": mark("ready"),
    "training": mark("not finished"),
    "empty": mark("nothing learned yet"),
    "damaged": mark("damaged"),
    "newer": mark("made by a newer MM Studio"),
}


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model with the newest picture it drew and the words of its family.

    Attributes:
        personal: it can make things towards what an audience likes.
        training: a job trains it now.
        drawn: there is a picture of it, drawn for the list, though no sample.
    """

    info: ModelInfo
    label: str
    explanation: str
    modality: str
    sample: str | None
    personal: bool = False
    training: bool = False
    drawn: bool = False

    @property
    def name(self) -> str:
        """The model's name."""
        return self.info.name

    @property
    def picture(self) -> str | None:
        """What stands for it in a list: a file, or the name of what was drawn."""
        return self.sample or (f"drawn:{self.name}" if self.drawn else None)


def state_of(row: ModelLine) -> str:
    """What can be said of it now, in the person's language."""
    return tr(mark("in training") if row.training else STATES.get(row.info.status, row.info.status))


class TrainedListModel(RowListModel[ModelLine]):
    """All models."""

    def text(self, row: ModelLine) -> str:
        return row.name

    def spoken(self, row: ModelLine) -> str:
        return ", ".join((row.name, tr(row.label), tr(SOURCES[row.info.source]), state_of(row)))

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
                _personal(info, family.modality if family else "image"),
            )
        )
    return lines


def _personal(info: ModelInfo, modality: str) -> bool:
    """Sounds take on a tempo and a key; pictures need an encoder, or a model that was told shared vectors."""
    if modality != "image" or info.family.endswith("-vae"):
        return modality in ("audio", "image")
    from mmstudio.errors import StudioError
    from mmstudio.learning.config import load_config

    try:
        return bool(load_config(info.path).condition.get("vector"))
    except StudioError:  # damaged, or of a newer program: its card says so
        return False


def newest_sample(folder: Path) -> str | None:
    """The last sample grid of a model, or a picture beside its card."""
    pictures = sorted((folder / "samples").glob("*.png")) or sorted(folder.glob("*.png"))
    return str(pictures[-1]) if pictures else None


@dataclass(frozen=True, slots=True)
class Past:
    """What a training left so far: lines of its logs, its sample sheets (oldest first), its best step."""

    history: list[dict[str, Any]] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    best: tuple[int, dict[str, float]] | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the card of one model shows beyond its line.

    Attributes:
        figures: measured, where there is no ``evaluation`` to show.
        traits: what it can be told and how it was cut, in the person's language.
        seen: ids of assets that it learned from or that measured it. trained, held: how many of each;
            before: how many the model it started from saw. forgotten: ids it must not learn from any more.
    """

    line: ModelLine
    past: Past
    figures: dict[str, Any]
    evaluation: Evaluation | None = None
    traits: list[str] = field(default_factory=list)
    seen: tuple[int, ...] = ()
    trained: int = 0
    held: int = 0
    before: int = 0
    forgotten: tuple[int, ...] = ()


def model_facts(trainings: Trainings, line: ModelLine) -> ModelFacts:
    """Read logs, figures and what a model saw; not for the GUI thread."""
    from mmstudio.learning.evaluation.report import stored

    if line.info.status in ("damaged", "newer"):
        return ModelFacts(line, Past(), {})
    found = seen_by(trainings, line.name)
    library = [one for one in found if one.rights]
    return ModelFacts(
        line,
        past_of(trainings, line.name),
        figures_of(line.info.metrics),
        stored(trainings.library, line.name),
        traits_of(line),
        tuple(one.asset_id for one in library if one.how != "base"),
        sum(one.how == "trained" for one in found),
        sum(one.how == "held-out" for one in found),
        sum(one.how == "base" for one in library),
        tuple(one.asset_id for one in found if one.forgotten and one.how != "base"),
    )


def seen_by(trainings: Trainings, name: str) -> list[Seen]:
    """What a model saw; nothing where that is not known."""
    from mmstudio.errors import StudioError
    from mmstudio.learning.rights import saw

    try:
        return saw(trainings, name)
    except StudioError:
        return []


def traits_of(line: ModelLine) -> list[str]:
    """What a picture model can be told, and how it was made."""
    from mmstudio.errors import StudioError
    from mmstudio.learning.config import load_config

    if line.modality != "image":
        return []
    try:
        config = load_config(line.info.path)
    except StudioError:
        return []
    traits = []
    condition = config.condition
    if condition.get("tags"):
        traits.append(tr("steered by {n} tags", n=len(condition["tags"])))
    if condition.get("palette"):
        traits.append(tr("steered by colours"))
    if condition.get("vector"):
        traits.append(tr("steered by items"))
    if config.options.get("seamless", 0.0) > 0:
        traits.append(tr("seamless"))
    if config.base:
        traits.append(tr("from {base}", base=config.base))
    return traits


def figures_of(metrics: dict[str, Any]) -> dict[str, Any]:
    """The measured figures of a model: numbers, and the network they were measured with."""
    kept = {k: v for k, v in metrics.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return kept | {k: v for k, v in metrics.items() if k == "features"} if kept else {}


def past_of(trainings: Trainings, name: str) -> Past:
    """Read it; not for the GUI thread.

    Raises:
        NotFound: nothing was written yet.
    """
    folder = trainings.folder(name)
    sheets = [str(path) for path in sorted((folder / "samples").glob("step-*.png"))]
    if not (folder / "metrics.jsonl").is_file():
        return Past(sheets=sheets)
    from mmstudio.learning.engine.judge import better
    from mmstudio.learning.engine.logs import read_figures

    figures = read_figures(folder)
    best: tuple[int, dict[str, float]] | None = None
    for line in figures:
        measured = line.get("figures", {})
        whole = {"kernel_distance", "nearest_ratio"} <= set(measured)
        if whole and better(measured, best[1] if best else None):
            best = (int(line["step"]), measured)
    return Past(trainings.history(name), figures, sheets, best)
