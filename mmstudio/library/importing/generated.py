"""What the studio made becomes an asset like any other, with its origin and how it was made."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.library.importing.examine import examine, temporary_folder
from mmstudio.library.records import NewAsset
from mmstudio.library.roots import OWN_ROOT

if TYPE_CHECKING:
    from mmstudio.library.library import Library
    from mmstudio.library.records import Origin, Rights
    from mmstudio.media.kinds import MediaKind


def register_generated(
    library: Library,
    path: str | os.PathLike[str],
    kind: MediaKind,
    title: str = "",
    tags: Iterable[str] = (),
    *,
    model: str | None = None,
    seed: int = 0,
    latent: bytes | None = None,
    params: Mapping[str, Any] | None = None,
    sources: Sequence[int] = (),
    generation: Mapping[str, Any] | None = None,
    origin: Origin = "generated",
    rights: Rights = "own",
) -> int:
    """Move a file the studio made into ``generated/`` under its hash, and add it with thumbnail and row.

    Args:
        library: open for writing.
        path: the file; it is gone from there afterwards.
        kind: what it is.
        title: shown to people; the file's own name where empty.
        tags: given to the asset.
        model: name of the model that made it; with it, ``seed``, ``latent`` (float32 bytes), ``params`` and
            ``sources`` (asset ids) are recorded, enough to make the same thing again.
        generation: the same five fields as one mapping, instead.
        origin, rights: "imported" and its source's rights for a mere view of something imported.

    Returns:
        The asset id. The same bytes made again give the same asset.

    Raises:
        StudioError: the file cannot be decoded; it stays where it is.
    """
    if generation is not None:
        return register_generated(
            library, path, kind, title, tags, **generation, origin=origin, rights=rights
        )
    source = Path(path)
    result = examine(library, str(source), kind, threading.Event())
    if result.status != "ok":
        raise StudioError("The studio could not read back what it made: {why}", why=result.note)
    relative = f"generated/{result.sha256[:2]}/{result.sha256}{source.suffix.lower()}"
    target = library.path / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        _move(source, target, temporary_folder(library))
    elif source.resolve() != target.resolve():
        source.unlink()
    status = target.stat()
    with library.db.write():
        asset_id = library.assets.add_many(
            [
                NewAsset(
                    kind,
                    OWN_ROOT,
                    relative,
                    result.sha256,
                    status.st_size,
                    status.st_mtime_ns,
                    width=result.info.width,
                    height=result.info.height,
                    duration=result.info.duration,
                    phash=result.phash,
                    title=title or result.title,
                    language=result.language,
                    rights=rights,
                    origin=origin,
                    text=result.text,
                    tags=tuple(tags),
                )
            ]
        )[0]
        if model is not None and library.generations.of_asset(asset_id) is None:
            library.generations.add(model, seed, latent, dict(params or {}), list(sources), asset_id)
    return asset_id


def _move(source: Path, target: Path, scratch: Path) -> None:
    try:
        source.replace(target)
    except OSError:  # another disk: copy beside the target first, so that it appears whole
        scratch.mkdir(parents=True, exist_ok=True)
        temporary = scratch / target.name
        shutil.copyfile(source, temporary)
        temporary.replace(target)
        source.unlink()
