"""Pictures for delegates by asset id or file: asked for while painting, loaded off the GUI thread."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.errors import MediaError
from mmstudio.media.kinds import kind_of

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

log = logging.getLogger(__name__)
Key = int | str  # an asset's id (its thumbnail) or the path of a picture the studio made
_BATCH = 24
_FILES_KEPT = 300


class Pictures(QObject):
    """Resolves ids to assets and lets the shared thumbnail loader do the rest; files it loads itself.

    :attr:`arrived` says that another paint will show more.
    """

    arrived = Signal()

    def __init__(self, context: AppContext, side: int = 384, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._side = context, side
        self._assets: dict[int, Asset | None] = {}
        self._files: OrderedDict[str, QPixmap] = OrderedDict()
        self._wanted: list[Key] = []
        self._generation = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._load)
        context.thumbnails.ready.connect(self._arrive)

    def get(self, key: Key | None) -> QPixmap | None:
        """The picture, a null pixmap where there is none to be had, None while it is on its way."""
        if key is None:
            return QPixmap()
        if isinstance(key, int):
            if key in self._assets:
                asset = self._assets[key]
                if asset is None or self._context.thumbnails.failed(asset):
                    return QPixmap()
                return self._context.thumbnails.pixmap(asset, self._side)
        elif key in self._files:
            self._files.move_to_end(key)
            return self._files[key]
        if key not in self._wanted:
            self._wanted.append(key)
            self._timer.start()
        return None

    def put(self, path: str, image: QImage) -> None:
        """Keep a picture that is at hand already under the name of a file."""
        self._files[path] = QPixmap.fromImage(image)

    def forget(self) -> None:
        """Another library: start afresh."""
        self._generation += 1
        self._assets.clear()
        self._files.clear()
        self._wanted.clear()

    def forget_assets(self, ids: list[int] | None) -> None:
        """These assets (all when None) changed: look them up again."""
        for key in list(self._assets) if ids is None else ids:
            self._assets.pop(key, None)
        self.arrived.emit()

    def _load(self) -> None:
        studio = self._context.studio
        if studio is None or not self._wanted:
            self._wanted.clear()
            return
        batch, self._wanted = self._wanted[-_BATCH:], self._wanted[:-_BATCH]
        generation, library, side = self._generation, studio.library, self._side
        ids = [k for k in batch if isinstance(k, int)]
        files = [k for k in batch if isinstance(k, str)]

        def work() -> tuple[dict[int, Asset], dict[str, QImage]]:
            found = {a.id: a for a in library.assets.get_many(ids)} if ids else {}
            return found, {path: file_image(path, side) for path in files}

        def done(result: tuple[dict[int, Asset], dict[str, QImage]]) -> None:
            if generation != self._generation:
                return
            for id_ in ids:
                self._assets[id_] = result[0].get(id_)
            for path, image in result[1].items():
                self.put(path, image)
            while len(self._files) > _FILES_KEPT:
                self._files.popitem(last=False)
            self._arrive()
            if self._wanted:
                self._timer.start()

        self._context.background(work, done, owner=self)

    def _arrive(self, _sha256: str = "") -> None:
        self.arrived.emit()


def file_image(path: str, side: int) -> QImage:
    """A picture of any media file: itself, a poster frame, a waveform; null where there is none."""
    image = read_image(path, side)
    kind = kind_of(Path(path)) if image.isNull() else None
    if kind is None or not Path(path).is_file():
        return image
    from mmstudio.media.thumbnail import make_thumbnail

    try:
        return to_qimage(np.asarray(make_thumbnail(Path(path), kind, size=side)))
    except MediaError as error:
        log.info("no picture of %s: %s", path, error)
        return QImage()


def read_image(path: str, side: int) -> QImage:
    """A picture file of the studio's own making, at most ``side`` pixels; null where unreadable."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
