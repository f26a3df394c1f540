"""The table of ads against channels: an ad has the room that channels leave, never less than it needs."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from mmstudio.desktop import theme
from mmstudio.desktop.views.export_delegates import LINE_HEIGHT, AdDelegate, TickDelegate
from mmstudio.desktop.views.painting import sized
from mmstudio.desktop.views.pictures import Pictures

CHANNEL = 88  # width of a channel's column
_AD = (232, 460)  # of the ad's: the least, and the most that reads well


class TickTable(QTableView):
    """Shows an :class:`~mmstudio.desktop.models.export_lines.ExportMatrix`."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self.setItemDelegate(TickDelegate(self))
        self.setItemDelegateForColumn(0, AdDelegate(pictures, self))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(LINE_HEIGHT)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(72)
        header.setFixedHeight(64)
        header.setFont(sized(header.font(), theme.SMALL, bold=True))

    def fit_columns(self) -> None:
        """Give every column its width; after the columns changed."""
        model = self.model()
        columns = model.columnCount() if model is not None else 0
        if not columns:
            return
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setDefaultSectionSize(CHANNEL)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        left = self.viewport().width() - (columns - 1) * CHANNEL
        self.setColumnWidth(0, min(max(left, _AD[0]), _AD[1]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_columns()
