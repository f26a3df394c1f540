"""Find media files in folders: no loops, no surprises, nothing silently skipped."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmstudio.i18n import tr
from mmstudio.media.kinds import MediaKind, kind_of

_SKIPPED_FOLDERS = {"__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir"}
_HIDDEN_ATTRIBUTE = 0x2  # FILE_ATTRIBUTE_HIDDEN on Windows


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A media file on disk, by the root it belongs to. ``size`` in bytes, ``mtime_ns`` since 1970."""

    path: str
    kind: MediaKind
    root_id: int
    rel_path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that cannot be looked at, and why in one sentence."""

    path: str
    reason: str


class Scanner:
    """Walks folders; each folder and file once, whatever links lead to it."""

    def __init__(self, roots: dict[str, int], skip: frozenset[str] = frozenset()) -> None:
        """
        Args:
            roots: absolute folder to root id; a root inside another keeps its own files.
            skip: absolute paths to leave out (the library itself, tables that are read as tables).
        """
        self._roots = roots
        self._skip = skip
        self._seen: set[tuple[int, int]] = set()

    def folder(self, top: Path) -> Iterator[FoundFile | Unreadable]:
        """Every media file below ``top``, in a stable order. Links come last, so that real places win."""
        root = self._root_of(str(top))
        if root is None:
            raise ValueError(f"{top} is below no root")
        waiting: list[tuple[str, str, int]] = [(str(top), *root)]
        links: list[tuple[str, str, int]] = []
        while waiting or links:
            folder, base, root_id = waiting.pop() if waiting else links.pop()
            if folder in self._roots:
                base, root_id = folder, self._roots[folder]
            try:
                status = os.stat(folder)  # noqa: PTH116 - as fast as it gets
                if not self._first_time(status):
                    continue
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield Unreadable(folder, reason(error))
                continue
            if any(entry.name == "open.mmstudio" for entry in listed):
                continue  # a library, this one or another
            deeper: list[tuple[str, str, int]] = []
            for entry in listed:
                if entry.path in self._skip or _is_hidden(entry):
                    continue
                if _is_folder(entry):
                    if entry.name not in _SKIPPED_FOLDERS:
                        (links if entry.is_symlink() else deeper).append((entry.path, base, root_id))
                else:
                    yield from self._file(entry, base, root_id)
            waiting.extend(reversed(deeper))

    def file(self, path: Path) -> FoundFile | Unreadable:
        """One file that a person named."""
        root = self._root_of(str(path))
        kind = _kind(str(path))
        if root is None or kind is None:
            return Unreadable(str(path), tr("This is not a kind of file the studio knows."))
        try:
            status = os.stat(path)  # noqa: PTH116 - the same call as in the folder walk
        except OSError as error:
            return Unreadable(str(path), reason(error))
        if not stat.S_ISREG(status.st_mode):
            return Unreadable(str(path), tr("This is not a regular file."))
        return self._found(str(path), kind, root[0], root[1], status)

    def _file(self, entry: os.DirEntry[str], base: str, root_id: int) -> Iterator[FoundFile | Unreadable]:
        kind = _kind(entry.path)
        if kind is None or entry.name == "DICOMDIR":
            return
        try:
            status = entry.stat()
        except OSError as error:
            yield Unreadable(entry.path, reason(error))
            return
        if not stat.S_ISREG(status.st_mode):
            return  # a pipe or device would block whoever opens it
        if entry.is_symlink() and self._inside_some_root(entry.path):
            return  # the file itself is found in its own place
        yield self._found(entry.path, kind, base, root_id, status)

    def _found(
        self, path: str, kind: MediaKind, base: str, root_id: int, status: os.stat_result
    ) -> FoundFile | Unreadable:
        relative = os.path.relpath(path, base).replace(os.sep, "/")
        try:
            relative.encode("utf-8")
        except UnicodeEncodeError:
            return Unreadable(
                path.encode("utf-8", "backslashreplace").decode(),
                tr("The name of the file is not valid text: rename it."),
            )
        return FoundFile(path, kind, root_id, relative, status.st_size, status.st_mtime_ns)

    def _first_time(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _root_of(self, path: str) -> tuple[str, int] | None:
        holding = [root for root in self._roots if Path(path).is_relative_to(root)]
        best = max(holding, key=len, default=None)
        return None if best is None else (best, self._roots[best])

    def _inside_some_root(self, link: str) -> bool:
        return self._root_of(os.path.realpath(link)) is not None


def _kind(path: str) -> MediaKind | None:
    """The kind by suffix; scanners write DICOM files without one."""
    kind = kind_of(path)
    if kind is None:
        from mmstudio.media.dicom import looks_like_dicom

        return "image" if looks_like_dicom(path) else None
    return kind


def reason(error: OSError) -> str:
    """One sentence for what the system said."""
    if isinstance(error, PermissionError):
        return tr("You may not read this.")
    if isinstance(error, FileNotFoundError):
        return tr("This is not there.")
    return tr("This cannot be read: {what}", what=error.strerror or str(error))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if os.name != "nt":
        return False
    try:
        attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    except OSError:
        return False
    return bool(attributes & _HIDDEN_ATTRIBUTE)
