"""The folder of a library: its parts, its lock, the file a double click opens, the disk it is on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from mmstudio.atomic import atomic_path
from mmstudio.errors import DiskFull, LibraryBusy, ReadOnly, StudioError, is_disk_full
from mmstudio.i18n import mark

OPEN_FILE = "open.mmstudio"
DATABASE = "library.db"
LOCK = "library.lock"
PARTS = ("thumbnails", "index", "generated", "models", "trash", "backups")

_NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.sshfs", "fuse.davfs2",
    "fuse.rclone", "fuse.s3fs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "macfuse", "osxfuse",
}  # fmt: skip
# Folder names that the sync programs make and people do not.
_CLOUD_FOLDERS = (
    "dropbox", "onedrive", "google drive", "googledrive", "my drive", "cloudstorage", "mobile documents",
    "icloud drive", "iclouddrive", "nextcloud", "owncloud", "pcloud drive", "box sync",
    "creative cloud files", "坚果云", "百度网盘同步空间",
)  # fmt: skip
SHARED_NOTICE = mark(
    "This library lies on a network or cloud-synced folder: it works, but slower, and only one computer"
    " should open it at a time."
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What ``open.mmstudio`` says about the library, without its database."""

    id: str
    format: int


def write_marker(folder: Path, marker: Marker) -> None:
    """Write ``open.mmstudio``; one lost in a power cut is written again when the library is next opened."""
    text = json.dumps({"program": "MM Studio", "id": marker.id, "format": marker.format}, indent=2)
    with atomic_path(folder / OPEN_FILE, durable=False) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="")


def read_marker(folder: Path) -> Marker | None:
    """What ``open.mmstudio`` says, or None where it is missing or unreadable; the database counts."""
    try:
        found: Any = json.loads((folder / OPEN_FILE).read_text(encoding="utf-8"))
        return Marker(str(found["id"]), int(found["format"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def new_id() -> str:
    """A random id for a library."""
    return uuid.uuid4().hex


def resolve(path: Path | str) -> Path:
    """The library folder that a path means: the folder itself, or the file in it that was double-clicked."""
    folder = Path(path).expanduser().absolute()
    if folder.name in (OPEN_FILE, DATABASE) and not folder.is_dir():
        return folder.parent
    return folder


def make_parts(folder: Path) -> None:
    """Create the folders of a library. Raises StudioError where the place does not allow it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            (folder / part).mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_use(folder, error) from error


def cannot_use(folder: Path, error: OSError) -> StudioError:
    """A failure of the file system in words."""
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return StudioError(
            "{path} is a file, so it cannot be a library folder.",
            hint="Choose another name or another folder.",
            path=str(next((one for one in (folder, *folder.parents) if one.is_file()), folder)),
        )
    if isinstance(error, PermissionError):
        return ReadOnly(
            "You may not write to {path}.",
            hint="Choose a folder of your own, or change its permissions.",
            path=str(folder),
        )
    if is_disk_full(error):
        return DiskFull(
            "There is no room left in {path}.",
            hint="Free some space or choose another folder.",
            path=str(folder),
        )
    return StudioError(
        "The folder {path} cannot be used: {why}.",
        hint="Choose another folder.",
        path=str(folder),
        why=error.strerror or str(error),
    )


def lock(folder: Path) -> filelock.BaseFileLock:
    """Take the lock of a library.

    Raises:
        LibraryBusy: where another program, or another window of this one, has it.
        StudioError: where the folder cannot be written to.
    """
    # Not bound to a thread: a library may be closed by another thread than the one that opened it.
    held = filelock.FileLock(folder / LOCK, thread_local=False)
    try:
        held.acquire(timeout=0)
    except filelock.Timeout as error:
        raise LibraryBusy(
            "The library {name} is open in another window or program.",
            hint="Close it there, or open it for reading only.",
            name=folder.name,
        ) from error
    except OSError as error:
        raise cannot_use(folder, error) from error
    return held


def is_shared(folder: Path) -> bool:
    """True on a network disk or in a cloud-synced folder, where SQLite's WAL is not safe."""
    real = folder.resolve()
    if any(part.casefold().startswith(_CLOUD_FOLDERS) for part in real.parts):
        return True
    if sys.platform == "win32":
        return _is_remote_drive(real)
    return _file_system(real) in _NETWORK_FILE_SYSTEMS


def _is_remote_drive(path: Path) -> bool:
    import ctypes

    if str(path).startswith("\\\\"):
        return True
    remote = 4  # DRIVE_REMOTE of GetDriveTypeW
    windll: Any = getattr(ctypes, "windll", None)
    return windll is not None and windll.kernel32.GetDriveTypeW(path.anchor) == remote


def _file_system(path: Path) -> str:
    """The type of the file system that holds ``path``, as the mount table names it; empty where unknown."""
    deepest, found = -1, ""
    inside = f"{path}/"
    for place, kind in _mounts():
        if len(place) > deepest and inside.startswith(f"{place.rstrip('/')}/"):
            deepest, found = len(place), kind.lower()
    return found


def _mounts() -> list[tuple[str, str]]:
    """(mount point, type) of every mounted file system; empty where the system does not tell."""
    try:
        if sys.platform == "darwin":
            lines = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=2, check=True
            ).stdout
            found = re.findall(r"^.+? on (.+) \((\w+)", lines, re.MULTILINE)
            return [(place, kind) for place, kind in found]
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        fields = [line.split(" ") for line in lines.splitlines()]
        return [(one[1].replace("\\040", " "), one[2]) for one in fields if len(one) > 2]
    except (OSError, subprocess.SubprocessError):
        return []


def is_writable(folder: Path) -> bool:
    """True where files can be made in ``folder``, as far as the system tells."""
    return os.access(folder, os.W_OK)
