"""The import and the rescan as jobs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import NotFound
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.library.importing.catalog import import_catalog, local_files
from mmstudio.library.importing.ingest import Ingest, is_gone
from mmstudio.library.importing.interactions import import_interactions
from mmstudio.library.importing.relations import import_links, import_reviews
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.scan import FoundFile, Scanner, Unreadable
from mmstudio.library.records import FileUpdate

if TYPE_CHECKING:
    from mmstudio.library.library import Library

_TABLES = "tables"  # key of the meta table
_PathLike = str | os.PathLike[str]


def import_work(
    library: Library,
    paths: Iterable[_PathLike],
    *,
    copy: bool = False,
    catalog: _PathLike | None = None,
    reviews: _PathLike | None = None,
    links: _PathLike | None = None,
    interactions: _PathLike | None = None,
    tags: Sequence[str] = (),
    keep_ids: bool = False,
) -> Work:
    """A job that takes folders and files, and a shop's tables, into the library.

    Args:
        library: open for writing.
        paths: folders (recursive; they become watched roots, unless copied) and files.
        copy: copy the files into the library instead of referring to them.
        catalog: CSV or XLSX of items; files it names beside itself are taken in too.
        reviews, links, interactions: tables about items that are known by sku.
        tags: given to every new asset.
        keep_ids: keep the own ids of members too, encrypted; without it only keyed pseudonyms are kept.

    The job's result is :meth:`ImportReport.to_dict`. Run again after a stop, it goes on where it was: what is
    in the library already costs one look at the file's size and time.

    Raises:
        NotFound: (from the job) none of what was named is there.
    """
    wanted = [Path(path).expanduser().absolute() for path in paths]
    tables = {
        name: Path(value).expanduser().absolute()
        for name, value in (
            ("catalog", catalog),
            ("reviews", reviews),
            ("links", links),
            ("interactions", interactions),
        )
        if value is not None
    }

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        report = ImportReport()
        present = [path for path in (*wanted, *tables.values()) if not is_gone(path)]
        if not present and (wanted or tables):
            raise NotFound(
                "There is nothing at {path}.",
                hint="Check the path and try again.",
                path=str((*wanted, *tables.values())[0]),
            )
        yield Progress(0, None, tr("Looking for media"))
        _remember_tables(library, tables.values())
        ingest = Ingest(library, report, tags=tags, copy=copy)
        yield from ingest.run(context, _named(library, wanted, tables, report, watched=not copy))
        steps: dict[str, Callable[..., Generator[Progress, None, None]]] = {
            "catalog": import_catalog,
            "reviews": import_reviews,
            "links": import_links,
            "interactions": partial(import_interactions, keep_ids=keep_ids),
        }
        for name, table in tables.items():
            if is_gone(table):
                report.fail(str(table), tr("This is not there."))
            else:
                yield from steps[name](context, library, table, report)
        return report.to_dict()

    return work


def rescan_work(library: Library) -> Work:
    """A job that compares every root with its folder: files added, changed, moved or gone.

    New files are taken in only below watched roots. A folder that cannot be reached (an unplugged drive)
    makes its assets missing until it is back; nothing is ever removed. The result is as for an import.
    """

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        report = ImportReport()
        yield Progress(0, None, tr("Looking for changes"))
        ingest = Ingest(library, report, on_purpose=False)
        seen: dict[int, set[str]] = {}
        yield from ingest.run(context, _below_roots(library, ingest, seen))
        yield from _mark_gone(library, seen, report)
        return report.to_dict()

    return work


def _named(
    library: Library,
    wanted: Sequence[Path],
    tables: dict[str, Path],
    report: ImportReport,
    *,
    watched: bool,
) -> Iterator[FoundFile | Unreadable]:
    """Files of what a person named, after making their folders known as roots."""
    folders: list[Path] = []
    files: list[Path] = []
    own = library.path.resolve()
    for path in wanted:
        resolved = path.resolve()
        if is_gone(path):
            yield Unreadable(str(path), tr("This is not there."))
        elif resolved == own or resolved.is_relative_to(own):
            yield Unreadable(str(path), tr("This lies inside the library itself."))
        elif resolved.is_dir():
            folders.append(resolved)
        else:
            files.append(resolved)
    if "catalog" in tables and not is_gone(tables["catalog"]):
        named = list(local_files(tables["catalog"], report))
        inside = [folder for folder in folders if tables["catalog"].resolve().is_relative_to(folder)]
        if named and not inside:
            files += [path.resolve() for path in named]
    for folder in folders:
        known = library.roots.for_path(folder)
        if known is None or (watched and not known.watched and known.path == str(folder)):
            library.roots.add(folder, watched=watched)
    for file in files:
        if library.roots.for_path(file) is None:
            library.roots.add(_home(file, tables), watched=False)
    roots = {root.path: root.id for root in library.roots.list() if not root.own}
    scanner = Scanner(roots, _skipped(library))
    given: set[tuple[int, str]] = set()  # a file may be named, and lie in a folder that is named too
    for found in chain(chain.from_iterable(map(scanner.folder, folders)), map(scanner.file, files)):
        if isinstance(found, FoundFile):
            place = (found.root_id, found.rel_path)
            if place in given:
                continue
            if files:
                given.add(place)
        yield found


def _home(file: Path, tables: dict[str, Path]) -> Path:
    """The folder that becomes the root of one file: the catalogue's, where the file lies below it."""
    if "catalog" in tables:
        folder = tables["catalog"].resolve().parent
        if file.is_relative_to(folder):
            return folder
    return file.parent


def _below_roots(
    library: Library, ingest: Ingest, seen: dict[int, set[str]]
) -> Iterator[FoundFile | Unreadable]:
    roots = [root for root in library.roots.list() if not root.own]
    scanner = Scanner({root.path: root.id for root in roots}, _skipped(library))
    for root in sorted(roots, key=lambda root: (not root.watched, root.path)):
        here = seen.setdefault(root.id, set())
        if is_gone(Path(root.path)):
            yield Unreadable(root.path, tr("The folder is not there: is its drive connected?"))
            continue
        if root.watched:
            for found in scanner.folder(Path(root.path)):
                if isinstance(found, FoundFile):
                    seen.setdefault(found.root_id, set()).add(found.rel_path)
                yield found
        else:
            for rel_path in ingest.known(root.id):
                path = Path(root.path) / rel_path
                if rel_path in here or is_gone(path):
                    continue
                here.add(rel_path)
                yield scanner.file(path)


def _skipped(library: Library) -> frozenset[str]:
    """Absolute paths that are no media: the library itself, and tables that were read as tables."""
    return frozenset({str(library.path.resolve()), *_tables_of(library)})


def _tables_of(library: Library) -> list[str]:
    row = library.db.read().execute("SELECT value FROM meta WHERE key = ?", (_TABLES,)).fetchone()
    return [] if row is None else [str(path) for path in json.loads(row[0])]


def _remember_tables(library: Library, tables: Iterable[Path]) -> None:
    """Keep in mind that these files are tables, so that no rescan takes them for texts."""
    known = _tables_of(library)
    new = sorted({str(table.resolve()) for table in tables} - set(known))
    if new:
        with library.db.write() as tx:
            tx.execute(
                "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (_TABLES, json.dumps(known + new))
            )


def _mark_gone(
    library: Library, seen: dict[int, set[str]], report: ImportReport
) -> Generator[Progress, None, None]:
    """Give status missing to assets whose file was not seen and is certainly not there."""
    gone: list[int] = []
    for root_id, here in seen.items():
        folder = Path(library.roots.get(root_id).path)
        for rel_path, state in library.assets.locations(root_id).items():
            if rel_path in here or state.status in ("missing", "trashed"):
                continue
            if is_gone(folder / rel_path):
                gone.append(state.id)
        yield Progress(len(gone), None, tr("Looking for changes"))
    note = tr("The file is not where it was.")
    library.assets.update_files(FileUpdate(one, status="missing", status_note=note) for one in gone)
    report.missing += len(gone)
