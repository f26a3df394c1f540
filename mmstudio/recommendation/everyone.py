"""Lists for every member at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.recommendation.catalogue import Catalogue

Listed = tuple[str, list[tuple[int, float]]]


def everyone(catalogue: Catalogue, k: int = 10, method: str = "auto") -> Iterator[Listed]:
    """(pseudonym of a member, [(item id, score)] best first) for every member with events, seen items left out.

    Args:
        k: how many items each.
        method: see :meth:`mmstudio.recommendation.scoring.Scoring.of`.

    Raises:
        StudioError: where there is no method of that name, or it cannot score here.
    """
    raise NotImplementedError
    yield
