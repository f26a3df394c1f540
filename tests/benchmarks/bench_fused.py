"""The shared encoder on a real shop: does a picture find its description, beside plain ways and luck.

    python tests/benchmarks/bench_fused.py --data FOLDER [--folds 5]

FOLDER holds shop/ (items.csv, images/). Pictures and items come in as the studio imports them. Five folds
over items: everything learned (encoder, regressions, correlations) has seen four fifths of the items with
their pictures; the words' own model (TF-IDF and SVD) is fitted on all texts, as in use. Queries are the
pictures of the items left out; an item with several counts once. The gallery is every description of the
shop, or those of the items left out only.

What stands beside the encoder:
- unfused: what the studio does without learning: the descriptions of the ten most alike pictures, averaged;
- ridge: a linear regression from picture features to word vectors (best of four penalties on the test folds);
- cca: regularised canonical correlations (best of four settings on the test folds);
both of the latter are thus shown at their best.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmstudio.features.normalise import unit_rows
from mmstudio.features.tagging.calibration import Platt, calibration_error
from mmstudio.jobs import run_inline
from mmstudio.learning.engine.fused_task import FusedData, FusedTask
from mmstudio.learning.families import default_config
from mmstudio.learning.fusion.examples import Examples, read_examples, subset
from mmstudio.learning.fusion.forward import encode
from mmstudio.learning.fusion.inputs import any_in_row, media_mask
from mmstudio.learning.fusion.measure import by_group, first_of_groups, recall_at, through_neighbours
from mmstudio.learning.fusion.training import figures_of
from mmstudio.library.importing import import_work
from mmstudio.studio import Studio

K = 10
Vectors = tuple[np.ndarray, np.ndarray]  # of all pictures, of all rows' texts


def run(examples: Examples, seed: int, steps: int | None = None) -> tuple[dict[str, np.ndarray], int]:
    """The best weights of one stage of a training with the defaults, and their step."""
    config = default_config("fused", "bench", seed=seed, steps=steps)
    task = FusedTask(config, torch.device("cpu"), examples)
    data, seen = FusedData(examples, seed), 0
    for step in range(config.steps):
        if task.satisfied:
            break
        task.at(step / config.steps)
        for _ in task.parts(data.batch(seen, config.batch, task.random), step):
            pass
        seen += config.batch
        task.average.update(task.net, config.batch, seen)
    return {key: value.numpy() for key, value in task.weights().items()}, task.best_step


def learn(examples: Examples, seed: int) -> tuple[dict[str, np.ndarray], Platt, float]:
    """As a training does: on a part, then on everything for as long; weights, calibration, seconds."""
    started = time.perf_counter()
    weights, steps = run(examples, seed)
    platt = figures_of(weights, examples)[1]
    if steps:
        weights, _ = run(replace(examples, held=np.zeros(len(examples), bool)), seed, steps)
    return weights, platt, time.perf_counter() - started


def alone(weights: dict[str, np.ndarray], examples: Examples, name: str) -> Any:
    """Everything of one modality, each by itself."""
    mask = np.zeros((len(examples), len(examples.names)), bool)
    mask[:, examples.names.index(name)] = True
    return encode(weights, examples.names, examples.features, mask)


def ridge(X: np.ndarray, T: np.ndarray, train: np.ndarray, weight: np.ndarray, penalty: float) -> Vectors:
    """Words told from pictures."""
    root = np.sqrt(weight[train])[:, None]
    mx, mt = X[train].mean(0), T[train].mean(0)
    A, B = (X[train] - mx) * root, (T[train] - mt) * root
    W = np.linalg.solve(A.T @ A + penalty * np.eye(X.shape[1]), A.T @ B)
    return unit_rows(((X - mx) @ W).astype(np.float32)), unit_rows((T - mt).astype(np.float32))


def cca(
    X: np.ndarray, T: np.ndarray, train: np.ndarray, weight: np.ndarray, loads: tuple[float, float]
) -> Vectors:
    """Canonical directions of both, weighed by their correlations."""
    w = (weight[train] / weight[train].sum())[:, None]
    mx, mt = (X[train] * w).sum(0), (T[train] * w).sum(0)
    A, B = X[train] - mx, T[train] - mt

    def root(rows: np.ndarray, load: float) -> np.ndarray:
        spread = (rows * w).T @ rows
        spread += load * np.trace(spread) / len(spread) * np.eye(len(spread))
        values, vectors = np.linalg.eigh(spread)
        return vectors / np.sqrt(values) @ vectors.T

    left, right = root(A, loads[0]), root(B, loads[1])
    U, s, V = np.linalg.svd(left @ ((A * w).T @ B) @ right, full_matrices=False)
    return (
        unit_rows(((X - mx) @ (left @ U[:, :64]) * s[:64]).astype(np.float32)),
        unit_rows(((T - mt) @ (right @ V[:64].T) * s[:64]).astype(np.float32)),
    )


def interval(values: np.ndarray, draws: int = 2000) -> str:
    """Mean with a 95 % bootstrap interval over items."""
    random = np.random.default_rng(0)
    means = values[random.integers(len(values), size=(draws, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


class Scores:
    """Hits per item, by way and question."""

    def __init__(self) -> None:
        self.hits: dict[str, dict[str, list[np.ndarray]]] = {}

    def add(self, way: str, made: Vectors, examples: Examples, test: np.ndarray) -> None:
        pictures, words = made
        asked = np.flatnonzero(test & examples.present["image"])
        texts = first_of_groups(examples.group)
        left = texts[test[texts]]
        group = examples.group
        told = {
            "all": recall_at(pictures[asked], group[asked], words[texts], group[texts], K),
            "left out": recall_at(pictures[asked], group[asked], words[left], group[left], K),
        }
        found = {name: by_group(hits, group[asked]) for name, hits in told.items()}
        found["back"] = recall_at(words[left], group[left], pictures[asked], group[asked], K)
        for name, values in found.items():
            self.hits.setdefault(way, {}).setdefault(name, []).append(values)

    def mean(self, way: str) -> float:
        return float(np.concatenate(self.hits[way]["all"]).mean())

    def show(self, way: str, label: str) -> None:
        parts = [interval(np.concatenate(self.hits[way][name])) for name in ("all", "left out", "back")]
        print(f"  {label:34s} {parts[0]}   {parts[1]}   {parts[2]}", flush=True)

    def differ(self, way: str, other: str) -> None:
        parts = [
            interval(np.concatenate(self.hits[way][name]) - np.concatenate(self.hits[other][name]))
            for name in ("all", "left out", "back")
        ]
        print(f"  {f'better than {other} by':34s} {parts[0]}   {parts[1]}   {parts[2]}", flush=True)


def shop_examples(folder: Path, into: Path) -> Examples:
    """The examples of the shop, through the studio's own import and extraction."""
    with Studio.create(into / "shop.mmlib") as studio:
        run_inline(import_work(studio.library, [folder / "images"], catalog=folder / "items.csv"))
        started = time.perf_counter()
        run_inline(studio.features.work())
        print(f"features extracted in {time.perf_counter() - started:.0f} s", flush=True)
        reading = read_examples(studio.library, studio.features.vectors, 0)
        while True:
            try:
                next(reading)
            except StopIteration as stop:
                found: Examples = stop.value[0]
                return found


def tags(
    weights: dict[str, np.ndarray], examples: Examples, test: np.ndarray, platt: Platt
) -> dict[str, Any]:
    """Tags of the left out from picture, from text, from both; and the error of the confidence."""
    labels, masks = examples.labels, {"both": examples.mask()}
    for name in ("image", "text"):
        masks[name] = np.zeros_like(masks["both"])
        masks[name][:, examples.names.index(name)] = examples.present[name]
    found: dict[str, Any] = {}
    leaf = np.flatnonzero((labels.Y * labels.known).sum(0) < 0.25 * len(examples))  # narrow categories
    for name, mask in masks.items():
        rows = np.flatnonzero(test & any_in_row(mask) & (labels.Y[:, leaf].sum(1) > 0))
        if name == "text":
            rows = rows[first_of_groups(examples.group[rows])]
        logits = encode(
            weights, examples.names, {n: X[rows] for n, X in examples.features.items()}, mask[rows]
        ).logits
        top = leaf[logits[:, leaf].argmax(1)]
        found[name] = by_group(labels.Y[rows, top].astype(np.float64), examples.group[rows])
    rows = np.flatnonzero(test & (labels.known.sum(1) > 0))
    mask = media_mask(examples.names, examples.mask()[rows])
    logits = encode(weights, examples.names, {n: X[rows] for n, X in examples.features.items()}, mask).logits
    known = labels.known[rows] > 0
    found["error"] = (platt(logits)[known], labels.Y[rows][known])
    commonest = leaf[labels.Y[~test][:, leaf].sum(0).argmax()]
    chosen = np.flatnonzero(test & (labels.Y[:, leaf].sum(1) > 0))
    found["commonest"] = by_group(labels.Y[chosen, commonest].astype(np.float64), examples.group[chosen])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        examples = shop_examples(arguments.data / "shop", Path(folder))
    X, T, group = examples.features["image"], examples.features["text"], examples.group
    known = np.unique(group)
    place = np.random.default_rng(0).permutation(len(known)) % arguments.folds
    fold = place[np.searchsorted(known, group)]
    _, which, count = np.unique(group, return_inverse=True, return_counts=True)
    weight = 1.0 / count[which]
    scores, told, seconds = Scores(), [], []
    penalties, loads = (0.1, 0.3, 1.0, 3.0), ((1.0, 1.0), (1.0, 10.0), (3.0, 10.0), (10.0, 10.0))
    for one in range(arguments.folds):
        test = fold == one
        train = ~test & examples.present["image"] & examples.present["text"]
        guess = through_neighbours(X, X[train], T[train])
        scores.add("unfused", (guess, T), examples, test)
        for penalty in penalties:
            scores.add(f"ridge {penalty}", ridge(X, T, train, weight, penalty), examples, test)
        for load in loads:
            scores.add(f"cca {load}", cca(X, T, train, weight, load), examples, test)
        weights, platt, took = learn(subset(examples, ~test, one), one)
        seconds.append(took)
        made = (alone(weights, examples, "image").vectors, alone(weights, examples, "text").vectors)
        scores.add("fused", made, examples, test)
        told.append(tags(weights, examples, test, platt))
    texts, out = len(known), len(known) / arguments.folds
    print(f"{len(examples)} pictures and items, {texts} descriptions, {arguments.folds} folds over items")
    print(
        f"recall at {K}, 95 % interval over items: picture→description among all {texts}; among the {out:.0f}"
    )
    print("out; description→picture among the pictures of the left out")
    print(f"  {'chance':34s} {K / texts:.3f}                  {K / out:.3f}")
    scores.show("unfused", "unfused (through neighbours)")
    best = max((f"ridge {p}" for p in penalties), key=scores.mean)
    scores.show(best, f"{best} (best of {len(penalties)})")
    best = max((f"cca {load}" for load in loads), key=scores.mean)
    scores.show(best, f"{best} (best of {len(loads)})")
    scores.show("fused", "shared encoder")
    scores.differ("fused", "unfused")
    scores.differ("fused", best)
    print("narrow category right (items count the same):", end=" ")
    names = {
        "image": "picture alone",
        "text": "text alone",
        "both": "both fused",
        "commonest": "always the commonest",
    }
    print(
        ", ".join(f"{words} {np.concatenate([t[k] for t in told]).mean():.3f}" for k, words in names.items())
    )
    sure, true = (np.concatenate([t["error"][i] for t in told]) for i in (0, 1))
    print(f"expected calibration error of the tags of left-out pictures: {calibration_error(sure, true):.3f}")
    print(f"training: {np.mean(seconds):.1f} s a fold on this machine")
    one_row = {name: rows[:1] for name, rows in examples.features.items()}
    mask = np.eye(len(examples.names), dtype=bool)[[examples.names.index("text")]]
    encode(weights, examples.names, one_row, mask)
    started = time.perf_counter()
    for _ in range(200):
        encode(weights, examples.names, one_row, mask)
    print(f"encoding one query: {5 * (time.perf_counter() - started):.2f} ms (its words not counted)")


if __name__ == "__main__":
    main()
