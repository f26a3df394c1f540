"""Groups of members that the events show, with readable names: found, looked at, kept as audiences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.library import Library
    from mmstudio.recommendation.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Segment:
    """Members who choose alike.

    Attributes:
        name: what sets it apart, in the person's language: "Hiking, wool, under 40".
        members: member ids of the library (what they stand for is a pseudonym).
        size: how many. share: of all members that were looked at, 0…1.
        words: what its items have more of than others, strongest first.
        items: item ids its members choose more than others, strongest first.
        spot: where its middle lies on the map.
        colour: its number on the map, 0…
    """

    name: str
    members: list[int]
    size: int
    words: tuple[str, ...]
    items: tuple[int, ...]
    spot: tuple[float, float]
    share: float = 0.0
    colour: int = 0


@dataclass(frozen=True, slots=True)
class SegmentMap:
    """Members as points; of very many a fair sample.

    Attributes:
        points: float32[M,2], in −1…1. members: int64[M]. segment: int64[M], index into the list of segments.
    """

    points: NDArray[np.float32]
    members: NDArray[np.int64]
    segment: NDArray[np.int64]


class Segmentation(list[Segment]):
    """What :func:`find` found: segments, largest first.

    Attributes:
        map: members as points.
        note: one sentence: how the number of segments was chosen, or why there are none.
        quality: silhouette of the chosen number, −1…1.
        stability: how well two halves of the members agree on the segments (adjusted Rand index), at most 1.
        tried: one row per number that was tried: "segments", "silhouette", "stability".
    """

    def __init__(
        self,
        segments: Iterable[Segment],
        found: SegmentMap,
        note: str,
        quality: float = 0.0,
        stability: float = 0.0,
        tried: Sequence[dict[str, float]] = (),
    ) -> None:
        super().__init__(segments)
        self.map = found
        self.note = note
        self.quality, self.stability = quality, stability
        self.tried = list(tried)


def find(recommender: Recommender, count: int | None = None, seed: int = 0) -> Segmentation:
    """Segments of all members that did something with at least two items.

    Args:
        count: how many segments; None lets silhouette and stability choose.

    Raises:
        UsageError: where ``count`` is below 2 or above the number of members.
    """
    raise NotImplementedError


def keep(library: Library, segment: Segment, name: str = "") -> int:
    """Make an audience of a segment; returns its id.

    Its members go there, except those that a person put into another audience.
    """
    raise NotImplementedError
