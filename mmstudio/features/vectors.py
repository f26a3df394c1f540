"""The stored vectors of a library, ready to compare: cached, normalised, indexed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mmstudio.errors import NotFound
from mmstudio.features.extractors import TEXT, infos
from mmstudio.features.gaps import with_gaps
from mmstudio.features.normalise import Statistics, fit_statistics, unit_rows
from mmstudio.features.search.index import VectorIndex
from mmstudio.features.sounds.mfcc import DIMENSION as SOUND
from mmstudio.features.texts.words import TextModel, load_text_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.library import Library
    from mmstudio.library.records import Target

_SOUND_WEIGHT = 0.5  # of a video's sound track beside its pictures


@dataclass(frozen=True, slots=True)
class Space:
    """One set: raw rows, and the same rows of length 1 as they are compared."""

    info: ExtractorInfo
    ids: NDArray[np.int64]
    raw: NDArray[np.float32]
    statistics: Statistics
    unit: NDArray[np.float32]
    index: VectorIndex

    def row(self, target_id: int) -> int | None:
        """The row of an asset or item, or None where it has no vector."""
        at = int(np.searchsorted(self.ids, target_id))
        return at if at < len(self.ids) and self.ids[at] == target_id else None


class Vectors:
    """Reads the sets of the extractors in use; forgets what it holds when the library changes."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.RLock()
        self._spaces: dict[tuple[str, Target], Space] = {}
        self._model: tuple[int, TextModel | None] | None = None
        self.generation = 0
        self._stop = library.changes.subscribe(self._changed)

    def close(self) -> None:
        """Stop listening to the library."""
        self._stop()

    def _changed(self, topic: str, _ids: list[int] | None) -> None:
        if topic in ("features", "assets", "items"):
            with self._lock:
                self._spaces.clear()
                self.generation += 1

    def set_id(self, info: ExtractorInfo, target: Target = "asset") -> int | None:
        """The set of an extractor as it is now, or None before its first run."""
        for one in self._library.features.sets():
            key = (one.extractor, one.version, one.params_hash, one.target, one.dimension)
            if key == (info.name, info.version, info.parameters, target, info.dimension):
                return one.id
        return None

    def space(self, name: str, target: Target = "asset") -> Space:
        """The vectors of an extractor (none before its first run). Raises NotFound for an unknown name."""
        with self._lock:
            found = self._spaces.get((name, target))
            if found is None:
                generation = self.generation
                found = self._load(name, target)
                if generation == self.generation:
                    self._spaces[(name, target)] = found
            return found

    def _load(self, name: str, target: Target) -> Space:
        info = known(name)
        set_id = self.set_id(info, target)
        if set_id is None:
            ids, raw = np.empty(0, np.int64), np.empty((0, info.dimension), np.float32)
            statistics = fit_statistics(raw)
        else:
            ids, raw = self._library.features.matrix(set_id)
            kept = self._library.features.stats(set_id)
            statistics = (
                Statistics(kept.mean, kept.std, kept.count) if kept else fit_statistics(with_gaps(info, raw))
            )
        unit = comparable(info, raw, statistics)
        folder = None if self._library.read_only else self._library.index_dir
        return Space(info, ids, raw, statistics, unit, VectorIndex(ids, unit, folder, f"{name}-{target}"))

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
        return unit_rows(np.nan_to_num(rows, copy=False, nan=0.0))
    split = info.dimension - 1 - SOUND
    heard = np.isfinite(rows[:, split:-1]).all(1)
    seen = unit_rows(rows[:, :split])
    sound = np.zeros((len(rows), SOUND), np.float32)
    if heard.any():
        sound[heard] = unit_rows(rows[heard, split:-1]) * _SOUND_WEIGHT
    return unit_rows(np.concatenate([seen, sound, np.zeros((len(rows), 1), np.float32)], axis=1))
