"""Two models side by side: the same seeds, both sheets, both figures, and whether a difference is one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import load_config
from mmstudio.learning.evaluation import copying
from mmstudio.learning.evaluation.drawing import draw, drawing, save_sheet
from mmstudio.learning.evaluation.examples import Examples, reading
from mmstudio.learning.evaluation.report import MEASURES, Comparison, Figure, Side
from mmstudio.learning.evaluation.service import Ruler, ruler, set_figures
from mmstudio.learning.families import family

if TYPE_CHECKING:
    from mmstudio.learning.service import Trainings

SHEET = 24
SHEET_SEED = 0


def comparing(
    trainings: Trainings, context: JobContext, a: str, b: str, samples: int = 0, seeds: int = 3
) -> Generator[Progress, None, dict[str, Any]]:
    """Draw both models with the same seeds and measure each against what ``a`` learned from.

    One set of real pictures and one feature network measure both, so that the figures can be compared; they
    are those of "evaluate" but for reconstruction. A figure is better where the means over the seeds differ
    by more than the larger spread (standard deviation over the seeds).

    Raises:
        UsageError: the same model twice, models of different media or of different sizes' kinds.
        NotFound, StudioError: as for "evaluate".
    """
    yield Progress(0, None, tr("Preparing"))
    configs = [load_config(trainings.folder(name)) for name in (a, b)]
    if a == b:
        raise UsageError("Choose two different models to compare.")
    kinds = {family(config.family).modality for config in configs}
    if kinds == {"text"}:
        from mmstudio.learning.evaluation.texts import comparing_texts

        return (yield from comparing_texts(trainings, context, a, b, samples, seeds))
    if kinds == {"set"}:
        from mmstudio.learning.evaluation.joint import comparing_sets

        return (yield from comparing_sets(trainings, context, a, b, samples, seeds))
    if kinds == {"audio"}:
        from mmstudio.learning.evaluation.sounds import comparing_sounds

        return (yield from comparing_sounds(trainings, context, a, b, samples, seeds))
    if len(kinds) > 1 or configs[0].channels != configs[1].channels:
        raise UsageError("Models of different media cannot be compared.")
    measure = ruler(configs[0], str(trainings.load(a).device))
    # Pictures in the larger size, so that the smaller model is not helped by losing what is fine in them.
    larger = max(configs, key=lambda config: config.size)
    reference = yield from _real(trainings, a, b, larger.size)
    train = yield from measure.measuring(reference.train, tr("Looking at training pictures"))
    held = yield from measure.measuring(reference.held, tr("Looking at held-out pictures"))
    count = samples or max(64, min(256, len(reference.train)))
    found: list[list[dict[str, float]]] = [[], []]
    for seed in range(seeds):
        for place, name in enumerate((a, b)):
            context.raise_if_cancelled()
            made = yield from _made(trainings, name, count, seed, measure, larger.size)
            figures = numbers(set_figures(train, made))
            spaces = copying.space(train, held, made)
            if len(train) >= 2 and spaces.usual > 1e-6:
                figures["nearest_ratio"] = float(np.median(spaces.ratios()))
            found[place].append(figures)
    result = yield from compared(trainings, (a, b), found, seeds, measure.name, reference.notes)
    return result.as_json()


def compared(
    trainings: Trainings,
    names: tuple[str, str],
    rows: list[list[dict[str, float]]],
    seeds: int,
    features: str,
    notes: list[str],
) -> Generator[Progress, None, Comparison]:
    """Two models from the figures of each seed, with a sheet of what each draws."""
    sides = [_side(name, figures) for name, figures in zip(names, rows, strict=True)]
    if seeds < 2:
        notes = [*notes, tr("With one seed there is no spread: a small difference may be chance")]
    if not trainings.library.read_only:
        where = trainings.library.path / "evaluations" / "comparisons"
        for side in sides:
            pictures = draw(trainings.load(side.model), SHEET, SHEET_SEED)
            side.sheet = save_sheet(where / f"{side.model}.png", pictures, 6)
            yield Progress(1, 1, tr("Drawing"))
    better = {key: _better(key, *sides) for key in sides[0].mean if key in sides[1].mean}
    return Comparison(sides[0], sides[1], better, seeds, features, list(notes))


def _real(trainings: Trainings, a: str, b: str, size: int) -> Generator[Progress, None, Examples]:
    """What ``a`` learned from, or ``b`` where ``a`` comes from elsewhere, in the size given."""
    own = [name for name in (a, b) if trainings.folder(name).parent == trainings.library.models_dir]
    name = own[0] if own else a
    config = load_config(trainings.folder(name))
    config.size = size
    examples = yield from reading(trainings, trainings.folder(name), config)
    others = [load_config(trainings.folder(other)) for other in own[1:]]
    seen = config.trained.get("assets", [])
    if any(other.trained.get("assets", []) != seen for other in others):
        examples.notes.append(tr("The two learned from different pictures; both are measured against those "
                                 "of {name}", name=name))  # fmt: skip
    return examples


def _made(
    trainings: Trainings, name: str, count: int, seed: int, measure: Ruler, size: int
) -> Generator[Progress, None, NDArray[np.float64]]:
    parts: list[NDArray[np.uint8]] = []
    for part in drawing(trainings.load(name), count, seed):
        parts.append(enlarged(part, size))
        yield Progress(sum(map(len, parts)), count, tr("Drawing with {name}", name=name))
    return (yield from measure.measuring(np.concatenate(parts), tr("Looking at drawn pictures")))


def enlarged(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """N×C×S×S → N×C×size×size (bilinear), unchanged where S is ``size``."""
    if pixels.shape[-1] == size:
        return pixels
    import torch
    from torch.nn import functional

    x = torch.from_numpy(pixels).float()
    larger = functional.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return np.asarray(larger.round().clamp(0, 255).to(torch.uint8))


def numbers(figures: dict[str, Figure]) -> dict[str, float]:
    """Those that can be compared."""
    return {key: value for key, value in figures.items() if isinstance(value, float) and key in MEASURES}


def _side(name: str, rows: list[dict[str, float]]) -> Side:
    keys = [key for key in rows[0] if key != "real_kernel_distance"] if rows else []
    table = {key: np.array([row[key] for row in rows if key in row]) for key in keys}
    mean = {key: round(float(values.mean()), 4) for key, values in table.items()}
    spread = {
        key: round(float(values.std(ddof=1)), 4) if len(values) > 1 else 0.0 for key, values in table.items()
    }
    return Side(name, mean, spread)


def _better(key: str, a: Side, b: Side) -> str:
    way = MEASURES[key].better
    worth = {"low": lambda x: -x, "high": lambda x: x, "one": lambda x: -abs(x - 1)}.get(way)
    if worth is None:
        return ""
    gap = worth(a.mean[key]) - worth(b.mean[key])
    if abs(gap) <= max(a.spread[key], b.spread[key]):
        return ""
    return "a" if gap > 0 else "b"
