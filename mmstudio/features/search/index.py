"""Nearest vectors by cosine: exact up to about 50,000, an HNSW graph (usearch) above.

A graph takes a minute to build and is built in a thread of its own; until it is there, and wherever only some
of the vectors are asked for, the search is exact. Its file is a cache: damaged or gone, it is built again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

log = logging.getLogger(__name__)
EXACT_BELOW = 50_000
_CHUNK = 4096  # rows that are widened to float32, or added to a graph, at a time
_EXACT_AMONG = 20_000  # of fewer candidates than this the exact search is quicker than a graph's
_WORN = 0.2  # share of removed rows above which a graph is built anew
_NOTHING = np.empty(0, np.int64), np.empty(0, np.float32)

Nearest = tuple["NDArray[np.int64]", "NDArray[np.float32]"]


class VectorIndex:
    """Vectors of length 1 with their ids, ready to be asked for neighbours.

    Args:
        ids: int64[N], unique and rising.
        X: float32 or float16[N, D], rows of length 1.
        folder: where the graph of a large set is cached (it may be deleted); None keeps it in memory.
        name: of the set, in the file name of the cache.
        exact_below: sets smaller than this are searched exactly.
        background: build the graph in a thread and search exactly until then.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        X: NDArray[Any],
        folder: Path | None = None,
        name: str = "",
        exact_below: int = EXACT_BELOW,
        background: bool = False,
    ) -> None:
        self.ids, self.X = ids, X
        self._folder, self._name, self._exact_below = folder, name, exact_below
        self._background = background
        self._graph: Any = None
        self._removed = 0  # rows that the graph once had
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if len(ids) >= exact_below:
            self._start()

    @property
    def ready(self) -> bool:
        """Whether a set this large is searched by its graph already."""
        return self._graph is not None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until a graph under construction is there; whether it is."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.ready

    def close(self) -> None:
        """Stop building."""
        self._stop.set()

    def query(self, q: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None) -> Nearest:
        """(ids int64[≤k], cosine float32[≤k]) nearest to float32[D] of length 1, best first.

        ``among``: int64, rising; only these ids are considered.
        """
        q = np.asarray(q, np.float32)
        if among is not None:
            return self._among(q, k, among)
        k = min(k, len(self.ids))
        if k <= 0:
            return _NOTHING
        graph = self._graph
        if graph is not None:
            found = graph.search(q, k)
            return np.asarray(found.keys, np.int64), 1.0 - np.asarray(found.distances, np.float32)
        return _exact(self.ids, self.X, q, k)

    def changed(
        self, gone: NDArray[np.int64], added: NDArray[np.int64], rows: NDArray[np.float32]
    ) -> VectorIndex:
        """The index without ``gone`` and with ``added`` (rising; float32[len(added), D] of length 1).

        A graph that is there takes the few changes instead of being built again; one under construction
        starts anew.
        """
        stay = ~np.isin(self.ids, gone)
        ids = np.concatenate([self.ids[stay], added])
        order = np.argsort(ids, kind="stable")
        X = np.concatenate([self.X[stay], rows.astype(self.X.dtype)])[order]
        made = VectorIndex.__new__(VectorIndex)
        made.ids, made.X = ids[order], X
        made._folder, made._name, made._exact_below = self._folder, self._name, self._exact_below
        made._background, made._stop, made._thread, made._graph = (
            self._background,
            threading.Event(),
            None,
            None,
        )
        made._removed = self._removed + len(gone)
        self._stop.set()
        graph = self._graph
        if graph is not None and made._removed < _WORN * len(ids) and len(ids) >= self._exact_below:
            here = np.array([int(key) for key in gone if int(key) in graph], np.uint64)
            if len(here):
                graph.remove(here)
            if len(added):
                graph.add(added.astype(np.uint64), rows)
            made._graph = graph
        elif len(ids) >= self._exact_below:
            made._removed = 0
            made._start()
        return made

    # -- exact ---------------------------------------------------------------------------------------------

    def _among(self, q: NDArray[np.float32], k: int, among: NDArray[np.int64]) -> Nearest:
        if not len(among) or not len(self.ids) or k <= 0:
            return _NOTHING
        at = np.searchsorted(self.ids, among)
        at[at == len(self.ids)] = 0
        rows = at[self.ids[at] == among]
        if not len(rows):
            return _NOTHING
        graph = self._graph
        if graph is not None and len(rows) > _EXACT_AMONG:
            # Enough candidates that the nearest few of them are among the nearest of all.
            deep = min(len(self.ids), int(2 * k * len(self.ids) / len(rows)) + 50)
            found = graph.search(q, deep)
            keys = np.asarray(found.keys, np.int64)
            there = np.isin(keys, self.ids[rows])
            if there.sum() >= min(k, len(rows)):
                return keys[there][:k], 1.0 - np.asarray(found.distances, np.float32)[there][:k]
        if len(rows) == len(self.ids):
            return _exact(self.ids, self.X, q, k)
        return _exact(self.ids[rows], self.X[rows], q, k)

    # -- the graph -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._background:
            self._build()
            return
        self._thread = threading.Thread(target=self._build_quietly, name="vector-index", daemon=True)
        self._thread.start()

    def _build_quietly(self) -> None:
        try:
            self._build()
        except Exception:
            # Nobody is told: what is found is the same, only later, and what to do about it is in the log.
            log.exception("the vector index %s was not built; searching stays exact", self._name)

    def _build(self) -> None:
        """Load the graph of exactly these vectors from its file, or build it and write the file."""
        path = self._file()
        graph = self._load(path)
        if graph is None:
            graph = _empty(self.X.shape[1])
            for start in range(0, len(self.ids), _CHUNK):
                if self._stop.is_set():
                    return
                part = slice(start, start + _CHUNK)
                # One thread: the other cores belong to the person and their jobs.
                graph.add(
                    self.ids[part].astype(np.uint64), self.X[part], threads=1 if self._background else 0
                )
            self._save(graph, path)
        if not self._stop.is_set():
            self._graph = graph

    def _file(self) -> Path | None:
        if self._folder is None:
            return None
        mark = hashlib.blake2b(self.ids.tobytes(), digest_size=16)
        mark.update(np.ascontiguousarray(self.X).data)
        return self._folder / f"{self._name}-{mark.hexdigest()[:16]}.usearch"

    def _load(self, path: Path | None) -> Any:
        if path is None or not path.is_file():
            return None
        graph = _empty(self.X.shape[1])
        try:
            graph.load(str(path))
        except (RuntimeError, ValueError, OSError) as error:
            log.info("the vector index %s is rebuilt: %s", path.name, error)
            return None
        fits = len(graph) == len(self.ids) and graph.ndim == self.X.shape[1]
        return graph if fits else None

    def _save(self, graph: Any, path: Path | None) -> None:
        if path is None or self._folder is None:
            return
        try:
            with atomic_path(path) as temporary:
                graph.save(str(temporary))
            for old in self._folder.glob(f"{self._name}-*.usearch"):
                if old != path:
                    old.unlink(missing_ok=True)
        except OSError as error:
            log.info("the vector index is kept in memory only: %s", error)


def _exact(ids: NDArray[np.int64], X: NDArray[Any], q: NDArray[np.float32], k: int) -> Nearest:
    """The k nearest of all rows, by a product; of half precision by usearch, which need not widen them."""
    k = min(k, len(ids))
    if X.dtype == np.float32:
        return _best(ids, np.asarray(X @ q, np.float32), k)
    from usearch.index import search

    found = search(X, q.astype(np.float16), k, exact=True, threads=1)
    scores = 1.0 - np.asarray(found.distances, np.float32)
    return _best(ids[np.asarray(found.keys, np.int64)], scores, k)


def _empty(dimension: int) -> Any:
    from usearch.index import Index

    return Index(ndim=dimension, metric="cos", dtype="f16", expansion_search=96)


def _best(ids: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Nearest:
    """The k highest scores, ties by the smaller id."""
    k = min(k, len(ids))
    best = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    best = best[np.lexsort((ids[best], -scores[best]))]
    return ids[best], scores[best]


def reciprocal_rank(rankings: list[list[Any]], k: int = 60) -> dict[Any, float]:
    """Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): key → score, divided by the best possible."""
    scores: dict[Any, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(dict.fromkeys(ranking)):
            scores[key] = scores.get(key, 0.0) + 1.0 / (k + rank + 1)
    best = len(rankings) / (k + 1)
    return {key: score / best for key, score in scores.items()}
