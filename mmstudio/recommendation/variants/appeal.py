"""Predicted appeal: what traits are worth, learned from all results, and a variant's own results, shrunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Before any result these three speak for a variant, in log odds per deviation: a stated prior, not a finding.
PRIOR = {"relevance": 0.5, "brief": 0.3, "taste": 0.2}
_STRENGTHS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
_RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0)
_GRAIN = 2.0**-40  # sums of its multiples are exact, see signals


@dataclass(frozen=True, slots=True)
class Predicted:
    """The appeal of one variant.

    Attributes:
        value: share of people who act; before any results its fit, 0…1. low, high: with 95 % probability.
        base: the average. parts: trait → what it adds; "results" its own results; add up to value − base.
    """

    value: float
    low: float
    high: float
    base: float
    parts: dict[str, float]


def predict(traits: Sequence[Mapping[str, float]], counts: Sequence[tuple[int, int]]) -> list[Predicted]:
    """The appeal of variants from their traits and results.

    A weighted ridge regression of the smoothed log odds on standardised traits, shrunk towards :data:`PRIOR`
    (its strength by leave-one-out), gives each variant a prior mean; its own results then update a Beta prior
    of that mean whose strength maximises the Beta-binomial likelihood (empirical Bayes, Gelman et al., BDA3,
    chapter 5).

    Args:
        traits: per variant name → number; an absent one counts as average.
        counts: per variant (shown, happened).
    """
    names = sorted({name for one in traits for name in one})
    x = _standardised(traits, names)
    shown = np.array([n for n, _ in counts], np.float64)
    happened = np.array([k for _, k in counts], np.float64)
    prior = np.array([PRIOR.get(name, 0.0) for name in names])
    measured = bool(shown.sum())
    base = float((happened.sum() + 0.5) / (shown.sum() + 1)) if measured else 0.5
    center = float(np.log(base / (1 - base)))
    weights = _ridge(x, shown, happened, center, prior) if measured else prior
    strength = _strength(_expit(center + x @ weights), shown, happened) if measured else 0.0
    return [
        _one(names, x[k], weights, center, base, strength, int(shown[k]), int(happened[k]))
        for k in range(len(traits))
    ]


def _one(
    names: Sequence[str],
    x: NDArray[np.float64],
    weights: NDArray[np.float64],
    center: float,
    base: float,
    strength: float,
    shown: int,
    happened: int,
) -> Predicted:
    moves = sorted(
        ((float(w * v), name) for w, v, name in zip(weights, x, names, strict=True) if w * v),
        key=lambda pair: (-abs(pair[0]), pair[1]),
    )
    at, before = center, _grain(base)
    parts: dict[str, float] = {}
    for move, name in moves:
        at += move
        after = _grain(float(_expit(np.array([at]))[0]))
        parts[name] = after - before
        before = after
    mean = before
    value, low, high = mean, 0.0, 1.0
    if strength:
        from scipy.stats import beta

        a, b = strength * mean + happened, strength * (1 - mean) + shown - happened
        value = _grain(a / (a + b))
        low, high = (float(one) for one in beta.ppf([0.025, 0.975], a, b))
        if shown:
            parts["results"] = value - mean
    return Predicted(value, low, high, _grain(base), parts)


def _standardised(traits: Sequence[Mapping[str, float]], names: Sequence[str]) -> NDArray[np.float64]:
    x = np.array([[one.get(name, np.nan) for name in names] for one in traits], np.float64)
    x = x.reshape(len(traits), len(names))
    known = np.isfinite(x)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, x, 0).sum(0) / count
    x = np.where(known, x - mean, 0.0)
    spread = np.sqrt((x**2).sum(0) / count)
    return np.asarray(np.where(spread > 1e-9, x / np.maximum(spread, 1e-9), 0.0))


def _ridge(
    x: NDArray[np.float64],
    shown: NDArray[np.float64],
    happened: NDArray[np.float64],
    center: float,
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    seen = shown > 0
    rate = (happened[seen] + 0.5) / (shown[seen] + 1)
    y = np.log(rate / (1 - rate)) - center - x[seen] @ prior
    weight = shown[seen] * rate * (1 - rate)
    weight = weight / weight.max()
    block = x[seen]
    if len(y) < 3:
        return prior
    best, least = prior, np.inf
    for ridge in _RIDGES:
        inverse = np.linalg.inv((block * weight[:, None]).T @ block + ridge * np.eye(x.shape[1]))
        found = inverse @ (block * weight[:, None]).T @ y
        # Leave-one-out in closed form (Allen's PRESS, 1974).
        hat = np.einsum("ij,jk,ik->i", block, inverse, block) * weight
        error = float((weight * ((y - block @ found) / np.maximum(1 - hat, 1e-3)) ** 2).sum())
        if error < least:
            best, least = prior + found, error
    # Where no learned weights foresee a variant better than none, none are used.
    return best if least < float((weight * y**2).sum()) else prior


def _strength(mean: NDArray[np.float64], shown: NDArray[np.float64], happened: NDArray[np.float64]) -> float:
    from scipy.special import betaln

    best, most = _STRENGTHS[0], -np.inf
    for strength in _STRENGTHS:
        a, b = strength * mean, strength * (1 - mean)
        found = float((betaln(a + happened, b + shown - happened) - betaln(a, b)).sum())
        if found > most:
            best, most = strength, found
    return best


def _expit(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _grain(value: float) -> float:
    return round(value / _GRAIN) * _GRAIN
