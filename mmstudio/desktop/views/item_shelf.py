"""A shelf of chosen items: filled by drag and drop or the picker, emptied one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.models.items import ITEMS_MIME, ItemRow, mime_items
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.item_picker import ItemPicker
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import DropZone, PictureTile
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext


class ItemShelf(QWidget):
    """Items of one kind for an audience; signals say what the person did, the owner stores it."""

    added = Signal(list)  # item ids
    removed = Signal(int)
    assets_dropped = Signal(list)  # asset ids whose items are meant

    def __init__(
        self,
        context: AppContext,
        pictures: Pictures,
        title: str,
        hint: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._rows: list[ItemRow] = []
        self._tiles: dict[ItemRow, PictureTile] = {}
        self._read_only = False
        self.picker = ItemPicker(context, pictures, self)
        self.picker.picked.connect(lambda id_: self.added.emit([id_]))
        self.add_button = button(mark("Add"), self._open_picker, "quiet", icon="plus")
        self.zone = DropZone((ITEMS_MIME, ASSETS_MIME))
        self.zone.dropped.connect(self._dropped)
        say(self.zone, title, "setAccessibleName")
        self._flow = FlowLayout(self.zone)
        self._flow.setContentsMargins(8, 8, 8, 8)
        self._hint = label(hint, "small", wrap=True)
        self._hint.setMinimumWidth(220)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(label(title, "strong"), None, self.add_button))
        layout.addWidget(self.zone)
        layout.addWidget(self._hint)

    def show_rows(self, rows: list[ItemRow], *, read_only: bool) -> None:
        """Show these items."""
        same = {} if read_only != self._read_only else self._tiles
        self._rows, self._read_only = rows, read_only
        self.add_button.setEnabled(not read_only)
        self.zone.setAcceptDrops(not read_only)
        self._tiles = {shown: same.get(shown) or self._tile(shown) for shown in rows}
        self._flow.hold(list(self._tiles.values()))
        self._hint.setVisible(not rows)
        self.zone.setMinimumHeight(56)
        self.zone.updateGeometry()

    def retranslate(self) -> None:
        """Say the tiles in the language in use."""
        for shown, tile in self._tiles.items():
            tile.set_name(self._words(shown))

    def _words(self, shown: ItemRow) -> str:
        return shown.title if self._read_only else tr("{title}: press to take it off", title=shown.title)

    def _tile(self, shown: ItemRow) -> PictureTile:
        tile = PictureTile(
            self._pictures, shown.hero, self._words(shown), side=64, caption=shown.title, contain=True,
            drag_item=shown.id,
        )  # fmt: skip
        if not self._read_only:
            tile.clicked.connect(lambda _checked=False, i=shown.id: self.removed.emit(i))
        return tile

    @property
    def ids(self) -> list[int]:
        """The items shown."""
        return [r.id for r in self._rows]

    def _open_picker(self) -> None:
        self.picker.open_below(self.add_button)

    def _dropped(self, mime: QMimeData) -> None:
        items = mime_items(mime)
        if items:
            self.added.emit(items)
        else:
            self.assets_dropped.emit(dropped_assets(mime))
