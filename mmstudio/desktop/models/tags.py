"""The tags of the library with their counts."""

from __future__ import annotations

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.i18n import tr


class TagModel(RowListModel[tuple[str, int]]):
    """(name, number of assets), most used first."""

    def text(self, row: tuple[str, int]) -> str:
        return f"{row[0]}   {row[1]:,}"

    def spoken(self, row: tuple[str, int]) -> str:
        return tr("{tag}, {n} assets", tag=row[0], n=row[1])

    def identity(self, row: tuple[str, int]) -> str:
        return row[0]
