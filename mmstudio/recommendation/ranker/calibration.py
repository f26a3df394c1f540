"""Chances that hold: what is said to happen once in a hundred times happens once in a hundred times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation.ranker.model import Ranker, sigmoid
from mmstudio.recommendation.ranker.tasks import REGRESSION, TASKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.ranker.pairs import Pairs

_BINS = 15


def logits_of(ranker: Ranker, catalogue: Catalogue, pairs: Pairs) -> NDArray[np.float64]:
    """float64[B,T,heads] of the network for pairs."""
    out = np.zeros((len(pairs.row), *ranker.tensors["bias"].shape))
    for chosen, found in _each(ranker, catalogue, pairs):
        out[chosen] = found
    return out


def calibrate(ranker: Ranker, catalogue: Catalogue, pairs: Pairs) -> None:
    """Fit scale and offset of each task's logits (Platt 1999) to all pairs of these people.

    The pairs were sampled with more positives than there are; their weights put that right.
    """
    logits = logits_of(ranker, catalogue, pairs).mean(2)
    for task in range(len(TASKS)):
        known = pairs.known[:, task] > 0
        if ranker.present[task] and known.any():
            scale = platt(logits[known, task], pairs.labels[known, task], pairs.weight[known])
            ranker.tensors["calibration"][task] = scale


def calibration_error(ranker: Ranker, catalogue: Catalogue, pairs: Pairs) -> dict[str, dict[str, float]]:
    """Task → expected calibration error before and after, over 15 bins of equal weight."""
    logits = logits_of(ranker, catalogue, pairs)
    scale = ranker.tensors["calibration"].astype(np.float64)
    found: dict[str, dict[str, float]] = {}
    for task, name in enumerate(TASKS):
        known = pairs.known[:, task] > 0
        if not ranker.present[task] or REGRESSION[task] or not known.any():
            continue
        plain, weight, label = logits[known, task], pairs.weight[known], pairs.labels[known, task]
        before = sigmoid(plain).mean(1)
        after = sigmoid(plain * scale[task, 0] + scale[task, 1]).mean(1)
        found[name] = {
            "before": round(ece(before, label, weight), 5),
            "after": round(ece(after, label, weight), 5),
            "share": round(float(np.average(label, weights=weight)), 5),
        }
    return found


def ece(chances: NDArray[np.float64], labels: NDArray[np.float32], weight: NDArray[np.float32]) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015), over bins that hold equal weight."""
    order = np.argsort(chances, kind="stable")
    p, y, w = chances[order], labels[order].astype(np.float64), weight[order].astype(np.float64)
    place = np.cumsum(w) / max(float(w.sum()), 1e-12)
    bins = np.minimum((place * _BINS).astype(np.int64), _BINS - 1)
    gap = np.abs(np.bincount(bins, w * (p - y), _BINS))
    return float(gap.sum() / max(float(w.sum()), 1e-12))


def platt(
    logits: NDArray[np.float64], labels: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[float, float]:
    """(scale > 0, offset) that make sigmoid(scale·logit + offset) fit weighted labels, by Newton steps."""
    y, w = labels.astype(np.float64), weight.astype(np.float64)
    w = w / w.sum()
    mean = float(np.clip((w * y).sum(), 1e-6, 1 - 1e-6))
    theta = np.array([1.0, np.log(mean / (1 - mean)) - float((w * logits).sum())])
    x = np.stack([logits, np.ones(len(logits))], 1)

    def loss(t: NDArray[np.float64]) -> float:
        z = x @ t
        return float((w * (np.logaddexp(0, z) - y * z)).sum()) + 1e-4 * float((t[0] - 1) ** 2)

    for _ in range(50):
        p = sigmoid(x @ theta)
        gradient = x.T @ (w * (p - y)) + np.array([2e-4 * (theta[0] - 1), 0.0])
        curve = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag([2e-4, 1e-9])
        step = np.linalg.solve(curve, gradient)
        size = 1.0
        while size > 1e-6 and (theta[0] - size * step[0] <= 0.01 or loss(theta - size * step) > loss(theta)):
            size /= 2
        if size <= 1e-6 or np.abs(size * step).max() < 1e-8:
            break
        theta = theta - size * step
    return float(theta[0]), float(theta[1])


def _each(
    ranker: Ranker, catalogue: Catalogue, pairs: Pairs
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """(indices, logits) per person."""
    order = np.argsort(pairs.person, kind="stable")
    cuts = np.flatnonzero(np.diff(pairs.person[order])) + 1
    for chosen in np.split(order, cuts):
        if len(chosen):
            history = pairs.history[int(pairs.person[chosen[0]])]
            yield (
                chosen,
                ranker.logits(
                    catalogue, history, pairs.row[chosen], pairs.scores[chosen], pairs.context[chosen]
                ),
            )
