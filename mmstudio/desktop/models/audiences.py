"""Audiences, and what is recommended to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.models.rows import RowListModel
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library.records import Audience


class AudienceListModel(RowListModel["Audience"]):
    """The audiences of the library by name."""

    def text(self, row: Audience) -> str:
        return row.name

    def spoken(self, row: Audience) -> str:
        return f"{row.name}, {row.brief}" if row.brief else row.name

    def identity(self, row: Audience) -> int:
        return row.id


@dataclass(frozen=True, slots=True)
class Recommended:
    """One card: the item, its score, why, and the parts of the score as shares of the best score."""

    item: ItemRow
    rank: int
    score: float
    why: str
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The cards of an audience; ``note`` says what the person should know about the whole list."""

    rows: list[Recommended]
    note: str


class RecommendationModel(RowListModel[Recommended]):
    """Cards in order of rank."""

    def text(self, row: Recommended) -> str:
        return row.item.title

    def spoken(self, row: Recommended) -> str:
        return tr("{rank}. {title}. {why}", rank=row.rank, title=row.item.title, why=row.why)

    def identity(self, row: Recommended) -> int:
        return row.item.id
