"""Choosing an item anywhere: a button that shows the chosen one and opens a searchable list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.items import ItemListModel, ItemRow, item_rows
from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.item_delegate import ItemDelegate
from mmstudio.desktop.views.painting import paint_picture, paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_TYPING_MS = 120


class ItemPicker(QFrame):
    """A popup list of items; :attr:`picked` carries the chosen id."""

    picked = Signal(int)

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._context = context
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = ItemListModel(self._fetch, self)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        name(self.search, mark("Search items"))
        say(self.search, mark("Search items"), "setPlaceholderText")
        self.search.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ItemDelegate(pictures, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        name(self.list, mark("Items"))
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        pictures.arrived.connect(self.list.viewport().update)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        self.resize(380, 420)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._query)
        self.search.textChanged.connect(lambda _text: self._typing.start())

    def open_below(self, anchor: QWidget) -> None:
        """Show under a widget, or above it where the screen ends."""
        self.search.clear()
        self._typing.stop()
        self._query()
        at = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        screen = anchor.screen().availableGeometry()
        if at.y() + self.height() > screen.bottom():
            at.setY(max(screen.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - 4))
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        self.move(at)
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.list.setFocus()
                if self.model.rowCount():
                    self.list.setCurrentIndex(self.model.index(0))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.ids:
                self._choose(self.model.index(0))
                return True
        return super().eventFilter(watched, event)

    def _query(self) -> None:
        studio = self._context.studio
        if studio is not None:
            text = self.search.text().strip()
            self._context.background(
                lambda: studio.library.items.ids(text=text), self._queried, key=("item-picker", id(self))
            )

    def _queried(self, ids: list[int]) -> None:
        self.model.set_ids(ids)

    def _fetch(self, ids: list[int], done: Callable[[dict[int, ItemRow]], None]) -> None:
        studio = self._context.studio
        if studio is not None:
            self._context.background(lambda: item_rows(studio.library, ids), done, owner=self)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.hide()
            self.picked.emit(self.model.ids[index.row()])


class ItemButton(QPushButton):
    """Shows the chosen item; pressed, it offers the others.

    Signals:
        chosen: the id of an item that the person chose. shown: another item is there, whoever chose it.
    """

    chosen = Signal(int)
    shown = Signal()

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._pictures = context, pictures
        self._row: ItemRow | None = None
        self.picker = ItemPicker(context, pictures, self)
        self.picker.picked.connect(self._picked)
        self.clicked.connect(lambda: self.picker.open_below(self))
        self.setMinimumHeight(44)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Item"))
        pictures.arrived.connect(self.update)

    @property
    def item_id(self) -> int | None:
        """The chosen item."""
        return self._row.id if self._row else None

    def clear(self) -> None:
        """No item."""
        self._row = None
        self.update()

    def show_item(self, item_id: int) -> None:
        """Show an item without a signal."""
        studio = self._context.studio
        if studio is not None:
            self._context.background(
                lambda: item_rows(studio.library, [item_id]).get(item_id),
                self._show_row,
                key=("item-button", id(self)),
            )

    def _show_row(self, row: ItemRow | None) -> None:
        self._row = row
        self.setAccessibleDescription(row.title if row else "")
        self.update()
        self.shown.emit()

    def _picked(self, item_id: int) -> None:
        self.show_item(item_id)
        self.chosen.emit(item_id)

    def sizeHint(self) -> QSize:
        return QSize(200, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        height = self.height()
        picture = QRect(6, 6, height - 12, height - 12)
        paint_picture(painter, picture, self._pictures.get(self._row.hero if self._row else None))
        words = QRect(picture.right() + 10, 0, self.width() - picture.right() - 40, height)
        text = self._row.title if self._row else tr("Choose an item")
        role = "text" if self.isEnabled() and self._row else "muted"
        paint_text(painter, words, text, role=role, pixels=theme.BODY)
        icons.paint_icon(painter, QRect(self.width() - 26, (height - 14) // 2, 14, 14), "caret-down", "muted")
