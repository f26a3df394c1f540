"""Libraries for tests: made in a moment, with files of a few bytes where only the rows matter."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mmstudio.library import Library, NewAsset
from mmstudio.library.records import Status


def new_library(folder: Path) -> Library:
    """An empty, open library in ``folder``."""
    return Library.create(folder / "Test.mmlib")


def put_file(path: Path, content: str = "") -> Path:
    """Write a small file, by default one whose content is its own name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.name, encoding="utf-8")
    return path


def add_asset(
    library: Library,
    path: Path,
    *,
    kind: str = "image",
    title: str = "",
    tags: tuple[str, ...] = (),
    text: str = "",
    width: int | None = None,
    duration: float | None = None,
    rating: int = 0,
    status: Status = "ok",
    captured_at: str | None = None,
) -> int:
    """Put a file on the disk and its row into the library; inside the library it is the studio's own."""
    if not path.exists():
        put_file(path)
    root = library.roots.for_path(path) or library.roots.add(path.parent)
    data = path.read_bytes()
    found = path.stat()
    asset = NewAsset(
        kind=kind,  # type: ignore[arg-type]
        root_id=root.id,
        rel_path=path.relative_to(root.path).as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        title=title or path.stem,
        tags=tags,
        text=text,
        width=width,
        duration=duration,
        rating=rating,
        status=status,
        captured_at=captured_at,
        origin="generated" if root.own else "imported",
    )
    return library.assets.add_many([asset])[0]
