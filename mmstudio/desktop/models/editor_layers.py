"""The layers of the scene in hand as a list, the front one first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    ShapeLayer,
    TextLayer,
    VideoLayer,
)
from mmstudio.desktop.icons import icon
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard

KINDS: dict[type, tuple[str, str]] = {
    ImageLayer: (mark("Picture"), "image"),
    GeneratedLayer: (mark("Made picture"), "sparkle"),
    ShapeLayer: (mark("Shape"), "rectangle"),
    TextLayer: (mark("Text"), "text-t"),
    LogoLayer: (mark("Logo"), "star"),
    VideoLayer: (mark("Clip"), "film-strip"),
}
_Index = QModelIndex | QPersistentModelIndex
NameRole = Qt.ItemDataRole.UserRole + 1


def kind_of(layer: AnyLayer) -> tuple[str, str]:
    """What a layer is called (marked English), and its icon."""
    return KINDS.get(type(layer), (mark("Layer"), "square"))


class LayerModel(QAbstractListModel):
    """One row a layer; its text says name, kind, and whether it is locked or hidden."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[AnyLayer] = []
        self._words: list[str] = []

    def show(self, board: Storyboard | None, scene: int) -> None:
        """The layers of a scene; rows that stay are not reset, so that the choice stays."""
        rows = list(reversed(board.scenes[scene].layers)) if board is not None and board.scenes else []
        words = [board.text_of(r) if isinstance(r, TextLayer) and board is not None else "" for r in rows]
        if [r.name for r in rows] == [r.name for r in self._rows]:
            self._rows, self._words = rows, words
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows, self._words = rows, words
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        layer, words = self._rows[index.row()], self._words[index.row()]
        label, symbol = kind_of(layer)
        if role == Qt.ItemDataRole.DisplayRole:
            name = shown_name(layer.name)
            marks = f" ({tr('hidden')})" if layer.hidden else ""
            return f"{name}{marks}" + (f" · {' '.join(words.split())[:60]}" if words else "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = [shown_name(layer.name), tr(label), words[:120]]
            said += [tr("locked")] if layer.locked else []
            said += [tr("hidden")] if layer.hidden else []
            return ", ".join(part for part in said if part)
        if role == Qt.ItemDataRole.DecorationRole:
            return icon("lock-simple" if layer.locked else symbol, "muted" if layer.hidden else "text")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{tr(label)}: {shown_name(layer.name)}"
        if role == NameRole:
            return layer.name
        return None

    def row_of(self, name: str) -> int:
        """The row of a layer, -1 where there is none."""
        return next((n for n, layer in enumerate(self._rows) if layer.name == name), -1)

    def name_at(self, row: int) -> str:
        """The layer of a row."""
        return self._rows[row].name if 0 <= row < len(self._rows) else ""
