"""A bar of controls over a list of cards, each with a sign, a title and what was found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import row
from mmstudio.desktop.views.flow import FlowLayout, empty, let_wrap, page_area


class SignCard(QFrame):
    """A sign and a title, what is said below, and something smaller below that; words are plain text."""

    def __init__(self, sign: str, role: str, title: str, small: str, parent: QWidget | None = None) -> None:
        """``sign``: an icon, in the colour of ``role``. ``small``: role of the smaller words."""
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        picture = QLabel()
        picture.setPixmap(icon(sign, role).pixmap(QSize(20, 20)))
        head = label(role="strong")
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setText(title)
        head.setMinimumWidth(1)
        self.top = row(picture, head)
        self.lines, self.facts = label(wrap=True), label(role=small, wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.setSpacing(4)
        layout.addLayout(self.top)
        for words in (self.lines, self.facts):
            words.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(words)

    def say(self, lines: str, facts: str, spoken: str) -> None:
        """Put the words; ``facts`` may be empty. ``spoken``: what a screen reader says of the card."""
        self.lines.setText(lines)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.setAccessibleDescription(spoken)
        let_wrap(self)


class CardPage(QWidget):
    """The page: controls that wrap, a summary, cards that scroll, a note, and a foot."""

    def __init__(
        self, controls: Sequence[QWidget], note: QLabel | None = None, foot: QWidget | None = None
    ) -> None:
        super().__init__()
        bar = QWidget()
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 4)
        for widget in controls:
            flow.addWidget(widget)
        self.summary = label(role="heading", wrap=True)
        body = QWidget()
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 8, 16, 16)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addLayout(self._list)
        if note is not None:
            column.addWidget(note)
        column.addStretch(1)
        self.area = page_area(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.area, 1)
        if foot is not None:
            layout.addWidget(foot)

    def show_cards(self, cards: Sequence[QWidget], summary: str) -> None:
        """Show these instead of what was there; ``summary`` is translated."""
        empty(self._list)
        for card in cards:
            self._list.addWidget(card)
        self.summary.setText(summary)
