"""Cards that open beside a button and close with a press elsewhere; boxes to tick, a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import empty
from mmstudio.i18n import mark, tr

_INDENT = 26  # pixels: words below a box start where the words of the box do


class PopupCard(QFrame):
    """A card with a column of widgets; :meth:`place` shows it beside a widget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 16, 16)
        self.column.setSpacing(8)

    def place(self, anchor: QWidget, *, right: bool = True) -> None:
        """Show under a widget, or above it where the screen ends; ``right``: their right edges meet."""
        left = anchor.width() - self.width() if right else 0
        at = anchor.mapToGlobal(QPoint(left, anchor.height() + 4))
        screen = anchor.screen().availableGeometry()
        if at.y() + self.height() > screen.bottom():
            at.setY(max(screen.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - 4))
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        self.move(at)
        self.show()


class FolderCard(PopupCard):
    """A card that ends with the folder files go into and the button that starts it."""

    def __init__(self, go: QPushButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = ""
        self._folder_label = QLabel()
        self._folder_label.setProperty("role", "small")
        self._folder_label.setWordWrap(True)
        self._folder_label.setMinimumWidth(1)  # a long path wraps; it does not widen the card
        self._go = go

    def add_folder(self) -> None:
        """Put the folder and the button at the end of the column."""
        self.column.addWidget(self._folder_label)
        other = button(mark("Other folder"), self._browse, icon="folder-open")
        self.column.addLayout(row(other, None, self._go))

    def _set_folder(self, folder: str) -> None:
        self._folder = folder
        self._folder_label.setText(tr("Into {folder}", folder=folder))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, tr("Folder for exports"), self._folder or str(Path.home())
        )
        if folder:
            self._set_folder(folder)
        self.show()


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: what it stands for, words, a line of detail, its heading, whether it is ticked at first."""

    key: str
    label: str
    detail: str = ""
    group: str = ""
    ticked: bool = False


class CheckList(QScrollArea):
    """Boxes under headings; :attr:`changed` says that one was ticked. Long words wrap."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices: list[Choice] = []
        self.boxes: dict[str, QCheckBox] = {}
        self._headings: dict[str, QLabel] = {}
        self._details: dict[str, QLabel] = {}
        self.list = QWidget()
        self._column = QVBoxLayout(self.list)
        self._column.setContentsMargins(4, 0, 8, 0)
        self._column.setSpacing(2)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(self.list)

    def set_choices(self, choices: Sequence[Choice]) -> bool:
        """Offer other boxes, ticks of those that stay are kept; False where nothing changed."""
        if list(choices) == self.choices:
            return False
        self.choices = list(choices)
        before = {key: box.isChecked() for key, box in self.boxes.items()}
        empty(self._column)
        self.boxes, self._headings, self._details = {}, {}, {}
        for choice in self.choices:
            if choice.group and choice.group not in self._headings:
                heading = QLabel(choice.group)
                heading.setProperty("role", "small")
                heading.setContentsMargins(0, 8, 0, 2)
                self._headings[choice.group] = heading
                self._column.addWidget(heading)
            box = _Box(choice.label)
            box.setAccessibleDescription(choice.detail)
            box.setChecked(before.get(choice.key, choice.ticked))
            box.toggled.connect(lambda _on: self.changed.emit())
            self.boxes[choice.key] = box
            self._column.addWidget(box)
            if choice.detail:
                detail = label(role="small", wrap=True)
                detail.setText(choice.detail)
                detail.setMinimumWidth(1)
                detail.setContentsMargins(_INDENT, 0, 0, 4)
                self._details[choice.key] = detail
                self._column.addWidget(detail)
        self._column.addStretch(1)
        return True

    def height_in(self, width: int) -> int:
        """Pixels of all boxes when they are ``width`` pixels wide."""
        return (
            self._column.totalHeightForWidth(width)
            if self._column.hasHeightForWidth()
            else (self._column.totalSizeHint().height())
        )

    def tick(self, keys: Iterable[str]) -> None:
        """Tick these and no others, silently."""
        wanted = set(keys)
        for key, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(key in wanted)
            box.blockSignals(False)

    def ticked(self) -> list[str]:
        """The keys that are ticked, in the order of the list."""
        return [key for key, box in self.boxes.items() if box.isChecked()]

    def filter(self, text: str) -> None:
        """Show the boxes whose words have all of these."""
        words = text.lower().split()
        shown: set[str] = set()
        for choice in self.choices:
            whole = f"{choice.label} {choice.detail} {choice.group} {choice.key}".lower()
            there = all(word in whole for word in words)
            self.boxes[choice.key].setVisible(there)
            if choice.key in self._details:
                self._details[choice.key].setVisible(there)
            if there:
                shown.add(choice.group)
        for group, heading in self._headings.items():
            heading.setVisible(group in shown)


class _Box(QCheckBox):
    """A box whose words end with "…" where there is no room; hovering and screen readers have all of them."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self._words = words
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setMinimumWidth(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - _INDENT - 4
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(_INDENT + 8 + self.fontMetrics().horizontalAdvance(self._words), hint.height())


def tick_box(words: str, *, on: bool = False, changed: Callable[[], object] | None = None) -> QCheckBox:
    """A box with marked English words."""
    made = QCheckBox()
    say(made, words)
    made.setChecked(on)
    if changed is not None:
        made.toggled.connect(lambda _on: changed())
    return made


def channel_choices(rows: Sequence[ChannelRow]) -> list[Choice]:
    """Channels by group, each with what comes out and its limits."""
    order = list(dict.fromkeys(row.group for row in rows))
    grouped = sorted(rows, key=lambda row: order.index(row.group))
    return [
        Choice(
            row.name, row.label, " · ".join(part for part in (row.detail, row.limits) if part), row.group,
            row.standard,
        )
        for row in grouped
    ]  # fmt: skip
