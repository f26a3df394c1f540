"""Suggested assets with how sure each is, as a model for the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from mmstudio.desktop.models.asset_model import AssetModel
from mmstudio.desktop.models.rows import ROW_ROLE, Index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmstudio.library import Asset


class SuggestionModel(AssetModel):
    """The grid's cells say how sure a suggestion is before the title."""

    _sure: Mapping[int, float] = {}
    _named: dict[int, tuple[Asset, str, Asset]] = {}

    def set_suggestions(self, sure: Mapping[int, float]) -> None:
        """Show these, in this order; asset → confidence 0…1."""
        self._sure, self._named = dict(sure), {}
        before = self.ids == list(sure)
        self.set_ids(list(sure))
        if before and self.ids:
            self.dataChanged.emit(self.index(0), self.index(len(self.ids) - 1))

    @property
    def sure(self) -> Mapping[int, float]:
        """asset → confidence."""
        return self._sure

    def spoken(self, row: Asset) -> str:
        return f"{self._percent(row.id)}, {super().spoken(row)}"

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        found = super().data(index, role)
        if role != ROW_ROLE or found is None or found.id not in self._sure:
            return found
        percent = self._percent(found.id)
        known = self._named.get(found.id)
        if known is None or known[0] is not found or known[1] != percent:
            known = (found, percent, replace(found, title=f"{percent}  {found.title}"))
            self._named[found.id] = known
        return known[2]

    def _percent(self, asset_id: int) -> str:
        return f"{round(100 * self._sure.get(asset_id, 0.0))} %"
