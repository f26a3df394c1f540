"""A popup of boxes to tick under headings, with a field that filters: channels, audiences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.flow import empty
from mmstudio.i18n import mark

_WIDTH, _HEIGHT = 420, 460
_SEARCH_FROM = 9  # boxes from which a field to filter them pays


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: what it stands for, its words, a line of detail, its heading."""

    key: str
    label: str
    detail: str = ""
    group: str = ""


class CheckPopup(QFrame):
    """Boxes to tick; :attr:`changed` carries the keys that are ticked, in the order of the list."""

    changed = Signal(list)

    def __init__(self, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        name(self, accessible)
        self.boxes: dict[str, QCheckBox] = {}
        self._choices: list[Choice] = []
        self._headings: dict[str, QLabel] = {}
        self._details: dict[str, QLabel] = {}
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        name(self.search, mark("Search"))
        say(self.search, mark("Search"), "setPlaceholderText")
        self.search.textChanged.connect(self._filter)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(4, 0, 8, 0)
        self._column.setSpacing(2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 8, 12)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(scroll, 1)

    def set_choices(self, choices: Sequence[Choice], ticked: Iterable[str]) -> None:
        """Offer other boxes."""
        wanted = set(ticked)
        if list(choices) != self._choices:
            self._choices = list(choices)
            self._fill()
        for key, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(key in wanted)
            box.blockSignals(False)

    def ticked(self) -> list[str]:
        """The keys that are ticked."""
        return [key for key, box in self.boxes.items() if box.isChecked()]

    def open_below(self, anchor: QWidget) -> None:
        """Show under a widget, or above it where the screen ends."""
        self.search.clear()
        self.search.setVisible(len(self._choices) >= _SEARCH_FROM)
        height = min(_HEIGHT, 60 + self._list.sizeHint().height() + (40 if self.search.isVisible() else 0))
        self.resize(_WIDTH, height)
        at = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        screen = anchor.screen().availableGeometry()
        if at.y() + self.height() > screen.bottom():
            at.setY(max(screen.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - 4))
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        self.move(at)
        self.show()
        (self.search if self.search.isVisible() else next(iter(self.boxes.values()), self)).setFocus()

    def _fill(self) -> None:
        empty(self._column)
        self.boxes, self._headings, self._details = {}, {}, {}
        for choice in self._choices:
            if choice.group and choice.group not in self._headings:
                heading = QLabel(choice.group)
                heading.setProperty("role", "small")
                heading.setContentsMargins(0, 8, 0, 2)
                self._headings[choice.group] = heading
                self._column.addWidget(heading)
            box = QCheckBox(choice.label)
            box.setAccessibleDescription(choice.detail)
            box.toggled.connect(lambda _on: self.changed.emit(self.ticked()))
            self.boxes[choice.key] = box
            self._column.addWidget(box)
            if choice.detail:
                detail = label(role="small", wrap=True)
                detail.setText(choice.detail)
                detail.setContentsMargins(26, 0, 0, 4)
                self._details[choice.key] = detail
                self._column.addWidget(detail)
        self._column.addStretch(1)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        shown: set[str] = set()
        for choice in self._choices:
            whole = f"{choice.label} {choice.detail} {choice.group} {choice.key}".lower()
            there = all(word in whole for word in words)
            self.boxes[choice.key].setVisible(there)
            if choice.key in self._details:
                self._details[choice.key].setVisible(there)
            if there:
                shown.add(choice.group)
        for group, heading in self._headings.items():
            heading.setVisible(group in shown)


def channel_choices(rows: Sequence[ChannelRow]) -> list[Choice]:
    """Channels by group, each with what comes out and its limits."""
    order = list(dict.fromkeys(row.group for row in rows))
    grouped = sorted(rows, key=lambda row: order.index(row.group))
    return [
        Choice(row.name, row.label, " · ".join(part for part in (row.detail, row.limits) if part), row.group)
        for row in grouped
    ]
