"""Who wants to know that something in the library changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

Listener = Callable[[str, "list[int] | None"], None]
TOPICS = (
    "assets", "items", "audiences", "tags", "collections", "features", "models", "storyboards", "exports",
    "recommendations", "generations", "jobs", "roots", "facts", "searches", "findings",
    "methods", "remarks",
)  # fmt: skip


class Changes:
    """Listeners are called after the commit, on the thread that wrote; ids of None mean "many or all"."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._last: list[Listener] = []

    def subscribe(self, listener: Listener, *, last: bool = False) -> Callable[[], None]:
        """Hear of every change; returns the function that ends it.

        Who reads the library again because of a change is told ``last``: what others keep in memory has been
        forgotten by then, whoever came first.
        """
        told = self._last if last else self._listeners
        with self._lock:
            told.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in told:
                    told.remove(listener)

        return unsubscribe

    def publish(self, changes: Mapping[str, list[int] | None]) -> None:
        """Tell every listener; one that fails is logged and the others still hear."""
        with self._lock:
            ranks = [list(self._listeners), list(self._last)]
        for listeners in ranks:
            for topic, ids in changes.items():
                for listener in listeners:
                    try:
                        listener(topic, ids)
                    except Exception:
                        log.exception("a listener of library changes failed")
