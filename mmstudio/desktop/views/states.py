"""The states of a pane that are not its content: empty, loading, filtered to nothing, failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.texts import label, say, unsay
from mmstudio.i18n import mark, tr_error

_WIDTH = 420
_LOADING_AFTER_MS = 150  # nothing flashes when the answer comes at once


class StateStack(QStackedWidget):
    """Content, or one calm message with at most one button. Words are marked English templates."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        self.message = MessageCard()
        self.addWidget(content)
        self.addWidget(self.message)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_LOADING_AFTER_MS)
        self._patience.timeout.connect(self._show_loading)
        self._loading_text = ""

    def show_content(self) -> None:
        """The pane itself."""
        self._patience.stop()
        self.setCurrentWidget(self.content)

    def show_message(
        self,
        title: str,
        text: str,
        button: str = "",
        action: Callable[[], object] | None = None,
        **values: Any,
    ) -> None:
        """What this is, and the one thing to do next."""
        self._patience.stop()
        self.message.say(title, text, button, action, **values)
        self.setCurrentWidget(self.message)

    def show_failure(self, error: BaseException, retry: Callable[[], object]) -> None:
        """What failed, what now, and a button that tries again."""
        self._patience.stop()
        sentence, hint = tr_error(error)
        self.message.say("{what}", "{hint}", mark("Try again"), retry, what=sentence, hint=hint)
        self.setCurrentWidget(self.message)

    def show_loading(self, text: str, *, at_once: bool = False) -> None:
        """Say that work is under way, unless it is over before anyone could read it.

        Args:
            text: marked English. at_once: the content has nothing to show yet, not even for a moment.
        """
        self._loading_text = text
        if at_once:
            self._patience.stop()
            self._show_loading()
        elif not self._patience.isActive():
            self._patience.start()

    def _show_loading(self) -> None:
        self.message.say(self._loading_text, "", busy=True)
        self.setCurrentWidget(self.message)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class MessageCard(QWidget):
    """Title, a sentence or two, one button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action: Callable[[], object] | None = None
        self.title = label(role="heading", wrap=True)
        self.text = label(role="muted", wrap=True)
        self.button = QPushButton()
        self.button.setAutoDefault(True)  # Enter presses it, as Space does
        self.button.setProperty("role", "primary")
        self.button.clicked.connect(self._act)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        for words in (self.title, self.text):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QWidget()  # wrapped words keep their height only in a column that is as wide as they are
        column.setMaximumWidth(_WIDTH)
        lines = QVBoxLayout(column)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(12)
        lines.addWidget(self.title)
        lines.addWidget(self.text)
        lines.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
        lines.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column, 20)
        middle.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addLayout(middle)
        layout.addStretch(3)

    def say(
        self,
        title: str,
        text: str,
        button: str = "",
        action: Callable[[], object] | None = None,
        *,
        busy: bool = False,
        **values: Any,
    ) -> None:
        """Set the words; parts that are empty are not shown."""
        _put(self.title, title, values)
        _put(self.text, text, values)
        self.text.setVisible(bool(self.text.text()))
        if button:
            say(self.button, button)
        self.button.setVisible(bool(button))
        self.bar.setVisible(busy)
        self._action = action
        self.setAccessibleName(self.title.text())
        self.setAccessibleDescription(self.text.text())
        self.bar.setAccessibleName(self.title.text())

    def _act(self) -> None:
        if self._action is not None:
            self._action()


def _put(target: QLabel, template: str, values: dict[str, Any]) -> None:
    if template:
        say(target, template, **values)
    else:
        unsay(target)
        target.clear()
