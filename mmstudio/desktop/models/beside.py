"""Ads of audiences for the side by side preview: which ones, and what to say where there are too few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Library

_MOST = 4  # beside each other


def ads_beside(library: Library, audiences: Sequence[int]) -> list[int]:
    """Storyboards to see side by side, at most four; not for the GUI thread.

    Of one audience its newest ads, one an item. Of several the newest ad of each, about the same item where
    there is one that all have an ad of.
    """
    newest: list[dict[int | None, int]] = []  # per audience: item → its newest ad, the newest first
    for audience in audiences:
        found: dict[int | None, int] = {}
        for row in library.storyboards.list(audience_id=audience):
            found.setdefault(row.item_id, row.id)
        newest.append(found)
    if len(newest) == 1:
        return list(newest[0].values())[:_MOST]
    shared = [item for item in newest[0] if all(item in found for found in newest)] if newest else []
    if shared:
        return [found[shared[0]] for found in newest][:_MOST]
    return [next(iter(found.values())) for found in newest if found][:_MOST]


def show_ads_beside(context: AppContext, audiences: Sequence[int], owner: QObject) -> None:
    """Show the ads of audiences beside each other in the preview, or say what is missing."""
    studio = context.studio
    if studio is None:
        return

    def done(boards: list[int]) -> None:
        if len(boards) > 1:
            context.navigate("preview", beside=boards)
        elif len(audiences) > 1:
            context.notify(tr("Compose an ad for each of the two audiences first."), level="warning")
        else:
            context.notify(tr("Compose two ads for this audience first."), level="warning")

    context.background(lambda: ads_beside(studio.library, audiences), done, key="ads-beside", owner=owner)
