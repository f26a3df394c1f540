"""The command palette: every action by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QLineEdit, QListView, QStyledItemDelegate, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.rows import ROW_ROLE, Index, RowListModel
from mmstudio.desktop.texts import label, name, source
from mmstudio.desktop.views.overlay import Overlay
from mmstudio.desktop.views.painting import paint_text
from mmstudio.i18n import mark, tr

_TOP = 96


class ActionModel(RowListModel[QAction]):
    """Actions with their shortcut."""

    def text(self, row: QAction) -> str:
        return row.text().replace("&", "")

    def spoken(self, row: QAction) -> str:
        return f"{row.text()}, {row.statusTip()}"


def matching(actions: Sequence[QAction], query: str) -> list[QAction]:
    """Actions whose words (or their English) hold every word of the query; those that begin with it first."""
    words = query.casefold().split()
    found = []
    for position, action in enumerate(actions):
        text = f"{action.text()} {action.statusTip()} {source(action)}".replace("&", "").casefold()
        if all(word in text for word in words):
            starts = action.text().replace("&", "").casefold().startswith(words[0]) if words else True
            found.append((not starts, words and words[0] not in action.text().casefold(), position, action))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1])]


class CommandPalette(Overlay):
    """Type, arrow, Enter."""

    def __init__(self, over: QWidget, actions: Sequence[QAction]) -> None:
        super().__init__(over)
        self._actions = [a for a in actions if a.isEnabled() and a.text() and not a.isSeparator()]
        self.field = QLineEdit()
        name(self.field, mark("Command"))
        self.field.setPlaceholderText(tr("What would you like to do?"))
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.model = ActionModel(self)
        self.view = QListView()
        self.view.setProperty("role", "menu")
        self.view.setModel(self.model)
        self.view.setItemDelegate(_KeysAtRight(self.view))
        self.none = label(mark("No action is called that."), "muted")
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.view.setUniformItemSizes(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        name(self.view, mark("Commands"))
        self.view.clicked.connect(lambda _index: self._run())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.none, 1)
        self.resize(min(560, over.width() - 32), min(420, over.height() - 96))
        self._narrow("")
        self.open_at(_TOP)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                Qt.Key(event.key())
            )
            if step is not None:
                row = max(0, min(self.model.rowCount() - 1, self.view.currentIndex().row() + step))
                self.view.setCurrentIndex(self.model.index(row))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)

    def _narrow(self, query: str) -> None:
        self.model.set_rows(matching(self._actions, query))
        self.view.setCurrentIndex(self.model.index(0))
        self.view.setVisible(bool(self.model.rowCount()))
        self.none.setVisible(not self.model.rowCount())

    def _run(self) -> None:
        action = self.view.currentIndex().data(ROW_ROLE)
        self.close()
        if isinstance(action, QAction):
            action.trigger()


class _KeysAtRight(QStyledItemDelegate):
    """The words by the style, the shortcut in muted text at the right."""

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        super().paint(painter, option, index)
        action = index.data(ROW_ROLE)
        if isinstance(action, QAction) and not action.shortcut().isEmpty():
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            painter.save()
            place = QRect(option.rect).adjusted(0, 0, -12, 0)
            align = Qt.AlignmentFlag.AlignRight
            paint_text(painter, place, keys, role="muted", pixels=theme.SMALL, align=align)
            painter.restore()
