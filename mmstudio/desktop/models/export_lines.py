"""What to export: one line per ad, one column per channel; and the files that came out."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.models.items import ItemRow, item_rows
from mmstudio.desktop.models.rows import ROW_ROLE, RowListModel
from mmstudio.desktop.words import date_text, size_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library import Library

Index = QModelIndex | QPersistentModelIndex
VERDICTS = {
    "approved": mark("approved"),
    "rejected": mark("rejected"),
    "changes": mark("changes asked for"),
    "": mark("not judged yet"),
}
_MOST = 300


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One ad: an item for an audience; without a storyboard it is composed first."""

    item: ItemRow
    audience: int | None
    audience_name: str
    storyboard: int | None = None
    verdict: str = ""

    @property
    def key(self) -> tuple[int, int | None]:
        """Item and audience: what makes a line the same line."""
        return self.item.id, self.audience

    @property
    def note(self) -> str:
        """For whom, and how far it is."""
        state = tr("will be composed") if self.storyboard is None else tr(VERDICTS[self.verdict])
        return f"{self.audience_name or tr('Everyone')} · {state}"


class ExportMatrix(QAbstractTableModel):
    """First column the ad, then a box to tick per channel."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[ExportLine] = []
        self._channels: list[ChannelRow] = []
        self._ticked: set[tuple[tuple[int, int | None], str]] = set()

    @property
    def lines(self) -> list[ExportLine]:
        """The lines as they stand; not to be changed."""
        return self._lines

    @property
    def channels(self) -> list[ChannelRow]:
        """The columns."""
        return self._channels

    def set_channels(self, channels: list[ChannelRow]) -> None:
        """Other columns; ticks of channels that stay are kept."""
        if channels == self._channels:
            return
        self.beginResetModel()
        self._channels = list(channels)
        self.endResetModel()

    def set_lines(self, lines: list[ExportLine]) -> None:
        """The ads there are; lines the person added stay until they are composed."""
        known = {line.key for line in lines}
        kept = [line for line in self._lines if line.storyboard is None and line.key not in known]
        self.beginResetModel()
        self._lines = [*kept, *lines]
        self.endResetModel()

    def add(self, lines: list[ExportLine]) -> None:
        """Put lines on top, ticked for the standard channels; one that is there already is ticked instead."""
        known = {line.key for line in self._lines}
        new = [line for line in lines if line.key not in known]
        self.beginResetModel()
        self._lines = [*new, *self._lines]
        first = [c.name for c in self._channels if c.standard]
        self._ticked |= {(line.key, channel) for line in lines for channel in first}
        self.endResetModel()

    def clear(self) -> None:
        """Another library."""
        self.beginResetModel()
        self._lines, self._ticked = [], set()
        self.endResetModel()

    def wanted(self) -> list[tuple[ExportLine, list[str]]]:
        """Every ad with the channels ticked for it, without those that have none."""
        names = [c.name for c in self._channels]
        picked = [(line, [n for n in names if (line.key, n) in self._ticked]) for line in self._lines]
        return [(line, channels) for line, channels in picked if channels]

    def toggle_column(self, column: int) -> None:
        """Tick a channel for every ad, or untick it where all are ticked."""
        if column < 1 or not self._lines:
            return
        keys = {(line.key, self._channels[column - 1].name) for line in self._lines}
        self._flip(keys)

    def toggle_row(self, row: int) -> None:
        """Tick every channel for an ad, or none where all are ticked."""
        if 0 <= row < len(self._lines):
            self._flip({(self._lines[row].key, c.name) for c in self._channels})

    def untick(self, line: ExportLine) -> None:
        """This ad is exported: its boxes are free again."""
        self._ticked = {(key, c) for key, c in self._ticked if key != line.key}
        self._all_changed()

    def composed(self, line: ExportLine, storyboard: int) -> None:
        """A line got its storyboard."""
        self._lines = [replace(x, storyboard=storyboard) if x.key == line.key else x for x in self._lines]
        self._all_changed()

    def _flip(self, keys: set[tuple[tuple[int, int | None], str]]) -> None:
        self._ticked = self._ticked - keys if keys <= self._ticked else self._ticked | keys
        self._all_changed()

    def _all_changed(self) -> None:
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(self._channels)))

    # --- Qt ---------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else 1 + len(self._channels)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() else flags

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if index.column() == 0:
            if role == Qt.ItemDataRole.DisplayRole:
                return line.item.title
            if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
                return f"{line.item.title}, {line.note}"
            return line if role == ROW_ROLE else None
        channel = self._channels[index.column() - 1]
        if role == Qt.ItemDataRole.CheckStateRole:
            ticked = (line.key, channel.name) in self._ticked
            return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return tr("{item} for {channel}", item=line.item.title, channel=channel.label)
        return None

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        if not index.isValid() or not index.column() or role != Qt.ItemDataRole.CheckStateRole:
            return False
        key = (self._lines[index.row()].key, self._channels[index.column() - 1].name)
        on = Qt.CheckState(value) == Qt.CheckState.Checked
        self._ticked = self._ticked | {key} if on else self._ticked - {key}
        self.dataChanged.emit(index, index)
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if section == 0:
            return tr("Ad") if role == Qt.ItemDataRole.DisplayRole else None
        if section > len(self._channels):
            return None
        channel = self._channels[section - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            # One word a line: a narrow column each.
            return "\n".join(channel.label.replace("，", " ").replace(",", " ").split())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(
                "{channel}: {detail}. Press to tick it for every ad.",
                channel=channel.label,
                detail=channel.detail,
            )
        return None


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One finished file."""

    id: int
    path: str
    title: str
    channel: str
    note: str
    there: bool
    storyboard: int | None = None
    channel_name: str = ""


class ExportedListModel(RowListModel[ExportedFile]):
    """Finished files, newest first; they can be dragged to other programs."""

    def text(self, row: ExportedFile) -> str:
        return row.title

    def spoken(self, row: ExportedFile) -> str:
        return f"{row.title}, {row.channel}, {row.note}"

    def identity(self, row: ExportedFile) -> int:
        return row.id

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: list[QModelIndex]) -> QMimeData:  # type: ignore[override]  # Sequence in the stub
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(self.rows[i.row()].path) for i in indexes])
        return mime


def export_lines(library: Library) -> list[ExportLine]:
    """The newest ad per item and audience; not for the GUI thread."""
    audiences = {a.id: a.name for a in library.audiences.list()}
    boards = [b for b in library.storyboards.list() if b.item_id is not None][:_MOST]
    rows = item_rows(library, [b.item_id for b in boards if b.item_id is not None])
    lines: dict[tuple[int, int | None], ExportLine] = {}
    for board in boards:
        row = rows.get(board.item_id or -1)
        if row is None or (row.id, board.audience_id) in lines:
            continue
        verdicts = library.storyboards.approvals(board.id)
        lines[row.id, board.audience_id] = ExportLine(
            row,
            board.audience_id,
            audiences.get(board.audience_id or -1, ""),
            board.id,
            verdicts[-1].verdict if verdicts else "",
        )
    return list(lines.values())


def exported_files(library: Library, labels: dict[str, str]) -> list[ExportedFile]:
    """Finished files with what they show; not for the GUI thread."""
    names = {b.id: b.name for b in library.storyboards.list()}
    labels = {**labels, "preview-package": tr("Preview package")}
    return [
        ExportedFile(
            row.id,
            row.path,
            names.get(row.storyboard_id or -1, "") or Path(row.path).name,
            labels.get(row.channel, row.channel),
            " · ".join((row.kind.upper(), size_text(row.size), date_text(row.created_at))),
            Path(row.path).exists(),
            row.storyboard_id if row.storyboard_id in names else None,
            row.channel,
        )
        for row in library.exports.list()[:_MOST]
    ]
