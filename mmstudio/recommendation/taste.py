"""What an audience likes, as plain values that generators take: colours, tempo, key, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.library.records import Audience
    from mmstudio.recommendation.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Taste:
    """The taste of an audience; whatever is not known is empty.

    Attributes:
        vector: float32[D], fused; length 1, or all zeros.
        palette: "#rrggbb", most typical first, at most 5. style: words for the pictures ("warm", "bright").
        tempo: beats per minute, 0 where no sound is known. key: "C minor", "" where none is.
        words: words that its items have more of than others. tags: of the liked media.
        evidence: one sentence: what it rests on.
        items: item ids it rests on, strongest first.
    """

    vector: NDArray[np.float32]
    palette: tuple[str, ...]
    style: tuple[str, ...]
    tempo: float
    key: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    evidence: str
    items: tuple[int, ...] = ()


def taste(recommender: Recommender, audience_id: int, *, draft: Audience | None = None) -> Taste:
    """The taste of an audience. Raises NotFound."""
    raise NotImplementedError
