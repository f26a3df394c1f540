"""The command palette: every action by name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QListView, QVBoxLayout, QWidget

from mmstudio.desktop.models.rows import ROW_ROLE, RowListModel
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.overlay import Overlay
from mmstudio.i18n import mark, tr

_TOP = 96


class ActionModel(RowListModel[QAction]):
    """Actions with their shortcut."""

    def text(self, row: QAction) -> str:
        keys = row.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        words = row.text().replace("&", "")
        return f"{words}    {keys}" if keys else words

    def spoken(self, row: QAction) -> str:
        return f"{row.text()}, {row.statusTip()}"


def matching(actions: Sequence[QAction], query: str) -> list[QAction]:
    """Actions whose words hold every word of the query; those that begin with it first."""
    words = query.casefold().split()
    found = []
    for position, action in enumerate(actions):
        text = f"{action.text()} {action.statusTip()}".replace("&", "").casefold()
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
        self.view.setUniformItemSizes(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        name(self.view, mark("Commands"))
        self.view.clicked.connect(lambda _index: self._run())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.view)
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

    def _run(self) -> None:
        action = self.view.currentIndex().data(ROW_ROLE)
        self.close()
        if isinstance(action, QAction):
            action.trigger()
