"""The media grid. Panes use :class:`AssetGrid` only, so that another view can stand in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QToolTip, QVBoxLayout, QWidget

from mmstudio.desktop.models.rows import ID_ROLE
from mmstudio.desktop.texts import say
from mmstudio.desktop.views.asset_delegate import AssetDelegate
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.asset_model import AssetModel

SIDES = (112, 144, 176, 216, 264)
_LAYOUT_BATCH = 2000
_EDGE = 6  # free at the left and right


class AssetGrid(QWidget):
    """Thumbnails of a model of assets.

    Signals:
        selection_changed: ids in the order of the view, current one first.
        opened: an id was double-clicked or Enter was pressed on it.
        looked: ids for quick look (Space).
        menu_wanted: a global position.
        zoomed: Ctrl and the wheel asked for larger (+1) or smaller (-1) cells.
    """

    selection_changed = Signal(object)
    opened = Signal(int)
    looked = Signal(object)
    menu_wanted = Signal(QPoint)
    zoomed = Signal(int)

    def __init__(self, context: AppContext, model: AssetModel, side: int = 176) -> None:
        super().__init__()
        self._model = model
        self._thumbnails = context.thumbnails
        self._view = _View(self)
        self._least = side
        self._delegate = AssetDelegate(context.thumbnails, side, self)
        self._view.setItemDelegate(self._delegate)
        self._view.setModel(model)
        say(self._view, mark("Media"), "setAccessibleName")
        self._apply_side()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, 0, 0, 0)
        layout.addWidget(self._view)
        self.setFocusProxy(self._view)
        context.thumbnails.ready.connect(self._thumbnail_ready)
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(30)  # many thumbnails arrive together: one paint shows them
        self._repaint.timeout.connect(self._view.viewport().update)
        # Selecting thousands of rows tells once, not row by row.
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.setInterval(0)
        self._told.timeout.connect(lambda: self.selection_changed.emit(self.selected()))
        self._view.selectionModel().selectionChanged.connect(lambda _a, _b: self._told.start())
        self._view.doubleClicked.connect(lambda index: self.opened.emit(index.data(ID_ROLE)))
        self._keep: tuple[list[int], int] | None = None
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)

    @property
    def side(self) -> int:
        """Width of a picture, in pixels."""
        return self._delegate.side

    def set_side(self, side: int) -> None:
        """Larger or smaller pictures: at least ``side`` wide, more where that fills the row."""
        if side != self._least:
            current = self._view.currentIndex()
            self._least = side
            self._apply_side()
            if current.isValid():
                self._view.scrollTo(current)

    def selected(self) -> list[int]:
        """Selected ids, the current one first, the others in the order of the view."""
        ids = self._model.ids
        chosen: list[int] = []
        selection = self._view.selectionModel().selection()
        blocks = [selection.at(n) for n in range(selection.count())]
        for block in sorted(blocks, key=QItemSelectionRange.top):
            chosen += ids[block.top() : block.bottom() + 1]
        current = self._view.currentIndex()
        if current.isValid() and self._view.selectionModel().isSelected(current):
            first = ids[current.row()]
            chosen = [first, *(i for i in chosen if i != first)]
        return chosen

    @property
    def has_selection(self) -> bool:
        """True where something is selected."""
        return self._view.selectionModel().hasSelection()

    def select(self, ids: list[int]) -> None:
        """Select these (those the model has) and scroll to the first."""
        rows = [row for row in (self._model.row_of(i) for i in ids) if row >= 0]
        self._select_rows(rows)
        if rows:
            first = self._model.index(rows[0])
            self._view.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self._view.scrollTo(first, QAbstractItemView.ScrollHint.EnsureVisible)

    def neighbour(self, step: int) -> int | None:
        """Select the asset ``step`` places on and return its id; None at the end."""
        row = self._view.currentIndex().row() + step
        if not 0 <= row < self._model.rowCount():
            return None
        self._view.setCurrentIndex(self._model.index(row))
        return self._model.ids[row]

    def select_all(self) -> None:
        """Select everything the query found."""
        self._view.selectAll()

    def scroll_by(self, fraction: float) -> None:
        """Scroll to a fraction (0 to 1) of the whole height."""
        bar = self._view.verticalScrollBar()
        bar.setValue(round(fraction * bar.maximum()))

    def _apply_side(self) -> None:
        bar = self._view.verticalScrollBar().sizeHint().width()
        self._delegate.fit(self._least, max(120, self.width() - bar - 2 * _EDGE - 2))
        if self._view.gridSize() != self._delegate.cell:
            self._view.setGridSize(self._delegate.cell)
            self._view.doItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply_side()

    def _thumbnail_ready(self, _sha256: str) -> None:
        if not self._repaint.isActive():
            self._repaint.start()

    def _select_rows(self, rows: list[int]) -> None:
        selection = QItemSelection()
        for row in rows:
            index = self._model.index(row)
            selection.select(index, index)
        self._view.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _remember(self) -> None:
        scrolled = self._view.verticalScrollBar().value() > 0
        top = self._view.indexAt(QPoint(_EDGE, 8)).row() if scrolled else -1
        ids = self._model.ids
        self._keep = (self.selected(), ids[top] if 0 < top < len(ids) else 0)

    def _restore(self) -> None:
        kept, self._keep = self._keep, None
        if kept is None:
            return
        rows = [row for row in (self._model.row_of(i) for i in kept[0]) if row >= 0]
        self._select_rows(rows)
        if rows:
            current = self._model.index(rows[0])
            self._view.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
        top = self._model.row_of(kept[1]) if kept[1] else -1
        if top >= 0:
            index = self._model.index(top)
            # Batched layout reaches the row within a few turns of the event loop.
            QTimer.singleShot(
                0, self._view, lambda: self._view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
            )
        self._told.start()


class _View(QListView):
    def __init__(self, grid: AssetGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_LAYOUT_BATCH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda at: grid.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )
        self.verticalScrollBar().setSingleStep(48)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Letters are shortcuts here, not a search for a title.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._grid.opened.emit(self.currentIndex().data(ID_ROLE))
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._grid.looked.emit(self._grid.selected())
        elif event.text().isprintable() and event.text() and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._grid.zoomed.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            # Titles are on the cells, facts in the inspector: only why something was found is said here.
            index = self.indexAt(event.pos())
            why = index.data(int(Qt.ItemDataRole.ToolTipRole)) if index.isValid() else None
            if why:
                QToolTip.showText(event.globalPos(), str(why), self.viewport(), self.visualRect(index))
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)
