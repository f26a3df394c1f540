"""Memory that one step frees and the next one needs stays with the program while it trains.

The C library of Linux hands large blocks back to the system as soon as they are free and asks for them again
a moment later; the system then fills every page with zeros: a tenth to a fifth of a training step on a CPU
(docs/adr/0206).
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
_LARGEST = 32 << 20  # what glibc itself would go up to, block by block
_KEPT, _AFTERWARDS = (
    1 << 30,
    64 << 20,
)  # free bytes kept while training; glibc's own bound at the largest block

_lock = threading.Lock()
_training = 0


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within it freed memory is kept for the next step; afterwards it goes back to the system.

    Does nothing where the C library is not glibc. May be nested and entered from several threads.
    """
    global _training
    library = _glibc()
    if library is None:
        yield
        return
    with _lock:
        _training += 1
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
    try:
        yield
    finally:
        with _lock:
            _training -= 1
            if not _training:
                library.mallopt(_TRIM_THRESHOLD, _AFTERWARDS)
                library.malloc_trim(0)


def _glibc() -> Any:
    """The C library with mallopt and malloc_trim, or None."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") and hasattr(library, "mallopt") else None
