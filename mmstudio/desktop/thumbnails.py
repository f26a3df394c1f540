"""Thumbnails for every view.

Newest request first; QImage in workers, QPixmap only on the GUI thread; bounded cache; late results dropped.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QImageReader, QPixmap

from mmstudio.desktop.workers import Bell

if TYPE_CHECKING:
    from mmstudio.library import Asset, Library

log = logging.getLogger(__name__)
Key = tuple[str, int]  # sha256, longest side in device pixels
_CACHE_BYTES = 192 * 2**20
_WAITING = 400  # older requests are forgotten: their cells have left the screen
_BATCH = 16  # pixmaps made per turn of the event loop


class ThumbnailLoader(QObject):
    """Loads thumbnails by content hash. ``ready`` carries the hash of each that arrived."""

    ready = Signal(str)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._library: Library | None = None
        self._cache: OrderedDict[Key, QPixmap] = OrderedDict()
        self._bytes = 0
        self._failed: set[str] = set()
        self._lock = threading.Condition()
        self._wanted: OrderedDict[Key, Asset] = OrderedDict()
        self._arrived: list[tuple[int, Key, QImage | None]] = []
        self._generation = 0  # results of an earlier library are dropped
        self._closed = False
        self._bell = Bell()
        self._bell.rung.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._threads = [
            threading.Thread(target=self._loop, name=f"thumbnail-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def set_library(self, library: Library | None) -> None:
        """Forget everything and load from ``library`` from now on."""
        with self._lock:
            self._generation += 1
            self._library = library
            self._wanted.clear()
            self._arrived.clear()
        self._cache.clear()
        self._bytes = 0
        self._failed.clear()

    def pixmap(self, asset: Asset, side: int) -> QPixmap | None:
        """The thumbnail at ``side`` device pixels or None, in which case it is requested, newest first."""
        key = (asset.sha256, side)
        found = self._cache.get(key)
        if found is not None:
            self._cache.move_to_end(key)
            return found
        if asset.sha256 in self._failed or self._library is None:
            return None
        with self._lock:
            self._wanted[key] = asset
            self._wanted.move_to_end(key)
            while len(self._wanted) > _WAITING:
                self._wanted.popitem(last=False)
            self._lock.notify()
        return None

    def failed(self, asset: Asset) -> bool:
        """True where no thumbnail can be made."""
        return asset.sha256 in self._failed

    def forget(self, sha256: str) -> None:
        """Drop what is known of one file, so that it is loaded again."""
        self._failed.discard(sha256)
        for key in [k for k in self._cache if k[0] == sha256]:
            self._bytes -= _size(self._cache.pop(key))

    @property
    def cached_bytes(self) -> int:
        """Memory the cached pixmaps take."""
        return self._bytes

    def close(self) -> None:
        """Stop the threads."""
        with self._lock:
            self._closed = True
            self._generation += 1
            self._wanted.clear()
            self._lock.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _loop(self) -> None:
        while True:
            with self._lock:
                while not self._wanted and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                key, asset = self._wanted.popitem(last=True)
                generation, library = self._generation, self._library
            image: QImage | None = None
            if library is not None:
                try:
                    image = _load(library, asset, key[1])
                except Exception as error:  # noqa: BLE001 - any damaged file may come
                    log.info("no thumbnail for %s: %s", asset.rel_path, error)
            with self._lock:
                self._arrived.append((generation, key, image))
                ring = len(self._arrived) == 1 and not self._closed
            if ring:
                self._bell.ring()

    @Slot(object)
    def _deliver(self, _message: object = None) -> None:
        with self._lock:
            batch, self._arrived = self._arrived[:_BATCH], self._arrived[_BATCH:]
            more, generation = bool(self._arrived), self._generation
        if more:
            self._bell.ring()
        for made_for, key, image in batch:
            if made_for != generation:
                continue
            if image is None:
                self._failed.add(key[0])
            else:
                self._keep(key, QPixmap.fromImage(image))
            self.ready.emit(key[0])

    def _keep(self, key: Key, pixmap: QPixmap) -> None:
        older = self._cache.pop(key, None)
        if older is not None:
            self._bytes -= _size(older)
        self._cache[key] = pixmap
        self._bytes += _size(pixmap)
        while self._bytes > _CACHE_BYTES and len(self._cache) > 1:
            self._bytes -= _size(self._cache.popitem(last=False)[1])


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


def _load(library: Library, asset: Asset, side: int) -> QImage | None:
    path = library.assets.thumbnail_path(asset.sha256)
    reader = QImageReader(str(path))
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if not image.isNull():
        return image
    # The thumbnail folder is a cache that may be deleted: draw from the original.
    from mmstudio.media.thumbnail import make_thumbnail

    return to_qimage(np.asarray(make_thumbnail(library.assets.path_of(asset), asset.kind, size=side)))


def to_qimage(pixels: np.ndarray) -> QImage:
    """A QImage with its own memory from uint8 [H, W, 3] or [H, W, 4]."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(pixels.data, width, height, channels * width, form).copy()
