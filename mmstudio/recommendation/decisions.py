"""Approvals and rejections in the studio: events of the audience they are made for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mmstudio.library import Library

Verdict = Literal["approve", "reject"]


def record(library: Library, audience_id: int, item_id: int, verdict: Verdict, source: str = "") -> None:
    """Remember a decision; the newest one per item counts.

    Args:
        source: what it was decided on: "storyboard 12", "variant v-…", "window", "shell".

    Raises:
        NotFound: no such audience or item.
    """
    library.audiences.decide(audience_id, item_id, verdict, source=source)


def withdraw(library: Library, audience_id: int, item_id: int, source: str = "") -> Verdict:
    """Take back the decision that holds for an item, and return which it was; the log keeps both.

    Raises:
        NotFound: no such audience. StudioError: nothing is decided about the item.
    """
    held = library.audiences.withdraw(audience_id, item_id, source=source)
    return "approve" if held > 0 else "reject"
