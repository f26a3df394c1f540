"""What people did with items: co-interaction by closed-form EASE, and by item-kNN beyond its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.signals import Split

EASE_ITEMS = 5000  # the dense items × items inverse stays below 100 MB and a few seconds
_FEWEST = 2  # people who touched an item before EASE looks at it
_SINGLE = 2000  # items above which single precision is exact enough and half the work
_RARE = 0.3  # weight of item-kNN beside EASE


def strength(event: str, weight: float) -> float:
    """How much an event speaks for the item, 0…1.

    A rating counts from 3.5 of 5 upwards; other events by their weight, 5 being a purchase.
    """
    if event == "rating":
        return 1.0 if weight >= 4 else 0.6 if weight >= 3.5 else 0.0
    return float(np.clip(weight / 5, 0.0, 1.0))


class Events:
    """Members × items, and what goes together.

    Args:
        member: int64[E] member of each event.
        item: int64[E] row of the item of each event.
        value: float32[E] strength of each event, 0…1; the strongest per member and item counts.
        items: number of items N.
        dense: EASE covers this many of the most used items.
    """

    def __init__(
        self,
        member: NDArray[np.int64],
        item: NDArray[np.int64],
        value: NDArray[np.float32],
        items: int,
        dense: int = EASE_ITEMS,
    ) -> None:
        from scipy import sparse

        keep = value > 0
        members, rows = np.unique(member[keep], return_inverse=True)
        pair = rows * max(items, 1) + item[keep]
        order = np.lexsort((-value[keep], pair))
        _, first = np.unique(pair[order], return_index=True)
        chosen = order[first]
        self.members = members
        self.items = items
        self._dense = dense
        self._x: Any = sparse.csr_matrix(
            (value[keep][chosen], (rows[chosen], item[keep][chosen])),
            shape=(len(members), items),
            dtype=np.float32,
        )
        self._by_item: Any = self._x.tocsc()
        self.people = np.diff(self._by_item.indptr).astype(np.int64)
        self._ease: tuple[NDArray[np.int64], NDArray[np.float32]] | None = None
        self.kept: dict[str, Any] = {}  # what methods fitted to these events

    @property
    def count(self) -> int:
        """Number of member–item pairs."""
        return int(self._x.nnz)

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """(member int64[P], item row int64[P], strength float32[P]) of every pair."""
        found = self._x.tocoo()
        return self.members[found.row], found.col.astype(np.int64), found.data.astype(np.float32)

    def taste(self, members: Iterable[int]) -> dict[int, float]:
        """Mean strength per item row over these members, the items nobody touched left out."""
        rows = np.flatnonzero(np.isin(self.members, list(members)))
        if not len(rows):
            return {}
        mean = np.asarray(self._x[rows].sum(axis=0)).ravel() / len(rows)
        return {int(i): float(mean[i]) for i in np.flatnonzero(mean)}

    def score(self, profile: Mapping[int, float]) -> NDArray[np.float32]:
        """float32[N], scaled to at most 1: see :meth:`scored`."""
        return self.scored(profile)[0].astype(np.float32)

    def scored(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] 0…1 how well items go with a weighted profile of item rows, its shares by those rows).

        EASE, Steck 2019 (arXiv:1905.03375), over the most used items; for profile items beyond them cosine
        item-kNN.
        """
        out = np.zeros(self.items)
        if not profile or not self.count:
            return out, lambda _row: []
        columns, weights = self._fit()
        place = {int(c): k for k, c in enumerate(columns)}
        inside = {i: w for i, w in profile.items() if i in place}
        dense_top = 1.0
        if inside:
            rows = [place[i] for i in inside]
            dense = np.array(list(inside.values()), np.float32) @ weights[rows]
            dense_top = max(float(dense.max()), 1e-9)
            out[columns] = dense / dense_top
        beyond = np.ones(self.items, bool)
        beyond[columns] = not inside
        # Cosine flatters rare items, and both scales end at 1: they must not push out what EASE knows.
        rare, rare_top = (_RARE if inside else 1.0), 1.0
        if len(inside) < len(profile) or len(columns) < np.count_nonzero(self.people):
            knn = self._neighbours(profile)
            rare_top = max(float(knn.max()), 1e-9)
            out[beyond] = rare * np.clip(knn[beyond] / rare_top, 0, 1)
        top = float(out.max())
        if top <= 0:
            return np.zeros(self.items), lambda _row: []
        values = np.clip(out / top, 0, 1)

        def split(row: int) -> list[tuple[int, float]]:
            if beyond[row]:
                scale = rare / (rare_top * top)
                return [(i, scale * v) for i, v in self._neighbour_shares(profile, row)]
            at = place[row]
            return [(i, w * float(weights[place[i], at]) / (dense_top * top)) for i, w in inside.items()]

        return values, split

    def together(self, one: int, other: int) -> tuple[int, int]:
        """(members who chose both, members who chose `other`), by item rows."""
        a = self._by_item.indices[self._by_item.indptr[one] : self._by_item.indptr[one + 1]]
        b = self._by_item.indices[self._by_item.indptr[other] : self._by_item.indptr[other + 1]]
        return len(np.intersect1d(a, b, assume_unique=True)), len(b)

    def _fit(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if self._ease is None:
            from scipy.linalg import lapack

            # What one person touched goes together with nothing that another person could confirm.
            used = np.flatnonzero(self.people >= _FEWEST)
            columns = np.sort(used[np.argsort(-self.people[used], kind="stable")[: self._dense]])
            if not len(columns):
                self._ease = (columns, np.zeros((0, 0), np.float32))
                return self._ease
            x = self._x[:, columns]
            gram: NDArray[Any] = np.asarray((x.T @ x).todense(), np.float64)
            # The published 250 is for thousands of members; few members need less.
            gram[np.diag_indices_from(gram)] += float(np.clip(0.4 * len(self.members), 5, 250))
            single = len(columns) > _SINGLE
            factor, invert = (lapack.spotrf, lapack.spotri) if single else (lapack.dpotrf, lapack.dpotri)
            lower, _ = factor(np.asfortranarray(gram, np.float32 if single else np.float64), lower=1)
            half, _ = invert(lower, lower=1)
            inverse = np.tril(half) + np.tril(half, -1).T
            weights = -inverse / np.diag(inverse)
            np.fill_diagonal(weights, 0)
            self._ease = (columns, weights.astype(np.float32))
        return self._ease

    def _neighbours(self, profile: Mapping[int, float]) -> NDArray[np.float64]:
        """float64[N] cosines over people, weighted by the profile; an item is no neighbour of its own."""
        norms = self._norms()
        rows = [i for i in profile if norms[i] > 0]
        if not rows:
            return np.zeros(self.items)
        wanted = np.array([profile[i] / norms[i] for i in rows], np.float32)
        both = self._x.T @ (self._by_item[:, rows] @ wanted)
        out = np.asarray(both, np.float64) / np.maximum(norms, 1e-9)
        out[rows] -= np.array([profile[i] for i in rows])
        return out

    def _neighbour_shares(self, profile: Mapping[int, float], row: int) -> list[tuple[int, float]]:
        norms = self._norms()
        rows = [i for i in profile if norms[i] > 0 and i != row]
        if not rows or norms[row] <= 0:
            return []
        both = np.asarray((self._by_item[:, rows].T @ self._by_item[:, [row]]).todense()).ravel()
        return [(i, profile[i] * float(b) / (norms[i] * norms[row])) for i, b in zip(rows, both, strict=True)]

    def _norms(self) -> NDArray[np.float64]:
        return np.asarray(np.sqrt(np.asarray(self._by_item.power(2).sum(axis=0)).ravel()), np.float64)
