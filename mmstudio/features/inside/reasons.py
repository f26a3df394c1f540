"""Why two assets are neighbours: likeness per kind of feature, shared tags, items and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.extractors import infos
from mmstudio.features.records import LIKENESS
from mmstudio.features.texts.extraction import asset_text
from mmstudio.features.texts.words import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An asset near another.

    Attributes:
        score: cosine in the deciding set, -1…1.
        parts: (label of the extractor, cosine) of every set that holds both, the deciding one first.
        tags, words: what both carry and say, the most telling words first.
        items: titles of items that use both.
    """

    asset_id: int
    score: float
    parts: tuple[tuple[str, float], ...]
    tags: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VectorRow:
    """One vector of an asset as it is stored and as it is compared.

    Attributes:
        name, label: the extractor. fitted_on: the set its mean and deviation come from.
        raw: float32[D]. normalised: float32[D], deviations from the mean.
    """

    name: str
    label: str
    fitted_on: str
    raw: NDArray[np.float32]
    normalised: NDArray[np.float32] = field(repr=False)


def neighbours(library: Library, vectors: Vectors, asset_id: int, k: int = 12) -> list[Neighbour]:
    """The k nearest assets of the same kind with all reasons; empty where the asset has no vector yet."""
    asset = library.assets.get(asset_id)
    name = LIKENESS[asset.kind]
    space = vectors.space(name)
    row = space.row(asset_id)
    if row is None:
        return []
    ids, scores = space.index.query(np.asarray(space.unit[row], np.float32), k + 1)
    near = [(int(i), float(s)) for i, s in zip(ids, scores, strict=True) if int(i) != asset_id][:k]
    there = {one.id: one for one in library.assets.get_many([i for i, _ in near])}
    others = [i for i, _ in near if i in there]
    tags = library.assets.tags_of([asset_id, *others])
    own_items = set(library.items.items_of_asset(asset_id))
    own_words = _words(library, asset_id) if asset.kind == "text" else []
    model = vectors.text_model() if own_words else None
    found = []
    for other, score in near:
        if other not in there:
            continue
        shared_items = sorted(own_items & set(library.items.items_of_asset(other)))
        words = model.shared_words(own_words, _words(library, other)) if model is not None else []
        found.append(
            Neighbour(
                other,
                score,
                _parts(vectors, asset.kind, name, asset_id, other),
                tuple(sorted(set(tags[asset_id]) & set(tags[other]))),
                tuple(item.title or item.sku for item in library.items.get_many(shared_items)),
                tuple(words),
            )
        )
    return found


def vector_rows(library: Library, vectors: Vectors, asset_id: int) -> list[VectorRow]:
    """Every stored vector of an asset."""
    asset = library.assets.get(asset_id)
    found = []
    for info in infos().values():
        if info.modality != asset.kind:
            continue
        set_id = vectors.set_id(info)
        space = vectors.space(info.name)
        row = space.row(asset_id)
        if set_id is None or row is None:
            continue
        kept = library.features.stats(set_id)
        raw = np.asarray(space.raw[row], np.float32)
        found.append(
            VectorRow(
                info.name,
                info.label,
                kept.fitted_on if kept else "",
                raw,
                np.nan_to_num(space.statistics.apply(raw)),
            )
        )
    return found


def _parts(vectors: Vectors, kind: str, first: str, one: int, other: int) -> tuple[tuple[str, float], ...]:
    known = [info for info in infos().values() if info.modality == kind]
    known.sort(key=lambda info: info.name != first)
    found = []
    for info in known:
        if vectors.set_id(info) is None:
            continue
        space = vectors.space(info.name)
        a, b = space.row(one), space.row(other)
        if a is not None and b is not None:
            cosine = float(np.asarray(space.unit[a], np.float32) @ np.asarray(space.unit[b], np.float32))
            found.append((info.label, min(cosine, 1.0)))
    return tuple(found)


def _words(library: Library, asset_id: int) -> list[str]:
    asset = library.assets.get(asset_id)
    return tokens(asset_text(asset, library.assets.text_of(asset_id), []))
