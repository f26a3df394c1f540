"""Why this item, why not that one, and what would change: true by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.recommendation.records import ScorePart

if TYPE_CHECKING:
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one item, split.

    Attributes:
        score: exactly the sum of the values of `parts`, in their order.
        parts: largest first; of each the `anchors` add up exactly to its value where it rests on items.
        words: words of the brief that the item has. tags: what it shares with the likes and with the rules.
        sentence: one sentence in the person's language, made of the parts.
    """

    item_id: int
    score: float
    parts: list[ScorePart]
    sentence: str
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why an item is not in the list.

    Attributes:
        rank: where its score puts it among the items that the rules leave, from 1; 0 where it is out.
        removed_by: rules in words, or what else keeps it out; empty where only its score does.
        missing: how much score it lacks to the last place of the list; 0 where it is in the list.
        parts: its own score, as in :class:`Explanation`.
    """

    item_id: int
    sentence: str
    rank: int
    removed_by: list[str]
    missing: float
    parts: list[ScorePart] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """Where an item stood and where it would stand; None outside the list."""

    item_id: int
    before_rank: int | None
    after_rank: int | None


def explain(
    recommender: Recommender, audience_id: int, item_id: int, *, draft: Audience | None = None
) -> Explanation:
    """The score of an item for an audience in its parts; ``draft`` stands in for the stored audience.

    Raises:
        NotFound: no such audience or item.
    """
    raise NotImplementedError


def why_not(
    recommender: Recommender, audience_id: int, item_id: int, *, k: int = 10, draft: Audience | None = None
) -> WhyNot:
    """Why an item is not among the first k. Raises NotFound."""
    raise NotImplementedError


def what_if(
    recommender: Recommender,
    audience_id: int,
    *,
    without: Sequence[int] = (),
    adding: Sequence[int] = (),
    k: int = 10,
    draft: Audience | None = None,
) -> list[Change]:
    """What the list of k would be with some likes (item ids) taken away or added; every item of both lists.

    Items that stay come in their new order, those that drop out last. Raises NotFound.
    """
    raise NotImplementedError
