"""How much the vectors of pictures know, beside chance and plain baselines.

    python tests/benchmarks/bench_features_quality.py [--data FOLDER] [--all]

Scikit-learn's digits always; with FOLDER, shop/ (items.csv, images/) by category and groceries/ (photos.csv)
by product. Every network at hand is measured (the preferred one, the others with --all), a network with
random weights, the colour histogram, the look, and raw pixels (16 × 16 px RGB; the digits as they are).

Two measures: the five nearest neighbours (compared as the studio does, votes weigh by cosine), and a linear
probe (ridge classifier, its strength chosen within the training part). A picture never votes for its own
item, and items are never split between the probe's training and test part: colour variants of one article
would otherwise make the task trivial. Digits go in five folds; groceries learn from the train split and are
asked about the test split. Intervals are 95 % by bootstrap over items (over pictures where those are alone).
Sounds and texts: bench_sounds.py, bench_texts.py.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GroupKFold

from mmstudio.features.loading import load_media
from mmstudio.features.normalise import fit_statistics, unit_rows
from mmstudio.features.pictures import colour, look
from mmstudio.features.pictures.backbones import Backbone, BackboneSpec, all_backbones, random_backbone

NEIGHBOURS, FOLDS, DRAWS = 5, 5, 1000
STRENGTHS = np.logspace(0, 5, 6)


@dataclass(frozen=True)
class Task:
    """Pictures with labels. `trains` is None where pictures are asked about each other across groups."""

    name: str
    pictures: list[np.ndarray]
    labels: np.ndarray
    groups: np.ndarray
    pixels: np.ndarray
    trains: np.ndarray | None = None


def neighbours(X: np.ndarray, task: Task, standard: bool) -> np.ndarray:
    """bool[N asked]: whether the weighed votes of the nearest neighbours of other groups hit the label."""
    known = np.ones(len(X), bool) if task.trains is None else task.trains
    asked = known if task.trains is None else ~known
    unit = unit_rows(fit_statistics(X[known]).apply(X)) if standard else unit_rows(X)
    similarity = unit[asked] @ unit[known].T
    if task.trains is None:
        similarity[task.groups[:, None] == task.groups[None]] = -np.inf
    names, codes = np.unique(task.labels, return_inverse=True)
    best = np.argpartition(-similarity, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    weights = np.maximum(np.take_along_axis(similarity, best, axis=1), 1e-6)
    votes = np.zeros((len(similarity), len(names)))
    for place in range(NEIGHBOURS):
        np.add.at(votes, (np.arange(len(votes)), codes[known][best[:, place]]), weights[:, place])
    return np.asarray(votes.argmax(1) == codes[asked])


def probe(X: np.ndarray, task: Task) -> np.ndarray:
    """bool[N asked]: whether a linear classifier of the standardised vectors hits the label."""
    if task.trains is not None:
        splits = [(np.flatnonzero(task.trains), np.flatnonzero(~task.trains))]
    else:
        splits = list(GroupKFold(FOLDS).split(X, task.labels, task.groups))
    hits = np.zeros(len(X), bool)
    for train, test in splits:
        fitted = fit_statistics(X[train])
        model = RidgeClassifierCV(alphas=STRENGTHS).fit(fitted.apply(X[train]), task.labels[train])
        hits[test] = model.predict(fitted.apply(X[test])) == task.labels[test]
    return hits if task.trains is None else hits[~task.trains]


def told(hits: np.ndarray, groups: np.ndarray) -> str:
    """The share of hits in percent with its 95 % interval by bootstrap over groups."""
    _, codes = np.unique(groups, return_inverse=True)
    right, counts = np.bincount(codes, hits), np.bincount(codes)
    draws = np.random.default_rng(0).integers(0, len(counts), (DRAWS, len(counts)))
    values = right[draws].sum(1) / counts[draws].sum(1)
    low, high = np.percentile(100 * values, [2.5, 97.5])
    return f"{100 * hits.mean():5.1f} ({low:.1f} to {high:.1f})"


def through(spec: BackboneSpec, pictures: list[np.ndarray]) -> np.ndarray:
    """float32[N, D] of pictures."""
    net = Backbone(spec, "cpu")
    parts = [pictures[start : start + 64] for start in range(0, len(pictures), 64)]
    return np.concatenate([net(np.stack([spec.prepare(picture) for picture in part])) for part in parts])


def table(task: Task, nets: list[BackboneSpec]) -> None:
    """Print one task."""
    asked = np.ones(len(task.labels), bool) if task.trains is None else ~task.trains
    groups = np.arange(asked.sum()) if len(set(task.groups)) == FOLDS else task.groups[asked]
    shares = np.array(list(Counter(task.labels[asked]).values())) / asked.sum()
    print(f"\n{task.name}: {asked.sum()} pictures, {len(shares)} classes, {len(set(groups))} items")
    print(f"  {'':34s} {'kNN, %':>22s} {'linear probe, %':>22s}")
    spaces = {f"{spec.label} [{spec.dimension}]": through(spec, task.pictures) for spec in nets}
    spaces |= {
        f"colour histogram [{colour.DIMENSION}]": np.stack([colour.histogram(p) for p in task.pictures]),
        f"look [{look.DIMENSION}]": np.stack([look.describe(p) for p in task.pictures]),
        f"raw pixels [{task.pixels.shape[1]}]": task.pixels,
    }
    for name, X in spaces.items():
        near = neighbours(X, task, standard=not name.startswith("colour"))
        linear = probe(X, task)
        print(f"  {name[:34]:34s} {told(near, groups):>22s} {told(linear, groups):>22s}", flush=True)
    print(f"  {'always the commonest class':34s} {100 * shares.max():5.1f}")
    print(f"  {'guessing by the classes’ shares':34s} {100 * (shares**2).sum():5.1f}")


def category_of(row: dict[str, str]) -> str:
    """The last step of an item's category path, such as Jackets; empty where it has none."""
    path = re.search(r"categories=([^;,|]+)", row["attributes"])
    steps = (path[1] if path else row["category"].split(" > Collections")[0].replace(" > ", "/")).split("/")
    return steps[-1].strip()


def thumbnails(pictures: list[np.ndarray]) -> np.ndarray:
    """float32[N, 768]: 16 × 16 px RGB."""
    small = [Image.fromarray(p).resize((16, 16), Image.Resampling.BOX) for p in pictures]
    return np.stack([np.asarray(one, np.float32).ravel() / 255 for one in small])


def shop(folder: Path) -> Task:
    """Pictures by the shop's own categories."""
    pictures, labels, groups = [], [], []
    with (folder / "items.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in sorted({Path(part).name for part in row["images"].split("|") if part}):
            path = folder / "images" / name
            if category_of(row) and path.is_file():
                pictures.append(load_media("image", path, 128, (None, None), None))
                labels.append(category_of(row))
                groups.append(row["sku"])
    pixels = thumbnails(pictures)
    return Task("Shop pictures by category", pictures, np.array(labels), np.array(groups), pixels)


def groceries(folder: Path) -> Task:
    """Photos by product: learn from the train split, ask about the test split."""
    with (folder / "photos.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in ("train", "test")]
    pictures = [load_media("image", folder / row["image"], 128, (None, None), None) for row in rows]
    labels = np.array([row["sku"] for row in rows])
    trains = np.array([row["split"] == "train" for row in rows])
    apart = np.arange(len(rows))
    return Task("Groceries by product", pictures, labels, apart, thumbnails(pictures), trains)


def digits() -> Task:
    """Handwritten digits, 8 × 8 px, enlarged; never seen in training."""
    data = load_digits()
    pictures = []
    for image in data.images:
        grey = Image.fromarray((255 - image * 255 / 16).astype(np.uint8)).resize(
            (64, 64), Image.Resampling.BICUBIC
        )
        pictures.append(np.repeat(np.asarray(grey)[..., None], 3, axis=2))
    fold = np.random.default_rng(0).integers(0, FOLDS, len(pictures))
    pixels = data.data.astype(np.float32)
    return Task("Digits in five folds", pictures, data.target.astype(str), fold, pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    nets = all_backbones() if options.all else all_backbones()[:1]
    nets.append(random_backbone())
    table(digits(), nets)
    if options.data is not None:
        table(shop(options.data / "shop"), nets)
        if (options.data / "groceries" / "photos.csv").is_file():
            table(groceries(options.data / "groceries"), nets)


if __name__ == "__main__":
    main()
