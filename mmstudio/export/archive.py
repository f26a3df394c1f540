"""ZIP files that are the same bytes for the same content."""

from __future__ import annotations

import zipfile
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP knows
_PACKED = {
    ".png",
    ".jpg",
    ".webp",
    ".avif",
    ".gif",
    ".mp4",
    ".webm",
    ".flac",
    ".mp3",
    ".opus",
    ".zip",
    ".pdf",
}


class Archive:
    """A ZIP being written to ``path``; a context manager. Names are relative, with forward slashes."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self._zip.close()
            return
        try:
            self._zip.close()
        except (OSError, ValueError):
            return  # the first error is the one to tell

    def add_text(self, name: str, text: str) -> None:
        """Add a UTF-8 file."""
        self._zip.writestr(_info(name), text.encode("utf-8", "replace"))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is; what is packed already is stored."""
        info = _info(name)
        with path.open("rb") as source, self._zip.open(info, "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                target.write(block)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    packed = Path(name).suffix.lower() in _PACKED
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    info.create_system = 3  # the same on Windows as elsewhere
    return info
