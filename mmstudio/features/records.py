"""What the features room hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Target

Metric = Literal["standard", "unit"]
# The extractor whose vectors say what is alike, per kind of media. Sounds by shape rather than by MFCC: 57
# against 44 % of sounds are put into their family by their neighbours (tests/benchmarks/bench_sounds.py).
LIKENESS = {"image": "cnn", "audio": "sound-shape", "video": "video-cnn", "text": "tfidf-svd"}


@dataclass(frozen=True, slots=True)
class ExtractorInfo:
    """One way to turn media into vectors.

    Attributes:
        name: stable key, also the name of its sets in the library.
        modality: "image", "audio", "video" or "text".
        dimension: length of its vectors.
        source: where its knowledge comes from: "computed" (a formula), "library" (fitted on this library),
            "starter" or "user" (trained weights), "random" (nothing learned).
        licence: SPDX name of what the vectors rest on.
        version: changes when vectors of before no longer compare.
        label: what a person reads (English key for tr()).
        parameters: what the vectors depend on, as a short hash.
        metric: how vectors are compared: "standard" (subtract mean, divide by deviation, cosine) or "unit"
            (cosine as they are).
        default: whether it runs where no extractor is named.
    """

    name: str
    modality: str
    dimension: int
    source: str
    licence: str
    version: str
    label: str
    parameters: str = ""
    metric: Metric = "standard"
    default: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result. Exactly one of the ids is set, as `target` says; `why` is in the person's language.

    `score` is between 0 and 1 and only orders the results of one search.
    """

    asset_id: int | None
    item_id: int | None
    target: Target
    score: float
    why: str

    @property
    def id(self) -> int:
        """The number of the asset or item."""
        number = self.asset_id if self.target == "asset" else self.item_id
        assert number is not None
        return number


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """One vector per item over all its media.

    Attributes:
        ids: int64[N] item ids.
        X: float32[N, D], each row of length 1.
        parts: modality → (columns, bool[N] which items have it). Columns of a modality that an item lacks
        hold
            zeros that mean nothing: compare with `similarity`, or mind the mask.
        weights: modality → how much it counts.
    """

    ids: NDArray[np.int64]
    X: NDArray[np.float32]
    parts: dict[str, tuple[slice, NDArray[np.bool_]]]
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def branches(self) -> tuple[str, ...]:
        """Per item the branch that its media call for: the one modality it has, or "fused" for several.

        A row of one modality is that modality's vector alone; a fused row holds those it has side by side,
        `parts` saying which.
        """
        names = list(self.parts)
        there = np.stack([mask for _, mask in self.parts.values()], axis=1) if names else None
        if there is None:
            return ()
        return tuple("fused" if row.sum() > 1 else names[int(row.argmax())] for row in there)

    def row(self, item_id: int) -> int | None:
        """The row of an item, or None."""
        found = np.flatnonzero(self.ids == item_id)
        return int(found[0]) if len(found) else None

    def similarity(self, row: int) -> NDArray[np.float32]:
        """float32[N] in -1…1: cosine to `row` over the modalities that both have; 0 where they share none."""
        total = np.zeros(len(self.ids), np.float64)
        shared = np.zeros(len(self.ids), np.float64)
        for name, values in self.by_part(row).items():
            both = self.parts[name][1] & self.parts[name][1][row]
            weight = self.weights.get(name, 1.0)
            total[both] += weight * values[both]
            shared[both] += weight
        return (total / np.maximum(shared, 1e-12)).astype(np.float32)

    def by_part(self, row: int) -> dict[str, NDArray[np.float32]]:
        """modality → float32[N] cosine to `row` within it; NaN where one of the two lacks it."""
        found: dict[str, NDArray[np.float32]] = {}
        for name, (columns, mask) in self.parts.items():
            if not mask[row]:
                continue
            block = self.X[:, columns]
            norms = np.linalg.norm(block, axis=1)
            cosine = (block @ block[row]) / np.maximum(norms * norms[row], 1e-12)
            found[name] = np.where(mask, cosine, np.nan).astype(np.float32)
        return found
