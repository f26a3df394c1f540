"""The linear start of the shared encoder: stacked regressions and canonical correlations. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANK = 64
FOLDS = 4
_RIDGE_MEDIA, _RIDGE_HUB, _RIDGE_SECOND = 1.0, 10.0, 1.0  # in units of the mean variance
_WITHIN = 1.0  # how much the spread within one item is discounted
_LABELS = 0.3  # how much the tags pull the directions of the hub
_LEAST = 4  # pairs


@dataclass(frozen=True, slots=True)
class Linear:
    """The linear path of one modality.

    Attributes:
        centre: float32[D]. base: float32[D, width]; the token of x is (x - centre) @ base.
        seen: float32[N, width], tokens of the training rows, each by a path that was fitted without its
            group: what is learned on top sees the errors that new media will have.
    """

    centre: NDArray[np.float32]
    base: NDArray[np.float32]
    seen: NDArray[np.float32]


def fit_linear(
    features: Mapping[str, NDArray[np.float32]],
    present: Mapping[str, NDArray[np.bool_]],
    group: NDArray[np.int64],
    labels: NDArray[np.float32],
    width: int,
) -> dict[str, Linear]:
    """A linear path per modality such that the projections of one item's modalities agree.

    The modality with most partners is the hub. Its whitened features are told from each other modality by
    ridge regression, once over everything and once in :data:`FOLDS` parts, each told by the others (stacking,
    Wolpert 1992); canonical correlations (Hotelling 1936) of what was told and what is true then weigh the
    directions by how well they can be told of new things. Directions that vary within an item (other colours,
    other views of one thing) are discounted; directions of the hub that tell the labels apart are favoured.
    A modality without partners gets its principal components.

    Args:
        features: modality → float32[N, D], rows without meaning where it is missing.
        present: modality → bool[N]. group: int64[N], rows of one item share a number.
        labels: float32[N, L], any number of columns.
    """
    names = list(features)
    together = {
        name: sum(_groups(group, present[name] & present[o]) for o in names if o != name) for name in names
    }
    hub = max(names, key=lambda name: (together[name], name == "text"))
    rows = {name: features[name].astype(np.float64) for name in names}
    centres = {name: _mean(rows[name], _weights(group, present[name])) for name in names}
    partners = [
        name for name in names if name != hub and _groups(group, present[name] & present[hub]) >= _LEAST
    ]
    found: dict[str, Linear] = {}
    if partners:
        hubs = rows[hub] - centres[hub]
        lift = _lift(hubs, present[hub], labels)
        spread = _covariance(hubs @ lift, _weights(group, present[hub]))
        white = lift @ _inverse_root(spread, _RIDGE_HUB)
        _, turn = np.linalg.eigh(_covariance(hubs @ white, _weights(group, present[hub])))
        white = white @ turn[:, ::-1][:, :RANK]
        true = hubs @ white
        told: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        fold = _folds(group)
        for name in partners:
            both, x = present[name] & present[hub], rows[name] - centres[name]
            honest = x @ _ridge(x, true, both, group)  # rows without the hub were never learned from
            for one in range(FOLDS):
                part = present[name] & (fold == one)
                if part.any() and _groups(group, both & (fold != one)) >= _LEAST // 2:
                    honest[part] = x[part] @ _ridge(x, true, both & (fold != one), group)
            told[name] = (_ridge(x, true, both, group), honest)
        crossed = []
        before: dict[str, NDArray[np.float64]] = {}
        after = _inverse_root(_covariance(true, _weights(group, present[hub])), _RIDGE_SECOND)
        for name in partners:
            weight = _weights(group, present[name] & present[hub])
            honest = told[name][1]
            before[name] = _inverse_root(_covariance(honest, weight), _RIDGE_SECOND)
            crossed.append(before[name] @ ((honest * weight[:, None]).T @ true) @ after)
        _, s, right = np.linalg.svd(np.concatenate(crossed), full_matrices=False)
        for name, cross in zip(partners, crossed, strict=True):
            bend = before[name] @ cross @ right.T
            full, honest = told[name]
            found[name] = _ready(rows[name], centres[name], full @ bend, present[name], width, honest @ bend)
        found[hub] = _ready(rows[hub], centres[hub], white @ after @ right.T * s, present[hub], width)
    for name in names:
        if name not in found:
            spread = _covariance(rows[name] - centres[name], _weights(group, present[name]))
            _, vectors = np.linalg.eigh(spread)
            found[name] = _ready(rows[name], centres[name], vectors[:, ::-1][:, :RANK], present[name], width)
    return {name: found[name] for name in names}


def _folds(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The part of each row; a group is never split."""
    _, which = np.unique(group, return_inverse=True)
    order = np.random.default_rng(0).permutation(int(which.max(initial=0)) + 1)
    parts: NDArray[np.int64] = order[which] % FOLDS
    return parts


def _ridge(
    x: NDArray[np.float64], y: NDArray[np.float64], rows: NDArray[np.bool_], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """[D, K]: y told from x, groups counting the same, the spread within a group held against a direction."""
    weight = _weights(group, rows)
    spread: NDArray[Any] = _covariance(x, weight) + _WITHIN * _within(x, group, rows, weight)
    spread += (_RIDGE_MEDIA * np.trace(spread) / len(spread) + 1e-9) * np.eye(len(spread))
    told: NDArray[np.float64] = np.linalg.solve(
        spread, (x * weight[:, None]).T @ np.where(rows[:, None], y, 0.0)
    )
    return told


def _lift(
    hub: NDArray[np.float64], present: NDArray[np.bool_], labels: NDArray[np.float32]
) -> NDArray[np.float64]:
    """[D, D + L]: the hub's features beside the labels as a ridge regression on them tells them."""
    eye = np.eye(hub.shape[1])
    if not labels.shape[1] or not present.any():
        return eye
    x, y = hub[present], labels[present].astype(np.float64)
    told = np.linalg.solve(x.T @ x + 0.3 * max(1.0, len(x) / 150) * eye, x.T @ (y - y.mean(0)))
    return np.concatenate([eye, _LABELS * told], axis=1)


def _ready(
    x: NDArray[np.float64],
    centre: NDArray[np.float64],
    base: NDArray[np.float64],
    present: NDArray[np.bool_],
    width: int,
    seen: NDArray[np.float64] | None = None,
) -> Linear:
    """Scaled so that projections have length 1 on average, padded to the width."""
    base = np.nan_to_num(base)[:, :width]
    made = (x - centre) @ base
    size = np.linalg.norm(made[present], axis=1).mean() if present.any() else 0.0
    own = made if seen is None else np.nan_to_num(seen)[:, :width]
    other = np.linalg.norm(own[present], axis=1).mean() if present.any() else 0.0
    base = base / size if size > 1e-9 else base
    own = own / other if other > 1e-9 else own
    padding = ((0, 0), (0, width - base.shape[1]))
    return Linear(
        centre.astype(np.float32),
        np.pad(base, padding).astype(np.float32),
        np.pad(own, padding).astype(np.float32),
    )


def _groups(group: NDArray[np.int64], rows: NDArray[np.bool_]) -> int:
    return len(np.unique(group[rows]))


def _weights(group: NDArray[np.int64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """float64[N], adds up to 1 over ``rows``: every group counts the same."""
    weight = np.zeros(len(group))
    if rows.any():
        _, which, count = np.unique(group[rows], return_inverse=True, return_counts=True)
        weight[rows] = 1.0 / count[which] / len(count)
    return weight


def _mean(x: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = weight @ np.where(weight[:, None] > 0, x, 0.0)
    return mean


def _covariance(x: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = weight > 0
    covariance: NDArray[np.float64] = (x[kept] * weight[kept, None]).T @ x[kept]
    return covariance


def _within(
    x: NDArray[np.float64],
    group: NDArray[np.int64],
    rows: NDArray[np.bool_],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    _, which, count = np.unique(group[rows], return_inverse=True, return_counts=True)
    means = np.zeros((len(count), x.shape[1]))
    np.add.at(means, which, x[rows])
    rest = x[rows] - (means / count[:, None])[which]
    covariance: NDArray[np.float64] = (rest * weight[rows, None]).T @ rest
    return covariance


def _inverse_root(covariance: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """(C + ridge · mean variance)^-1/2; finite for a matrix of zeros too."""
    size = len(covariance)
    loaded = covariance + (ridge * np.trace(covariance) / size + 1e-9) * np.eye(size)
    values, vectors = np.linalg.eigh(loaded)
    root: NDArray[np.float64] = vectors / np.sqrt(np.maximum(values, 1e-9)) @ vectors.T
    return root
