"""Libraries for tests, filled through the library's own stores."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mmstudio.library import Library
from mmstudio.library.records import NewAsset
from mmstudio.media.image import load_image, phash
from mmstudio.media.kinds import kind_of
from mmstudio.media.probe import probe
from mmstudio.media.text import load_text


def add_files(library: Library, *paths: Path, tags: tuple[str, ...] = ()) -> list[int]:
    """Put good media files into a library as an import would; returns their asset ids."""
    assets = []
    for path in paths:
        kind = kind_of(path)
        assert kind is not None
        root = library.roots.add(path.parent)
        info = probe(path)
        document = load_text(path) if kind == "text" else None
        assets.append(
            NewAsset(
                kind=kind,
                root_id=root.id,
                rel_path=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                size=path.stat().st_size,
                mtime_ns=path.stat().st_mtime_ns,
                width=info.width,
                height=info.height,
                duration=info.duration,
                phash=phash(load_image(path)) if kind == "image" else None,
                title=document.title if document else path.stem.replace("_", " "),
                text=document.text if document else "",
                tags=tags,
            )
        )
    return library.assets.add_many(assets)
