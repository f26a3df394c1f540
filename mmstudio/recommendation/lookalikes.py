"""Members who choose like the members of an audience, and are not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.recommendation.recommender import Recommender


def lookalikes(recommender: Recommender, audience_id: int, k: int = 100) -> list[tuple[int, float]]:
    """(member id, likeness 0…1), most alike first.

    Raises:
        NotFound: no such audience. StudioError: where nothing says what its members choose.
    """
    raise NotImplementedError
