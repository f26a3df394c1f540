"""What the Models pane asks its library and its models for: what can be learned from, what a model makes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.desktop.models.trained import ModelLine
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.training_form import Offer

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from mmstudio.library import Library
    from mmstudio.studio import Studio

_MOST_TAGS = 200
_SHEET = (6, 2)  # pictures across and down


def some_texts(studio: Studio, model: str) -> list[str]:
    """A few texts of a model; on the device thread."""
    return [made.text for made in studio.generation.texts(model, 4, longest=60)]


def draw_one(studio: Studio, model: str) -> QImage:
    """One picture of what a model draws, always the same; on the device thread."""
    return to_qimage(np.asarray(studio.generation.images(model, 1, seed=1)[0]))


def draw_sample(studio: Studio, model: str) -> QImage:
    """A sheet of what a model draws; on the device thread."""
    pictures = [np.asarray(p) for p in studio.generation.images(model, _SHEET[0] * _SHEET[1], seed=1)]
    rows = [np.concatenate(pictures[i : i + _SHEET[0]], 1) for i in range(0, len(pictures), _SHEET[0])]
    return to_qimage(np.concatenate(rows, 0))


def read_offer(studio: Studio, selection: list[int], lines: list[ModelLine]) -> Offer:
    """What a training could use now; not for the GUI thread."""
    from mmstudio.learning.datasets.describe import vector_length
    from mmstudio.library import AssetFilter

    assets = studio.library.assets
    selected: dict[str, list[int]] = {}
    for asset in assets.get_many(selection):
        selected.setdefault(asset.kind, []).append(asset.id)
    counts = {
        "image": assets.count(AssetFilter(kinds=("image",), origin="imported")),
        "audio": assets.count(AssetFilter(kinds=("audio",), origin="imported")),
    }
    items = studio.library.items.count()
    texts = assets.count(AssetFilter(kinds=("text",), origin="imported"))
    counts["text"] = texts + items
    counts["set"] = items + counts["image"] + counts["audio"]
    counts["items"] = assets.count(AssetFilter(origin="imported")) + len(studio.library.items.ids())
    taken = frozenset(line.name for line in lines)
    return Offer(
        studio.trainings.families(),
        lines,
        counts,
        selected,
        taken,
        tags=assets.all_tags()[:_MOST_TAGS],
        collections=[(one.name, one.count) for one in studio.library.collections.list()],
        picture_tags=picture_tags(studio.library),
        vector=vector_length(studio.library),
    )


def picture_tags(library: Library) -> list[tuple[str, int]]:
    """Tags of imported pictures with how many have them, the most used first."""
    from mmstudio.library import AssetFilter

    pictures = library.assets.ids(AssetFilter(kinds=("image",), origin="imported"))
    counts = Counter(tag for tags in library.assets.tags_of(pictures).values() for tag in tags)
    return counts.most_common(_MOST_TAGS)
