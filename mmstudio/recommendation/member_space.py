"""Members as short vectors of what they choose: what groups, maps and lookalikes are measured in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.events import Events

DIMENSIONS = 32
_LEARNED_FROM = 100_000  # members that the directions are found on; all others are only projected
_AT_ONCE = 50_000
_KEPT = "member space"


@dataclass(frozen=True)
class MemberSpace:
    """Truncated SVD of members × items (Sarwar et al. 2000), items weighted by how rarely they are chosen.

    Attributes:
        members: int64[M] ids of members who chose at least two items.
        vectors: float32[M,D], length 1.
        chosen: sparse float32[M,N], what they chose (1 or the strength).
        weight: float32[N] of items. directions: float32[N,D].
    """

    members: NDArray[np.int64]
    vectors: NDArray[np.float32]
    chosen: Any
    weight: NDArray[np.float32]
    directions: NDArray[np.float32]

    def place(self, items: Mapping[int, float]) -> NDArray[np.float32]:
        """float32[D]: where somebody with these item rows → weights stands; zeros where nothing is known."""
        rows = list(items)
        if not rows or not len(self.directions):
            return np.zeros(self.vectors.shape[1], np.float32)
        values = np.array([items[row] for row in rows], np.float32) * self.weight[rows]
        found = np.asarray(values @ self.directions[rows], np.float32)
        length = float(np.linalg.norm(found))
        return found / length if length > 1e-9 else np.zeros_like(found)


def member_space(events: Events, seed: int = 0) -> MemberSpace:
    """The space of all members with at least two items; worked out once per state of the events."""
    known = events.kept.get(_KEPT)
    if isinstance(known, MemberSpace):
        return known
    space = _made(events, seed)
    events.kept[_KEPT] = space
    return space


def _made(events: Events, seed: int) -> MemberSpace:
    from scipy import sparse

    member, item, value = events.pairs()
    ids, rows = np.unique(member, return_inverse=True)
    table: Any = sparse.csr_matrix((value, (rows, item)), shape=(len(ids), events.items), dtype=np.float32)
    enough = np.flatnonzero(np.diff(table.indptr) >= 2)
    table, ids = table[enough], ids[enough]
    people = np.diff(table.tocsc().indptr)
    weight = np.log((1 + len(ids)) / (1 + people)).astype(np.float32) + 1
    width = min(DIMENSIONS, len(ids) - 1, int(np.count_nonzero(people)) - 1)
    if width < 1:
        nothing = np.zeros((events.items, 1), np.float32)
        return MemberSpace(ids, np.zeros((len(ids), 1), np.float32), table, weight, nothing)
    rng = np.random.default_rng(seed)
    learned = np.arange(len(ids))
    if len(ids) > _LEARNED_FROM:
        learned = np.sort(rng.choice(len(ids), _LEARNED_FROM, replace=False))
    directions = _directions(_scaled(table[learned], weight), width, rng)
    vectors = np.zeros((len(ids), width), np.float32)
    for start in range(0, len(ids), _AT_ONCE):
        part = _scaled(table[start : start + _AT_ONCE], weight) @ directions
        length = np.linalg.norm(part, axis=1, keepdims=True)
        vectors[start : start + _AT_ONCE] = part / np.maximum(length, 1e-9)
    return MemberSpace(ids, vectors, table, weight, directions)


def _scaled(table: Any, weight: NDArray[np.float32]) -> Any:
    from scipy import sparse

    weighted = table @ sparse.diags(weight)
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-9)) @ weighted).astype(np.float32)


def _directions(table: Any, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """float32[N,width]: leading right singular vectors times their singular value to the half.

    Randomised (Halko, Martinsson & Tropp 2011), so that no matrix larger than members × 42 is ever dense.
    """
    over = min(width + 10, *table.shape)
    basis = table @ rng.standard_normal((table.shape[1], over)).astype(np.float32)
    for _ in range(3):
        basis = np.linalg.qr(table @ np.linalg.qr(table.T @ np.linalg.qr(basis)[0])[0])[0]
    small = np.asarray((table.T @ np.linalg.qr(basis)[0]).T)
    _, values, right = np.linalg.svd(small, full_matrices=False)
    kept = right[:width].T
    # A direction that few share is noise: it counts by the root of what it explains.
    return np.asarray(kept * np.sqrt(values[:width] / max(float(values[0]), 1e-9)), np.float32)
