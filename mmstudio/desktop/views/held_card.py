"""One text that may not leave the library: where it stands, its marks, and why each is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.composition.names import shown_name
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.desktop.views.guarded_text import GuardedText, span_sign, span_words
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.export.copy_gate import Held


def place_words(slot: str) -> str:
    """Where a text stands, for the person."""
    scene, _dot, part = slot.rpartition(".")
    words = shown_name(part) if part else tr("All texts together")
    return f"{shown_name(scene)} · {words}" if scene else words


class HeldCard(QFrame):
    """The text can be read, not changed here; ``edit_wanted`` asks for the place where it can be."""

    edit_wanted = Signal(object)  # Held

    def __init__(self, held: Held, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.held = held
        self.setProperty("surface", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.place = label(role="strong")
        self.edit_button = button(
            mark("Edit the text"), lambda: self.edit_wanted.emit(self.held), icon="pencil-simple"
        )
        head = QHBoxLayout()
        head.addWidget(self.place, 1)
        head.addWidget(self.edit_button)
        self.text = GuardedText(with_chips=False)
        self.text.set_read_only(True)
        name(self.text.field, mark("Text that is held"), mark("Text that is held"))
        self._why = QVBoxLayout()
        self._why.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.text)
        layout.addLayout(self._why)
        self.text.set_text(held.text, held.spans)
        self.retranslate()

    @property
    def reasons(self) -> list[str]:
        """Why it is held, a sentence for each mark."""
        return list(dict.fromkeys(span_words(span) for span in self.held.spans))

    def retranslate(self) -> None:
        """Say everything in the language in use."""
        where = place_words(self.held.slot)
        self.place.setText(where)
        self.setAccessibleName(tr("{place}: {why}", place=where, why="; ".join(self.reasons)))
        self.edit_button.setAccessibleName(tr("Edit the text: {place}", place=where))
        self.text.retranslate()
        empty(self._why)
        said: set[str] = set()
        for span in self.held.spans:
            words = span_words(span)
            if words not in said:
                said.add(words)
                self._why.addWidget(_reason(words, *span_sign(span)))
        let_wrap(self)


def _reason(words: str, sign: str, role: str) -> QWidget:
    made = QWidget()
    line = QHBoxLayout(made)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(6)
    drawn = QLabel()
    drawn.setFixedWidth(20)
    drawn.setContentsMargins(0, 2, 0, 0)  # level with the first line
    drawn.setAlignment(Qt.AlignmentFlag.AlignCenter)
    drawn.setPixmap(icon(sign, role).pixmap(QSize(14, 14)))
    said = label(wrap=True)
    said.setTextFormat(Qt.TextFormat.PlainText)
    said.setText(words)
    line.addWidget(drawn, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(said, 1)
    return made
