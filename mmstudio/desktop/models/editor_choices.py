"""What else could stand in a place: a list of alternatives, or of pictures of the library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from mmstudio.desktop.models.asset_model import ASSETS_MIME

if TYPE_CHECKING:
    from mmstudio.composition.editing import Alternative

_Index = QModelIndex | QPersistentModelIndex
ChoiceRole = Qt.ItemDataRole.UserRole + 1


class ChoiceModel(QAbstractListModel):
    """Rows of :class:`Alternative`; those with an asset can be dragged onto the canvas."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Alternative] = []

    def show(self, rows: list[Alternative]) -> None:
        """Other rows."""
        if rows == self.rows:
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        choice = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{choice.title}: {choice.why}" if choice.why else choice.title
        if role == ChoiceRole:
            return choice
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self.rows[index.row()].asset_id is not None:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        return [ASSETS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        ids = [self.rows[index.row()].asset_id for index in indexes if index.isValid()]
        data = QMimeData()
        data.setData(ASSETS_MIME, json.dumps([i for i in ids if i is not None]).encode())
        return data
