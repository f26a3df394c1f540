"""The time line as a list: every scene with its layers, and the sounds, with times that can be typed.

It shows what the painted time line shows and does what dragging there does, for keys alone and for screen
readers, which read trees row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from mmstudio.composition.names import shown_name
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.editor_timeline import Row, rows_of
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import Storyboard

_WHAT, _START, _END = 0, 1, 2
_KEY = Qt.ItemDataRole.UserRole  # (part, scene, name)
_HINT = mark(
    "Up and Down choose a row, Left and Right fold a scene; F2 in Start or End changes it, in seconds"
)
Key = tuple[str, int, str]


class TimelineList(QTreeWidget):
    """Scenes, layers and sounds with start and end.

    Signals:
        picked: a scene's place, and the name of a layer of it ("" for the scene itself).
        others: as those of :class:`EditorTimeline` of the same names.
    """

    picked = Signal(int, str)
    row_picked = Signal(str, str)
    scene_trimmed = Signal(int, float, str)
    times_set = Signal(str, float, float)
    sound_set = Signal(str, float, float, str)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board: Storyboard | None = None
        self._keys: list[Key] = []
        self.lengths: dict[int, float] = {}  # seconds of sounds by asset
        self.editable = True
        self.setColumnCount(3)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAllColumnsShowFocus(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setTabKeyNavigation(False)
        head = self.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(_WHAT, QHeaderView.ResizeMode.Stretch)
        for column in (_START, _END):
            self.setColumnWidth(column, 96)
        name(self, mark("Time line as a list"), _HINT)
        self.setToolTip("")
        self.retranslate()
        self.currentItemChanged.connect(self._picked)
        self.itemChanged.connect(self._edited)

    def retranslate(self) -> None:
        """The heads in another language; rows come anew with the storyboard."""
        self.setHeaderLabels([tr("What"), tr("Start (s)"), tr("End (s)")])
        self._keys = []

    def show_board(self, board: Storyboard | None, scene: int, layers: list[str], sound: str) -> None:
        """A storyboard, and what of it is in hand; rows that stay keep their place and the focus."""
        self._board = board
        with QSignalBlocker(self):
            told = _told(board, self.lengths) if board is not None else []
            keys = [key for key, _row in told]
            if keys != self._keys:
                self._keys = keys
                self._build(told)
            for item, (key, row) in zip(self._items(), told, strict=True):
                self._fill(item, key, row)
            wanted: Key = (
                ("sound", -1, sound)
                if sound
                else ("layer", scene, layers[0])
                if layers
                else ("scene", scene, "")
            )
            for item in self._items():
                if tuple(item.data(_WHAT, _KEY)) == wanted:
                    self.setCurrentItem(item, max(self.currentColumn(), 0))

    # --- rows ---------------------------------------------------------------------------------------

    def _build(self, told: list[tuple[Key, Row]]) -> None:
        self.clear()
        scene: QTreeWidgetItem | None = None
        for (part, _number, _name), _row in told:
            if part == "layer" and scene is not None:
                QTreeWidgetItem(scene)
                continue
            made = QTreeWidgetItem(self)
            if part == "scene":
                scene = made
        self.expandAll()

    def _items(self) -> list[QTreeWidgetItem]:
        found: list[QTreeWidgetItem] = []
        for at in range(self.topLevelItemCount()):
            top = self.topLevelItem(at)
            assert top is not None
            found += [top, *(child for n in range(top.childCount()) if (child := top.child(n)) is not None)]
        return found

    def _fill(self, item: QTreeWidgetItem, key: Key, row: Row) -> None:
        said = row.title + f", {tr('locked')}" * row.locked + f", {tr('hidden')}" * row.hidden
        item.setData(_WHAT, _KEY, key)
        item.setText(_WHAT, said)
        item.setIcon(_WHAT, icon(row.icon))
        for column, value, words in (
            (_START, row.start, mark("{what} starts at {t} seconds")),
            (_END, row.end, mark("{what} ends at {t} seconds")),
        ):
            item.setData(column, Qt.ItemDataRole.EditRole, round(value, 2))
            item.setData(
                column, Qt.ItemDataRole.AccessibleTextRole, tr(words, what=row.title, t=f"{value:.2f}")
            )
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.editable and not row.locked:
            flags |= Qt.ItemFlag.ItemIsEditable
        item.setFlags(flags)

    # --- what a person does -------------------------------------------------------------------------

    def edit(self, index: Any, trigger: Any = None, event: Any = None) -> Any:
        """Only times are typed here; the first column says what a row is."""
        if trigger is None:
            super().edit(index)
            return None
        if index.column() == _WHAT:
            return False
        return super().edit(index, trigger, event)

    def _picked(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        part, scene, own = item.data(_WHAT, _KEY)
        if part == "sound":
            self.row_picked.emit("sound", own)
            return
        self.picked.emit(scene, own)

    def _edited(self, item: QTreeWidgetItem, column: int) -> None:
        board = self._board
        if board is None or column == _WHAT:
            return
        part, number, own = item.data(_WHAT, _KEY)
        start = float(item.data(_START, Qt.ItemDataRole.EditRole))
        end = float(item.data(_END, Qt.ItemDataRole.EditRole))
        side = "start" if column == _START else "end"
        if part == "scene":
            held = board.scenes[number]
            seconds = end - held.start if column == _END else held.end - start
            self.scene_trimmed.emit(number, max(seconds, 0.2), side)
        elif part == "layer":
            held = board.scenes[number]
            self.times_set.emit(own, max(start - held.start, 0.0), max(end - held.start, 0.0))
        else:
            self.sound_set.emit(own, max(start, 0.0), max(end, 0.0), "whole" if column == _START else "end")
        self.released.emit()


def _told(board: Storyboard, lengths: dict[int, float]) -> list[tuple[Key, Row]]:
    """(key, row) of every scene with its layers, then of every sound."""
    found: list[tuple[Key, Row]] = []
    for number, scene in enumerate(board.scenes):
        title = tr("Scene {n}: {name}", n=number + 1, name=shown_name(scene.name))
        found.append(
            (("scene", number, ""), Row("scene", scene.name, title, "film-strip", scene.start, scene.end))
        )
        rows = rows_of(board, number, lengths)
        found += [(("layer", number, row.name), row) for row in rows if row.part == "layer"]
    sounds = [row for row in rows_of(board, 0, lengths) if row.part == "sound"]
    return [*found, *((("sound", -1, row.name), row) for row in sounds)]
