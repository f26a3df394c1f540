"""Nearest vectors by cosine: exact up to about 50,000, an HNSW graph (usearch) above."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

log = logging.getLogger(__name__)
EXACT_BELOW = 50_000


class VectorIndex:
    """Vectors of length 1 with their ids, ready to be asked for neighbours.

    Args:
        ids: int64[N], unique.
        X: float32[N, D], rows of length 1.
        folder: where the graph of a large set is cached (a cache: it may be deleted); None builds it in
        memory.
        name: of the set, in the cache's file name.
        exact_below: sets smaller than this are searched exactly.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        X: NDArray[np.float32],
        folder: Path | None = None,
        name: str = "",
        exact_below: int = EXACT_BELOW,
    ) -> None:
        self.ids, self.X = ids, X
        self._graph: Any = None
        if len(ids) >= exact_below:
            self._graph = self._load_or_build(folder, name)

    def query(self, q: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(ids int64[≤k], cosine float32[≤k]) nearest to float32[D] of length 1, best first."""
        k = min(k, len(self.ids))
        if k <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self._graph is not None:
            found = self._graph.search(q, k)
            return np.asarray(found.keys, np.int64), 1.0 - np.asarray(found.distances, np.float32)
        scores = self.X @ q
        best = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
        best = best[np.lexsort((self.ids[best], -scores[best]))]
        return self.ids[best], scores[best]

    def _load_or_build(self, folder: Path | None, name: str) -> Any:
        from usearch.index import Index

        mark = hashlib.sha256(self.ids.tobytes())
        mark.update(np.ascontiguousarray(self.X).data)
        path = folder / f"{name}-{mark.hexdigest()[:16]}.usearch" if folder is not None else None
        graph = Index(ndim=self.X.shape[1], metric="cos", dtype="f16", expansion_search=96)
        if path is not None and path.is_file():
            try:
                graph.load(str(path))
                if len(graph) == len(self.ids):
                    return graph
            except (RuntimeError, ValueError, OSError) as error:
                log.info("the vector index %s is rebuilt: %s", path.name, error)
            graph = Index(ndim=self.X.shape[1], metric="cos", dtype="f16", expansion_search=96)
        graph.add(self.ids.astype(np.uint64), self.X)
        if path is not None and folder is not None:
            try:
                with atomic_path(path) as temporary:
                    graph.save(str(temporary))
                for old in folder.glob(f"{name}-*.usearch"):
                    if old != path:
                        old.unlink(missing_ok=True)
            except OSError as error:
                log.info("the vector index is kept in memory only: %s", error)
        return graph


def reciprocal_rank(rankings: list[list[Any]], k: int = 60) -> dict[Any, float]:
    """Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): key → score, divided by the best possible."""
    scores: dict[Any, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(dict.fromkeys(ranking)):
            scores[key] = scores.get(key, 0.0) + 1.0 / (k + rank + 1)
    best = len(rankings) / (k + 1)
    return {key: score / best for key, score in scores.items()}
