"""All that the page of one audience shows; read in a worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.desktop.models.items import ItemRow, item_rows
from mmstudio.desktop.models.ranking import RuleCount, rule_counts

if TYPE_CHECKING:
    from mmstudio.library.records import Audience
    from mmstudio.studio import Studio

SHELVES = ("liked", "disliked", "pinned", "banned")  # the last two are rules


@dataclass(frozen=True, slots=True)
class AudienceDetail:
    """One audience with the rows of its items.

    Attributes:
        shelves: shelf → rows in the person's order; items that are gone are left out.
        members: how many people are in it. privacy: how they are kept, in a sentence.
        counts: rule → what it takes out by itself.
        plain: members of the whole library that an older program kept under their own ids.
    """

    audience: Audience
    shelves: dict[str, list[ItemRow]]
    members: int = 0
    privacy: str = ""
    counts: dict[str, RuleCount] = field(default_factory=dict)
    plain: int = 0


def shelf_ids(audience: Audience, shelf: str) -> list[int]:
    """The items of one shelf."""
    if shelf in ("liked", "disliked"):
        return list(getattr(audience, shelf))
    return [int(i) for i in audience.rules.get(shelf) or ()]


def read_detail(studio: Studio, audience: Audience) -> AudienceDetail:
    """Read what belongs to an audience, stored or as it is being edited."""
    library = studio.library
    ids = {shelf: shelf_ids(audience, shelf) for shelf in SHELVES}
    rows = item_rows(library, list(dict.fromkeys(i for shelf in ids.values() for i in shelf)))
    return AudienceDetail(
        audience,
        {shelf: [rows[i] for i in wanted if i in rows] for shelf, wanted in ids.items()},
        library.audiences.member_count(audience.id),
        library.pseudonyms.state().sentence,
        rule_counts(studio, audience) if audience.rules else {},
        library.pseudonyms.plain(),
    )
