"""How the query line was read, as chips that can be taken out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import tr
from mmstudio.library.query import explain, parts

_LONGEST = 64


class ReadChips(QWidget):
    """One chip per piece of the line; words alone need none.

    Signals:
        removed: the piece as it stands in the line.
    """

    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, 4)
        self._flow.setContentsMargins(12, 0, 12, 6)
        self._shown: tuple[str, str] = ("", "")
        self.texts: list[str] = []
        self.hide()

    def show_line(self, query: str, like_title: str = "") -> None:
        """Read a line again; ``like_title`` names the asset that ``like:`` speaks of."""
        if (query, like_title) == self._shown:
            return
        self._shown = (query, like_title)
        self._fill()

    def retranslate(self) -> None:
        """Say the chips in the language in use."""
        self._fill()

    def _fill(self) -> None:
        query, like_title = self._shown
        self._flow.clear()
        self.texts = []
        pieces = parts(query)
        if not any(part.key or part.negated or part.joined for part in pieces):
            self.hide()
            return
        liked = {part.token: part.value for part in pieces if part.key == "like" and part.fields}
        for token, meaning in explain(query):
            text = meaning
            if token in liked:
                what = like_title or Path(liked[token]).name
                text = tr("Similar to {what}", what=what)
            self.texts.append(text)
            self._flow.addWidget(self._chip(token, text))
        self.setVisible(bool(self.texts))
        self.updateGeometry()

    def _chip(self, token: str, text: str) -> QToolButton:
        chip = QToolButton(self)
        chip.setProperty("role", "chip")
        chip.setText(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
        chip.setToolTip(
            tr("{token} was read as “{meaning}”. Click to take it out.", token=token, meaning=text)
        )
        chip.setAccessibleName(tr("Take out: {what}", what=text))
        chip.setIcon(icon("x", "muted"))
        chip.setIconSize(QSize(12, 12))
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        chip.clicked.connect(partial(self.removed.emit, token))
        return chip
