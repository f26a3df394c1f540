"""One vector per item out of all its media, with a mask of what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.extractors import TEXT
from mmstudio.features.normalise import unit_rows
from mmstudio.features.records import LIKENESS, ItemVectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mmstudio.features.vectors import Space, Vectors
    from mmstudio.library import Library

# modality → (extractor, how much it counts)
_WEIGHTS = {"text": 1.0, "image": 1.0, "audio": 0.5, "video": 0.5}
PARTS = {modality: (LIKENESS[modality], weight) for modality, weight in _WEIGHTS.items()}
_HERO = 2.0  # the picture that shows the item counts twice


def item_vectors(library: Library, vectors: Vectors) -> ItemVectors:
    """Fuse the vectors of every item that has any.

    Per modality: the weighted mean of its assets' compared vectors, length 1; the modalities side by side,
    scaled by the square root of their weight, so that the dot product of two rows is the weighted mean of
    cosines.
    """
    items = np.array(sorted(library.items.ids()), np.int64)
    blocks: dict[str, tuple[NDArray[np.float32], NDArray[np.bool_]]] = {}
    text = vectors.space(TEXT, "item")
    blocks["text"] = _pick(items, text)
    links = _links(library, items)
    for modality, (name, _) in PARTS.items():
        if modality != "text":
            blocks[modality] = _gather(len(items), links, vectors.space(name))
    present = np.zeros(len(items), bool)
    for _, mask in blocks.values():
        present |= mask
    parts: dict[str, tuple[slice, NDArray[np.bool_]]] = {}
    columns: list[NDArray[np.float32]] = []
    at = 0
    for modality, (rows, mask) in blocks.items():
        parts[modality] = (slice(at, at + rows.shape[1]), mask[present])
        columns.append(rows[present] * np.float32(np.sqrt(PARTS[modality][1])))
        at += rows.shape[1]
    X = np.concatenate(columns, axis=1)
    fused = unit_rows(X) if len(X) else X
    return ItemVectors(items[present], fused, parts, {name: weight for name, (_, weight) in PARTS.items()})


def _pick(items: NDArray[np.int64], space: Space) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows = np.zeros((len(items), space.info.dimension), np.float32)
    _, here, there = np.intersect1d(items, space.ids, assume_unique=True, return_indices=True)
    rows[here] = space.unit[there]
    mask = np.zeros(len(items), bool)
    mask[here] = True
    return rows, mask


def _links(library: Library, items: NDArray[np.int64]) -> list[tuple[int, int, float]]:
    """(row of the item, asset, weight) of every asset that shows or sounds like an item."""
    return [
        (row, link.asset_id, _HERO if link.role == "hero" else 1.0)
        for row, item_id in enumerate(items)
        for link in library.items.assets_of(int(item_id))
    ]


def _gather(
    count: int, links: Sequence[tuple[int, int, float]], space: Space
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows = np.zeros((count, space.info.dimension), np.float32)
    mask = np.zeros(count, bool)
    for row, asset_id, weight in links:
        at = space.row(asset_id)
        if at is not None:
            rows[row] += weight * space.unit[at]
            mask[row] = True
    if mask.any():
        rows[mask] = unit_rows(rows[mask])
    return rows, mask
