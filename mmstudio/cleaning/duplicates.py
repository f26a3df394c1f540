"""Files that are the same, or so nearly the same that a person would call them copies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.features.pictures import colour
from mmstudio.features.texts.extraction import asset_text
from mmstudio.features.texts.words import tokens
from mmstudio.library import AssetFilter
from mmstudio.media.image import image_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from mmstudio.features import Features
    from mmstudio.features.vectors import Space, Vectors
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

# Unrelated pictures are at least 20 of 64 bits apart, recompressed or resized copies at most 4; between the
# two a crop or a watermark may hide, which counts when network and colours agree.
HASH_SURE, HASH_MAYBE = 4, 12
LOOK_MIN = 0.97  # cosine
# Two pictures of one article in two colours have the same hash. In a blurred 16 × 16 layout, copies of
# shop photos (recompressed, cropped, brightened by a fifth) differ in hue and chroma by at most 0.022 in
# all but two places, and in lightness, once white is made equal, by at most 0.111 in all but 39; other
# colours begin at 0.023, black against grey at 0.152.
HUE_MOST, LIGHT_MOST = 0.0225, 0.125
_HUE_RANK, _LIGHT_RANK = 3, 40
SOUND_MIN, SCENES_MIN = 0.98, 0.95
TEXT_MIN = 0.8  # Jaccard similarity of three-word shingles
_TEXT_CANDIDATE = 0.85  # cosine of texts worth comparing word by word
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Assets that hold the same thing: "exact" copies have the same bytes, "near" ones look, sound or read
    alike.

    `asset_ids` begin with the copy most worth keeping; `score` is the similarity of the least similar pair
    that joined the group, 0…1.
    """

    kind: Literal["exact", "near"]
    asset_ids: list[int]
    score: float


def duplicates(library: Library, features: Features) -> list[DuplicateGroup]:
    """Groups of copies among the usable assets, exact ones first, then by similarity.

    Near copies of sounds and texts, and the doubtful ones of pictures, need extracted features; without them
    the perceptual hash alone decides about pictures.
    """
    assets = library.assets.get_many(library.assets.ids(AssetFilter(), order="added", descending=False))
    by_hash: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        by_hash[asset.sha256].append(asset)
    groups = [
        DuplicateGroup("exact", [a.id for a in best_first(library, copies)], 1.0)
        for copies in by_hash.values()
        if len(copies) > 1
    ]
    single = [copies[0] for copies in by_hash.values()]
    near = sorted(_near(library, features.vectors, single), key=lambda group: (-group.score, group.asset_ids))
    return groups + near


def best_first(library: Library, assets: Iterable[Asset]) -> list[Asset]:
    """Copies, the one most worth keeping first: most pixels, used by most items, best rated, largest,
    oldest."""

    def worth(asset: Asset) -> tuple[float, ...]:
        pixels = (asset.width or 0) * (asset.height or 0)
        items = len(library.items.items_of_asset(asset.id))
        return (-pixels, -items, -asset.rating, -asset.size, asset.id)

    return sorted(assets, key=worth)


def _near(library: Library, vectors: Vectors, assets: list[Asset]) -> Iterator[DuplicateGroup]:
    kinds: dict[str, list[Asset]] = defaultdict(list)
    for asset in assets:
        kinds[asset.kind].append(asset)
    pairs = [
        *_alike_pictures(library, vectors, kinds["image"]),
        *_alike_videos(vectors, kinds["video"]),
        *_alike_sounds(vectors, kinds["audio"]),
        *_alike_texts(library, vectors, kinds["text"]),
    ]
    by_id = {asset.id: asset for asset in assets}
    for ids, score in _joined(pairs):
        yield DuplicateGroup("near", [a.id for a in best_first(library, (by_id[i] for i in ids))], score)


def _alike_pictures(
    library: Library, vectors: Vectors, assets: list[Asset]
) -> Iterator[tuple[int, int, float]]:
    look = vectors.space("cnn")
    layouts: dict[int, NDArray[np.float64] | None] = {}

    def layout(asset: Asset) -> NDArray[np.float64] | None:
        if asset.id not in layouts:
            try:
                layouts[asset.id] = colour.layout(image_array(library.assets.path_of(asset), max_side=96))
            except (MediaError, OSError):
                layouts[asset.id] = None
        return layouts[asset.id]

    for one, other, bits in _hash_pairs(assets, HASH_MAYBE):
        looks = _cosine(look, one.id, other.id)
        if bits <= HASH_SURE or (looks is not None and looks >= LOOK_MIN):
            a, b = layout(one), layout(other)
            if a is not None and b is not None and _same_colours(a, b):
                yield one.id, other.id, 1 - bits / 64


def _same_colours(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    hue = np.hypot(a[..., 1] - b[..., 1], a[..., 2] - b[..., 2]).ravel()
    light = np.abs(_lightness(a) - _lightness(b)).ravel()
    return bool(np.sort(hue)[-_HUE_RANK] <= HUE_MOST and np.sort(light)[-_LIGHT_RANK] <= LIGHT_MOST)


def _lightness(layout: NDArray[np.float64]) -> NDArray[np.float64]:
    white = max(float(np.quantile(layout[..., 0], 0.95)), 1e-3)
    return np.asarray(layout[..., 0] / white)


def _alike_videos(vectors: Vectors, assets: list[Asset]) -> Iterator[tuple[int, int, float]]:
    scenes = vectors.space("video-cnn")
    for one, other, bits in _hash_pairs(assets, HASH_MAYBE):
        alike = _cosine(scenes, one.id, other.id)
        if _same_length(one, other) and (bits <= HASH_SURE if alike is None else alike >= SCENES_MIN):
            yield one.id, other.id, 1 - bits / 64


def _alike_sounds(vectors: Vectors, assets: list[Asset]) -> Iterator[tuple[int, int, float]]:
    by_id = {asset.id: asset for asset in assets}
    for one, other, score in _close_pairs(vectors.space("mfcc"), by_id, SOUND_MIN):
        if _same_length(by_id[one], by_id[other]):
            yield one, other, score


def _alike_texts(library: Library, vectors: Vectors, assets: list[Asset]) -> Iterator[tuple[int, int, float]]:
    by_id = {asset.id: asset for asset in assets}
    shingles: dict[int, set[tuple[str, ...]]] = {}

    def shingled(asset_id: int) -> set[tuple[str, ...]]:
        if asset_id not in shingles:
            words = tokens(asset_text(by_id[asset_id], library.assets.text_of(asset_id), []))
            shingles[asset_id] = {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
        return shingles[asset_id]

    for one, other, _ in _close_pairs(vectors.space("tfidf-svd"), by_id, _TEXT_CANDIDATE):
        a, b = shingled(one), shingled(other)
        score = len(a & b) / len(a | b)
        if score >= TEXT_MIN:
            yield one, other, score


def _hash_pairs(assets: list[Asset], most: int) -> Iterator[tuple[Asset, Asset, int]]:
    """Pairs whose perceptual hashes differ in at most `most` of 64 bits."""
    hashed = [asset for asset in assets if asset.phash and len(asset.phash) == 16]
    codes = np.array([int(asset.phash or "0", 16) for asset in hashed], np.uint64)
    for start in range(0, len(codes), _CHUNK):
        block = codes[start : start + _CHUNK]
        distance = np.bitwise_count(block[:, None] ^ codes[None, start:])
        for i, j in np.argwhere(distance <= most):
            if i < j:
                yield hashed[start + int(i)], hashed[start + int(j)], int(distance[i, j])


def _close_pairs(space: Space, wanted: dict[int, Asset], least: float) -> Iterator[tuple[int, int, float]]:
    """Pairs of wanted assets whose compared vectors have a cosine of at least `least`."""
    keep = np.array([int(i) in wanted for i in space.ids], bool)
    ids, X = space.ids[keep], space.unit[keep]
    for start in range(0, len(ids), _CHUNK):
        cosines = X[start : start + _CHUNK] @ X[start:].T
        for i, j in np.argwhere(cosines >= least):
            if i < j:
                yield int(ids[start + i]), int(ids[start + j]), float(min(cosines[i, j], 1.0))


def _cosine(space: Space, one: int, other: int) -> float | None:
    a, b = space.row(one), space.row(other)
    return None if a is None or b is None else float(space.unit[a] @ space.unit[b])


def _same_length(one: Asset, other: Asset) -> bool:
    a, b = one.duration or 0.0, other.duration or 0.0
    return abs(a - b) <= max(0.15, 0.02 * max(a, b))


def _joined(pairs: list[tuple[int, int, float]]) -> list[tuple[list[int], float]]:
    """Connected groups of pairs, with the weakest similarity that joined them."""
    parent: dict[int, int] = {}

    def root(i: int) -> int:
        while parent.setdefault(i, i) != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    joined: list[tuple[int, float]] = []
    for one, other, score in sorted(pairs, key=lambda pair: -pair[2]):
        a, b = root(one), root(other)
        if a != b:
            parent[max(a, b)] = min(a, b)
            joined.append((one, score))
    groups: dict[int, list[int]] = defaultdict(list)
    for i in parent:
        groups[root(i)].append(i)
    weakest: dict[int, float] = {}
    for i, score in joined:
        weakest[root(i)] = min(score, weakest.get(root(i), 1.0))
    return [(sorted(ids), weakest[key]) for key, ids in groups.items()]
