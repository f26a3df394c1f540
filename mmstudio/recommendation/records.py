"""What the recommender hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mmstudio.recommendation.scoring import Choice

Kind = Literal[
    "image",
    "audio",
    "video",
    "text",
    "brief",
    "together",
    "next",  # what came after what, where times exist
    "recent",
    "link",
    "popular",
    "disliked",
    "decided",  # approvals and rejections in the studio
    "learned",  # the ranker trained on many members: what it adds to the parts above
]


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One summand of a score.

    Attributes:
        label: what it is, in the person's language.
        value: its share of the score; negative where it speaks against the item.
        kind: which signal it comes from.
        anchors: (item id, value) of the items it rests on; adding up to `value` exactly where there are any.
    """

    label: str
    value: float
    kind: Kind
    anchors: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One item for an audience.

    Attributes:
        rank: 1 for the first.
        score: the sum of the values of `parts`, exactly.
        parts: largest first.
        why: one sentence in the person's language.
        placed: why it stands where its score alone would not put it: "pinned", "explored", or empty.
    """

    item_id: int
    rank: int
    score: float
    parts: list[ScorePart]
    why: str
    placed: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


class Ranked(list[Recommendation]):
    """Recommendations with what was left out on the way.

    Attributes:
        removed: rule in words → how many items it took out.
        note: what the person should know about the whole list ("No data yet …"), or empty.
        choice: the method that ranked it and why; None where there was nothing to rank.
    """

    def __init__(
        self,
        rows: Iterable[Recommendation] = (),
        removed: Mapping[str, int] | None = None,
        note: str = "",
        choice: Choice | None = None,
    ) -> None:
        super().__init__(rows)
        self.removed = dict(removed or {})
        self.note = note
        self.choice = choice
