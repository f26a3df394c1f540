"""Files that are either whole or not there."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmstudio.errors import DiskFull, is_disk_full

_OURS = ".mmstudio-"
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:6]
_OLD_S = 24 * 3600


@contextmanager
def atomic_path(final: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside ``final`` that takes its name only when the block succeeds.

    The temporary file keeps the suffix of ``final`` so that encoders pick the right format.
    On any error it is removed and an earlier ``final`` stays untouched. With ``durable`` it survives a power
    cut; without, a thousand small files that can be made again cost no thousand waits for the disk.

    Raises:
        DiskFull: where the operating system reports that nothing more fits.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: `final` may already be as long as the file system allows.
    name = f"{_OURS}{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part{final.suffix[:16]}"
    temporary = final.with_name(name)
    try:
        yield temporary
        if durable:
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
    if durable:
        _sync_folder(final.parent)


def remove_leftovers(folder: Path) -> int:
    """Remove the half-written files of runs that were killed; returns how many.

    A file counts as left over when the process that wrote it, on this machine, is gone; where that cannot be
    known (another machine on a shared folder, Windows) when it is a day old.
    """
    removed = 0
    for path in folder.glob(f"{_OURS}*.part*"):
        host, process, _ = path.name.removeprefix(_OURS).split("-", 2)
        known = host == _HOST and os.name == "posix" and process.isdigit()
        try:
            if not _runs(int(process)) if known else time.time() - path.stat().st_mtime > _OLD_S:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed += 1
        except OSError:
            continue  # somebody else's, or gone meanwhile
    return removed


def take(lock: Path) -> bool:
    """Make a lock file, whose owner is this process; False where a running one holds it.

    A lock whose process is gone is taken over; one of another machine counts as held for a day.

    Raises:
        DiskFull, PermissionError: it cannot be made.
    """
    for _ in range(2):
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            if _held(lock):
                return False
            lock.unlink(missing_ok=True)
            continue
        except OSError as error:
            if is_disk_full(error):
                raise DiskFull(
                    "There is no room left to write {name}.",
                    hint="Free some space or choose another folder, then try again.",
                    name=lock.parent.name,
                ) from error
            raise
        with os.fdopen(handle, "w") as file:
            file.write(f"{_HOST}-{os.getpid()}")
        return True
    return False


def _held(lock: Path) -> bool:
    try:
        host, _, process = lock.read_text("utf-8").partition("-")
        if host == _HOST and os.name == "posix" and process.isdigit():
            return _runs(int(process))
        return time.time() - lock.stat().st_mtime < _OLD_S
    except OSError:
        return False


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
