"""Independent parts of one sound on two cores at once; what comes out does not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from mmstudio.cores import keep_thread_alone, one_core, own_thread_alone

COUNT = min(2, os.cpu_count() or 1)
T = TypeVar("T")
A = TypeVar("A")


class Cores:
    """While it is entered, every library does its sums on one core, and parts may be handed to others.

    The threads that torch and OpenBLAS begin for small sums wait for each other and take from those that play
    (a bed came 21 times as fast as it plays with them, 28 without).
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._limits = ExitStack()

    def __enter__(self) -> Cores:
        self._limits.enter_context(one_core())
        self._limits.enter_context(own_thread_alone())
        if COUNT > 1:
            self._pool = ThreadPoolExecutor(COUNT, "pieces", initializer=keep_thread_alone)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._limits.close()

    @property
    def several(self) -> bool:
        """Whether something may be done beside what the thread that asks does."""
        return self._pool is not None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have ``work`` done, by another thread where there is one, else at once."""
        if self._pool is not None:
            return self._pool.submit(work)
        return done(work)

    def each(self, work: Callable[[A], T], of: Iterable[A]) -> list[T]:
        """``[work(one) for one in of]``, the last by the thread that asks and the others beside it."""
        *others, last = of
        coming = [self.submit(lambda one=one: work(one)) for one in others]  # type: ignore[misc]
        own = work(last)
        return [*(one.result() for one in coming), own]


def done(work: Callable[[], T]) -> Future[T]:
    """What ``work`` comes to, at once."""
    made: Future[T] = Future()
    try:
        made.set_result(work())
    except Exception as error:  # noqa: BLE001 - raised where the result is asked for
        made.set_exception(error)
    return made
