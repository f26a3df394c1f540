"""Joint models measured: do the parts they make belong together, and is each of them any good by itself?"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.evaluation import cross_modal, metrics
from mmstudio.learning.evaluation.report import MEASURES, Comparison, Evaluation, Figure, Side, store

if TYPE_CHECKING:
    from mmstudio.learning.joint.model import JointModel
    from mmstudio.learning.joint.parts import Part
    from mmstudio.learning.service import Trainings

Rows = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Measuring = Generator[Progress, None, "MeasuredSets"]
SAMPLES = 256
GALLERY = 100  # sets among which the partner is looked for
FEW = 30
MEDIA = ("image", "audio", "text")  # what is made; tags and audiences only say what it should be
_CHUNK = 32


@dataclass(slots=True)
class RealSets:
    """Real sets as a joint model sees them: modality → N rows, and bool[N] of which are there."""

    train: Arrays
    train_present: Arrays
    held: Arrays
    held_present: Arrays
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MeasuredSets:
    """Figures (see :data:`MEASURES`; further ones by modality) and sentences."""

    figures: dict[str, Figure]
    notes: list[str]


def evaluating_sets(
    trainings: Trainings, context: JobContext, name: str, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, dict[str, Any]]:
    """The job "evaluate" of a joint model.

    Raises:
        StudioError: nothing that belongs together to measure against.
    """
    folder = trainings.folder(name)
    config = load_config(folder)
    model: JointModel = trainings.load_any(name)
    real = yield from reading_sets(trainings, config)
    found = yield from measuring_sets(model, real, samples, seed, context)
    figures = {
        key: round(value, 4) if isinstance(value, float) else value for key, value in found.figures.items()
    }
    result = Evaluation(name, config.family, figures, real.notes + found.notes, seed=seed)
    if not trainings.library.read_only:
        store(trainings.library, result)
        if folder.parent == trainings.library.models_dir:
            config = load_config(folder)
            config.trained["metrics"] = result.figures
            config.save(folder)
            write_card(folder, config)
    return result.as_json()


def comparing_sets(
    trainings: Trainings, context: JobContext, a: str, b: str, samples: int = 0, seeds: int = 3
) -> Generator[Progress, None, dict[str, Any]]:
    """Two joint models side by side, each on the library's sets as it sees them, with the same seeds.

    Raises:
        UsageError: the same model twice. StudioError: nothing to measure against.
    """
    if a == b:
        raise UsageError("Choose two different models to compare.")
    sides: list[Side] = []
    notes: list[str] = []
    for name in (a, b):
        model: JointModel = trainings.load_any(name)
        real = yield from reading_sets(trainings, load_config(trainings.folder(name)))
        rows = []
        for seed in range(seeds):
            context.raise_if_cancelled()
            found = yield from measuring_sets(model, real, samples, seed, context)
            rows.append({k: float(v) for k, v in found.figures.items() if k in MEASURES and _is_number(v)})
        notes += [note for note in real.notes if note not in notes]
        sides.append(_side(name, rows))
    if seeds < 2:
        notes.append(tr("With one seed there is no spread: a small difference may be chance"))
    better = {key: _better(key, *sides) for key in sides[0].mean if key in sides[1].mean}
    return Comparison(
        sides[0], sides[1], better, seeds, tr("features of each kind of media"), notes
    ).as_json()


def reading_sets(trainings: Trainings, config: ModelConfig) -> Generator[Progress, None, RealSets]:
    """The library's sets: learned from and held out. A model from elsewhere is measured on all of them."""
    from mmstudio.learning.joint.source import read_sets

    own = config.trained.get("library") == trainings.library.id
    fresh = replace(config, parts=dict(config.parts), trained=dict(config.trained))
    sets = yield from read_sets(trainings, fresh)
    rest, held = ~sets.held, sets.held
    real = RealSets(
        {name: rows[rest] for name, rows in sets.arrays.items()},
        {name: rows[rest] for name, rows in sets.present.items()},
        {name: rows[held] for name, rows in sets.arrays.items()},
        {name: rows[held] for name, rows in sets.present.items()},
    )
    if not own:
        real.notes.append(tr("Measured against this library's sets, not against those it learned from"))
    return real


def measuring_sets(
    model: JointModel,
    real: RealSets,
    samples: int = 0,
    seed: int = 0,
    context: JobContext | None = None,
) -> Measuring:
    """Measure a joint model against real sets; needs no library and writes nothing.

    Args:
        samples: sets drawn from nothing; 0: 256. seed: of all that is drawn.

    Figures: "coherence" (mean over the pairs given → made), its "coherence_ceiling" (the same classifiers on
    real media) and "coherence_chance"; each pair as "coherence_image_to_audio"; "joint_coherence" and
    "joint_coherence_SAMPLER" of sets from nothing, "real_joint_coherence"; "frechet_PART" and
    "real_frechet_PART" (held-out against training), "diversity_PART", "nearest_PART", "copies_PART";
    "round_trip_1" and "round_trip_10" with "real_" and "chance_"; "features" names what was measured in.

    Raises:
        StudioError: no sets held out.
    """
    parts = {part.name: part for part in model.parts}
    media = [name for name in MEDIA if name in parts and name in real.train]
    held_count = len(next(iter(real.held.values()), ()))
    if held_count < 4 or not media:
        raise StudioError(
            "Too few sets are held out to measure “{name}” against.",
            hint="Import more things that belong together.",
            name=model.config.name,
        )
    notes: list[str] = []
    if held_count < FEW:
        notes.append(tr("Only {n} sets to compare with: the figures are rough", n=held_count))
    rulers = {name: _Ruler(parts[name], str(model.device)) for name in media}
    train = {}
    held = {}
    for name in media:
        yield Progress(0, None, tr("Looking at real sets"))
        train[name] = rulers[name](real.train[name][real.train_present[name]])
        held[name] = rulers[name](real.held[name][real.held_present[name]])
    figures: dict[str, Figure] = {
        "examples": len(next(iter(real.train.values()))), "held_out": held_count,
        "samples": samples or SAMPLES, "seed": seed,
        "features": ", ".join(f"{name}: {rulers[name].name}" for name in media),
    }  # fmt: skip
    yield Progress(0, None, tr("Making parts from each other"))
    judges = _Judges(real, train, rulers, media)
    if judges.count >= 2:
        figures |= yield from _coherence(model, real, judges, rulers, media, seed, context)
    else:
        notes.append(tr("No tags or categories that tell sets apart: coherence cannot be measured"))
    figures |= yield from _round_trips(model, real, media, seed, context)
    for sampler in _samplers(model):
        yield Progress(0, None, tr("Drawing whole sets"))
        drawn = model.unconditional_arrays(samples or SAMPLES, seed, sampler)
        made = {name: rulers[name](drawn[name]) for name in media}
        own: dict[str, Figure] = {}
        if judges.count >= 2 and len(media) > 1:
            own["joint_coherence"] = cross_modal.together(
                [judges.of[name].told(made[name]) for name in media]
            )
        for name in media:
            own |= _alone(name, train[name], held[name], made[name])
        if sampler == _samplers(model)[0]:
            figures |= own
        kept = [key for key in own if key.startswith(("joint_", "frechet_")) and "_in_" not in key]
        figures |= {f"{key}_{sampler}": own[key] for key in kept}
        if context is not None:
            context.raise_if_cancelled()
    clean = {k: v for k, v in figures.items() if not (isinstance(v, float) and not math.isfinite(v))}
    return MeasuredSets(clean, notes)


# -- inside ------------------------------------------------------------------------------------------------


class _Ruler:
    """Rows of one part as features, N×D; pictures through a network, the rest as it is."""

    def __init__(self, part: Part, device: str) -> None:
        self.part, self._network = part, None
        self.name = {
            "tokens": "token counts",
            "vector": f"latents of {part.model}" if part.model else "values",
        }.get(part.kind, part.kind)
        if part.kind == "picture" and part.shape[0] == 3:
            from mmstudio.learning.evaluation.networks import picture_features

            self._network, self.name = picture_features(device)
        elif part.kind == "picture":
            from mmstudio.learning.engine.evaluate import FEATURES, features

            self._network, self.name = features, FEATURES

    def __call__(self, rows: NDArray[Any]) -> Rows:
        if self._network is not None:
            found = [
                np.asarray(self._network(np.ascontiguousarray(rows[at : at + _CHUNK])), np.float64)
                for at in range(0, len(rows), _CHUNK)
            ]
            return np.concatenate(found) if found else np.zeros((0, 1))
        if self.part.kind == "tokens":
            counts = np.zeros((len(rows), max(self.part.vocabulary, 1)))
            for row, tokens in zip(counts, rows, strict=True):
                np.add.at(row, np.asarray(tokens, np.int64)[np.asarray(tokens) > 0], 1.0)
            return np.log1p(counts)
        return np.asarray(rows, np.float64).reshape(len(rows), -1)


class _Judges:
    """A classifier for each kind of media, trained on real ones with labels."""

    def __init__(
        self, real: RealSets, train: Mapping[str, Rows], rulers: Mapping[str, _Ruler], media: list[str]
    ) -> None:
        self.of: dict[str, cross_modal.Classifier] = {}
        self.ceiling: dict[str, float] = {}
        self.count = 0
        if "tags" not in real.train:
            return
        labels = np.concatenate([real.train["tags"], real.held["tags"]])
        known = np.concatenate([real.train_present["tags"], real.held_present["tags"]]).astype(bool)
        first = len(real.train["tags"])
        classes, chosen = cross_modal.classes_of(labels, known, first)
        self.train, self.held = classes[:first], classes[first:]
        self.count = len(chosen)
        if self.count < 2:
            return
        for name in media:
            there = real.train_present[name].astype(bool)
            self.of[name] = cross_modal.Classifier.of(train[name], self.train[there], self.count)
            out = real.held_present[name].astype(bool)
            told = self.of[name].told(rulers[name](real.held[name][out]))
            self.ceiling[name] = cross_modal.balanced(told, self.held[out])


def _coherence(
    model: JointModel, real: RealSets, judges: _Judges, rulers: Mapping[str, _Ruler], media: list[str],
    seed: int, context: JobContext | None,
) -> Generator[Progress, None, dict[str, Figure]]:  # fmt: skip
    figures: dict[str, Figure] = {}
    found: list[tuple[float, float]] = []
    for given in [*media, "tags"]:
        if given not in real.held:
            continue
        there = real.held_present[given].astype(bool) & (judges.held != cross_modal.NONE)
        wanted = [name for name in media if name != given]
        if there.sum() < 4 or not wanted:
            continue
        yield Progress(0, None, tr("Making parts from each other"))
        made = model.generate_arrays({given: real.held[given][there]}, wanted, seed)
        for name in wanted:
            told = judges.of[name].told(rulers[name](made[name]))
            value = cross_modal.balanced(told, judges.held[there])
            figures[f"coherence_{given}_to_{name}"] = value
            found.append((value, judges.ceiling[name]))
        if context is not None:
            context.raise_if_cancelled()
    figures |= {f"ceiling_{name}": value for name, value in judges.ceiling.items()}
    good = [pair for pair in found if all(map(math.isfinite, pair))]
    if good:
        figures["coherence"], figures["coherence_ceiling"] = (float(v) for v in np.mean(good, axis=0))
        figures["coherence_chance"] = 1.0 / judges.count
    both = np.all([real.held_present[name].astype(bool) for name in media], axis=0)
    if len(media) > 1 and both.sum() >= 4:
        told_real = [judges.of[name].told(rulers[name](real.held[name][both])) for name in media]
        figures["real_joint_coherence"] = cross_modal.together(told_real)
    return figures


def _round_trips(
    model: JointModel, real: RealSets, media: list[str], seed: int, context: JobContext | None
) -> Generator[Progress, None, dict[str, Figure]]:
    """Make b from a, then look for a among a hundred by what was made; and the same with the real b."""
    figures: dict[str, Figure] = {}
    found: list[list[float]] = []
    for given in media:
        for name in media:
            both = real.held_present[given].astype(bool) & real.held_present[name].astype(bool)
            rows = np.flatnonzero(both)[:GALLERY]
            if given == name or len(rows) < 4:
                continue
            yield Progress(0, None, tr("Looking for what parts were made from"))
            start = real.held[given][rows]
            made = model.generate_arrays({given: start}, [name], seed)[name]
            gallery = model.embed_arrays({given: start}).numpy().astype(np.float64)
            query = model.embed_arrays({name: made}).numpy().astype(np.float64)
            ceiling = model.embed_arrays({name: real.held[name][rows]}).numpy().astype(np.float64)
            row = [cross_modal.recall(q, gallery, k) for q in (query, ceiling) for k in (1, 10)]
            found.append([*row, 1 / len(rows), min(1.0, 10 / len(rows))])
            figures[f"round_trip_10_{given}_to_{name}"] = row[1]
            if context is not None:
                context.raise_if_cancelled()
    if found:
        keys = ("round_trip_1", "round_trip_10", "real_round_trip_1", "real_round_trip_10",
                "chance_round_trip_1", "chance_round_trip_10")  # fmt: skip
        figures |= {key: float(v) for key, v in zip(keys, np.mean(found, axis=0), strict=True)}
    return figures


def _alone(name: str, train: Rows, held: Rows, made: Rows) -> dict[str, Figure]:
    """Figures of one kind of media by itself."""
    if len(train) < 4 or len(held) < 2:
        return {}
    reduce = metrics.Reduction.of(train, min(metrics.REDUCED, max(2, len(held) // 2)))
    a, b, c = reduce(train), reduce(held), reduce(made)
    apart = metrics.diversity(train)
    ratio, copies = cross_modal.nearness(train, held, made)
    return {
        f"frechet_{name}": metrics.frechet_distance(a, c),
        f"real_frechet_{name}": metrics.frechet_distance(a, b),
        f"frechet_in_{name}": f"{reduce.directions.shape[1]} principal components",
        f"diversity_{name}": metrics.diversity(made) / apart if apart > 1e-9 else float("nan"),
        f"nearest_{name}": ratio,
        f"copies_{name}": copies,
    }


def _samplers(model: JointModel) -> list[Any]:
    """The samplers of sets from nothing, the one that the model itself would take first."""
    learned = ["learned"] if model.net.flow is not None else []
    return [*learned, "mixture", "gan"]


def _is_number(value: Figure) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _side(name: str, rows: list[dict[str, float]]) -> Side:
    keys = (
        [key for key in rows[0] if not key.startswith(("real_", "chance_")) and MEASURES[key].better]
        if rows
        else []
    )
    table = {key: np.array([row[key] for row in rows if key in row]) for key in keys}
    mean = {key: round(float(values.mean()), 4) for key, values in table.items()}
    spread = {key: round(float(v.std(ddof=1)), 4) if len(v) > 1 else 0.0 for key, v in table.items()}
    return Side(name, mean, spread)


def _better(key: str, a: Side, b: Side) -> str:
    worth = {"low": lambda x: -x, "high": lambda x: x, "one": lambda x: -abs(x - 1)}.get(MEASURES[key].better)
    if worth is None:
        return ""
    gap = worth(a.mean[key]) - worth(b.mean[key])
    if abs(gap) <= max(a.spread[key], b.spread[key]):
        return ""
    return "a" if gap > 0 else "b"
