"""A shelf of pictures and clips: filled by drops from the library or the desktop, or by choosing files."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from mmstudio.desktop.models.asset_model import ASSETS_MIME, dropped_assets
from mmstudio.desktop.models.items import ITEMS_MIME, mime_items
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import DropZone, PictureTile
from mmstudio.i18n import mark, tr

_SIDE = 64


class PictureShelf(QWidget):
    """Keeps asset ids in order; the owner looks up what a drop means and calls :meth:`add`.

    Signals:
        assets_dropped: asset ids of a drag from the library. items_dropped: item ids. files_dropped: paths.
    """

    assets_dropped = Signal(list)
    items_dropped = Signal(list)
    files_dropped = Signal(list)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self.ids: list[int] = []
        self._titles: dict[int, str] = {}
        self.add_button = button(mark("Choose files…"), self._choose, "quiet", icon="folder-open")
        self.zone = DropZone((ASSETS_MIME, ITEMS_MIME, "text/uri-list"))
        self.zone.dropped.connect(self._dropped)
        self.zone.setMinimumHeight(64)
        name(self.zone, mark("Pictures and clips"))
        self._flow = FlowLayout(self.zone)
        self._flow.setContentsMargins(8, 8, 8, 8)
        self.hint = label(
            mark("Drop pictures or clips here; or select them in the Library and choose Make with these."),
            "small",
            wrap=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(label(mark("Pictures and clips"), "strong"), None, self.add_button))
        layout.addWidget(self.zone)
        layout.addWidget(self.hint)

    def add(self, titles: dict[int, str]) -> None:
        """Put assets on the shelf, those that are there already only once."""
        for asset_id, title in titles.items():
            if asset_id not in self.ids:
                self.ids.append(asset_id)
                self._titles[asset_id] = title
        self._show()

    def clear(self) -> None:
        """Take everything off."""
        self.ids, self._titles = [], {}
        self._show()

    def _take_off(self, asset_id: int) -> None:
        self.ids.remove(asset_id)
        self._show()

    def _show(self) -> None:
        self._flow.clear()
        for asset_id in self.ids:
            words = tr("{title}: press to take it off", title=self._titles[asset_id])
            tile = PictureTile(self._pictures, asset_id, words, side=_SIDE)
            tile.clicked.connect(lambda _checked=False, i=asset_id: self._take_off(i))
            self._flow.addWidget(tile)
        self.hint.setVisible(not self.ids)
        self._flow.invalidate()
        self.zone.updateGeometry()

    def _dropped(self, mime: QMimeData) -> None:
        if assets := dropped_assets(mime):
            self.assets_dropped.emit(assets)
        elif items := mime_items(mime):
            self.items_dropped.emit(items)
        elif mime.hasUrls():
            files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
            if files:
                self.files_dropped.emit(files)

    def _choose(self) -> None:
        files, _kind = QFileDialog.getOpenFileNames(self, tr("Choose pictures or clips"))
        if files:
            self.files_dropped.emit(files)
