"""How many cores linear algebra takes: one limit for the whole program, counted, so that several may overlap.

Small products are not worth sharing out: the other threads spin and wait for each other meanwhile. What a
BLAS library may use counts for the whole process. Two limits of their own would each give back what they
found when they began: the first to end would lift the other's, or the last would leave its own for good.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_LOCK = threading.Lock()
_inside = 0
_limits: list[tuple[Any, Any]] = []  # libraries and what gives theirs back
_seen = 0


@contextmanager
def one_core() -> Iterator[None]:
    """BLAS on one core within, for every thread of the program; the last one that leaves gives the others
    back. Entered again it counts, and limits what was loaded since."""
    global _inside, _seen
    with _LOCK:
        loaded = _loaded()
        if not _inside or loaded != _seen:
            blas = _libraries(loaded).select(user_api="blas")
            with _in_control(blas):
                _limits.append((blas, blas.limit(limits=1)))
            _seen = loaded
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                while _limits:
                    blas, limit = _limits.pop()
                    with _in_control(blas):
                        limit.restore_original_limits()


@contextmanager
def own_thread_alone() -> Iterator[None]:
    """OpenMP on one core within, for the thread that asks: what such a library may use counts for each."""
    with _libraries(_loaded()).select(user_api="openmp").limit(limits=1):
        yield


def keep_thread_alone() -> None:
    """The same for good: as the first thing a thread of a pool does."""
    _libraries(_loaded()).select(user_api="openmp").limit(limits=1)


@contextmanager
def _in_control(blas: Any) -> Iterator[None]:
    """Since threadpoolctl 3.8 only the first thread that sets a limit may set one, and what others ask for is
    silently left undone: also giving the cores back. Here the counting above decides, not who was first."""
    _nobody_controls(blas)
    try:
        yield
    finally:
        _nobody_controls(blas)


def _nobody_controls(blas: Any) -> None:
    for library in blas.lib_controllers:
        if (clear := getattr(library, "clear_controlling_thread", None)) is not None:
            clear(force=True)


def _loaded() -> int:
    """Changes with every module: any may bring a library of its own, some only late in their import."""
    return len(sys.modules)


@lru_cache(maxsize=4)
def _libraries(loaded: int) -> Any:  # to look for them takes milliseconds
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
