"""Audiences, and what is recommended to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.models.rows import Index, RowListModel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library.records import Audience


class AudienceListModel(RowListModel["Audience"]):
    """The audiences of the library by name; segments found in events carry a mark and say so."""

    def text(self, row: Audience) -> str:
        return row.name

    def spoken(self, row: Audience) -> str:
        parts = (row.name, tr("found in the events") if is_found(row) else "", row.brief)
        return ", ".join(part for part in parts if part)

    def identity(self, row: Audience) -> int:
        return row.id

    def set_rows(self, rows: Sequence[Audience]) -> None:
        """Show other rows; what is kept comes back as it stands here, and nothing is painted for it."""
        if list(rows) != self.rows:
            super().set_rows(rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if index.isValid() and index.row() < len(self.rows):
            found = is_found(self.rows[index.row()])
            if role == Qt.ItemDataRole.DecorationRole:
                return icon("circles-three" if found else "user", "muted")
            if role == Qt.ItemDataRole.ToolTipRole:
                return self.spoken(self.rows[index.row()])
        return super().data(index, role)


def is_found(audience: Audience) -> bool:
    """Whether the studio found this group in the events, rather than a person making it."""
    return getattr(audience, "origin", "hand") == "found"


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a score; negative where it speaks against the item."""

    label: str
    value: float
    kind: str


@dataclass(frozen=True, slots=True)
class Recommended:
    """One card: the item, its score, why, and the parts that add up to the score.

    Attributes:
        before: its rank before likes were switched off; 0: it was not in the list; None: nothing is tried.
        marks: what the person decided about it: pinned, approved, rejected.
    """

    item: ItemRow
    rank: int
    score: float
    why: str
    parts: tuple[Part, ...]
    before: int | None = None
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The cards of an audience.

    Attributes:
        note: what the person should know about the whole list.
        method: which method ranked, and why it was chosen; empty where the recommender does not say.
        removed: rule in words → how many items it took out.
        gone: titles that were in the list before likes were switched off.
        full: the sum of gains that fills a bar.
        waiting: methods are still being measured; the list will be renewed.
        likes: what the audience likes, to be switched off for a try; items that are gone are left out.
    """

    rows: list[Recommended]
    note: str = ""
    method: str = ""
    removed: dict[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    full: float = 1.0
    waiting: bool = False
    likes: tuple[ItemRow, ...] = ()


class RecommendationModel(RowListModel[Recommended]):
    """Cards in order of rank."""

    full = 1.0  # the sum of gains that fills a bar

    def show(self, ranking: Ranking) -> None:
        """Show a ranking."""
        self.full = ranking.full
        self.set_rows(ranking.rows)

    def text(self, row: Recommended) -> str:
        return row.item.title

    def spoken(self, row: Recommended) -> str:
        words = tr("{rank}. {title}. {why}", rank=row.rank, title=row.item.title, why=row.why)
        extra = [change_text(row), *(tr(MARKS[mark_]) for mark_ in sorted(row.marks) if mark_ in MARKS)]
        return ". ".join(part for part in (words, *extra) if part)

    def identity(self, row: Recommended) -> int:
        return row.item.id


MARKS = {"pinned": mark("Pinned"), "approved": mark("Approved"), "rejected": mark("Rejected")}


def change_short(row: Recommended) -> str:
    """The same for a badge with an arrow: ``3``, ``new``; empty where it did not move."""
    if row.before is None or row.before == row.rank:
        return ""
    return tr("new") if row.before == 0 else str(abs(row.before - row.rank))


def change_text(row: Recommended) -> str:
    """How a card moved since likes were switched off: ``up 3``, ``new here``; empty where it did not."""
    if row.before is None or row.before == row.rank:
        return ""
    if row.before == 0:
        return tr("new here")
    steps = row.before - row.rank
    return tr("up {n}", n=steps) if steps > 0 else tr("down {n}", n=-steps)
