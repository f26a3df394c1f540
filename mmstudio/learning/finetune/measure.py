"""How good vectors are on pictures that were held out: nearest neighbours, beside chance."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.normalise import fit_statistics, unit_rows
from mmstudio.learning.finetune.data import Labelled

NEIGHBOURS = 5


def label_accuracy(vectors: NDArray[np.float32], data: Labelled) -> float:
    """Share of held-out pictures whose nearest learned-from pictures name one of their labels.

    Vectors are compared as the studio does: standardised by the pictures that may vote, length 1. The five
    nearest vote with their cosine; each label of a voter gets its vote.
    """
    voters, asked = np.flatnonzero(~data.held), np.flatnonzero(data.held)
    if not len(asked) or not len(voters):
        return float("nan")
    statistics = fit_statistics(vectors[voters])
    similarity = unit_rows(statistics.apply(vectors[asked])) @ unit_rows(statistics.apply(vectors[voters])).T
    hits = 0
    for row, picture in zip(similarity, asked, strict=True):
        votes: Counter[str] = Counter()
        for place in np.argsort(-row, kind="stable")[:NEIGHBOURS]:
            for label in data.labels[voters[place]]:
                votes[label] += max(float(row[place]), 1e-6)  # type: ignore[assignment]
        best = votes.most_common(1)
        hits += bool(best) and best[0][0] in data.labels[picture]
    return hits / len(asked)


def label_chance(data: Labelled) -> float:
    """The same share for always answering the commonest label."""
    counts = Counter(
        name for row, held in zip(data.labels, data.held, strict=True) if not held for name in row
    )
    asked = [row for row, held in zip(data.labels, data.held, strict=True) if held]
    if not counts or not asked:
        return float("nan")
    commonest = counts.most_common(1)[0][0]
    return sum(commonest in row for row in asked) / len(asked)


def view_recall(plain: NDArray[np.float32], seen: NDArray[np.float32]) -> float:
    """Share of pictures whose changed view lies nearest to the picture itself among all of them.

    Args:
        plain, seen: float32[N, D] of the pictures and of one random view of each.
    """
    statistics = fit_statistics(plain)
    similarity = unit_rows(statistics.apply(seen)) @ unit_rows(statistics.apply(plain)).T
    return float((similarity.argmax(1) == np.arange(len(plain))).mean())
