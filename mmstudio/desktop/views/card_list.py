"""The cards of recommendations: arrows walk, letters decide, the menu key shows what can be done."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QListView, QMenu, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.audiences import RecommendationModel, Recommended
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.recommendation_delegate import DECISIONS, UNDONE, RecommendationDelegate
from mmstudio.i18n import mark, tr

KEYS = {Qt.Key.Key_P: "pin", Qt.Key.Key_B: "ban", Qt.Key.Key_A: "approve", Qt.Key.Key_R: "reject"}


class CardList(QListView):
    """Signals: :attr:`decided` carries the row and what was decided."""

    decided = Signal(object, str)  # Recommended, key of DECISIONS
    looked = Signal(object)  # Recommended: Space

    def __init__(self, pictures: Pictures, model: RecommendationModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setModel(model)
        self.delegate = RecommendationDelegate(pictures, model, self)
        self.delegate.decided.connect(lambda index, key: self._decide(index, key))
        self.setItemDelegate(self.delegate)
        pictures.arrived.connect(self.viewport().update)
        name(
            self,
            mark("Recommendations"),
            mark("P pins, B bans, A approves, R rejects the chosen card; Enter opens its item"),
        )
        # The list's own tip would hide those of the cards.
        self.viewport().setToolTip("")

    @property
    def current(self) -> Recommended | None:
        """The chosen card."""
        index = self.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    def set_read_only(self, read_only: bool) -> None:
        """Where nothing can be decided the marks of before still show."""
        if self.delegate.read_only != read_only:
            self.delegate.read_only = read_only
            self.viewport().update()

    def menu(self) -> QMenu | None:
        """What can be decided about the chosen card."""
        row = self.current
        if row is None or self.delegate.read_only:
            return None
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, symbol, filled, decided, words in DECISIONS:
            on = decided in row.marks
            entry = made.addAction(icon(filled if on else symbol), tr(UNDONE[key]) if on else tr(words))
            entry.triggered.connect(lambda _on=False, k=key, r=row: self.decided.emit(r, k))
        return made

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        row = self.current
        key = KEYS.get(Qt.Key(event.key())) if plain else None
        if key is not None and row is not None and not self.delegate.read_only:
            self.decided.emit(row, key)
        elif plain and event.key() == Qt.Key.Key_Space and row is not None:
            self.looked.emit(row)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        made = self.menu()
        if made is not None:
            made.popup(event.globalPos())

    def _decide(self, index: QModelIndex, key: str) -> None:
        row = index.data(ROW_ROLE)
        if row is not None:
            self.decided.emit(row, key)
