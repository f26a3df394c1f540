"""Tabs that stay still while something inside one of their pages changes its size."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QTabWidget, QWidget


class CalmTabs(QTabWidget):
    """A QTabWidget whose pages lay themselves out without it.

    Qt lays tabs out and paints them with all that is in them whenever a child asks for room (a chip that
    comes or goes), though their place follows from what is around them. Here that happens only where the bar
    of the tabs has changed; what is around them hears of it only where they need more or less room.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar, self._least = QSize(), QSize()

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.LayoutRequest:
            return super().event(event)
        bar, least = self._bar, self._least
        self._bar, self._least = self.tabBar().sizeHint(), self.minimumSizeHint()
        if self._bar != bar:
            return super().event(event)
        if self._least != least:
            self.updateGeometry()
        return True
