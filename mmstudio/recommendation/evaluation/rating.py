"""Ratings predicted from a ranking: biases of people and items, and what the score adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.evaluation.protocols import Split
    from mmstudio.recommendation.events import Events
    from mmstudio.recommendation.measuring import Asked

_DAMP_ITEM, _DAMP_PERSON, _LEAST = 10.0, 15.0, 50


def rmse(part: Split, scores: NDArray[np.float32], train: Events, asked: Asked) -> float | None:
    """RMSE of hidden ratings, 1…5: μ + b_u + b_i (Koren 2010, damped) + β · score, β by ridge on the first
    half of the hidden pairs of other people and tried on the second; None without ratings.

    ``scores``: float32[U,N] of the first people asked, before anything is masked.
    """
    assert part.hidden is not None
    who, row, rating = part.hidden
    keep = who < len(scores)
    who, row, rating = who[keep], row[keep], rating[keep].astype(np.float64)
    rated = np.isfinite(train.rating)
    if len(rating) < _LEAST or np.count_nonzero(rated) < _LEAST:
        return None
    mean = float(train.rating[rated].mean())
    rest = train.rating[rated].astype(np.float64) - mean
    item = _bias(train.col[rated], rest, train.items, _DAMP_ITEM)
    person = _bias(train.who[rated], rest - item[train.col[rated]], len(train.members), _DAMP_PERSON)
    own = np.array([train.index(member) for member in asked.members[: len(scores)]], np.int64)
    bias = np.where(own >= 0, person[np.maximum(own, 0)], 0.0)
    expected = mean + bias[who] + item[row]
    own_scores = scores[who, row].astype(np.float64)
    left = rating - expected
    errors = np.empty(len(left))
    for fitted in (who % 2 == 0, who % 2 == 1):
        x = own_scores[fitted] - own_scores[fitted].mean()
        slope = float(x @ left[fitted]) / (float(x @ x) + 1e-9)
        other = ~fitted
        errors[other] = left[other] - slope * (own_scores[other] - own_scores[fitted].mean())
    return float(np.sqrt(np.mean(errors**2)))


def _bias(
    group: NDArray[np.int64], rest: NDArray[np.float64], count: int, damp: float
) -> NDArray[np.float64]:
    total = np.bincount(group, weights=rest, minlength=count)
    found: NDArray[np.float64] = total / (np.bincount(group, minlength=count) + damp)
    return found
