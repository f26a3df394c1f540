"""Why an item is recommended to an audience, as reasons that a text can be written from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.contract import Reason

if TYPE_CHECKING:
    from mmstudio.recommendation.recommender import Recommender

MOST = 3


def reasons_for(recommender: Recommender, audience_id: int, item_id: int) -> tuple[Reason, ...]:
    """What speaks for an item, the strongest first; none where it is not recommended to this audience.

    The first is the sentence that the list of recommendations shows; the others are the parts of the score
    that speak for it, by their names.

    Raises:
        NotFound: no such audience.
    """
    known = recommender.library.items.count()
    for one in recommender.recommend(audience_id, k=known, diversity=1.0, save=False):
        if one.item_id == item_id:
            found = [Reason(one.why, max(1.0, one.score))] if one.why else []
            parts = [part for part in one.parts if part.value > 0 and part.label not in one.why]
            return tuple(found + [Reason(part.label, part.value) for part in parts])[:MOST]
    return ()
