"""Members who choose like the members of an audience, and are not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.recommendation.member_space import member_space

if TYPE_CHECKING:
    from mmstudio.recommendation.recommender import Recommender


def lookalikes(recommender: Recommender, audience_id: int, k: int = 100) -> list[tuple[int, float]]:
    """(member id, likeness 0…1), most alike first.

    Likeness is the cosine to the middle of the audience's members and of what it likes, in the space of
    :mod:`mmstudio.recommendation.member_space`; members who have nothing in common are left out.

    Raises:
        NotFound: no such audience. StudioError: where nothing says what its members choose.
    """
    audience = recommender.library.audiences.get(audience_id)
    catalogue = recommender.catalogue()
    space = member_space(catalogue.events)
    own = np.isin(space.members, np.asarray(recommender.library.audiences.members(audience_id), np.int64))
    middle = np.zeros(space.vectors.shape[1], np.float32)
    if own.any():
        middle += space.vectors[own].mean(axis=0)
    liked = dict.fromkeys(catalogue.rows(audience.liked), 1.0)
    if liked:
        middle += space.place(liked)
    length = float(np.linalg.norm(middle))
    if length < 1e-9 or not len(space.members):
        raise StudioError(
            "Nothing says yet what the members of {name} choose.",
            hint="Like a few items that people have chosen, or import what its members do.",
            name=audience.name,
        )
    likeness = np.clip(space.vectors @ (middle / length), 0, 1)
    likeness[own] = 0
    order = np.argsort(-likeness, kind="stable")[: max(0, k)]
    return [(int(space.members[one]), round(float(likeness[one]), 4)) for one in order if likeness[one] > 0]
