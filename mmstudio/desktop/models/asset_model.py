"""Assets as a list model: ids at once, rows by the page from workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QModelIndex, QObject, Qt

from mmstudio.desktop.models.rows import ID_ROLE, Index, LazyListModel
from mmstudio.desktop.words import duration_text, kind_name
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

ASSETS_MIME = "application/x-mmstudio-assets"  # a JSON list of asset ids


class AssetModel(LazyListModel["Asset"]):
    """The assets of a query in its order."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(self._load, parent)
        self._context = context
        self._reasons: dict[int, str] = {}

    def text(self, row: Asset) -> str:
        return row.title

    def spoken(self, row: Asset) -> str:
        parts = [row.title, kind_name(row.kind)]
        if row.duration:
            parts.append(duration_text(row.duration))
        if row.rating:
            parts.append(tr("{n} stars", n=row.rating))
        if row.id in self._reasons:
            parts.append(self._reasons[row.id])
        return ", ".join(parts)

    def set_reasons(self, reasons: dict[int, str]) -> None:
        """Why assets were found: more of them, or none at all where empty. Shown as tool tips, read aloud."""
        self._reasons = {**self._reasons, **reasons} if reasons else {}

    def reason(self, asset_id: int) -> str:
        """Why an asset was found; empty where it is not known."""
        return self._reasons.get(asset_id, "")

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole:
            asset_id = super().data(index, ID_ROLE)
            return self._reasons.get(asset_id) if asset_id is not None else None
        return super().data(index, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:
        return [ASSETS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        ids = [self.data(index, ID_ROLE) for index in indexes]
        data.setData(ASSETS_MIME, json.dumps(ids).encode())
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def _load(self, ids: list[int], done: Callable[[dict[int, Any]], None]) -> None:
        studio = self._context.studio
        if studio is None:
            return

        def read() -> dict[int, Asset]:
            return {asset.id: asset for asset in studio.library.assets.get_many(ids)}

        self._context.background(read, done, owner=self)


def dropped_assets(data: QMimeData) -> list[int]:
    """The asset ids a drag from the library carries."""
    if not data.hasFormat(ASSETS_MIME):
        return []
    ids = json.loads(bytes(data.data(ASSETS_MIME).data()))
    return [i for i in ids if isinstance(i, int)]
