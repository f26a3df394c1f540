"""Fields that Qt lacks."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class TextField(QPlainTextEdit):
    """Several lines of plain text; :attr:`left` is what ``editingFinished`` is to a line. Tab leaves it."""

    left = Signal()

    def __init__(self, lines: int = 2, most: int = 7, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines, self._most = lines, most
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self._grow)
        self._grow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def _grow(self) -> None:
        # Measured, not asked of the document: Qt lays its lines out only when they are painted.
        metrics = self.fontMetrics()
        room = QRect(
            0, 0, max(40, self.viewport().width() - 2 * round(self.document().documentMargin())), 10_000
        )
        height = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.toPlainText()).height()
        lines = max(self._lines, min(self._most, -(-height // metrics.lineSpacing())))
        self.setFixedHeight(lines * metrics.lineSpacing() + 20)

    def words(self) -> str:
        """What is written, without the spaces around it."""
        return self.toPlainText().strip()
