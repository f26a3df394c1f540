"""List models over rows in memory and over ids whose rows arrive later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ID_ROLE = int(Qt.ItemDataRole.UserRole) + 2
_PAGE = 64


class RowListModel(QAbstractListModel, Generic[Row]):
    """Rows in memory; a subclass says how a row reads."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def text(self, row: Row) -> str:
        """The row's own words, shown and read out."""
        return str(row)

    def spoken(self, row: Row) -> str:
        """What a screen reader says."""
        return self.text(row)

    def identity(self, row: Row) -> Any:
        """What stays the same when the rows are read again."""
        return row

    @property
    def rows(self) -> list[Row]:
        """The rows as they stand; not to be changed."""
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. Rows that only changed their content keep selection and scroll position."""
        same = [self.identity(r) for r in rows] == [self.identity(r) for r in self._rows]
        if same and self._rows:
            self._rows = list(rows)
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows at the end."""
        if not rows:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
        self._rows.extend(rows)
        self.endInsertRows()

    def row_of(self, identity: Any) -> int:
        """Row number, -1 where there is none."""
        return next((i for i, row in enumerate(self._rows) if self.identity(row) == identity), -1)

    def refresh(self) -> None:
        """Repaint: pictures have arrived."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    # --- Qt ---------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.spoken(row)
        if role == ROW_ROLE:
            return row
        if role == ID_ROLE:
            return self.identity(row)
        return None


class LazyListModel(QAbstractListModel, Generic[Row]):
    """Ids at once, rows by the page: ``fetch(ids, done)`` brings ``{id: row}`` in its own time."""

    def __init__(
        self,
        fetch: Callable[[list[int], Callable[[dict[int, Row]], None]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._ids: list[int] = []
        self._position: dict[int, int] = {}
        self._rows: dict[int, Row] = {}
        self._asked: set[int] = set()
        self._generation = 0

    def text(self, row: Row) -> str:
        """The row's own words."""
        return str(row)

    def spoken(self, row: Row) -> str:
        """What a screen reader says."""
        return self.text(row)

    @property
    def ids(self) -> list[int]:
        """The ids as they stand; not to be changed."""
        return self._ids

    def set_ids(self, ids: Sequence[int]) -> None:
        """Show other ids; rows already fetched are kept."""
        if list(ids) == self._ids:
            return
        self.beginResetModel()
        self._generation += 1
        self._asked.clear()
        self._ids = list(ids)
        self._position = {id_: i for i, id_ in enumerate(self._ids)}
        self._rows = {i: r for i, r in self._rows.items() if i in self._position}
        self.endResetModel()

    def forget(self, ids: Sequence[int] | None = None) -> None:
        """Fetch these rows (all when None) again; the old ones show until they are there."""
        self._generation += 1
        self._asked.clear()
        stale = self._ids if ids is None else [i for i in ids if i in self._position]
        self._want([i for i in stale if i in self._rows])

    def row_of(self, id_: int) -> int:
        """Row number, -1 where there is none."""
        return self._position.get(id_, -1)

    def row(self, id_: int) -> Row | None:
        """A fetched row."""
        return self._rows.get(id_)

    def refresh(self) -> None:
        """Repaint: pictures have arrived."""
        if self._ids:
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))

    def _want(self, ids: list[int]) -> None:
        ids = [i for i in ids if i not in self._asked]
        if not ids:
            return
        self._asked.update(ids)
        generation = self._generation
        self._fetch(ids, lambda rows: self._arrived(rows, generation))

    def _arrived(self, rows: dict[int, Row], generation: int) -> None:
        if generation != self._generation:
            return
        self._rows.update((i, r) for i, r in rows.items() if i in self._position)
        places = sorted(self._position[i] for i in rows if i in self._position)
        if places:
            self.dataChanged.emit(self.index(places[0]), self.index(places[-1]))

    # --- Qt ---------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid() or index.row() >= len(self._ids):
            return None
        id_ = self._ids[index.row()]
        if role == ID_ROLE:
            return id_
        row = self._rows.get(id_)
        if row is None:
            if role in (Qt.ItemDataRole.DisplayRole, ROW_ROLE):
                page = index.row() // _PAGE * _PAGE
                self._want([i for i in self._ids[page : page + _PAGE] if i not in self._rows])
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.spoken(row)
        if role == ROW_ROLE:
            return row
        return None
