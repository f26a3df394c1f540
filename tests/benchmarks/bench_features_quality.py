"""How much the vectors know: nearest-neighbour accuracy on real data, beside chance and plain baselines.

    python tests/benchmarks/bench_features_quality.py --data FOLDER

FOLDER holds shop/ (items.csv, images/) and sounds/. A picture or text never votes for its own item: colour
variants of one article would otherwise make the task trivial. Digits are those of scikit-learn, in five
folds.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from mmstudio.features.loading import load_media, square
from mmstudio.features.normalise import fit_statistics, unit_rows
from mmstudio.features.pictures import colour
from mmstudio.features.pictures.backbones import Backbone, BackboneSpec, find_backbone, random_backbone
from mmstudio.features.sounds import mfcc as sound
from mmstudio.features.texts.words import fit_text_model, tokens

NEIGHBOURS = 5


def compared(X: np.ndarray) -> np.ndarray:
    """As the studio compares: standardised, length 1."""
    return unit_rows(fit_statistics(X).apply(X))


def accuracy(unit: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """Share of rows whose nearest neighbours of other groups vote for its label (votes weigh by cosine)."""
    similarity = unit @ unit.T
    similarity[groups[:, None] == groups[None]] = -np.inf
    hits = 0
    for row, label in zip(similarity, labels, strict=True):
        votes: Counter[str] = Counter()
        for other in np.argsort(-row)[:NEIGHBOURS]:
            if np.isfinite(row[other]):
                votes[labels[other]] += max(float(row[other]), 1e-6)
        hits += bool(votes) and votes.most_common(1)[0][0] == label
    return hits / len(labels)


def line(task: str, labels: np.ndarray, results: dict[str, float]) -> None:
    """One line of the table; chance is always answering the commonest label."""
    chance = Counter(labels).most_common(1)[0][1] / len(labels)
    values = ", ".join(f"{name} {100 * value:.1f} %" for name, value in results.items())
    print(
        f"{task} ({len(labels)}, {len(set(labels))} classes): {values}; chance {100 * chance:.1f} %",
        flush=True,
    )


def through(spec: BackboneSpec, pictures: list[np.ndarray]) -> np.ndarray:
    """float32[N, D] of pictures."""
    net = Backbone(spec, "cpu")
    squares = [square(picture, spec.size) for picture in pictures]
    return np.concatenate([net(np.stack(squares[i : i + 64])) for i in range(0, len(squares), 64)])


def category_of(row: dict[str, str]) -> str:
    """The last step of an item's category path, such as Jackets; empty where it has none."""
    path = re.search(r"categories=([^;,|]+)", row["attributes"])
    steps = (path[1] if path else row["category"].split(" > Collections")[0].replace(" > ", "/")).split("/")
    return steps[-1].strip()


def shop(folder: Path) -> None:
    """Pictures and texts against the shop's own categories."""
    with (folder / "items.csv").open(encoding="utf-8") as file:
        rows = {row["sku"]: row for row in csv.DictReader(file)}
    leaf = {sku: found for sku, row in rows.items() if (found := category_of(row))}
    items = [row for sku, row in rows.items() if sku in leaf]
    pictures, labels, groups = [], [], []
    for row in items:
        for name in {Path(part).name for part in row["images"].split("|") if part}:
            path = folder / "images" / name
            if path.is_file():
                pictures.append(load_media("image", path, 128, (None, None), None))
                labels.append(leaf[row["sku"]])
                groups.append(row["sku"])
    names, owners = np.array(labels), np.array(groups)
    found = find_backbone()
    results = {
        found.source: accuracy(compared(through(found, pictures)), names, owners),
        "random network": accuracy(compared(through(random_backbone(), pictures)), names, owners),
        "colour histogram": accuracy(
            unit_rows(np.stack([colour.histogram(p) for p in pictures])), names, owners
        ),
    }
    line("Shop pictures by category", names, results)
    texts = [tokens(f"{row['title']} {row['title']} {row['description']}") for row in items]
    categories = np.array([leaf[row["sku"]] for row in items])
    rows = fit_text_model(texts, {}).vectors(texts)
    line(
        "Shop texts by category",
        categories,
        {"TF-IDF + SVD": accuracy(rows, categories, np.arange(len(rows)))},
    )


def digits() -> None:
    """Handwritten digits, 8 × 8 px, enlarged; never seen in training."""
    data = load_digits()
    pictures = []
    for image in data.images:
        grey = Image.fromarray((255 - image * 255 / 16).astype(np.uint8)).resize(
            (64, 64), Image.Resampling.BICUBIC
        )
        pictures.append(np.repeat(np.asarray(grey)[..., None], 3, axis=2))
    labels, fold = data.target.astype(str), np.random.default_rng(0).integers(0, 5, len(pictures))
    found = find_backbone()
    results = {}
    spaces = {
        found.source: compared(through(found, pictures)),
        "random network": compared(through(random_backbone(), pictures)),
        "colour histogram": unit_rows(np.stack([colour.histogram(p) for p in pictures])),
        "raw pixels": compared(data.data.astype(np.float32)),
    }
    for name, unit in spaces.items():
        # Digits of the same fold never vote: five-fold cross-validation.
        results[name] = accuracy(unit, labels, fold)
    line("Digits", labels, results)


def sounds(folder: Path) -> None:
    """Sounds by the first word of their file's name, families of at least four."""
    paths = sorted(folder.glob("*.flac"))
    families = Counter(path.stem.split("_")[0] for path in paths)
    paths = [path for path in paths if families[path.stem.split("_")[0]] >= 4]
    labels = np.array([path.stem.split("_")[0] for path in paths])
    rows = sound.describe([sound.load_pieces(path, None) for path in paths], "cpu")
    apart = np.arange(len(paths))
    results = {
        "MFCC statistics": accuracy(compared(rows), labels, apart),
        "loudness only": accuracy(compared(rows[:, [0, 60]]), labels, apart),
    }
    line("Sounds by family", labels, results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    digits()
    if options.data is not None:
        shop(options.data / "shop")
        sounds(options.data / "sounds")


if __name__ == "__main__":
    main()
