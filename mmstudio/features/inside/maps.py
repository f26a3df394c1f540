"""The library as a plane: vectors projected to two dimensions so that alike things lie together."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.errors import UsageError
from mmstudio.features.extractors import infos

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import FeatureSet, Library

log = logging.getLogger(__name__)
Method = Literal["pca", "t-sne"]
Grouping = Literal["kind", "origin", "tag", "category", "colour"]
_GROUPS = 8
METHODS: tuple[Method, ...] = ("t-sne", "pca")
FEWEST = 3  # vectors worth a map
LAID_OUT = 2000  # vectors that t-SNE itself places; the rest go between their nearest of these
_FIRST = 50  # principal components that t-SNE works on (van der Maaten & Hinton 2008)
_NEAREST = 3
_ROUNDS = 500
# What a person looks for first; other sets follow.
_PREFERRED = ("cnn", "fused", "sound-shape", "mfcc", "tfidf-svd", "video-cnn")


@dataclass(frozen=True, slots=True)
class Projection:
    """A map.

    Attributes:
        name: the extractor whose vectors were projected. method: how.
        ids: int64[N] asset ids.
        xy: float32[N, 2] in -1…1.
        laid_out: how many of them the method placed itself; the others lie between their neighbours.
        kept: share of the variance that the plane keeps (PCA), else NaN.
    """

    name: str
    method: Method
    ids: NDArray[np.int64]
    xy: NDArray[np.float32]
    laid_out: int
    kept: float = float("nan")


class Maps:
    """Maps of one library; those that took long are kept in its index folder."""

    def __init__(self, library: Library, vectors: Vectors) -> None:
        self._library, self._vectors = library, vectors

    def choices(self) -> list[tuple[ExtractorInfo, int]]:
        """Extractors with enough vectors of media for a map, the most telling first, and how many."""
        found = []
        known = infos()
        stored = {(one.extractor, one.version, one.params_hash): one.count for one in self._sets()}
        for info in known.values():
            count = stored.get((info.name, info.version, info.parameters), 0)
            if count >= FEWEST:
                found.append((info, count))
        order = {name: place for place, name in enumerate(_PREFERRED)}
        found.sort(key=lambda pair: (order.get(pair[0].name, len(order)), pair[0].name))
        return found

    def _sets(self) -> list[FeatureSet]:
        return [one for one in self._library.features.sets() if one.target == "asset"]

    def project(self, name: str, method: Method = "t-sne") -> Projection:
        """The map of an extractor's vectors; the same vectors give the same map.

        PCA takes a moment; t-SNE about five seconds for 2,000 vectors, kept for the next time. Raises
        NotFound, UsageError for an unknown method.
        """
        if method not in METHODS:
            raise UsageError(
                "There is no map called {name}.",
                hint="Known are: {known}.",
                name=method,
                known=", ".join(METHODS),
            )
        space = self._vectors.space(name)
        rows = np.asarray(space.unit, np.float32)
        if len(rows) < FEWEST:
            xy = np.zeros((len(rows), 2), np.float32)
            xy[:, 0] = np.linspace(-0.5, 0.5, len(rows))
            return Projection(name, method, space.ids, xy, len(rows))
        if method == "pca":
            xy, kept = pca(rows)
            return Projection(name, method, space.ids, xy, len(rows), kept)
        path = self._path(name, space.ids, rows)
        known = _load(path, len(rows))
        if known is None:
            known = t_sne(rows)
            self._save(path, known)
        return Projection(name, method, space.ids, known, min(len(rows), LAID_OUT))

    def groups(self, ids: Iterable[int], by: Grouping) -> tuple[NDArray[np.int64], list[str]]:
        """(group int64[N] per asset, names of the groups, largest first); -1 is a small group or none.

        At most eight groups are told apart. By "tag" an asset counts for its most used tag, by "colour" for
        its largest one, by "category" for that of the first item that uses it.
        """
        labels = self._labels([int(i) for i in ids], by)
        counts = Counter(label for label in labels if label)
        names = [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))][:_GROUPS]
        place = {name: number for number, name in enumerate(names)}
        return np.array([place.get(label, -1) for label in labels], np.int64), names

    def _labels(self, ids: list[int], by: Grouping) -> list[str]:
        library = self._library
        if by == "tag":
            used = {name: place for place, (name, _) in enumerate(library.assets.all_tags())}
            tags = library.assets.tags_of(ids)
            return [min(tags[i], key=lambda tag: used.get(tag, len(used)), default="") for i in ids]
        if by == "colour":
            colours = library.facts.colours_of(ids)
            return [next(iter(colours[i]), "") for i in ids]
        if by == "category":
            found: dict[int, str] = {}
            for item in library.items.get_many(library.items.ids()):
                if item.category:
                    for link in library.items.assets_of(item.id):
                        found.setdefault(link.asset_id, item.category.split(">")[-1].strip())
            return [found.get(i, "") for i in ids]
        kinds = {asset.id: asset for asset in library.assets.get_many(ids)}
        return [getattr(kinds[i], by) if i in kinds else "" for i in ids]

    def _path(self, name: str, ids: NDArray[np.int64], rows: NDArray[np.float32]) -> Path:
        digest = hashlib.sha256(ids.tobytes())
        digest.update(np.ascontiguousarray(rows).data)
        return self._library.index_dir / f"map-{name}-{digest.hexdigest()[:16]}.npy"

    def _save(self, path: Path, xy: NDArray[np.float32]) -> None:
        if self._library.read_only:
            return
        try:
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, xy, allow_pickle=False)
            for old in path.parent.glob(f"{path.name.rsplit('-', 1)[0]}-*.npy"):
                if old != path:
                    old.unlink(missing_ok=True)
        except OSError as error:
            log.info("the map is kept in memory only: %s", error)


def _load(path: Path, count: int) -> NDArray[np.float32] | None:
    try:
        xy = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        return None
    good = xy.shape == (count, 2) and xy.dtype == np.float32 and np.isfinite(xy).all()
    return xy if good else None


def pca(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """float32[N, D] → (float32[N, 2] in -1…1, share of the variance kept), by randomised SVD."""
    found, kept = _principal(rows, 2)
    return _fitted(found), kept


def t_sne(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[N, D] → float32[N, 2] in -1…1 by t-SNE (van der Maaten & Hinton 2008), from a PCA start.

    Of more than 2,000 rows an even sample is laid out and every other row goes to the mean of its three
    nearest of them, weighted by likeness.
    """
    from sklearn.manifold import TSNE

    reduced, _ = _principal(rows, _FIRST)
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), LAID_OUT)).astype(np.int64))
    sample = reduced[chosen]
    if np.ptp(sample, axis=0).max() <= 1e-6:  # all alike: nothing to lay out
        return np.zeros((len(rows), 2), np.float32)
    start = sample[:, :2] / max(float(sample[:, 0].std()), 1e-9) * 1e-4
    laid = TSNE(
        perplexity=float(min(30.0, max(1.0, (len(sample) - 1) / 3.0))), init=start.astype(np.float32),
        learning_rate="auto", max_iter=_ROUNDS, random_state=0, method="barnes_hut", n_jobs=1,
    ).fit_transform(sample)  # fmt: skip
    xy = np.zeros((len(rows), 2), np.float32)
    xy[chosen] = laid
    rest = np.setdiff1d(np.arange(len(rows)), chosen)
    for at in range(0, len(rest), 4096):
        block = rest[at : at + 4096]
        distance = ((reduced[block][:, None, :8] - sample[None, :, :8]) ** 2).sum(2)
        nearest = np.argpartition(distance, _NEAREST, axis=1)[:, :_NEAREST]
        weight = 1.0 / (np.take_along_axis(distance, nearest, axis=1) + 1e-6)
        xy[block] = (laid[nearest] * weight[..., None]).sum(1) / weight.sum(1, keepdims=True)
    return _fitted(xy)


def _principal(rows: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], float]:
    """(float32[N, ≤ count] scores, share of the variance in the first two); signs are repeatable."""
    from sklearn.decomposition import PCA

    components = max(1, min(count, *rows.shape))
    if np.ptp(rows, axis=0).max(initial=0.0) <= 1e-6:
        return np.zeros((len(rows), max(2, components)), np.float32), 0.0
    model = PCA(components, svd_solver="randomized", random_state=0)
    scores = np.asarray(model.fit_transform(rows), np.float32)
    if scores.shape[1] < 2:
        scores = np.concatenate([scores, np.zeros_like(scores)], axis=1)
    return scores, float(model.explained_variance_ratio_[:2].sum())


def _fitted(xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same layout centred and scaled into -1…1, its proportions kept."""
    middle = (xy.max(0) + xy.min(0)) / 2
    reach = float(np.abs(xy - middle).max())
    return np.asarray((xy - middle) / (reach if reach > 0 else 1.0), np.float32)
