"""The training of the shared encoder as a job, with what it is worth measured on what was held out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.features.tagging.calibration import Platt, calibration_error, fit_platt
from mmstudio.features.texts.words import save_text_model
from mmstudio.features.vectors import Vectors
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.fusion.encoder import SharedEncoder
from mmstudio.learning.fusion.examples import Examples, load_examples, read_examples, save_examples
from mmstudio.learning.fusion.forward import encode
from mmstudio.learning.fusion.inputs import FORBIDDEN, media_mask
from mmstudio.learning.fusion.measure import (
    by_group,
    first_of_groups,
    pair_to_measure,
    recall_at,
    through_neighbours,
)
from mmstudio.learning.fusion.stored import TEXT_MODEL, record_parts, statistics_tensors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.texts.words import TextModel
    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.fusion.inputs import Part
    from mmstudio.learning.service import Trainings
    from mmstudio.library import Library

DATA, STATISTICS = "data.safetensors", "data.statistics.safetensors"


def train_fused(
    trainings: Trainings, context: JobContext, folder: Path, config: ModelConfig
) -> Generator[Progress, None, dict[str, Any]]:
    """Read the features, train, measure, and encode the library where it was worth it.

    Returns what every training returns, and ``figures``, ``used`` and ``sentence``.
    """
    library = trainings.library
    vectors = Vectors(library)
    try:
        examples = load_examples(folder / DATA)
        if examples is None:  # a new training, or one that ended: it learns the library as it is now
            _forget(folder, config)
            examples, parts, text = yield from read_examples(library, vectors, config.seed)
            _keep(folder, config, examples, {m: list(p) for m, p in parts.items()}, text)
            config.trained["labelled_kinds"] = _labelled_kinds(library, examples)
            config.trained["left_out_rights"] = _left_out(trainings)
            save_examples(folder / DATA, examples)
        config.save(folder)
        trainings.register(config, folder, "training", {})
        yield Progress(0, config.steps, tr("Preparing"))
        result: dict[str, Any] = {}
        for stage in (1, 2):
            if int(config.trained.get("stage", 1)) == stage:
                result = yield from _stage(trainings, context, folder, config, examples, stage)
                if result["status"] != "done":
                    break
        metrics: dict[str, Any] = dict(config.trained.get("metrics", {}))
        written: dict[str, int] = {}
        if result["status"] == "done":
            (folder / DATA).unlink(missing_ok=True)
            (folder / STATISTICS).unlink(missing_ok=True)
            written = yield from SharedEncoder(library, vectors).refresh(context)
        sentence = verdict(metrics) if metrics else ""
        return {
            **result,
            "path": str(folder),
            "notes": [sentence] if sentence else [],
            "figures": metrics,
            "used": bool(metrics.get("used")),
            "sentence": sentence,
            "encoded": written,
        }
    finally:
        vectors.close()


def _stage(
    trainings: Trainings,
    context: JobContext,
    folder: Path,
    config: ModelConfig,
    examples: Examples,
    stage: int,
) -> Generator[Progress, None, dict[str, Any]]:
    """Stage 1 learns from a part and finds out, on the rest, how long to learn and what it is worth; stage 2
    learns from everything for as long."""
    import torch

    from mmstudio.learning.card import write_card
    from mmstudio.learning.engine.fused_task import FusedData, FusedTask
    from mmstudio.learning.engine.trainer import Trainer

    used, own = examples, config
    if stage == 2:
        used = replace(examples, held=np.zeros(len(examples), bool))
        own = replace(config, steps=int(config.trained["metrics"]["best_step"]))
    # Small enough that moving it to a graphics card takes longer than computing it.
    task = FusedTask(own, torch.device("cpu"), used)
    task.extra = _statistics_of(folder)
    trainer = Trainer(folder, own, task, FusedData(used, config.seed), resume=True)
    started, status = context.clock(), "training"
    try:
        result = yield from trainer.run(context)
        if result["status"] == "done" and stage == 1:
            weights = {key: value.cpu().numpy() for key, value in task.weights().items()}
            metrics, platt = figures_of(weights, examples)
            config.trained["metrics"] = metrics | {"best_step": task.best_step}
            config.trained["platt"] = [platt.slope, platt.offset]
            if task.best_step:
                config.trained["stage"] = 2
                config.save(folder)
                _forget_steps(folder)
                trainer.step = 0
            else:  # nothing was gained: the linear start stays
                config.trained["stage"], status = 3, "ready"
        elif result["status"] == "done":
            status = "ready"
        return result
    finally:
        config.trained |= {
            "steps": trainer.step,
            "seen": trainer.seen,
            "seconds": round(config.trained.get("seconds", 0.0) + context.clock() - started, 1),
            "device": "cpu",
        }
        config.save(folder)
        write_card(folder, config)
        trainings.register(config, folder, status, dict(config.trained.get("metrics", {})))


def _keep(
    folder: Path,
    config: ModelConfig,
    examples: Examples,
    parts: dict[str, list[Part]],
    text: TextModel | None,
) -> None:
    """Write down what the training reads, beside the model."""
    from safetensors.numpy import save_file

    config.trained |= _record(examples) | {"inputs": record_parts(parts)}
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        save_text_model(text, folder / TEXT_MODEL)
    with atomic_path(folder / STATISTICS) as temporary:
        save_file(statistics_tensors(parts), str(temporary))


def _forget(folder: Path, config: ModelConfig) -> None:
    for name in ("stage", "metrics", "platt", "seconds", "seen", "steps"):
        config.trained.pop(name, None)
    _forget_steps(folder)


def _forget_steps(folder: Path) -> None:
    (folder / "checkpoint.json").unlink(missing_ok=True)
    for pattern in ("weights-*.safetensors", "state-*.safetensors"):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def figures_of(
    weights: dict[str, NDArray[np.float32]], examples: Examples, k: int = 10
) -> tuple[dict[str, Any], Platt]:
    """Figures on what was held out, and the calibration of the tags.

    - recall, recall_back: share of held-out items whose ``from`` modality finds their ``to`` modality among
      the k nearest of the whole library, and the other way round; items count the same.
    - unfused: the same without learning, through the partners of the nearest known things. chance: by luck.
    - tags_error_before, tags_error: expected calibration error of the tags before and after Platt scaling,
      the second cross-validated over two halves of the held-out groups.
    - tags_right: share of held-out assets whose surest tag is right; tags_commonest: of always the commonest.
    - used: whether the learned vector is at least as good as the unfused way.
    """
    found: dict[str, Any] = {"k": k}
    names, held = examples.names, examples.held
    pair = pair_to_measure({n: m[held] for n, m in examples.present.items()}, examples.group[held])
    if pair is not None:
        one, two = pair
        a = _side(weights, examples, one, held)
        b = _side(weights, examples, two, np.ones(len(examples), bool))
        found |= {"from": one, "to": two, "held_out": len(np.unique(a[1]))}
        found["recall"] = float(by_group(recall_at(*a, *b, k), a[1]).mean())
        back_query = _side(weights, examples, two, held)
        back_gallery = _side(weights, examples, one, np.ones(len(examples), bool))
        found["recall_back"] = float(by_group(recall_at(*back_query, *back_gallery, k), back_query[1]).mean())
        found["unfused"] = _unfused(examples, one, two, k)
        found["chance"] = min(1.0, k / len(b[1]))
    platt = Platt()
    labels = examples.labels
    known = labels.known[held] > 0
    if len(labels.names) and known.any():
        mask = media_mask(names, examples.mask()[held])
        logits = encode(weights, names, {n: X[held] for n, X in examples.features.items()}, mask).logits
        platt, told = calibrate(logits, labels.Y[held], known, examples.group[held])
        found |= told
        informed = known.any(1)
        top = np.where(known, logits, -np.inf)[informed].argmax(1)
        right = labels.Y[held][informed][np.arange(len(top)), top]
        commonest = int((labels.Y * labels.known)[~held].sum(0).argmax())
        found["tags_right"] = float(right.mean())
        found["tags_commonest"] = float(labels.Y[held][informed][:, commonest].mean())
    found["used"] = pair is None or found["recall"] >= found["unfused"]
    return {key: round(v, 4) if isinstance(v, float) else v for key, v in found.items()}, platt


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.float32],
    known: NDArray[np.bool_],
    group: NDArray[np.int64],
) -> tuple[Platt, dict[str, float]]:
    """One Platt scaling for all tags, and its error on groups that it was not fitted on."""
    half = (np.unique(group, return_inverse=True)[1] % 2).astype(bool)
    told, true = [], []
    for part in (half, ~half):
        fit, test = known & ~part[:, None], known & part[:, None]
        if fit.any() and test.any():
            told.append(
                fit_platt(logits[fit].astype(np.float64), labels[fit].astype(np.float64))(logits[test])
            )
            true.append(labels[test].astype(np.float64))
    platt = fit_platt(logits[known].astype(np.float64), labels[known].astype(np.float64))
    figures = {
        "tags_error_before": calibration_error(Platt()(logits[known]), labels[known].astype(np.float64))
    }
    if told:
        figures["tags_error"] = calibration_error(np.concatenate(told), np.concatenate(true))
    return platt, figures


def verdict(figures: dict[str, Any]) -> str:
    """What came out, as one sentence."""
    if "recall" not in figures:
        return tr("Nothing here has two sides to compare; the shared vector is used as it is.")
    values = {
        "k": figures["k"],
        "learned": f"{figures['recall']:.2f}",
        "unfused": f"{figures['unfused']:.2f}",
        "chance": f"{figures['chance']:.2f}",
    }
    if figures["used"]:
        return tr(
            "The learned vector is used: recall at {k} {learned}, {unfused} without it, {chance} by chance.",
            **values,
        )
    return tr(
        "The learned vector was not better here: recall at {k} {learned} against {unfused}. "
        "Search stays as it was.",
        **values,
    )


def _side(
    weights: dict[str, NDArray[np.float32]], examples: Examples, name: str, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors of one modality alone with their groups; a text that many assets share counts once."""
    chosen = np.flatnonzero(rows & examples.present[name])
    if name == "text":
        chosen = chosen[first_of_groups(examples.group[chosen])]
    mask = np.zeros((len(chosen), len(examples.names)), bool)
    mask[:, examples.names.index(name)] = True
    made = encode(weights, examples.names, {name: examples.features[name][chosen]}, mask)
    return made.vectors, examples.group[chosen]


def _unfused(examples: Examples, one: str, two: str, k: int) -> float:
    """Recall of the held-out without learning, see :func:`through_neighbours`."""
    both = examples.present[one] & examples.present[two]
    known = np.flatnonzero(both & ~examples.held)
    asked = np.flatnonzero(examples.present[one] & examples.held)
    if not len(known) or not len(asked):
        return 0.0
    guess = through_neighbours(
        examples.features[one][asked], examples.features[one][known], examples.features[two][known]
    )
    gallery = np.flatnonzero(examples.present[two])
    if two == "text":
        gallery = gallery[first_of_groups(examples.group[gallery])]
    hits = recall_at(
        guess, examples.group[asked], examples.features[two][gallery], examples.group[gallery], k
    )
    return float(by_group(hits, examples.group[asked]).mean())


def _record(examples: Examples) -> dict[str, Any]:
    return {
        "examples": len(examples),
        "assets": sorted({int(i) for i in examples.assets if i}),
        "modalities": examples.names,
        "labels": examples.labels.names,
        "left_out_unreadable": 0,
    }


def _labelled_kinds(library: Library, examples: Examples) -> list[str]:
    """Kinds of media of which at least one example has labels: the tags are calibrated for no other."""
    told = examples.assets[(examples.labels.known > 0).any(1)]
    return sorted({asset.kind for asset in library.assets.get_many([int(i) for i in told if i])})


def _left_out(trainings: Trainings) -> int:
    assets = trainings.library.assets
    return sum(asset.rights in FORBIDDEN for asset in assets.get_many(assets.ids()))


def _statistics_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    path = folder / STATISTICS
    return dict(load_file(str(path))) if path.is_file() else {}
