"""The stored vectors of a library, ready to compare: cached, normalised, indexed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mmstudio.errors import NotFound
from mmstudio.features.extractors import TEXT, infos
from mmstudio.features.fitting import statistics_of
from mmstudio.features.gaps import with_gaps
from mmstudio.features.normalise import Statistics, fit_statistics, unit_rows
from mmstudio.features.search.index import EXACT_BELOW, VectorIndex
from mmstudio.features.sounds.mfcc import DIMENSION as SOUND
from mmstudio.features.texts.words import TextModel, load_text_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.library import Library
    from mmstudio.library.records import FeatureStats, Target

_SEEN = 0.1  # deviations: a mean or spread that moved less changes no neighbour
_ROUNDING = 1e-3  # length of a row in deviations that is only rounding; real rows are longer than 1
_SOUND_WEIGHT = 0.5  # of a video's sound track beside its pictures


class Space:
    """One set as it is compared.

    Attributes:
        ids: int64[N], rising. versions: int64[N], of each row as it was read.
        statistics: mean and deviation that the rows are compared by.
        unit: [N, D] rows of length 1 whose dot products are similarities: float32, or float16 for large sets,
            which halves the memory and costs a similarity less than 0.001.
        index: of ``unit``.
    """

    def __init__(
        self,
        library: Library,
        info: ExtractorInfo,
        set_id: int | None,
        ids: NDArray[np.int64],
        versions: NDArray[np.int64],
        statistics: Statistics,
        index: VectorIndex,
    ) -> None:
        self._library, self.info, self.set_id = library, info, set_id
        self.ids, self.versions, self.statistics, self.index = ids, versions, statistics, index
        self.unit: NDArray[Any] = index.X

    @cached_property
    def raw(self) -> NDArray[np.float32]:
        """float32[N, D] as extracted, read when it is first asked for; the rows of ``ids``."""
        if self.set_id is None or not len(self.ids):
            return np.empty((len(self.ids), self.info.dimension), np.float32)
        ids, rows = self._library.features.matrix(self.set_id)
        if np.array_equal(ids, self.ids):
            return rows
        # Written since: what is gone counts as nothing extracted.
        found = np.zeros((len(self.ids), self.info.dimension), np.float32)
        _, here, there = np.intersect1d(self.ids, ids, assume_unique=True, return_indices=True)
        found[here] = rows[there]
        return found

    def row(self, target_id: int) -> int | None:
        """The row of an asset or item, or None where it has no vector."""
        at = int(np.searchsorted(self.ids, target_id))
        return at if at < len(self.ids) and self.ids[at] == target_id else None


@dataclass(slots=True)
class _Stale:
    """What may have changed since a space was read: some rows (None: any), and rows surely written anew."""

    ids: set[int] | None = field(default_factory=set)
    rewritten: set[int] = field(default_factory=set)


class Vectors:
    """Reads the sets of the extractors in use; forgets what it holds when the library changes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.RLock()
        self._spaces: dict[tuple[str, Target], Space] = {}
        self._stale: dict[tuple[str, Target], _Stale] = {}
        self._model: tuple[int, TextModel | None] | None = None
        self.generation = 0
        self._stop = library.changes.subscribe(self._changed)

    def close(self) -> None:
        """Stop listening to the library, and building graphs."""
        self._stop()
        with self._lock:
            for space in self._spaces.values():
                space.index.close()

    def _changed(self, topic: str, ids: list[int] | None) -> None:
        if topic not in ("features", "assets", "items", "facts"):
            return
        with self._lock:
            if topic != "facts":
                self.generation += 1
            for (_, target), stale in self._stale.items():
                if topic in ("assets", "facts") and target == "item":
                    continue
                if topic == "items" and target == "asset":
                    continue
                if topic == "features" or ids is None or stale.ids is None:
                    stale.ids = None
                else:
                    stale.ids |= set(ids)
                if topic == "facts" and ids is not None:  # changed files lose their facts and vectors
                    stale.rewritten |= set(ids)

    def set_id(self, info: ExtractorInfo, target: Target = "asset") -> int | None:
        """The set of an extractor as it is now, or None before its first run."""
        for one in self._library.features.sets():
            key = (one.extractor, one.version, one.params_hash, one.target, one.dimension)
            if key == (info.name, info.version, info.parameters, target, info.dimension):
                return one.id
        return None

    def space(self, name: str, target: Target = "asset") -> Space:
        """The vectors of an extractor (none before its first run). Raises NotFound for an unknown name."""
        key = (name, target)
        with self._lock:
            found, stale = self._spaces.get(key), self._stale.get(key)
            if found is None or stale is None:
                found = None
            elif stale.ids is None or stale.ids:
                self._stale[key] = _Stale()
                found = self._refreshed(found, target, stale)
            if found is None:
                self._stale[key] = _Stale()
                found = self._load(name, target)
            self._spaces[key] = found
            return found

    def _load(self, name: str, target: Target) -> Space:
        info = known(name)
        set_id = self.set_id(info, target)
        folder = None if self._library.read_only else self._library.index_dir
        if set_id is None:
            nothing = np.empty(0, np.int64)
            statistics = fit_statistics(np.empty((0, info.dimension), np.float32))
            index = VectorIndex(nothing, np.empty((0, info.dimension), np.float32))
            return Space(self._library, info, None, nothing, nothing, statistics, index)
        statistics = statistics_of(self._library, info, set_id)
        ids, versions = self._library.features.versions(set_id)
        kind = np.float16 if len(ids) >= EXACT_BELOW else np.float32
        unit = np.zeros((len(ids), info.dimension), kind)
        for some, raw in self._library.features.chunks(set_id):
            if len(ids):
                here = np.minimum(np.searchsorted(ids, some), len(ids) - 1)
                there = ids[here] == some  # written since the versions were read: with the next look
                unit[here[there]] = comparable(info, raw[there], statistics)
        index = VectorIndex(ids, unit, folder, f"{name}-{target}", background=True)
        return Space(self._library, info, set_id, ids, versions, statistics, index)

    def _refreshed(self, old: Space, target: Target, stale: _Stale) -> Space | None:
        """The space with the few rows that changed read again; None where it must be read anew."""
        set_id = self.set_id(old.info, target)
        if set_id is None or set_id != old.set_id or known(old.info.name) != old.info:
            return None
        kept = self._library.features.stats(set_id)
        if kept is not None and _drifted(old.statistics, kept):
            return None
        ids, versions = self._library.features.versions(set_id, stale.ids)
        looked = old.ids if stale.ids is None else np.intersect1d(old.ids, np.fromiter(stale.ids, np.int64))
        known_versions = old.versions[np.searchsorted(old.ids, looked)]
        gone = np.setdiff1d(looked, ids, assume_unique=True)
        _, here, there = np.intersect1d(looked, ids, assume_unique=True, return_indices=True)
        same = np.zeros(len(ids), bool)
        same[there] = known_versions[here] == versions[there]
        if stale.rewritten:
            same &= ~np.isin(ids, np.fromiter(stale.rewritten, np.int64))
        written = ids[~same]
        if not len(gone) and not len(written):
            return old
        if len(gone) + len(written) > max(200, len(old.ids) // 4):
            return None
        raw = self._library.features.some(set_id, written.tolist())
        if len(raw) != len(written):
            return None
        rows = comparable(old.info, raw, old.statistics)
        index = old.index.changed(np.union1d(gone, np.intersect1d(written, old.ids)), written, rows)
        stay = ~np.isin(old.ids, np.concatenate([gone, written]))
        every = np.concatenate([old.versions[stay], versions[~same]])
        order = np.argsort(np.concatenate([old.ids[stay], written]), kind="stable")
        return Space(self._library, old.info, set_id, index.ids, every[order], old.statistics, index)

    @property
    def text_model_path(self) -> Path:
        """Where the text model of this library lies."""
        return self._library.index_dir / f"{TEXT}.safetensors"

    def text_model(self) -> TextModel | None:
        """The fitted text model, or None before the first run."""
        path = self.text_model_path
        try:
            stamp = path.stat().st_mtime_ns
        except OSError:
            return None
        with self._lock:
            if self._model is None or self._model[0] != stamp:
                self._model = (stamp, load_text_model(path))
            return self._model[1]

    def text_ready(self, model: TextModel, target: Target) -> bool:
        """Whether the stored text vectors of assets or items come from this fit of the model."""
        set_id = self.set_id(infos()[TEXT], target)
        kept = self._library.features.stats(set_id) if set_id is not None else None
        return kept is not None and kept.fitted_on == fit_mark(model)


def known(name: str) -> ExtractorInfo:
    """The extractor of a name. Raises NotFound."""
    info = infos().get(name)
    if info is None:
        raise NotFound(
            "There is no feature extractor {name}.",
            hint="Run the features command with --list to see their names.",
            name=name,
        )
    return info


def _drifted(used: Statistics, now: FeatureStats) -> bool:
    """Whether rows compared by the statistics of before no longer do.

    A large set is read again only for a change that can be seen, a small one for any.
    """
    if np.array_equal(used.mean, now.mean) and np.array_equal(used.std, now.std):
        return False
    if used.count < EXACT_BELOW:
        return True
    moved = np.abs(used.mean - now.mean) / used.std
    return bool(moved.max() > _SEEN or np.abs(np.log(now.std / used.std)).max() > _SEEN)


class _Fit(Protocol):
    """What a fit is known by."""

    @property
    def fit(self) -> str: ...
    @property
    def fitted(self) -> int: ...


def fit_mark(model: _Fit) -> str:
    """What is written beside vectors of a text model, to know them again."""
    return f"texts {model.fitted}, fit {model.fit}"


def comparable(info: ExtractorInfo, raw: NDArray[np.float32], statistics: Statistics) -> NDArray[np.float32]:
    """float32[N, D] raw → float32[N, D] of length 1 whose dot products are similarities."""
    if info.metric == "unit":
        return unit_rows(raw)
    rows = statistics.apply(with_gaps(info, raw))
    if info.modality != "video":
        return unit_rows(np.nan_to_num(rows, copy=False, nan=0.0), _ROUNDING)
    split = info.dimension - 1 - SOUND
    heard = np.isfinite(rows[:, split:-1]).all(1)
    seen = unit_rows(rows[:, :split], _ROUNDING)
    sound = np.zeros((len(rows), SOUND), np.float32)
    if heard.any():
        sound[heard] = unit_rows(rows[heard, split:-1], _ROUNDING) * _SOUND_WEIGHT
    return unit_rows(np.concatenate([seen, sound, np.zeros((len(rows), 1), np.float32)], axis=1))
