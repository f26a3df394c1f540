"""The navigation rail: an icon and a word per pane; folds to icons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import say
from mmstudio.desktop.views.controls import tool
from mmstudio.i18n import mark

_WIDE, _NARROW = 164, 52


class Rail(QWidget):
    """Signals: ``chosen`` the key of a pane; ``folded`` whether only icons are left."""

    chosen = Signal(str)
    folded = Signal(bool)

    def __init__(self, panes: list[tuple[str, str, str]], foot: list[tuple[str, str, str]]) -> None:
        """Each pane is (key, marked English name, icon)."""
        super().__init__()
        self.setProperty("surface", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._fold = tool("list", mark("Fold the navigation"), self.toggle)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(2)
        layout.addWidget(self._fold)
        layout.addSpacing(4)
        for entry in panes:
            layout.addWidget(self._button(*entry))
        layout.addStretch(1)
        for entry in foot:
            layout.addWidget(self._button(*entry))
        self._narrow = False
        self.set_folded(False)

    @property
    def is_folded(self) -> bool:
        """True where only icons are shown."""
        return self._narrow

    def toggle(self) -> None:
        """Fold or unfold."""
        self.set_folded(not self._narrow)
        self.folded.emit(self._narrow)

    def set_folded(self, narrow: bool) -> None:
        """Icons only, or icons and words."""
        self._narrow = narrow
        self.setFixedWidth(_NARROW if narrow else _WIDE)
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        for button in self._buttons.values():
            button.setToolButtonStyle(style)

    def mark_current(self, key: str) -> None:
        """Show which pane is open."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def _button(self, key: str, template: str, symbol: str) -> QToolButton:
        button = _RailButton()
        button.setProperty("role", "rail")
        button.setCheckable(True)
        button.setIcon(icon(symbol, "text", "accent"))
        button.setIconSize(QSize(20, 20))
        button.setFixedHeight(36)
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for setter in ("set_words", "setToolTip", "setAccessibleName"):
            say(button, template, setter)
        button.clicked.connect(lambda _on=False: self.chosen.emit(key))
        self._group.addButton(button)
        self._buttons[key] = button
        return button


class _RailButton(QToolButton):
    def set_words(self, words: str) -> None:
        """Qt sets icon and text 4 pixels apart; here they breathe."""
        self.setText(f"  {words}")
