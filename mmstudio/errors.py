"""What a person reads when something cannot be done: one sentence and one hint, both translatable."""

from __future__ import annotations

import errno
from typing import Any

ERROR, USAGE, CANCELLED = 1, 2, 130  # exit statuses of the command line


class StudioError(Exception):
    """An error a person can act on.

    Args:
        template: one plain English sentence with ``{name}`` fields; the key for translations.
        hint: what to do next, same fields.
        values: what goes into the fields.
    """

    exit_code = ERROR

    def __init__(self, template: str, *, hint: str = "", **values: Any) -> None:
        self.template = template
        self.hint_template = hint
        self.values = values
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence in English."""
        return _fill(self.template, self.values)

    @property
    def hint(self) -> str:
        """The hint in English, or an empty string."""
        return _fill(self.hint_template, self.values)


class UsageError(StudioError):
    """The command or parameter itself is wrong."""

    exit_code = USAGE


class MediaError(StudioError):
    """A media file cannot be used; ``status`` says why in one word."""

    def __init__(self, template: str, *, status: str = "corrupt", hint: str = "", **values: Any) -> None:
        self.status = status
        super().__init__(template, hint=hint, **values)


class LibraryBusy(StudioError):
    """Another program holds the library for writing."""


class NewerLibrary(StudioError):
    """The library was made by a newer MM Studio."""


class ReadOnly(StudioError):
    """The library is open for reading only."""


class NotFound(StudioError):
    """What was named does not exist."""


class Conflict(StudioError):
    """Somebody else changed the same thing meanwhile; nothing was written."""


class DiskFull(StudioError):
    """There is no room left on the disk."""


class Cancelled(Exception):
    """The person asked to stop; what was committed before stays."""


_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def is_disk_full(error: BaseException) -> bool:
    """True where the operating system said that nothing more fits (disk, quota or file size limit)."""
    if not isinstance(error, OSError):
        return False
    # NumPy writes an array through C and knows only that less arrived than it sent.
    return error.errno in _NO_SPACE or (error.errno is None and "requested and" in str(error))


def of_the_system(error: OSError) -> StudioError | None:
    """A failure of the file system that no room has put into words; None where it names no file."""
    if is_disk_full(error):
        return DiskFull(
            "There is no room left on the disk.", hint="Free some space, then try again; that is safe."
        )
    if error.filename is None or not error.strerror:
        return None
    return StudioError(
        "{path} cannot be used: {why}.",
        hint="Check that the place exists, is yours and has room; trying again is safe.",
        path=str(error.filename),
        why=error.strerror,
    )


def _fill(template: str, values: dict[str, Any]) -> str:
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError):
        return template
