"""Watch the folders of a library and say when something in them changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.library.importing.ingest import is_gone
from mmstudio.media.kinds import kind_of

if TYPE_CHECKING:
    from watchfiles import Change

    from mmstudio.library.library import Library

log = logging.getLogger(__name__)
_DEBOUNCE_MS = 1600  # a copy of many files comes as one change
_JOIN_SECONDS = 2.0


class Watcher:
    """Calls ``on_change(paths)`` on its own thread when media below watched roots are added, changed or gone.

    The receiver starts :func:`rescan_work`, which finds out what it was. A context manager.
    """

    def __init__(self, library: Library, on_change: Callable[[list[Path]], None]) -> None:
        self._library = library
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._unsubscribe = library.changes.subscribe(self._on_library_change)
        self._restart()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop watching; returns within two seconds. Calling it again does nothing."""
        self._unsubscribe()
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_SECONDS)
        self._thread = None

    def folders(self) -> list[Path]:
        """Watched roots that are there now."""
        roots = [Path(root.path) for root in self._library.roots.list() if root.watched and not root.own]
        return [path for path in roots if not is_gone(path)]

    def _on_library_change(self, topic: str, _ids: list[int] | None) -> None:
        if topic == "roots":
            self._restart()

    def _restart(self) -> None:
        self._stop.set()  # the earlier thread ends by itself; nobody waits for it
        folders = self.folders()
        if folders:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._watch, args=(folders, self._stop), name="watch", daemon=True
            )
            self._thread.start()

    def _watch(self, folders: list[Path], stop: threading.Event) -> None:
        from watchfiles import watch

        try:
            for changes in watch(
                *folders,
                watch_filter=_matters,
                debounce=_DEBOUNCE_MS,
                stop_event=stop,
                rust_timeout=500,
                yield_on_timeout=False,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._on_change(sorted(Path(path) for _change, path in changes))
        except OSError as error:  # too many folders for the system, or a drive that went away
            log.info("watching stopped: %s", error)


def _matters(_change: Change, path: str) -> bool:
    """Media files, and things without a suffix, which may be folders that were moved."""
    name = Path(path)
    if name.name.startswith(".") or any(part.endswith(".mmlib") for part in name.parts):
        return False
    return kind_of(path) is not None or not name.suffix
