"""Implicit ALS (Hu, Koren & Volinsky 2008) by the `implicit` package, with people folded in by closed
form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.events import Events
    from mmstudio.recommendation.signals import Split

FACTORS, ALPHA, REGULARIZATION, ROUNDS = 32, 2.0, 0.05, 15


class Factors:
    """Item factors Y. A person's score is y_j · (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ Σ c_i y_i, with c = α · weight.

    Attributes:
        y: float32[N,F], zeros for items without events.
    """

    def __init__(self, y: NDArray[np.float32]) -> None:
        self.y = y
        self.items = len(y)
        wide = y.astype(np.float64)
        self._gram = wide.T @ wide + REGULARIZATION * np.eye(y.shape[1])

    def one(self, profile: Mapping[int, float]) -> tuple[NDArray[np.float64], Split]:
        """(float64[N] scores, their exact shares by row of the profile)."""
        rows, own, inverse = self._known(profile)
        if not rows:
            return np.zeros(self.items), lambda _row: []

        def split(row: int) -> list[tuple[int, float]]:
            return list(zip(rows, (own @ (inverse @ self.y[row].astype(np.float64))).tolist(), strict=True))

        return np.asarray(self.y @ (own.sum(axis=0) @ inverse).astype(np.float32), np.float64), split

    def along(self, profile: Mapping[int, float], weights: NDArray[np.float64]) -> list[tuple[int, float]]:
        """Shares, by row of the profile, of the sum of all scores times ``weights`` (float64[N])."""
        rows, own, inverse = self._known(profile)
        worth = own @ (inverse @ (weights @ self.y)) if rows else np.zeros(0)
        return list(zip(rows, worth.tolist(), strict=True))

    def _known(
        self, profile: Mapping[int, float]
    ) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64]]:
        """(rows that count, float64[R,F] their weighted factors, float64[F,F] symmetric, what those are times
        for the person's vector)."""
        rows = [row for row, weight in profile.items() if weight > 0]
        c = ALPHA * np.array([profile[row] for row in rows])
        own = self.y[rows].astype(np.float64)
        inverse: NDArray[np.float64] = np.asarray(
            np.linalg.inv(self._gram + (own * (c - 1)[:, None]).T @ own), np.float64
        )
        return rows, own * c[:, None], inverse

    def batch(self, profiles: Any) -> NDArray[np.float32]:
        """float32[U,N] scores of profiles given as csr [U,N]."""
        people = np.zeros((profiles.shape[0], self.y.shape[1]), np.float32)
        for u in range(profiles.shape[0]):
            rows = profiles.indices[profiles.indptr[u] : profiles.indptr[u + 1]]
            c = ALPHA * profiles.data[profiles.indptr[u] : profiles.indptr[u + 1]].astype(np.float64)
            if len(rows):
                own = self.y[rows].astype(np.float64)
                a = self._gram + (own * (c - 1)[:, None]).T @ own
                people[u] = np.linalg.solve(a, (own * c[:, None]).sum(axis=0))
        return people @ self.y.T

    def moved(self, places: NDArray[np.int64], items: int) -> Factors:
        """The same after items came and went; ``places``: old row → new row or −1."""
        y = np.zeros((items, self.y.shape[1]), np.float32)
        y[places[places >= 0]] = self.y[places >= 0]
        return Factors(y)


def factors(events: Events) -> Factors:
    """Factors of the items, fitted to the events once."""
    if "factors" not in events.kept:
        events.kept["factors"] = _fit(events)
    found: Factors = events.kept["factors"]
    return found


def _fit(events: Events) -> Factors:
    import warnings

    from implicit.cpu.als import AlternatingLeastSquares

    least = min(len(events.members), int(np.count_nonzero(events.people)))
    count = max(2, min(FACTORS, least // 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about BLAS threads, for the developer
        model = AlternatingLeastSquares(
            factors=count, alpha=ALPHA, regularization=REGULARIZATION, iterations=ROUNDS, random_state=0,
            num_threads=0, dtype=np.float32, calculate_training_loss=False,
        )  # fmt: skip
        model.fit(events.x, show_progress=False)
    y = np.asarray(model.item_factors, np.float32).copy()
    y[events.people == 0] = 0
    return Factors(y)
