"""The answer to "Why not this one?" as a card that can be closed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.models.items import ItemRow
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.i18n import mark, tr


class WhyNotCard(QFrame):
    """One item and why it is not in the list.

    Signals:
        pinned, liked: the item, where the person wants it all the same.
        taken_back: the item, whose rejection shall no longer count.
    """

    pinned = Signal(int)
    liked = Signal(int)
    taken_back = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.item: ItemRow | None = None
        self.setProperty("surface", "card")
        self._place = QHBoxLayout()
        self.title = label(role="strong", wrap=True)
        self.sentence = label(wrap=True)
        self.pin_button = button(mark("Pin it"), lambda: self._tell(self.pinned), icon="push-pin")
        self.like_button = button(mark("Add to the likes"), lambda: self._tell(self.liked), icon="plus")
        self.back_button = button(
            mark("Take the rejection back"), lambda: self._tell(self.taken_back), icon="thumbs-down"
        )
        self.close_button = tool("x", mark("Close this answer"), self.hide)
        for words in (self.title, self.sentence):
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setMinimumWidth(1)
        words_column = QVBoxLayout()
        words_column.setSpacing(4)
        words_column.addWidget(self.title)
        words_column.addWidget(self.sentence)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for made in (self.pin_button, self.like_button, self.back_button):
            buttons.addWidget(made)
        buttons.addStretch(1)
        words_column.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 8, 10)
        layout.setSpacing(12)
        layout.addLayout(self._place)
        layout.addLayout(words_column, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.hide()

    def show_answer(self, item: ItemRow, answer: Any, *, rejected: bool = False, read_only: bool) -> None:
        """Show what :func:`mmstudio.recommendation.explanations.why_not` said about an item.

        ``rejected``: a person rejected it for this audience.
        """
        self.item = item
        while self._place.count():
            taken = self._place.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._place.addWidget(PictureTile(self._pictures, item.hero, item.title, side=64, contain=True))
        self.title.setText(tr("Why not {item}?", item=item.title))
        self.sentence.setText(answer.sentence)
        removed = list(answer.removed_by)
        self.pin_button.setVisible(not read_only and not removed)
        self.like_button.setVisible(not read_only)
        self.back_button.setVisible(rejected and not read_only)
        self.setAccessibleName(self.title.text())
        self.setAccessibleDescription(answer.sentence)
        self.show()

    def _tell(self, signal: Any) -> None:
        if self.item is not None:
            signal.emit(self.item.id)
            self.hide()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), 64 + 2 * theme.UNIT))
