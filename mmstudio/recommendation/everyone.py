"""Lists for every member at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.scoring import Choice, choice_of, scores

if TYPE_CHECKING:
    from mmstudio.recommendation.catalogue import Catalogue

Listed = tuple[str, list[tuple[int, float]]]
_CELLS = 4_000_000  # scores held at a time: members × items


def everyone(
    catalogue: Catalogue, k: int = 10, method: str = "auto", choice: Choice | None = None
) -> Iterator[Listed]:
    """(pseudonym of a member, [(item id, score)] best first) for every member with events, seen items left
    out.

    Args:
        k: how many items each.
        method: see :meth:`mmstudio.recommendation.scoring.Scoring.of`.
        choice: instead of a method, what :func:`mmstudio.recommendation.scoring.choice_of` gave for it.

    Raises:
        StudioError: where there is no method of that name, or it cannot score here.
    """
    chosen = choice or choice_of(catalogue, method)
    events = catalogue.events
    ids, named = catalogue.library.interactions.member_names()
    names = dict(zip(ids.tolist(), named, strict=True))
    n = len(catalogue.ids)
    k = max(0, min(k, n))
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, len(events.members) if k else 0, step):
        members = events.members[start : start + step].tolist()
        found = np.array(scores(catalogue, [profile_of_member(events, one) for one in members], chosen))
        for u, member in enumerate(members):
            own = found[u]
            own[events.met(member)] = -np.inf
            top = np.argpartition(-own, k - 1)[:k]
            top = top[np.argsort(-own[top], kind="stable")]
            yield (
                names[member],
                [(int(catalogue.ids[row]), float(own[row])) for row in top if np.isfinite(own[row])],
            )
