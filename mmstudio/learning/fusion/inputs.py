"""From a library to what the shared encoder learns from, and to what it encodes. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.extractors import infos
from mmstudio.features.normalise import Statistics, unit_rows
from mmstudio.features.sounds.mfcc import DIMENSION as SOUND
from mmstudio.features.texts.extraction import item_text
from mmstudio.features.texts.words import TextModel, tokens
from mmstudio.features.vectors import comparable
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

# modality → extractors whose vectors stand side by side; the first is the one that a query needs
PARTS = {
    "text": (),
    "image": ("cnn", "colour"),
    "audio": ("mfcc", "sound-shape"),
    "video": ("video-cnn",),
}
SOUNDTRACK = "soundtrack"  # the sound of a video, a partner of its pictures
LEAST_OF_LABEL = 4  # items or assets that a tag needs to be learned
MOST_LABELS = 200
FORBIDDEN = ("no-training", "restricted")
_COVERED = 0.9  # share of the first extractor's assets that a second one must know to be used


@dataclass(frozen=True, slots=True)
class Part:
    """One extractor as it was when the encoder was trained: its vectors are read through these statistics."""

    name: str
    version: str
    parameters: str
    dimension: int
    statistics: Statistics

    def fits(self, info: ExtractorInfo | None) -> bool:
        """Whether the extractor of today makes the same vectors."""
        return info is not None and (info.version, info.parameters, info.dimension) == (
            self.version,
            self.parameters,
            self.dimension,
        )


Parts = Mapping[str, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The inputs of one modality: asset ids int64[N], rising, and float32[N, D] rows of length 1."""

    ids: NDArray[np.int64]
    X: NDArray[np.float32]

    def at(self, wanted: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(float32[len(wanted), D], bool[len(wanted)]); rows of what is not there are zeros."""
        ids = np.asarray(wanted, np.int64)
        found = np.zeros((len(ids), self.X.shape[1]), np.float32)
        if not len(self.ids) or not len(ids):
            return found, np.zeros(len(ids), bool)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        here = self.ids[place] == ids
        found[here] = self.X[place[here]]
        return found, here


def choose_parts(vectors: Vectors) -> dict[str, list[Part]]:
    """The extractors that have run over this library, by modality; text is not among them."""
    found: dict[str, list[Part]] = {}
    for modality, names in PARTS.items():
        first = 0
        for name in names:
            info = infos().get(name)
            if info is None:
                continue
            space = vectors.space(name)
            first = first or len(space.ids)
            if len(space.ids) and len(space.ids) >= _COVERED * first:
                part = Part(name, info.version, info.parameters, info.dimension, space.statistics)
                found.setdefault(modality, []).append(part)
    return found


def rows_of(vectors: Vectors, parts: Sequence[Part]) -> Rows:
    """The vectors of a modality's extractors side by side, for the assets that all of them know."""
    ids: NDArray[np.int64] | None = None
    blocks: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    for part in parts:
        info = infos().get(part.name)
        space = vectors.space(part.name) if info is not None and part.fits(info) else None
        if info is None or space is None:
            return Rows(np.empty(0, np.int64), np.empty((0, sum(p.dimension for p in parts)), np.float32))
        blocks.append((space.ids, comparable(info, space.raw, part.statistics)))
        ids = space.ids if ids is None else np.intersect1d(ids, space.ids, assume_unique=True)
    assert ids is not None
    chosen = [rows[np.searchsorted(own, ids)] for own, rows in blocks]
    return Rows(ids, join(chosen))


def all_rows(vectors: Vectors, parts: Parts) -> dict[str, Rows]:
    """The rows of every modality; a video's sound track is one of its own."""
    found: dict[str, Rows] = {}
    for modality, chosen in parts.items():
        rows = rows_of(vectors, chosen)
        if modality != "video":
            found[modality] = rows
            continue
        split = rows.X.shape[1] - 1 - SOUND
        heard = np.abs(rows.X[:, split:-1]).max(axis=1, initial=0.0) > 0
        found[modality] = Rows(rows.ids, unit_rows(rows.X[:, :split]))
        if heard.any():
            found[SOUNDTRACK] = Rows(rows.ids[heard], unit_rows(rows.X[heard, split:-1]))
    return found


def join(blocks: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Rows of length 1 side by side, of length 1 again."""
    return (np.concatenate(blocks, axis=1) / np.float32(np.sqrt(len(blocks)))).astype(np.float32)


def mean_rows(rows: Rows, media: Sequence[tuple[int, float]]) -> NDArray[np.float32] | None:
    """The weighted mean of some assets' rows, length 1; None where none of them has one."""
    X, here = rows.at([asset_id for asset_id, _ in media])
    if not here.any():
        return None
    weights = np.array([weight for _, weight in media], np.float32)[here]
    mean: NDArray[np.float32] = unit_rows((weights[:, None] * X[here]).sum(0, keepdims=True))[0]
    return mean


def own_words(asset: Asset, text: str) -> str:
    """What an asset says of itself; its tags are left out, they are what is learned."""
    return "\n".join(part for part in (asset.title, asset.caption, text) if part)


def words_of_assets(library: Library, assets: Sequence[Asset]) -> list[list[str]]:
    """The words of each asset: title, caption, and the content of a text file."""
    return [tokens(own_words(a, library.assets.text_of(a.id) if a.kind == "text" else "")) for a in assets]


def words_of_items(library: Library, ids: Sequence[int]) -> list[list[str]]:
    """The words of each item."""
    return [tokens(item_text(item)) for item in library.items.get_many(ids)]


def text_rows(model: TextModel, documents: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """float32[N, 128] of length 1; zeros where no word is known."""
    return (
        model.vectors(documents) if len(documents) else np.zeros((0, model.components.shape[1]), np.float32)
    )


def category_steps(category: str) -> list[str]:
    """``Men > Tops > Jackets`` → its steps, each a possible tag."""
    return [step for part in category.replace("/", ">").split(">") if (step := part.strip())]


@dataclass(frozen=True, slots=True)
class Labels:
    """Tags and categories. ``Y`` float32[N, L] is 1 where it applies; ``known`` float32[N, L] 1 where that is
    known: an asset without any tag says nothing about tags, one without an item nothing about categories."""

    names: list[str]
    Y: NDArray[np.float32]
    known: NDArray[np.float32]


def label_rows(tags: Sequence[Sequence[str]], categories: Sequence[str], group: NDArray[np.int64]) -> Labels:
    """The labels of rows: their tags and the steps of their items' categories, by how often they occur.

    A label needs at least :data:`LEAST_OF_LABEL` groups with it and one without it.
    """
    spelt: dict[str, str] = {}
    kinds: dict[str, set[int]] = {}
    having: list[set[str]] = []
    for own, category in zip(tags, categories, strict=True):
        row: set[str] = set()
        for kind, names in enumerate((own, category_steps(category))):
            for name in names:
                spelt.setdefault(name.casefold(), name)
                kinds.setdefault(name.casefold(), set()).add(kind)
                row.add(name.casefold())
        having.append(row)
    counts: Counter[str] = Counter()
    total = len(np.unique(group))
    for key, _ in {(key, int(g)) for row, g in zip(having, group, strict=True) for key in row}:
        counts[key] += 1
    keys = [k for k, n in sorted(counts.items(), key=lambda e: (-e[1], e[0])) if LEAST_OF_LABEL <= n < total]
    keys = keys[:MOST_LABELS]
    Y = np.array([[key in row for key in keys] for row in having], np.float32).reshape(len(having), len(keys))
    informed = np.array([[bool(t), bool(c)] for t, c in zip(tags, categories, strict=True)]).reshape(-1, 2)
    known = np.zeros_like(Y)
    for column, key in enumerate(keys):
        known[:, column] = informed[:, sorted(kinds[key])].any(1)
    return Labels([spelt[key] for key in keys], Y, np.maximum(known, Y))


def usable_assets(library: Library, kinds: Iterable[str]) -> list[Asset]:
    """Assets that may be learned from: usable, imported, and not forbidden by their rights."""
    wanted = tuple(kind for kind in ("image", "audio", "video", "text") if kind in set(kinds))
    ids = library.assets.ids(AssetFilter(kinds=wanted, origin="imported"))
    return [asset for asset in library.assets.get_many(sorted(ids)) if asset.rights not in FORBIDDEN]


def media_mask(names: list[str], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[N, M] without the text, except where there is nothing else."""
    media = mask.copy()
    if "text" in names:
        media[:, names.index("text")] &= mask.sum(1) == 1
    return media


def any_in_row(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """bool[N] of [N, M]: whether anything in the row is there."""
    found: NDArray[np.bool_] = np.asarray(mask.astype(bool).sum(axis=1) > 0, bool)
    return found
