"""Everything that is found out about one file: hash, facts, thumbnail, text. Runs on worker threads."""

from __future__ import annotations

import hashlib
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.errors import Cancelled, MediaError
from mmstudio.i18n import tr
from mmstudio.library.importing.scan import reason
from mmstudio.media.probe import MediaInfo, probe

if TYPE_CHECKING:
    from PIL import Image

    from mmstudio.library.library import Library
    from mmstudio.library.records import Status
    from mmstudio.media.deidentify import Deidentified
    from mmstudio.media.kinds import MediaKind

_CHUNK = 1 << 20  # bytes hashed between two looks at the stop sign
_TEXT_LIMIT = 1_000_000  # bytes of a document that go into the search index
THUMBNAIL_SIDE = 384  # px


@dataclass(frozen=True, slots=True)
class Examined:
    """What :func:`examine` found. ``status`` corrupt comes with ``note``, one sentence.

    ``removed`` is what was taken out of a DICOM file, ``kept`` where the library keeps its own copy of it,
    relative to its folder; ``tags`` follow from what it is. ``refused``: it must not become an asset at all.
    """

    path: str
    kind: MediaKind
    sha256: str
    size: int
    mtime_ns: int
    info: MediaInfo
    phash: str | None
    title: str
    text: str
    language: str | None
    status: Status
    note: str
    new_thumbnail: bool
    kept: str = ""
    tags: tuple[str, ...] = ()
    refused: bool = False
    removed: Deidentified | None = None


def examine(library: Library, path: str, kind: MediaKind, stop: threading.Event) -> Examined:
    """Hash, probe and decode one file and write its thumbnail.

    A file that cannot be decoded comes back with status corrupt; nothing is raised for bad content.

    Raises:
        Cancelled: ``stop`` was set.
        OSError: the file is gone or may not be read at all, or there is no room for the thumbnail.
    """
    status = Path(path).stat()
    sha256 = hash_file(path, stop)
    info, text, language, title = MediaInfo(kind), "", None, Path(path).stem
    phash: str | None = None
    problem: MediaError | None = None
    wrote = False
    try:
        info = probe(path)
        if stop.is_set():
            raise Cancelled
        if kind == "text":
            from mmstudio.media.text import load_text

            document = load_text(path, limit=_TEXT_LIMIT)
            title, text, language = document.title, document.text, document.language
        phash, wrote = _thumbnail(library.assets.thumbnail_path(sha256), path, kind)
    except MediaError as error:
        problem = error
    return Examined(
        path,
        kind,
        sha256,
        status.st_size,
        status.st_mtime_ns,
        info,
        phash,
        title,
        text,
        language,
        "ok" if problem is None else "corrupt",
        "" if problem is None else tr(problem.template, **problem.values),
        wrote,
    )


def hash_file(path: str, stop: threading.Event | None = None) -> str:
    """SHA-256 of a file as 64 hexadecimal digits. Raises OSError, or Cancelled once ``stop`` is set."""
    digest = hashlib.sha256()
    with Path(path).open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if stop is not None and stop.is_set():
                raise Cancelled
    return digest.hexdigest()


def unreadable(path: str, kind: MediaKind, size: int, mtime_ns: int, error: OSError) -> Examined:
    """The result for a file whose bytes cannot be had: kept as a corrupt asset without a hash."""
    return Examined(
        path, kind, "", size, mtime_ns, MediaInfo(kind), None, Path(path).stem, "", None, "corrupt",
        reason(error), False,
    )  # fmt: skip


def temporary_folder(library: Library) -> Path:
    """Where files are written before they take their place; wiped by the next import after a crash."""
    return library.thumbnails_dir / ".tmp"


def save_thumbnail(picture: Image.Image, target: Path, scratch: Path) -> None:
    """Write a thumbnail as WebP. It is a cache, so it is renamed into place but not forced to the disk."""
    scratch.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = scratch / f"{uuid.uuid4().hex}.webp"
    try:
        picture.save(temporary, "WEBP", quality=82, method=2)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _thumbnail(target: Path, path: str, kind: MediaKind) -> tuple[str | None, bool]:
    """(perceptual hash of pictures and videos, whether the thumbnail was written now)."""
    from mmstudio.media.image import load_image, phash
    from mmstudio.media.thumbnail import make_thumbnail

    fresh = not target.exists()
    picture = make_thumbnail(path, kind, THUMBNAIL_SIDE) if fresh else load_image(target)
    if fresh:
        save_thumbnail(picture, target, target.parents[2] / ".tmp")
    return (phash(picture) if kind in ("image", "video") else None), fresh
