"""One place where whatever a decoder raises becomes a :class:`MediaError` that a person can read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmstudio.errors import Cancelled, MediaError, StudioError, is_disk_full
from mmstudio.i18n import mark

CORRUPT = mark("{name} is damaged or is not what its name says.")
CORRUPT_HINT = mark("Open it in another program, or replace it with a good copy.")


def corrupt(path: Path) -> MediaError:
    """The error for content that cannot be decoded."""
    return MediaError(CORRUPT, status="corrupt", hint=CORRUPT_HINT, name=path.name)


def unreadable(path: Path) -> MediaError:
    """The error for a file that the system does not let us read."""
    return MediaError(
        "{name} may not be read.",
        status="unreadable",
        hint="Check the permissions of the file and its folder.",
        name=path.name,
    )


def too_large(path: Path, width: int, height: int) -> MediaError:
    """The error for a picture whose pixels would fill the memory."""
    return MediaError(
        "{name} is too large to decode: {width} × {height} pixels.",
        status="too_large",
        hint="Save a smaller copy and import that.",
        name=path.name,
        width=width,
        height=height,
    )


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn any failure inside the block into a MediaError about ``path``.

    Decoders meet hostile bytes and raise whatever their authors did not foresee, so every exception but the
    studio's own and a full disk means: this file is no good.
    """
    try:
        yield
    except (StudioError, Cancelled, GeneratorExit):
        raise
    except PermissionError as error:
        raise unreadable(path) from error
    except FileNotFoundError as error:
        raise MediaError(
            "{name} is not there any more.",
            status="unreadable",
            hint="Bring the file back, or rescan the library.",
            name=path.name,
        ) from error
    except IsADirectoryError as error:
        raise MediaError("{name} is a folder, not a file.", status="unsupported", name=path.name) from error
    except Exception as error:
        if is_disk_full(error):
            raise
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
            raise unreadable(path) from error
        raise corrupt(path) from error


def check_not_empty(path: Path) -> int:
    """Size of ``path`` in bytes. Raises MediaError with status ``empty`` or ``unreadable``."""
    with decoding(path):
        size = os.stat(path).st_size  # noqa: PTH116 - a long or odd name goes straight to the system
    if size == 0:
        raise MediaError(
            "{name} is empty.", status="empty", hint="Replace it with a good copy.", name=path.name
        )
    return size
