"""The Library's search field and filter bar. What they filter by is the query line and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QSlider, QToolButton, QWidget

from mmstudio.desktop.icons import KIND_ICONS, icon
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.asset_grid import SIDES
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.search_drop import like_token
from mmstudio.desktop.words import KIND_PLURALS
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

Order = Literal["added", "title", "captured", "size", "duration", "rating", "best"]
# (order, largest or newest first, words)
_BEST: tuple[Order, bool, str] = ("best", True, mark("Best match first"))
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


KIND_TOKENS: dict[MediaKind, str] = {"image": "picture", "audio": "sound", "video": "video", "text": "text"}


class SearchField(QLineEdit):
    """Words and filters such as ``kind:sound tag:summer``; a file or asset dropped here finds its like.

    Signals:
        like_dropped: what ``like:`` takes.
    """

    like_dropped = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setClearButtonEnabled(True)
        self.setMaxLength(4000)
        self.addAction(
            QAction(icon("magnifying-glass", "muted"), "", self), QLineEdit.ActionPosition.LeadingPosition
        )
        self.setMinimumWidth(180)
        say(self, mark("Search: beach kind:sound tag:summer color:teal price:<50"), "setPlaceholderText")
        name(
            self,
            mark("Search the library"),
            mark(
                "Words, or filters: kind: tag: color: rating: price: width:>1000 duration:10..30 date:2024"
                " lang: rights: tempo: is:blurred. “or” between alternatives, “-” before what to leave out."
                " Drop a file here to find what is like it."
            ),
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if like_token(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        token = like_token(event.mimeData())
        if token is None:
            super().dropEvent(event)
            return
        event.acceptProposedAction()
        self.like_dropped.emit(token)


class FilterBar(QWidget):
    """Facets and saved searches, kinds, order, size of pictures.

    Signals:
        changed: another order.
        toggled: key and value of a token that goes into the query line, or out of it.
        side_changed: a step of the grid's sizes.
    """

    changed = Signal()
    toggled = Signal(str, str)
    side_changed = Signal(int)
    facets_toggled = Signal(bool)
    add_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._searching = False
        self._before_search = 0
        self._counts: dict[str, int] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(6)
        self.facets_button = tool(
            "funnel",
            mark("Facets"),
            tip=mark("Show or hide what the results can be narrowed by"),
            checkable=True,
        )
        self.facets_button.toggled.connect(self.facets_toggled)
        layout.addWidget(self.facets_button)
        self.saved_button = tool(
            "bookmark-simple", mark("Saved searches"), tip=mark("Save this search, or go to a saved one")
        )
        self.saved_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.saved_menu = QMenu(self.saved_button)
        self.saved_button.setMenu(self.saved_menu)
        layout.addWidget(self.saved_button)
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
            chip.clicked.connect(partial(self._kind_clicked, kind))
            self._kinds[kind] = chip
            layout.addWidget(chip)
        layout.addStretch(1)
        self.count = label(role="small")
        layout.addWidget(self.count)
        self.orders = QComboBox()
        self.orders.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
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

    def show_kinds(self, kinds: Sequence[MediaKind]) -> None:
        """Switch the buttons of the kinds that the query line asks for on."""
        for kind, chip in self._kinds.items():
            chip.setChecked(kind in kinds)
        self.retranslate()

    @property
    def order(self) -> tuple[Order, bool]:
        """(order, descending)."""
        order, descending, _words = self._orders[max(0, self.orders.currentIndex())]
        return order, descending

    @property
    def _orders(self) -> tuple[tuple[Order, bool, str], ...]:
        return (_BEST, *_ORDERS) if self._searching else _ORDERS

    def set_searching(self, searching: bool) -> None:
        """Whether there is something that a best match is possible for: then it comes first at once.

        The order of before comes back with the end of the search.
        """
        if searching == self._searching:
            return
        was = self.orders.currentIndex()
        if searching:
            self._before_search = was
        self._searching = searching
        self.orders.blockSignals(True)
        self.orders.clear()
        self.orders.addItems([tr(words) for _order, _down, words in self._orders])
        self.orders.setCurrentIndex(0 if searching else (self._before_search if was == 0 else was - 1))
        self.orders.blockSignals(False)

    def step_side(self, step: int) -> None:
        """Larger or smaller pictures by a step."""
        self.zoom.setValue(self.zoom.value() + step)

    def _kind_clicked(self, kind: MediaKind, _on: bool = False) -> None:
        self.toggled.emit("kind", KIND_TOKENS[kind])

    def set_counts(self, counts: dict[str, int]) -> None:
        """How many of each kind the search finds."""
        self._counts = counts
        self.retranslate()

    def set_count(self, shown: int, total: int, near: int = 0) -> None:
        """How much of the library is shown, and how many of that are near in meaning only."""
        if near:
            text = tr("{n} match, {more} more are near", n=f"{shown - near:,}", more=f"{near:,}")
        elif shown == total:
            text = tr("{n} assets", n=f"{shown:,}")
        else:
            text = tr("{n} of {total}", n=f"{shown:,}", total=f"{total:,}")
        self.count.setText(text)

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
        for row, (_order, _down, words) in enumerate(self._orders):
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
