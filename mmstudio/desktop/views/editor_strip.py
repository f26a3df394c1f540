"""The strip below the canvas: what else could stand there, or the library to drag from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.editor_choices import ChoiceModel, ChoiceRole
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import row
from mmstudio.desktop.views.painting import paint_card, paint_lines, paint_picture, paint_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.editing import Alternative
    from mmstudio.desktop.views.pictures import Pictures

_CELL = QSize(84, 78)
_WORDS = QSize(184, 78)
_CONTROLS = 168  # pixels
_WAIT_MS = 200


class ChoiceDelegate(QStyledItemDelegate):
    """A picture with where it comes from, or words."""

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        choice: Alternative | None = index.data(ChoiceRole)
        return _WORDS if choice is not None and choice.kind == "text" else _CELL

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        choice: Alternative | None = index.data(ChoiceRole)
        if choice is None:
            return
        place = QRect(option.rect).adjusted(2, 2, -2, -2)
        paint_card(painter, option, place)
        if choice.kind == "text":
            paint_lines(painter, place.adjusted(8, 6, -8, -4), choice.title, pixels=theme.SMALL)
            return
        picture = place.adjusted(4, 4, -4, -20)
        if choice.asset_id is None:
            icons.paint_icon(painter, QRect(picture.center().x() - 12, picture.center().y() - 12, 24, 24),
                             "sparkle", "accent")  # fmt: skip
        else:
            icon = "music-notes" if choice.kind == "audio" else "image"
            paint_picture(painter, picture, self._pictures.get(choice.asset_id), icon=icon)
        words = QRect(place.x() + 6, place.bottom() - 19, place.width() - 12, 18)
        paint_text(painter, words, choice.title, role="muted", pixels=theme.SMALL)


class EditorStrip(QWidget):
    """Lists choices; the pane fills it.

    Signals:
        wanted: the kind of list, "alternatives" or "library", and the words searched for.
        taken: an :class:`Alternative` that was pressed.
    """

    wanted = Signal(str, str)
    taken = Signal(object)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        self._refill()
        name(self.kind, mark("What the strip shows"))
        self.search = QLineEdit()
        say(self.search, mark("Search the library"), "setPlaceholderText")
        name(self.search, mark("Search the library"))
        self.search.setClearButtonEnabled(True)
        self.note = label(role="muted", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.model = ChoiceModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ChoiceDelegate(pictures, self.list))
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setSpacing(2)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setDragEnabled(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        name(self.list, mark("What else could stand here"),
             mark("Press one to put it in the place in hand, or drag "
                                                                 "it onto the canvas"))  # fmt: skip
        self.list.setToolTip("")
        self.list.clicked.connect(self._take)
        self.list.activated.connect(self._take)
        pictures.arrived.connect(self.list.viewport().update)
        controls = QWidget()
        controls.setFixedWidth(_CONTROLS)
        column = QVBoxLayout(controls)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.kind)
        column.addWidget(self.search)
        column.addWidget(self.note, 1)
        layout = row(controls, self.list, margins=(12, 4, 8, 0))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFixedHeight(_CELL.height() + 24)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_WAIT_MS)
        self._patience.timeout.connect(self.ask)
        self.search.textChanged.connect(lambda _words: self._patience.start())
        self.kind.currentIndexChanged.connect(lambda _n: self._switched())
        self.search.setVisible(False)
        self._taken = -1

    def ask(self) -> None:
        """Have the list filled."""
        self._patience.stop()
        self.wanted.emit(self.kind.currentData() or "alternatives", self.search.text().strip())

    def show_choices(self, choices: list[Alternative], note: str = "") -> None:
        """These can be chosen; ``note`` says why there are none."""
        taken = self.taken_now
        self.model.show(choices)
        if taken is not None:  # better ones came: the one that stands there now stays the one in hand
            self._taken = choices.index(taken) if taken in choices else -1
        self.note.setText(note)
        self.note.setToolTip(note)

    def step(self) -> Alternative | None:
        """The next alternative after the one that was taken last, round and round."""
        if not self.model.rows:
            return None
        self._taken = (self._taken + 1) % len(self.model.rows)
        index = self.model.index(self._taken)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)
        return self.model.rows[self._taken]

    @property
    def taken_now(self) -> Alternative | None:
        """The alternative that was taken last, while the list still has it."""
        return self.model.rows[self._taken] if 0 <= self._taken < len(self.model.rows) else None

    def restart(self) -> None:
        """Another place is in hand: begin with its first alternative."""
        self._taken = -1
        self.list.clearSelection()

    def _take(self, index: QModelIndex) -> None:
        choice = index.data(ChoiceRole)
        if choice is not None:
            self._taken = index.row()
            self.taken.emit(choice)

    def _switched(self) -> None:
        self.search.setVisible(self.kind.currentData() == "library")
        self.ask()

    def _refill(self) -> None:
        at = max(self.kind.currentIndex(), 0)
        self.kind.blockSignals(True)
        self.kind.clear()
        self.kind.addItem(tr("Alternatives"), "alternatives")
        self.kind.addItem(tr("From the library"), "library")
        self.kind.setCurrentIndex(at)
        self.kind.blockSignals(False)

    def retranslate(self) -> None:
        """Say the choices again."""
        self._refill()
        self.ask()
