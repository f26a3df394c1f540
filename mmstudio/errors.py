"""What a person reads when something cannot be done: one sentence and one hint, both translatable."""

from __future__ import annotations

import errno
import re
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


_LIBRARY = re.compile(
    r"(lib[\w.+-]+\.so[\w.]*)[^\n]*cannot open shared object|Library not loaded: \S*?([\w.+-]+\.dylib)"
)
# Debian packages of libraries that other packages open by name.
_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libpulse.so.0": "libpulse0",
    "libportaudio.so.2": "libportaudio2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libX11-xcb.so.1": "libx11-xcb1",
}


def of_a_library(error: ImportError) -> StudioError | None:
    """The sentence for a package that misses a library of the system; None for any other failed import."""
    match = _LIBRARY.search(str(error))
    if match is None:
        return None
    name = match[1] or match[2]
    package = _PACKAGES.get(name)
    if package is None:
        return StudioError(
            "The system library {name} is missing.", hint="“mmstudio doctor” says what else is.", name=name
        )
    return StudioError(
        "The system library {name} is missing.",
        hint="Install it: sudo apt-get install {package}",
        name=name,
        package=package,
    )
