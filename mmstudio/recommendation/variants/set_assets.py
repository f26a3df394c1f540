"""Which assets of the library a generated set is, told from its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmstudio.library import Asset, Library

_END = "-manifest.json"


def assets_of_set(library: Library, manifest: Mapping[str, Any], path: str | Path) -> list[int]:
    """Asset ids of the picture, sound and text of a set, in that order; parts that are nowhere are left out.

    A part is found by the mark of the set that generated assets carry, by the asset it was made from where a
    given one was taken as it is, and by the content of the files that lie beside the manifest.

    Args:
        manifest: see :meth:`mmstudio.generation.sets.contract.MadeSet.manifest`.
        path: where it was read from.
    """
    from mmstudio.generation.sets.contract import PARTS
    from mmstudio.generation.sets.keeping import NAMES, mark_of

    marked: dict[str, list[int]] = {}
    for row in library.generations.of_set(mark_of(manifest)):
        if row.asset_id is not None:
            marked.setdefault(str(row.params.get("part")), []).append(row.asset_id)
    beside = Path(path)
    stem = beside.name.removesuffix(_END) if beside.name.endswith(_END) else ""
    found = []
    for part in PARTS:
        candidates = library.assets.get_many([*_given(manifest, part), *marked.get(part, [])])
        if not candidates and stem:
            candidates = _same_content(library, beside.with_name(f"{stem}-{NAMES[part][0]}"))
        best = _best(candidates)
        if best is not None:
            found.append(best.id)
    return found


def _given(manifest: Mapping[str, Any], part: str) -> list[int]:
    """The asset that is the part, where a given one was not copied."""
    try:
        recipe = manifest["parts"][part]["recipe"]
        return [int(recipe["asset"])] if recipe["by"] == "asset" else []
    except (KeyError, TypeError, ValueError):
        return []


def _same_content(library: Library, file: Path) -> list[Asset]:
    from mmstudio.library.importing.examine import hash_file

    try:
        return library.assets.by_sha256(hash_file(str(file)))
    except OSError:
        return []


def _best(candidates: Iterable[Asset]) -> Asset | None:
    """The newest that is there; one that is missing rather than none, so that its check says so."""
    return max(candidates, key=lambda asset: (asset.status == "ok", asset.id), default=None)
