"""Memory of scenes that are gone, back to the system."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache


def give_back() -> None:
    """Let the system have freed memory again.

    glibc keeps what was freed below its largest block, in an arena for each thread: a film of fifteen scenes
    of 1080p held 100 MB of it. Windows, macOS and musl give it back by themselves.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
