"""A popup of boxes to tick under headings, with a field that filters: channels, audiences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.popup_card import CheckList, Choice, PopupCard
from mmstudio.i18n import mark

_WIDTH, _HEIGHT = 420, 460
_SEARCH_FROM = 9  # boxes from which a field to filter them pays


class CheckPopup(PopupCard):
    """Boxes to tick; :attr:`changed` carries the keys that are ticked, in the order of the list."""

    changed = Signal(list)

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name(self, accessible)
        self._list = CheckList()
        self._list.changed.connect(lambda: self.changed.emit(self._list.ticked()))
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        name(self.search, mark("Search"))
        say(self.search, mark("Search"), "setPlaceholderText")
        self.search.textChanged.connect(self._list.filter)
        self.column.setContentsMargins(12, 12, 8, 12)
        self.column.addWidget(self.search)
        self.column.addWidget(self._list, 1)

    @property
    def boxes(self) -> dict[str, QCheckBox]:
        """The boxes by key."""
        return self._list.boxes

    def set_choices(self, choices: Sequence[Choice], ticked: Iterable[str]) -> None:
        """Offer other boxes."""
        self._list.set_choices(choices)
        self._list.tick(ticked)

    def ticked(self) -> list[str]:
        """The keys that are ticked."""
        return self._list.ticked()

    def open_below(self, anchor: QWidget) -> None:
        """Show under a widget, or above it where the screen ends."""
        self.search.clear()
        many = len(self.boxes) >= _SEARCH_FROM
        self.search.setVisible(many)
        extra = 40 if many else 0
        self.resize(_WIDTH, min(_HEIGHT, 36 + self._list.height_in(_WIDTH - 40) + extra))
        self.place(anchor, right=False)
        (self.search if many else next(iter(self.boxes.values()), self)).setFocus()
