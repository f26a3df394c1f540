"""A layout that sets widgets in lines like words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QLayoutItem, QScrollArea, QVBoxLayout, QWidget


def empty(layout: QLayout, keep: int = 0) -> None:
    """Take the widgets after the first ``keep`` out of a layout and delete them."""
    while layout.count() > keep:
        item = layout.takeAt(keep)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def let_wrap(page: QWidget) -> None:
    """Let a page and its wrapped labels be as narrow as their window; Qt would keep them wider than that."""
    page.setMinimumWidth(1)
    for found in page.findChildren(QLabel):
        if found.wordWrap():
            found.setMinimumWidth(1)


def page_area(body: QWidget, parent: QWidget | None = None) -> QScrollArea:
    """A page that scrolls up and down, never sideways: its wrapped labels are as narrow as it is.

    What is put into ``body`` later needs :func:`let_wrap` once more.
    """
    let_wrap(body)
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(body)
    return area


class ScrollColumn(QScrollArea):
    """A column of widgets that scrolls up and down, never sideways: ``body`` holds ``column``."""

    def __init__(
        self, margins: tuple[int, int, int, int], spacing: int = 8, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(*margins)
        self.column.setSpacing(spacing)
        self.setWidget(self.body)


class FlowLayout(QLayout):
    """Left to right, then the next line; ``gap`` pixels between."""

    def __init__(self, parent: QWidget | None = None, gap: int = 8) -> None:
        super().__init__(parent)
        self._placed: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def clear(self) -> None:
        """Take every widget out and delete it."""
        while self._placed:
            widget = self._placed.pop().widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.invalidate()

    def hold(self, widgets: Sequence[QWidget]) -> None:
        """Hold these widgets in this order; what else was there is deleted, what stays is left alone."""
        before = [item.widget() for item in self._placed]
        if before == list(widgets):
            return
        wanted, there = set(widgets), set(before)
        self._placed = [item for item in self._placed if item.widget() in wanted]
        for widget in before:
            if widget is not None and widget not in wanted:
                widget.hide()
                widget.deleteLater()
        for widget in widgets:
            if widget not in there:
                self.addWidget(widget)
        items = {item.widget(): item for item in self._placed}
        self._placed = [items[widget] for widget in widgets]
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._placed.append(item)

    def count(self) -> int:
        return len(self._placed)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._placed[index] if 0 <= index < len(self._placed) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._placed.pop(index) if 0 <= index < len(self._placed) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._placed:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        area = rect.marginsRemoved(margins)
        x, y, height = area.x(), area.y(), 0
        line: list[tuple[QLayoutItem, QRect]] = []
        for item in self._placed:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            hint.setWidth(min(hint.width(), max(area.width(), item.minimumSize().width())))
            if x + hint.width() > area.right() + 1 and line:
                _set(line, height, move=move)
                x, y, height, line = area.x(), y + height + self._gap, 0, []
            line.append((item, QRect(QPoint(x, y), hint)))
            x += hint.width() + self._gap
            height = max(height, hint.height())
        _set(line, height, move=move)
        return y + height - area.y() + margins.top() + margins.bottom()


def _set(line: list[tuple[QLayoutItem, QRect]], height: int, *, move: bool) -> None:
    """Place one line, each item in the middle of its height."""
    for item, place in line if move else ():
        item.setGeometry(place.translated(0, (height - place.height()) // 2))
