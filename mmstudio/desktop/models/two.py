"""Two audiences side by side: what each gets, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.desktop.models.audiences import Recommended
from mmstudio.desktop.models.ranking import CARDS, Wish, ask, cards, fullest, marks_of
from mmstudio.desktop.models.rows import RowListModel
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library.records import Audience
    from mmstudio.recommendation.taste import Taste
    from mmstudio.studio import Studio


@dataclass(frozen=True, slots=True)
class TwoLine:
    """One item of one audience's list; ``other`` is its rank in the other list, 0 where it is not there."""

    row: Recommended
    other: int


@dataclass(frozen=True, slots=True)
class TwoLists:
    """Both lists; ``note`` of each is what the person should know about it."""

    a: list[TwoLine]
    b: list[TwoLine]
    note_a: str
    note_b: str
    taste_a: Taste | None
    taste_b: Taste | None
    full: float

    @property
    def shared(self) -> int:
        """How many items are in both lists."""
        return sum(line.other > 0 for line in self.a)


class TwoListModel(RowListModel[TwoLine]):
    """One of the two lists."""

    full = 1.0

    def text(self, row: TwoLine) -> str:
        return row.row.item.title

    def spoken(self, row: TwoLine) -> str:
        return tr(
            "{rank}. {title}, {other}", rank=row.row.rank, title=row.row.item.title, other=other_text(row)
        )

    def identity(self, row: TwoLine) -> int:
        return row.row.item.id


def other_text(line: TwoLine) -> str:
    """Where the item stands in the other list, in words."""
    return tr("there: rank {n}", n=line.other) if line.other else tr("only here")


def two_lists(studio: Studio, a: Audience, b: Audience) -> TwoLists:
    """Rank for both; not for the GUI thread."""
    found = [ask(studio, Wish(audience), CARDS) for audience in (a, b)]
    rows = [
        cards(studio.library, ranked, marks_of(studio.library, audience))
        for ranked, audience in zip(found, (a, b), strict=True)
    ]
    ranks = [{row.item.id: row.rank for row in side} for side in rows]
    lines = [[TwoLine(row, ranks[1 - side].get(row.item.id, 0)) for row in rows[side]] for side in range(2)]
    tastes = [_taste(studio, audience) for audience in (a, b)]
    return TwoLists(
        lines[0], lines[1], found[0].note, found[1].note, tastes[0], tastes[1], fullest([*rows[0], *rows[1]])
    )


def _taste(studio: Studio, audience: Audience) -> Taste | None:
    from mmstudio.recommendation.taste import taste

    return taste(studio.recommender, audience.id, draft=audience)
