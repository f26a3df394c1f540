"""Checkpoints written beside the training, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from torch import Tensor


class Saver:
    """Runs one write after the other on a thread; what went wrong is raised at the next call."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None

    def submit(self, write: Callable[[], None]) -> None:
        """Queue a write once the one before is done. Raises what that one raised."""
        self.wait()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending = self._pool.submit(write)

    def wait(self) -> None:
        """Until the last write is done. Raises what it raised."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """End the thread when its write is done; nothing is raised."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU that the training cannot change any more."""
    return {key: value.detach().to("cpu", copy=True) for key, value in tensors.items()}
