"""Scores as probabilities one can rely on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 10


@dataclass(frozen=True, slots=True)
class Platt:
    """probability = 1 / (1 + exp(-(slope · score + offset)))."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, scores: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of any shape → probabilities."""
        probability: NDArray[np.float64] = sigmoid(self.slope * np.asarray(scores, np.float64) + self.offset)
        return probability


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    made: NDArray[np.float64] = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return made


def fit_platt(
    scores: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> Platt:
    """Platt scaling (Platt 1999, with the smoothed targets and Newton steps of Lin, Lin & Weng 2007).

    Args:
        scores, labels: float64[N]; labels are 0 or 1. weight: float64[N] ≥ 0, ones by default.

    Returns:
        A slope that is never negative: a score that says nothing gives everywhere the share of positives.
    """
    weight = np.ones(len(scores)) if weight is None else weight
    positive, negative = float(weight @ labels), float(weight @ (1 - labels))
    if positive <= 0 or negative <= 0 or not np.isfinite(scores).all():
        share = (positive + 1.0) / (positive + negative + 2.0)
        return Platt(0.0, float(np.log(share / (1 - share))))
    centre, spread = float(scores.mean()), max(float(scores.std()), 1e-9)
    x = np.stack([(scores - centre) / spread, np.ones(len(scores))], axis=1)
    target = np.where(labels > 0.5, (positive + 1) / (positive + 2), 1 / (negative + 2))
    at = np.array([0.0, np.log((positive + 1) / (negative + 1))])
    loss = _loss(x @ at, target, weight)
    for _ in range(50):
        p = sigmoid(x @ at)
        gradient = x.T @ (weight * (p - target))
        hessian = (x * (weight * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6 and _loss(x @ (at - size * step), target, weight) > loss:
            size /= 2
        at = at - size * step
        after = _loss(x @ at, target, weight)
        if loss - after < 1e-10 * max(1.0, loss):
            break
        loss = after
    if at[0] < 0:
        share = (positive + 1) / (positive + negative + 2)
        return Platt(0.0, float(np.log(share / (1 - share))))
    slope = float(at[0] / spread)
    return Platt(slope, float(at[1] - slope * centre))


def _loss(logit: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    return float(weight @ (np.logaddexp(0.0, logit) - target * logit))


def calibration_error(
    probability: NDArray[np.float64], labels: NDArray[np.float64], bins: int = _BINS
) -> float:
    """Expected calibration error (Naeini et al. 2015): bins of equal width, weighed by their rows."""
    if not len(probability):
        return 0.0
    which = np.minimum((probability * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    told = np.bincount(which, weights=probability, minlength=bins)
    true = np.bincount(which, weights=labels, minlength=bins)
    return float(np.abs(told - true).sum() / count.sum())


def deserving(
    scores: NDArray[np.float64], examples: NDArray[np.float64], rounds: int = 40
) -> NDArray[np.float64]:
    """How likely each member of a collection is one of those that a few examples stand for.

    The collection's scores are a mixture of two normal distributions of one width: those of the examples
    (known from their left-out scores) and those of the rest; the share of the first and the place of the
    second are fitted by expectation maximisation (Dempster, Laird & Rubin 1977). One width makes the answer
    rise with the score. Examples alone cannot say how common a thing is; the collection can.

    Args:
        scores: float64[N] of the collection. examples: float64[M] left-out scores of the examples, M ≥ 1.

    Returns:
        float64[N] in 0…1.
    """
    count = len(scores)
    if not count:
        return scores
    everywhere = max(float(scores.var()), 1e-12)
    top = float(examples.mean())
    least, most = 0.5 / count, 0.5
    share = float(np.clip(len(examples) / count, least, 0.1))
    rest, width = float(np.median(scores)), everywhere
    sure = np.zeros(count)
    for _ in range(rounds):
        logit = (top - rest) / width * (scores - (top + rest) / 2) + np.log(share / (1 - share))
        sure = sigmoid(logit) if top > rest else np.full(count, share)
        share = float(np.clip(sure.mean(), least, most))
        other = 1 - sure
        rest = float(other @ scores / other.sum())
        # A handful of examples tells little of the width: the many say most.
        own = float(((examples - top) ** 2).sum())
        width = (float(other @ (scores - rest) ** 2) + own) / (float(other.sum()) + len(examples))
        width = max(width, 1e-4 * everywhere)
    return sure
