"""Missing files that lie somewhere else now: looked for by size, known by their content."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.cleaning.fixes import forget, hand_over
from mmstudio.errors import StudioError
from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.library import AssetFilter
from mmstudio.library.importing.examine import hash_file

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.records import Asset


@dataclass(frozen=True, slots=True)
class Relink:
    """A missing asset and where its file is now.

    `same` is True where the content is the one the library knows; False where only the name and kind of file
    agree, which is never relinked without a person who looks: import it as a file of its own.
    """

    asset_id: int
    path: str
    same: bool


def propose(
    library: Library,
    context: JobContext,
    folder: Path | None = None,
    asset_ids: Collection[int] | None = None,
) -> Generator[Progress, None, list[Relink]]:
    """Look for missing files below a folder, or below every known folder.

    Only files of the same size are read; among several with the right content one of the same name comes
    first. Raises StudioError where the folder cannot be read, Cancelled.
    """
    lost = _lost(library, asset_ids)
    if folder is not None and not folder.is_dir():
        raise StudioError(
            "There is no folder {path}.", hint="Choose the folder where the files are now.", path=str(folder)
        )
    places = [folder] if folder is not None else [Path(root.path) for root in library.roots.list()]
    sizes = {asset.size for asset in lost}
    names = {Path(asset.rel_path).name.casefold() for asset in lost}
    by_size: dict[int, list[Path]] = defaultdict(list)
    by_name: dict[str, list[Path]] = defaultdict(list)
    looked = 0
    for path in _walk(places, library.path) if lost else ():
        context.raise_if_cancelled()
        looked += 1
        if looked % 200 == 0:
            yield Progress(looked, None, tr("Look through {folder}", folder=path.parent.name))
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if size in sizes:
            by_size[size].append(path)
        if path.name.casefold() in names:
            by_name[path.name.casefold()].append(path)
    found: list[Relink] = []
    hashes: dict[Path, str] = {}
    for done, asset in enumerate(lost, 1):
        context.raise_if_cancelled()
        found += _best(asset, by_size[asset.size], by_name[Path(asset.rel_path).name.casefold()], hashes)
        yield Progress(done, len(lost), tr("Compare files"))
    return found


def relink_work(library: Library, folder: Path | None, asset_ids: Collection[int] | None = None) -> Work:
    """Find missing files again and relink those whose content is the same, in one step of undo.

    The job's result: fixed (how many), changed ([asset id, path] of files of the same name with another
    content, which stay missing), missing (how many are still missing).
    """

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        proposed = yield from propose(library, context, folder, asset_ids)
        fixed = relink(library, [one for one in proposed if one.same])
        changed = [[one.asset_id, one.path] for one in proposed if not one.same]
        return {"fixed": fixed, "changed": changed, "missing": len(_lost(library, asset_ids))}

    return work


def relink(library: Library, found: Iterable[Relink]) -> int:
    """Say where files are now; returns how many assets are usable again.

    Where the library has another asset at that place already (it was imported again), that one takes over
    everything the missing one has, and the missing one goes to the trash. One step of undo.
    """
    wanted = [one for one in found if one.same]
    if not wanted:
        return 0
    roots = {one.path: _root_of(library, Path(one.path)) for one in wanted}
    with library.undo.as_one(mark("Find {n} files again"), n=len(wanted)):
        doubled = []
        for one in wanted:
            asset, (root_id, rel_path) = library.assets.get(one.asset_id), roots[one.path]
            there = library.assets.by_location(root_id, rel_path)
            if there is None or there.id == asset.id:
                mtime = Path(one.path).stat().st_mtime_ns
                library.assets.relocate(asset.id, root_id, rel_path, mtime)
                continue
            if there.status == "trashed":
                library.assets.restore([there.id])
            hand_over(library, library.assets.get(there.id), [asset])
            doubled.append(asset.id)
        if doubled:
            library.assets.trash(doubled)
    forget(library, "missing", {str(one.asset_id) for one in wanted})
    return len(wanted)


def _lost(library: Library, asset_ids: Collection[int] | None) -> list[Asset]:
    ids = library.assets.ids(AssetFilter(statuses=("ok", "missing", "corrupt")), descending=False)
    only = None if asset_ids is None else set(asset_ids)
    wanted = [i for i in ids if only is None or i in only]
    return [
        asset for asset in library.assets.get_many(wanted) if not _is_there(library.assets.path_of(asset))
    ]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _walk(places: Iterable[Path], library: Path) -> Generator[Path, None, None]:
    """Every file below some folders, once; caches and models of the library are left out."""
    passed: set[str] = set()
    skipped = {str(library / name) for name in ("thumbnails", "index", "models", "trash", "backups")}
    for place in places:
        for folder, below, names in os.walk(place):
            if folder in passed:
                below.clear()
                continue
            passed.add(folder)
            below[:] = sorted(
                name for name in below if not name.startswith(".") and str(Path(folder, name)) not in skipped
            )
            yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _best(
    asset: Asset, same_size: list[Path], same_name: list[Path], hashes: dict[Path, str]
) -> list[Relink]:
    name = Path(asset.rel_path).name
    for path in sorted(same_size, key=lambda one: (one.name != name, len(one.parts))):
        if path not in hashes:
            try:
                hashes[path] = hash_file(str(path))
            except OSError:
                hashes[path] = ""
        if asset.sha256 and hashes[path] == asset.sha256:
            return [Relink(asset.id, str(path), True)]
    return [Relink(asset.id, str(path), False) for path in same_name[:1]]


def _root_of(library: Library, path: Path) -> tuple[int, str]:
    root = library.roots.for_path(path) or library.roots.add(path.parent, watched=False)
    return root.id, path.resolve().relative_to(Path(root.path).resolve()).as_posix()
