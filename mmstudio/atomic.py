"""Files that are either whole or not there."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmstudio.errors import DiskFull, is_disk_full


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """A temporary path beside ``final`` that takes its name only when the block succeeds.

    The temporary file keeps the suffix of ``final`` so that encoders pick the right format.
    On any error it is removed and an earlier ``final`` stays untouched.

    Raises:
        DiskFull: where the operating system reports that nothing more fits.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: `final` may already be as long as the file system allows.
    temporary = final.with_name(f".{uuid.uuid4().hex[:12]}.part{final.suffix[:16]}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(final)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # A writer inside the block may have met the full disk first, under a temporary name.
        if is_disk_full(error) or isinstance(error, DiskFull):
            raise DiskFull(
                "There is no room left to write {name}.",
                hint="Free some space or choose another folder, then try again.",
                name=final.name,
            ) from error
        raise
    _sync_folder(final.parent)


def write_bytes(final: Path, data: bytes) -> None:
    """Write ``data`` to ``final`` atomically."""
    with atomic_path(final) as temporary:
        temporary.write_bytes(data)


def write_text(final: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``final`` atomically."""
    write_bytes(final, text.encode("utf-8"))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
