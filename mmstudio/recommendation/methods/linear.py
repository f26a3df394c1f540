"""Methods whose score is a weighted sum of rows of an items × items matrix: EASE, item-kNN, what follows
what.

All fold people in without a refit: a new or changed person is one product with their row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.events import Events
    from mmstudio.recommendation.signals import Split

_FEWEST = 2  # people who touched an item before EASE looks at it
_SINGLE = 1500  # items above which single precision is exact enough and half the work
_SHRINK = 10.0  # people that a cosine of two items is believed by half
_NEIGHBOURS = 200  # of each item that are kept
_MOST_OF_ONE = 2000  # items of one person that count for neighbours: the newest (a person is no catalogue)
_SINGLES = 3000  # items in use up to which those of one person count for neighbours
_WINDOW = 5
_CACHED = 32
_BY_SLICES = 150  # rows of a sparse matrix that are taken one by one
EASE_MOST = 10_000  # with more items in use EASE steps aside for factors and neighbours


class Weights:
    """An items × items matrix W, on some items (dense) or all (sparse); score = profile · W.

    Attributes:
        columns: int64[C] the items it covers.
        matrix: float32[C,C] dense, or csr [N,N].
    """

    def __init__(self, items: int, columns: NDArray[np.int64], matrix: Any) -> None:
        self.items, self.columns, self.matrix = items, columns, matrix
        self._place = np.full(items, -1, np.int64)
        self._place[columns] = np.arange(len(columns))
        self._dense = isinstance(matrix, np.ndarray)

    def covers(self, row: int) -> bool:
        """Whether an item is among the columns."""
        return bool(self._place[row] >= 0)

    def one(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] scores, their exact shares by row of the profile)."""
        asked = np.fromiter(profile.keys(), np.int64, len(profile))
        weight = np.fromiter(profile.values(), np.float64, len(profile))
        covered = self._place[asked] >= 0
        rows, given = asked[covered].tolist(), weight[covered]
        places = self._place[asked[covered]]
        out = np.zeros(self.items)
        if rows:
            if self._dense:
                sums = np.zeros(len(self.columns), np.float32)
                single = given.astype(np.float32)
                for start in range(0, len(places), _CACHED):  # rows that stay in the cache
                    some = slice(start, start + _CACHED)
                    sums += single[some] @ self.matrix[places[some]]
                out[self.columns] = sums
            else:
                out = gathered(self.matrix, places, given)

        few: list[Any] = []  # the profile's rows by columns, sliced when first asked for

        def split(row: int) -> list[tuple[int, float]]:
            at = self._place[row]
            if at < 0 or not rows:
                return []
            if self._dense:
                block = self.matrix[places, at]
                return [(r, float(g) * float(v)) for r, g, v in zip(rows, given, block, strict=True) if v]
            if not few:
                few.append(self.matrix[places].tocsc())
            start, end = few[0].indptr[at], few[0].indptr[at + 1]
            cells = zip(few[0].indices[start:end].tolist(), few[0].data[start:end].tolist(), strict=True)
            return [(rows[i], float(given[i]) * v) for i, v in sorted(cells) if v]

        return out, split

    def along(self, profile: Mapping[int, float], weights: NDArray[np.float64]) -> list[tuple[int, float]]:
        """Shares, by row of the profile, of the sum of all scores times ``weights`` (float64[N])."""
        rows = [row for row in profile if self._place[row] >= 0]
        if not rows:
            return []
        given = np.array([profile[row] for row in rows], np.float64)
        direction = weights[self.columns] if self._dense else weights
        worth = self.matrix[self._place[rows]] @ direction
        return list(zip(rows, (given * np.asarray(worth).ravel()).tolist(), strict=True))

    def batch(self, profiles: Any) -> NDArray[np.float32]:
        """float32[U,N] scores of profiles given as csr [U,N]."""
        if self._dense:
            out = np.zeros((profiles.shape[0], self.items), np.float32)
            out[:, self.columns] = profiles[:, self.columns] @ self.matrix
            return out
        return np.asarray((profiles @ self.matrix).todense(), np.float32)

    def moved(self, places: NDArray[np.int64], items: int) -> Weights:
        """The same after items came and went; ``places``: old row → new row or −1."""
        from scipy import sparse

        new = places[self.columns]
        stay = new >= 0
        if self._dense:
            return Weights(items, new[stay], np.ascontiguousarray(self.matrix[np.ix_(stay, stay)]))
        found = self.matrix.tocoo()
        row, col = places[found.row], places[found.col]
        keep = (row >= 0) & (col >= 0)
        matrix = sparse.csr_matrix((found.data[keep], (row[keep], col[keep])), shape=(items, items))
        return Weights(items, np.arange(items), matrix)


def gathered(matrix: Any, rows: NDArray[np.int64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[N] ``given`` · some rows of a csr [*,N]: of few rows a tenth of what slicing takes, of
    many half, in its own precision."""
    if len(rows) > _BY_SLICES:
        from scipy import sparse

        cells = (given.astype(matrix.dtype), rows, np.array([0, len(rows)]))
        row = sparse.csr_matrix(cells, shape=(1, matrix.shape[0])) @ matrix
        out = np.zeros(matrix.shape[1])
        out[row.indices] = row.data
        return out
    starts, ends = matrix.indptr[rows], matrix.indptr[rows + 1]
    slices = [slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    indices = np.concatenate([matrix.indices[one] for one in slices])
    values = np.concatenate([matrix.data[one] for one in slices])
    weights = values * np.repeat(given, ends - starts)
    return np.asarray(np.bincount(indices, weights, matrix.shape[1]), np.float64)


def _kept(events: Events, name: str, make: Callable[[], Weights]) -> Weights:
    if name not in events.kept:
        events.kept[name] = make()
    found: Weights = events.kept[name]
    return found


def ease(events: Events) -> Weights:
    """EASE, Steck 2019 (arXiv:1905.03375): closed form over the most used items."""
    return _kept(events, "ease", lambda: _ease(events, events.x))


def ease_of_met(events: Events) -> Weights:
    """EASE over everything that people met, liked or not; the same as :func:`ease` where that differs
    little."""
    if len(events.value) <= 1.1 * events.count:
        return ease(events)
    return _kept(events, "ease_met", lambda: _ease(events, met(events)))


def met(events: Events) -> Any:
    """csr float32[M,N], 1 where a member met an item in any way."""
    from scipy import sparse

    ones = np.ones(len(events.who), np.float32)
    return sparse.csr_matrix((ones, (events.who, events.col)), shape=(len(events.members), events.items))


def _ease(events: Events, x: Any) -> Weights:
    from scipy.linalg import lapack

    people = np.diff(x.tocsc().indptr)
    # What one person touched goes together with nothing that another person could confirm.
    used = np.flatnonzero(people >= _FEWEST)
    columns = np.sort(used[np.argsort(-people[used], kind="stable")[: events.dense]])
    if not len(columns):
        return Weights(events.items, columns, np.zeros((0, 0), np.float32))
    x = x[:, columns]
    single = len(columns) > _SINGLE
    gram: NDArray[Any] = np.asarray((x.T @ x).todense(), np.float32 if single else np.float64)
    # The published 250 is for thousands of members; few members need less.
    gram[np.diag_indices_from(gram)] += float(np.clip(0.4 * len(events.members), 5, 250))
    factor, invert = (lapack.spotrf, lapack.spotri) if single else (lapack.dpotrf, lapack.dpotri)
    lower, _ = factor(
        gram.T, lower=1, overwrite_a=1
    )  # a symmetric matrix: its transpose lies as LAPACK wants it
    half, _ = invert(lower, lower=1, overwrite_c=1)  # zeros above the diagonal
    diagonal = np.diag(half).copy()
    weights = np.add(half, half.T, order="C")
    weights /= -diagonal
    np.fill_diagonal(weights, 0)
    return Weights(events.items, columns, weights.astype(np.float32, copy=False))


def neighbours(events: Events) -> Weights:
    """Item-kNN: cosine over people, shrunk by n / (n + 10) where few people chose both."""
    from mmstudio.recommendation.methods.likelier import both

    return _kept(events, "neighbours", lambda: both(events)[0])


def nearest(cosine: Any, together: NDArray[np.float32]) -> Any:
    """csr of the nearest items of each row, from cosines without those of an item to itself, and how many
    people chose both."""
    cosine.data *= (together / (together + _SHRINK)).astype(cosine.dtype)
    cosine.sort_indices()
    return top_of(cosine, _NEIGHBOURS)


def top_of(matrix: Any, most: int, worth: NDArray[np.float32] | None = None) -> Any:
    """A csr matrix with at most ``most`` values above 0 of each row: the largest, or those of the largest
    ``worth``, one per value."""
    from scipy import sparse

    keep = matrix.data > 0
    worth = matrix.data if worth is None else np.where(keep, worth, -np.inf)
    ends = matrix.indptr.tolist()
    for row in np.flatnonzero(np.diff(matrix.indptr) > most).tolist():
        own = slice(ends[row], ends[row + 1])
        values = worth[own]
        least = np.partition(values, len(values) - most)[len(values) - most]
        inside = values >= least
        if (over := np.count_nonzero(inside) - most) > 0:
            # Of equals the first stay, so that the same events always give the same neighbours.
            inside[np.flatnonzero(values == least)[-over:]] = False
        keep[own] &= inside
    count = np.concatenate([[0], np.cumsum(keep)])
    cells = (matrix.data[keep], matrix.indices[keep], count[matrix.indptr])
    return sparse.csr_matrix(cells, shape=matrix.shape)


def confirmed(x: Any) -> Any:
    """csr [M,N] as given; of many items only those that two people or more chose: half of all pairs are of
    others, and no second person confirms them."""
    from scipy import sparse

    people = np.bincount(x.indices, minlength=x.shape[1])
    if np.count_nonzero(people) <= _SINGLES:
        return x
    return x @ sparse.diags((people >= _FEWEST).astype(x.dtype))


def shortened(events: Events) -> Any:
    """The strengths, of people with very many items only the newest: their pairs grow with the square."""
    from scipy import sparse

    if int(np.diff(events.x.indptr).max(initial=0)) <= _MOST_OF_ONE:
        return events.x
    order = events.sequence()
    order = order[events.value[order] > 0]
    who = events.who[order]
    ends = np.searchsorted(who, who, side="right")
    order = order[ends - np.arange(len(order)) <= _MOST_OF_ONE]
    cells = (events.value[order], (events.who[order], events.col[order]))
    return sparse.csr_matrix(cells, shape=events.x.shape)


def following(events: Events) -> Weights:
    """What people took next: counts of j up to five steps after i, weighted 1/step, both ends damped."""
    return _kept(events, "following", lambda: _steps(events, both=False))


def beside(events: Events) -> Weights:
    """What people took around the same time, in either order, ten steps at most."""
    return _kept(events, "beside", lambda: _steps(events, both=True))


def _steps(events: Events, *, both: bool) -> Weights:
    from scipy import sparse

    order = events.sequence()
    order = order[np.isfinite(events.when[order])]
    who, col = events.who[order], events.col[order]
    worth = 0.2 + events.value[order]
    n = events.items
    cells: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    for step in range(1, (2 * _WINDOW if both else _WINDOW) + 1):
        same = np.flatnonzero(who[:-step] == who[step:])
        first, second = col[same], col[same + step]
        weight = np.float32(1.0 if both else 1.0 / step)
        cells.append((weight * worth[same + step], first, second))
        if both:
            cells.append((weight * worth[same], second, first))
    values, rows, columns = (np.concatenate([cell[k] for cell in cells]) for k in range(3))
    total: Any = sparse.csr_matrix((values.astype(np.float32), (rows, columns)), shape=(n, n))
    count = np.bincount(col, minlength=n) + 5.0
    total = sparse.diags(count**-0.5) @ total @ sparse.diags(count**-0.3)
    total = top_of(total.tocsr(), 2 * _NEIGHBOURS) if n > 20_000 else total.tocsr()
    return Weights(n, np.arange(n), total.astype(np.float32))
