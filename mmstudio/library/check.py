"""Compare the database with the disk, and put right what can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.i18n import tr
from mmstudio.library.asset_rows import COLUMNS, asset_from
from mmstudio.library.database import in_batches
from mmstudio.library.records import Asset, CheckReport, FileUpdate
from mmstudio.library.roots import OWN_ROOT

if TYPE_CHECKING:
    from mmstudio.library.library import Library


@dataclass(slots=True)
class _Findings:
    missing: list[Asset] = field(default_factory=list)
    back: list[Asset] = field(default_factory=list)
    changed: list[Asset] = field(default_factory=list)
    misplaced: list[Asset] = field(default_factory=list)
    strays: list[Path] = field(default_factory=list)
    unsearchable: list[int] = field(default_factory=list)


def check(library: Library, *, repair: bool = False) -> CheckReport:
    """Find what does not fit together; with ``repair`` put it right.

    Looked at: SQLite's own integrity and foreign keys, every asset's file (existence and size), files in
    ``generated/`` and ``trash/`` that no asset knows, deleted files in the wrong place, missing search rows.
    Repairing changes statuses and search rows and moves deleted files to the trash; it deletes nothing.
    """
    connection = library.db.read()
    problems = [
        tr("The database is damaged: {what}", what=str(row[0]))
        for row in connection.execute("PRAGMA integrity_check(5)").fetchall()
        if row[0] != "ok"
    ]
    loose = connection.execute("PRAGMA foreign_key_check").fetchall()
    if loose:
        problems.append(tr("Rows of the database that belong to nothing: {n}", n=len(loose)))
    rows = connection.execute(f"SELECT {COLUMNS} FROM asset ORDER BY id").fetchall()
    assets = [asset_from(row) for row in rows]
    found = _compare(library, assets)
    problems += _sentences(found)
    repaired = _repair(library, found) if repair else 0
    return CheckReport(
        assets=len(assets),
        problems=tuple(problems),
        missing=_ids(found.missing),
        back=_ids(found.back),
        changed=_ids(found.changed),
        stray_files=tuple(str(path) for path in found.strays),
        repaired=repaired,
    )


def _compare(library: Library, assets: Sequence[Asset]) -> _Findings:
    found = _Findings()
    known: set[Path] = set()
    for asset in assets:
        path = library.assets.path_of(asset)
        if asset.root_id == OWN_ROOT:
            known.add(path)
        try:
            size = path.stat().st_size if path.is_file() else None
        except OSError:
            size = None
        if asset.status == "trashed":
            if asset.root_id == OWN_ROOT and size is not None and path.parent != library.trash_dir:
                found.misplaced.append(asset)
        elif size is None:
            if asset.root_id == OWN_ROOT and library.trash.path(asset).is_file():
                found.misplaced.append(asset)
                known.add(library.trash.path(asset))
            elif asset.status != "missing":
                found.missing.append(asset)
        elif asset.status == "missing":
            found.back.append(asset)
        elif size != asset.size:
            found.changed.append(asset)
    found.strays = [
        path
        for folder in (library.generated_dir, library.trash_dir)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in known and not path.name.startswith(".")
    ]
    found.unsearchable = [
        row[0]
        for row in library.db.read().execute(
            "SELECT id FROM asset WHERE id NOT IN (SELECT rowid FROM asset_search)"
        )
    ]
    return found


def _sentences(found: _Findings) -> list[str]:
    counted = [
        (tr("Files that are missing: {n}", n=len(found.missing)), found.missing),
        (tr("Files that were missing and are there again: {n}", n=len(found.back)), found.back),
        (tr("Files that changed since they were imported: {n}", n=len(found.changed)), found.changed),
        (tr("Deleted files in the wrong place: {n}", n=len(found.misplaced)), found.misplaced),
        (tr("Files in the library folder that belong to no asset: {n}", n=len(found.strays)), found.strays),
        (tr("Assets that search does not find: {n}", n=len(found.unsearchable)), found.unsearchable),
    ]
    return [sentence for sentence, which in counted if which]


def _repair(library: Library, found: _Findings) -> int:
    updates = [
        FileUpdate(asset.id, status="missing", status_note=tr("The file is not where it was."))
        for asset in found.missing
    ] + [FileUpdate(asset.id, status="ok", status_note="") for asset in found.back]
    library.assets.update_files(updates)
    moved = sum(library.trash.sync(asset) for asset in found.misplaced)
    for batch in in_batches(found.unsearchable):
        library.assets.reindex(batch)
    return len(updates) + moved + len(found.unsearchable)


def _ids(assets: Sequence[Asset]) -> tuple[int, ...]:
    return tuple(asset.id for asset in assets)
