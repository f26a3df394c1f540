"""Notices files that come, change or go in the watched folders of the open library, and takes them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.job_model import JobRow
    from mmstudio.library.importing import Watcher

_TAKING = {"import", "rescan"}


class FolderWatch(QObject):
    """Starts a rescan when something changed; one at a time, after an import where one is under way."""

    _noticed = Signal()

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._context = context
        self._watcher: Watcher | None = None
        self._again = False
        self._noticed.connect(self._rescan, Qt.ConnectionType.QueuedConnection)
        context.library_opened.connect(self._start)
        context.library_closed.connect(self._stop)
        context.jobs.ended.connect(self._job_ended)
        self._start()

    @property
    def watching(self) -> bool:
        """True once the folders are watched."""
        return self._watcher is not None

    @Slot()
    def _start(self) -> None:
        studio = self._context.studio
        if studio is None or studio.library.read_only:
            return
        library = studio.library

        def begin() -> Watcher:
            from mmstudio.library.importing import Watcher

            return Watcher(library, self._on_change)

        def begun(watcher: Watcher) -> None:
            if self._context.studio is studio:
                self._watcher = watcher
            else:
                self._context.background(watcher.close)

        self._context.background(begin, begun)

    @Slot()
    def _stop(self) -> None:
        watcher, self._watcher, self._again = self._watcher, None, False
        if watcher is not None:
            self._context.background(watcher.close)

    def _on_change(self, _paths: list[Path]) -> None:
        # On the watcher's thread.
        if isValid(self):
            self._noticed.emit()

    @Slot()
    def _rescan(self) -> None:
        if self._context.studio is None:
            return
        if any(row.kind in _TAKING for row in self._context.jobs.running):
            self._again = True  # what came during an import may have come too late for it
        else:
            self._again = False
            self._context.submit("rescan", {})

    @Slot(object)
    def _job_ended(self, row: JobRow) -> None:
        if self._again and row.kind in _TAKING:
            self._rescan()
