"""The Library's search field, filter bar and tag panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.icons import KIND_ICONS, icon
from mmstudio.desktop.models.rows import ID_ROLE
from mmstudio.desktop.models.tags import TagModel
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.asset_grid import SIDES
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.words import KIND_PLURALS
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

Order = Literal["added", "title", "captured", "size", "duration", "rating"]
# (order, largest or newest first, words)
_ORDERS: tuple[tuple[Order, bool, str], ...] = (
    ("added", True, mark("Newest first")),
    ("title", False, mark("By title")),
    ("captured", True, mark("By date taken")),
    ("rating", True, mark("Best rated first")),
    ("size", True, mark("Largest file first")),
    ("duration", True, mark("Longest first")),
)

_NARROW = 640  # pixels below which there is no room for the size of pictures
_ROOMY = 900  # pixels from which the kinds are named, not only counted


class SearchField(QLineEdit):
    """Words and filters such as ``kind:sound tag:summer``."""

    def __init__(self) -> None:
        super().__init__()
        self.setClearButtonEnabled(True)
        self.addAction(
            QAction(icon("magnifying-glass", "muted"), "", self), QLineEdit.ActionPosition.LeadingPosition
        )
        self.setMinimumWidth(180)
        say(self, mark("Search: beach kind:sound tag:summer rating:3"), "setPlaceholderText")
        name(
            self,
            mark("Search the library"),
            mark("Words, or filters: kind: tag: item: origin: rating: width:>1000 duration:10..30"),
        )


class FilterBar(QWidget):
    """Kinds, tags in force, order, size of pictures.

    Signals:
        changed: another filter or order.
        side_changed: a step of the grid's sizes.
    """

    changed = Signal()
    side_changed = Signal(int)
    tags_toggled = Signal(bool)
    add_wanted = Signal()
    similar_closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self._counts: dict[str, int] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(6)
        self.tags_button = tool(
            "tag", mark("Tags"), tip=mark("Show or hide the list of tags"), checkable=True
        )
        self.tags_button.toggled.connect(self.tags_toggled)
        layout.addWidget(self.tags_button)
        self._kinds: dict[MediaKind, QToolButton] = {}
        for kind, plural in KIND_PLURALS.items():
            chip = QToolButton()
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.setIcon(icon(KIND_ICONS[kind], "muted", "accent"))
            chip.setIconSize(QSize(16, 16))
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            say(chip, plural, "setAccessibleName")
            say(chip, plural, "setToolTip")
            chip.toggled.connect(lambda _on: self.changed.emit())
            self._kinds[kind] = chip
            layout.addWidget(chip)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(4)
        layout.addLayout(self._chips)
        self._similar = _chip("")
        self._similar.clicked.connect(self.similar_closed)
        self._similar.hide()
        layout.addWidget(self._similar)
        layout.addStretch(1)
        self.count = label(role="small")
        layout.addWidget(self.count)
        self.orders = QComboBox()
        name(self.orders, mark("Order"))
        self.orders.addItems([tr(words) for _order, _down, words in _ORDERS])
        self.orders.currentIndexChanged.connect(lambda _row: self.changed.emit())
        layout.addWidget(self.orders)
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setRange(0, len(SIDES) - 1)
        self.zoom.setValue(2)
        self.zoom.setFixedWidth(80)
        name(self.zoom, mark("Size of pictures"))
        self.zoom.valueChanged.connect(self.side_changed)
        layout.addWidget(self.zoom)
        self.add = button(mark("Add"), self.add_wanted.emit, icon="plus")
        name(self.add, mark("Add a folder of media"))
        layout.addWidget(self.add)
        self.retranslate()

    @property
    def kinds(self) -> list[MediaKind]:
        """Kinds that are switched on; none means all."""
        return [kind for kind, chip in self._kinds.items() if chip.isChecked()]

    @property
    def order(self) -> tuple[Order, bool]:
        """(order, descending)."""
        order, descending, _words = _ORDERS[max(0, self.orders.currentIndex())]
        return order, descending

    def step_side(self, step: int) -> None:
        """Larger or smaller pictures by a step."""
        self.zoom.setValue(self.zoom.value() + step)

    def toggle_tag(self, tag: str) -> None:
        """Filter by one more tag, or by one fewer."""
        if tag in self.tags:
            self.tags.remove(tag)
        else:
            self.tags.append(tag)
        self._show_chips()
        self.changed.emit()

    def clear(self) -> None:
        """No filter; says nothing."""
        for chip in self._kinds.values():
            chip.blockSignals(True)
            chip.setChecked(False)
            chip.blockSignals(False)
        self.tags.clear()
        self._show_chips()

    def set_counts(self, counts: dict[str, int]) -> None:
        """How many of each kind the search finds."""
        self._counts = counts
        self.retranslate()

    def set_count(self, shown: int, total: int, similar: str) -> None:
        """How much of the library is shown, and what it is similar to."""
        self.count.setText(
            tr("{n} assets", n=f"{shown:,}")
            if shown == total
            else tr("{n} of {total}", n=f"{shown:,}", total=f"{total:,}")
        )
        self._similar.setVisible(bool(similar))
        short = similar if len(similar) < 24 else similar[:22] + "…"
        self._similar.setText(tr("Similar to {what}", what=short))
        self._similar.setAccessibleName(tr("Leave the similar ones"))

    def set_writing(self, writing: bool) -> None:
        """Whether media can be added."""
        self.add.setEnabled(writing)

    def retranslate(self) -> None:
        """Words with numbers and the orders."""
        for kind, chip in self._kinds.items():
            count = self._counts.get(kind, 0)
            words = tr(KIND_PLURALS[kind])
            chip.setText(f"{words}  {count:,}" if self.width() >= _ROOMY else f"{count:,}")
            chip.setVisible(bool(count) or chip.isChecked())
            chip.setToolTip(words)
        for row, (_order, _down, words) in enumerate(_ORDERS):
            self.orders.setItemText(row, tr(words))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.size().width() >= _ROOMY) != (event.oldSize().width() >= _ROOMY):
            self.retranslate()
        self._show_room()

    def _show_room(self) -> None:
        # In a narrow window words give way before anything is cut.
        self.zoom.setVisible(self.width() >= _NARROW)
        if self.width() >= _NARROW:
            say(self.add, mark("Add"))
        else:
            unsay(self.add)
            self.add.setText("")

    def _show_chips(self) -> None:
        while self._chips.count():
            item = self._chips.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for tag in self.tags:
            chip = _chip(tag)
            chip.setAccessibleName(tr("Remove the filter {tag}", tag=tag))
            chip.clicked.connect(lambda _on=False, tag=tag: self.toggle_tag(tag))
            self._chips.addWidget(chip)


class TagPanel(QWidget):
    """All tags with their counts; a click filters."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(140)
        self.setMaximumWidth(320)
        self.model = TagModel(self)
        self.view = QListView()
        self.view.setProperty("role", "menu")
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        name(self.view, mark("Tags"), mark("Click a tag to filter by it"))
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(label(mark("Tags"), "small"))
        layout.addWidget(self.view, 1)
        self.none = label(mark("No tags yet. Select something and press T."), "muted", wrap=True)
        layout.addWidget(self.none)
        layout.addStretch(0)

    def sizeHint(self) -> QSize:
        return QSize(184, 400)

    def set_tags(self, tags: list[tuple[str, int]], active: list[str]) -> None:
        """Show the tags and which are filtered by."""
        self.model.set_rows(tags)
        self.view.setVisible(bool(tags))
        self.none.setVisible(not tags)
        selection = self.view.selectionModel()
        selection.clear()
        for tag in active:
            row = self.model.row_of(tag)
            if row >= 0:
                selection.select(self.model.index(row), selection.SelectionFlag.Select)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(ID_ROLE))


def _chip(text: str) -> QToolButton:
    chip = QToolButton()
    chip.setProperty("role", "chip")
    chip.setText(text)
    chip.setIcon(icon("x", "muted"))
    chip.setIconSize(QSize(12, 12))
    chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return chip
