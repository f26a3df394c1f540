"""Do parts belong together? Classifiers of one kind of media each, retrieval from one kind to another.

NumPy only; rows are N×D features. Cross-modal coherence: a classifier trained on real media of the kind that
is made says what class a made one has, and that is held against the class of what was given (Shi et al.,
"Variational mixture-of-experts autoencoders for multi-modal deep generative models", NeurIPS 2019). Figures
are shown beside what the same classifier reaches on real media, which no model can be expected to pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Classes = NDArray[np.int64]
MOST_CLASSES = 12
LEAST = 6  # rows of a class
_SHARED = 0.2  # share of a class's rows that may have another class too
_RIDGE = 1.0
NONE = -1


def classes_of(
    labels: NDArray[np.float32], known: NDArray[np.bool_], train: int
) -> tuple[Classes, list[int]]:
    """One class for each row, from many labels.

    Args:
        labels: float32[N, L], 1 where a label applies. known: bool[N], rows whose labels are known.
        train: the first so many rows decide which labels become classes.

    Returns:
        (int64[N] with -1 for no class or several, the chosen columns of ``labels``): the commonest labels
        that hardly overlap, at most twelve. Fewer than two chosen: nothing can be told apart.
    """
    has = (labels > 0.5) & known[:, None]
    counts = has[:train].sum(axis=0)
    chosen: list[int] = []
    covered = np.zeros(train, bool)
    for column in np.argsort(-counts, kind="stable"):
        count = int(counts[column])
        if count < LEAST or len(chosen) == MOST_CLASSES or count > 0.9 * known[:train].sum():
            continue
        if (covered & has[:train, column]).sum() <= _SHARED * count:
            chosen.append(int(column))
            covered |= has[:train, column]
    own = has[:, chosen]
    row_class = np.where(own.sum(axis=1) == 1, own.argmax(axis=1) if chosen else 0, NONE).astype(np.int64)
    return row_class, chosen


@dataclass(frozen=True, slots=True)
class Classifier:
    """Ridge regression onto the classes, each class counting the same; the largest answer wins."""

    centre: Rows
    scale: Rows
    weights: Rows

    @classmethod
    def of(cls, rows: Rows, classes: Classes, count: int) -> Classifier:
        """Trained on the rows that have a class (N×D, int64[N])."""
        use = classes != NONE
        x, y = rows[use], classes[use]
        centre, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
        x = np.concatenate([(x - centre) / scale, np.ones((len(x), 1))], axis=1)
        sizes = np.bincount(y, minlength=count)
        weight = (len(y) / (count * np.maximum(sizes, 1)))[y][:, None]
        target = np.where(np.arange(count) == y[:, None], 1.0, -1.0)
        ridge = _RIDGE * x.shape[1] / 4 * np.eye(x.shape[1])
        weights = np.linalg.solve((x * weight).T @ x + ridge, (x * weight).T @ target)
        return cls(centre, scale, weights)

    def told(self, rows: Rows) -> Classes:
        """int64[N]."""
        x = np.concatenate([(rows - self.centre) / self.scale, np.ones((len(rows), 1))], axis=1)
        found: Classes = (x @ self.weights).argmax(axis=1).astype(np.int64)
        return found


def balanced(told: Classes, classes: Classes) -> float:
    """Share told right, the mean over the classes that occur; NaN where none does.

    Chance is one over the number of classes, however large each is.
    """
    shares = [float((told[classes == c] == c).mean()) for c in np.unique(classes[classes != NONE])]
    return float(np.mean(shares)) if shares else float("nan")


def together(told: Sequence[Classes]) -> float:
    """Share of rows of which all classifiers say the same."""
    return (
        float(np.mean(np.all([one == told[0] for one in told[1:]], axis=0)))
        if len(told) > 1
        else float("nan")
    )


def recall(queries: Rows, gallery: Rows, k: int) -> float:
    """Share of rows whose own row of the gallery is among the k nearest by cosine; ties count against it."""
    a = queries / np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-9)
    b = gallery / np.maximum(np.linalg.norm(gallery, axis=1, keepdims=True), 1e-9)
    scores = a @ b.T
    own = np.diag(scores)
    ahead = (scores >= own[:, None]).sum(axis=1) - 1
    return float((ahead < k).mean())


def nearness(train: Rows, held: Rows, made: Rows) -> tuple[float, float]:
    """How near made rows lie to training rows.

    Returns:
        (median distance to the nearest training row over that of held-out rows, share of made rows nearer
        than all but one in twenty held-out rows are): about 1 and 0.05 where nothing is copied.
    """
    from mmstudio.learning.evaluation.metrics import distances

    usual = distances(held, train).min(axis=1)
    near = distances(made, train).min(axis=1)
    middle = float(np.median(usual))
    return float(np.median(near)) / max(middle, 1e-9), float((near < np.quantile(usual, 0.05)).mean())
