"""What the recommender hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["image", "audio", "video", "text", "brief", "together", "link", "popular", "disliked"]


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One summand of a score.

    Attributes:
        label: what it is, in the person's language.
        value: its share of the score; negative where it speaks against the item.
        kind: which signal it comes from.
    """

    label: str
    value: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One item for an audience.

    Attributes:
        rank: 1 for the first.
        score: the sum of the values of `parts`, exactly.
        parts: largest first.
        why: one sentence in the person's language.
    """

    item_id: int
    rank: int
    score: float
    parts: list[ScorePart]
    why: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


class Ranked(list[Recommendation]):
    """Recommendations with what was left out on the way.

    Attributes:
        removed: rule in words → how many items it took out.
        note: what the person should know about the whole list ("No data yet …"), or empty.
    """

    def __init__(
        self, rows: Iterable[Recommendation] = (), removed: Mapping[str, int] | None = None, note: str = ""
    ) -> None:
        super().__init__(rows)
        self.removed = dict(removed or {})
        self.note = note
