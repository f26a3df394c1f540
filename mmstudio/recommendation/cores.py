"""Small products on one core: sharing them out costs more than they do, and the others spin meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_LOCK = threading.Lock()
_inside = 0
_limit: Any = None


@lru_cache(maxsize=1)
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_core() -> Iterator[None]:
    """Linear algebra on one core within, for every thread of the program; the last one that leaves gives the
    others back. Entered again it does nothing."""
    global _inside, _limit
    with _LOCK:
        if not _inside:
            _limit = _pools().limit(limits=1)
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()
                _limit = None
