"""Rows of a matrix export with their state, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
)

from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmstudio.export.matrix import Matrix, RowState

Index = QModelIndex | QPersistentModelIndex
HEADS = (mark("Row"), mark("Item"), mark("Audience"), mark("Channels"), mark("State"))
STATES = {
    "waiting": mark("waiting"),
    "running": mark("in work"),
    "done": mark("done"),
    "same": mark("unchanged"),
    "failed": mark("failed"),
    "wrong": mark("cannot be exported"),
    "new": "",
}
ROLES = {"done": "success", "same": "success", "failed": "danger", "wrong": "danger"}
STATE_ROLE = ROW_ROLE + 7


@dataclass(slots=True)
class MatrixLine:
    """One row as the table shows it. ``plain``: its job parameters, None for one that is wrong."""

    number: int
    item: str
    audience: str
    channels: tuple[str, ...]
    plain: dict[str, Any] | None
    folder: str = ""
    state: str = "new"
    message: str = ""
    hint: str = ""
    files: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Its state in words, with what went wrong."""
        word = tr(STATES.get(self.state, "")) if STATES.get(self.state) else ""
        return f"{word}: {self.message}" if self.message and word else self.message or word


class MatrixTable(QAbstractTableModel):
    """The rows of a matrix; finished ones can be dragged out as files."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[MatrixLine] = []
        self.folder = ""

    def set_lines(self, lines: list[MatrixLine]) -> None:
        """Other rows."""
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def set_states(self, states: Sequence[RowState], folder: str) -> None:
        """What the job says of the rows."""
        self.folder = folder
        known = {state.folder: state for state in states}
        for line in self.lines:
            state = known.get(line.folder)
            if state is None or line.plain is None:
                continue
            line.state, line.message, line.hint = state.state, state.message, state.hint
            line.files = tuple(str(Path(folder) / line.folder / str(file["name"])) for file in state.files)
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(HEADS) - 1))

    def set_outcomes(self, states: Mapping[str, str], failures: Mapping[int, Mapping[str, Any]]) -> None:
        """What the job says at its end, by folders and numbers of rows; no files of theirs can be opened."""
        for line in self.lines:
            if line.plain is None:
                continue
            failure = failures.get(line.number, {})
            line.state = states.get(line.folder, "new" if states else "waiting")
            line.message, line.hint = str(failure.get("message", "")), str(failure.get("hint", ""))
            line.files = ()
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(HEADS) - 1))

    def count(self, *states: str) -> int:
        """How many rows are in one of these states."""
        return sum(line.state in states for line in self.lines)

    def good(self) -> list[dict[str, Any]]:
        """The parameters of the rows that can be exported."""
        return [line.plain for line in self.lines if line.plain is not None]

    # --- Qt ---------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self.lines[index.row()].files:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        line = self.lines[index.row()]
        if role == ROW_ROLE:
            return line
        told = index.column() == (1 if line.plain is None else len(HEADS) - 1)
        if role == STATE_ROLE:
            return ROLES.get(line.state, "") if told else ""
        if role == Qt.ItemDataRole.ToolTipRole and told:
            return " ".join(part for part in (line.told, line.hint) if part)
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            everyone = tr("Everyone") if line.plain is not None else ""
            item = line.item if line.plain is not None else f"{line.message} {line.hint}".strip()
            cells = (str(line.number or ""), item, line.audience or everyone, ", ".join(line.channels))
            return (*cells, line.told)[index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(HEADS[section]) if section < len(HEADS) else None
        return None

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # type: ignore[override]  # Sequence in the stub
        mime = QMimeData()
        rows = dict.fromkeys(index.row() for index in indexes)
        mime.setUrls([QUrl.fromLocalFile(file) for row in rows for file in self.lines[row].files])
        return mime


def begins_with_a_drawing(lines: Sequence[MatrixLine]) -> bool:
    """Whether the first row that is exported has its ground drawn by a model; not for the GUI thread."""
    from mmstudio.composition import recipes

    first = next((line.plain for line in lines if line.plain is not None), None)
    if first is None or first.get("storyboard_id") is not None:
        return False
    return any(one.name == first.get("recipe") and "background" in one.steps for one in recipes())


def lines_of(found: Matrix, audiences: dict[int, str], labels: dict[str, str]) -> list[MatrixLine]:
    """A checked matrix as lines: what is wrong first, then the rows."""
    wrong = [
        MatrixLine(p.number, "", "", (), None, state="wrong", message=p.message, hint=p.hint)
        for p in found.problems
    ]
    rows = [
        MatrixLine(
            row.number,
            row.label,
            audiences.get(row.audience_id or -1, ""),
            tuple(labels.get(name, name) for name in row.channels),
            row.to_dict(),
            row.folder,
        )
        for row in found.rows
    ]
    return wrong + rows
