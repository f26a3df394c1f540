"""Tables of figures: as wide as their words, as high as their rows, nothing to edit."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QHeaderView, QTableView

from mmstudio.desktop.texts import name

_SPARE = 20  # pixels for a scroll bar along the bottom


def figures_table(model: QAbstractItemModel, accessible: str, tip: str) -> QTableView:
    """A table over a model; call :func:`fit_height` when it has other rows."""
    table = QTableView()
    table.setModel(model)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    name(table, accessible, tip)
    return table


def fit_height(table: QTableView) -> None:
    """Make a table as high as its rows; the page it stands on scrolls."""
    rows = sum(table.rowHeight(row) for row in range(table.model().rowCount()))
    table.setFixedHeight(table.horizontalHeader().sizeHint().height() + rows + _SPARE)
