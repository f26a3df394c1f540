"""Everything of a storyboard in one ZIP, with a manifest of every file, its source, seed and licence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.export.archive import Archive
from mmstudio.export.channels import Channel, chosen
from mmstudio.export.fitting import copy_text, fits
from mmstudio.export.provenance import record_of
from mmstudio.export.record import parts_of
from mmstudio.export.writer import OutputFolder
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.export.writers import Task
    from mmstudio.library import Library

MANIFEST = "manifest.json"
COPY = "copy.txt"


def write_kit(task: Task) -> Iterator[int]:
    """The files of the channels that the kit holds, the text beside them, and the manifest, as a ZIP.

    A film that is too long or short for its channel is left out, and said.
    """
    if task.others is None:
        raise ValueError("a kit needs to be told how other channels are written")
    parts: list[Channel] = []
    for channel in chosen(task.channel.holds):
        if fits(task.board, channel, task.options):
            parts.append(channel)
        else:
            task.notes.append(
                tr("{channel} was left out of the kit: it does not fit.", channel=tr(channel.label))
            )
    place = task.path.with_name(f"{task.path.stem}-kit")
    try:
        folder = OutputFolder(place)
        yield from task.others(parts, folder)
        with Archive(task.path) as archive:
            for file in folder.files:
                archive.add_file(Path(file["path"]).name, Path(file["path"]))
            if words := copy_text(task.board):
                archive.add_text(COPY, words + "\n")
            facts = manifest(task.board, task.library, folder.files, task.options.keep_metadata)
            archive.add_text(MANIFEST, json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
        task.facts["files"] = len(folder.files)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def manifest(
    board: Storyboard, library: Library, files: list[dict[str, Any]], names: bool = False
) -> dict[str, Any]:
    """What is in a kit and what it was made from, without a path of this machine.

    Args:
        names: also name the files of the library that went into it.
    """
    listed = [{**file, "path": Path(file["path"]).name} for file in files]
    return {
        **record_of(board),
        **parts_of(board),
        "files": listed,
        "made_from": _made_from(board, library, names),
    }


def _made_from(board: Storyboard, library: Library, names: bool) -> list[dict[str, Any]]:
    """Every asset that is seen or heard: hash, kind, rights, licence, and how a model made it."""
    ids = board.asset_ids()
    rights = library.asset_rights.of(ids)
    generated = {s.asset_id: s for s in board.sources if s.kind == "generated" and s.asset_id is not None}
    found = []
    for asset in library.assets.get_many(ids):
        known = rights[asset.id]
        entry: dict[str, Any] = {
            "kind": asset.kind,
            "sha256": asset.sha256,
            "rights": asset.rights,
            "owner": known.owner,
            "licence": known.licence,
            "generated": asset.id in generated or asset.origin == "generated",
        }
        if asset.id in generated:
            entry["detail"] = generated[asset.id].detail
        if names:
            entry["title"] = asset.title
        found.append(entry)
    return found
