"""What pictures are described by in a conditional training: tags, palette, fused vector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.features.extractors import FUSED, infos
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.datasets.choose import choose

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Target

LEAST_TAGGED = 3  # pictures with a tag, below which nothing can be learned of it


class Describer:
    """Conditions of some assets, read once.

    Raises:
        StudioError: fused vectors are wanted and the library has none of that length.
    """

    def __init__(self, library: Library, conditions: Conditions, ids: Sequence[int]) -> None:
        self.conditions = conditions
        self._tags = library.assets.tags_of(ids) if conditions.tags else {}
        self._vectors: dict[int, NDArray[np.float32]] = {}
        if conditions.vector:
            if vector_length(library) != conditions.vector:
                raise _no_vectors()
            self._vectors = vectors_of(library, ids)

    def row(self, asset_id: int, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32[``conditions.width``] of an asset whose picture is 3×S×S uint8 as the network sees it.

        The palette is measured of these very pixels, so that it is true of a crop and of an augmented copy.
        An asset without any tag counts as untagged, not as one that has none of the tags.
        """
        palette = palette_of(pixels, self.conditions.palette) if self.conditions.palette else None
        tags = self._tags.get(asset_id) or None
        return self.conditions.row(tags, palette, self._vectors.get(asset_id))

    def sound_row(self, asset_id: int, tempo: float | None, key: int | None) -> NDArray[np.float32]:
        """The same of a piece of sound, with what was measured of it (a sound has no palette)."""
        tags = self._tags.get(asset_id) or None
        return self.conditions.row(tags, None, self._vectors.get(asset_id), tempo, key)


def palette_of(pixels: NDArray[np.uint8], colours: int) -> list[tuple[int, int, int]]:
    """The most telling colours of 3×S×S uint8 as RGB, at most ``colours``, the most important first."""
    from mmstudio.features.pictures.colour import palette

    return palette(np.ascontiguousarray(pixels.transpose(1, 2, 0)), colours)


def condition_of(
    library: Library, tags: Iterable[str] = (), palette: int = 0, *, vector: bool = False
) -> dict[str, Any]:
    """``Wish.condition`` for what a person chose; {} for nothing.

    Raises:
        StudioError: a tag that nothing has, or vectors that the library has not.
    """
    named = list(dict.fromkeys(tags))
    known = {tag for tag, _count in library.assets.all_tags()}
    for tag in named:
        if tag not in known:
            raise StudioError(
                "Nothing in the library has the tag “{tag}”.",
                hint="“mmstudio tags LIB” lists the tags.",
                tag=tag,
            )
    length = vector_length(library) if vector else 0
    if vector and not length:
        raise _no_vectors()
    return Conditions(tuple(named), max(0, palette), length).as_json()


def usable_tags(library: Library, query: str = "") -> list[tuple[str, int]]:
    """(tag, pictures) of the tags a model can learn from what a search finds, most used first: at least three
    usable pictures have it, and not all of them."""
    from mmstudio.learning.families import default_config

    config = default_config("image-gan", "")
    config.query = query
    ids = [asset.id for asset in choose(library, config).usable]
    counts = Counter(tag for tags in library.assets.tags_of(ids).values() for tag in tags)
    return [(tag, n) for tag, n in counts.most_common() if LEAST_TAGGED <= n < len(ids)]


def vector_length(library: Library) -> int:
    """Numbers of a shared vector of this library; 0 where it has none."""
    return infos()[FUSED].dimension if _sets(library) else 0


def vectors_of(library: Library, ids: Iterable[int]) -> dict[int, NDArray[np.float32]]:
    """Asset id → float32[D]: the fused vector of the item it belongs to, else its own shared vector; assets
    that have neither are left out."""
    found: dict[int, NDArray[np.float32]] = {}
    sets = _sets(library)
    items = _rows(library, sets, "item")
    own = _rows(library, sets, "asset")
    for asset_id in ids:
        belongs = library.items.items_of_asset(asset_id) if items else []
        vector = next((items[item] for item in belongs if item in items), own.get(asset_id))
        if vector is not None:
            found[asset_id] = vector
    return found


def vectors_of_items(library: Library, items: Iterable[int]) -> dict[int, NDArray[np.float32]]:
    """Item id → float32[D], the same as :func:`vectors_of`: the item's own, else the mean of its
    media's; items that have neither are left out."""
    sets = _sets(library)
    whole, own = _rows(library, sets, "item"), _rows(library, sets, "asset")
    found: dict[int, NDArray[np.float32]] = {}
    for item_id in items:
        if item_id in whole:
            found[item_id] = whole[item_id]
            continue
        media = [own[link.asset_id] for link in library.items.assets_of(item_id) if link.asset_id in own]
        if media:
            found[item_id] = np.mean(media, axis=0, dtype=np.float32)
    return found


def _sets(library: Library) -> dict[Target, int]:
    info = infos()[FUSED]
    wanted = (info.name, info.version, info.parameters, info.dimension)
    return {
        one.target: one.id
        for one in library.features.sets()
        if (one.extractor, one.version, one.params_hash, one.dimension) == wanted and one.count
    }


def _rows(library: Library, sets: dict[Target, int], target: Target) -> dict[int, NDArray[np.float32]]:
    if target not in sets:
        return {}
    ids, vectors = library.features.matrix(sets[target])
    return dict(zip(ids.tolist(), vectors, strict=True))


def _no_vectors() -> StudioError:
    return StudioError(
        "The library has no shared vectors to describe pictures by.",
        hint="Train the shared vector first (mmstudio train LIB fused), or describe by tags or colours.",
    )
