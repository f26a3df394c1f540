"""A small panel that asks for one line of text: rename, tag, new folder. Enter accepts, Esc leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label
from mmstudio.desktop.views.overlay import Overlay

_TOP = 120


class AskPanel(Overlay):
    """Shown over the top of ``over``; gives ``done`` the text and goes away."""

    def __init__(
        self,
        over: QWidget,
        heading: str,
        done: Callable[[str], None],
        *,
        initial: str = "",
        hint: str = "",
        completions: Sequence[str] = (),
    ) -> None:
        super().__init__(over)
        self._done = done
        title = label(role="strong")
        title.setText(heading)
        self.field = QLineEdit(initial)
        self.field.setAccessibleName(heading)
        self.field.setPlaceholderText(hint)
        self.field.selectAll()
        self.field.returnPressed.connect(self._accept)
        if completions:
            completer = QCompleter(QStringListModel(list(completions), self), self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            self.field.setCompleter(completer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.addWidget(title)
        layout.addWidget(self.field)
        self.setFixedWidth(360)
        self.adjustSize()
        self.open_at(_TOP)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _accept(self) -> None:
        text = self.field.text().strip()
        self.close()
        self._done(text)
