"""Which files are media, judged by name only; :func:`mmstudio.media.probe.probe` looks inside."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import os

MediaKind = Literal["image", "audio", "video", "text"]

SUFFIXES: dict[MediaKind, frozenset[str]] = {
    "image": frozenset(
        (
            *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp"),
            *(".avif", ".heic", ".heif", ".svg", ".svgz", ".dcm", ".dicom"),
        )
    ),
    "audio": frozenset(
        (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff")
    ),
    "video": frozenset((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")),
    "text": frozenset((".txt", ".md", ".markdown", ".html", ".htm", ".csv", ".tsv", ".json")),
}
DICOM_SUFFIXES = (".dcm", ".dicom")
_KIND: dict[str, MediaKind] = {suffix: kind for kind, suffixes in SUFFIXES.items() for suffix in suffixes}


def kind_of(path: str | os.PathLike[str]) -> MediaKind | None:
    """The kind of media a file's suffix promises, or None where it is no media file."""
    return _KIND.get(PurePath(path).suffix.lower())
