"""A shop's catalogue into items with their pictures."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mmstudio.errors import MediaError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library.database import in_batches
from mmstudio.library.importing.columns import CATALOG, match_columns
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.values import (
    category_in,
    parse_price,
    plain_text,
    split_attributes,
    split_names,
    tidy_value,
)
from mmstudio.library.records import NewItem, Role
from mmstudio.media.kinds import MediaKind, kind_of
from mmstudio.media.tables import RowError, read_table

if TYPE_CHECKING:
    from mmstudio.library.library import Library

_ROLES: dict[MediaKind, Role] = {"image": "detail", "audio": "music", "video": "clip", "text": "text"}
_LONGEST_SKU = 200  # characters


class MediaNames:
    """Finds the asset that a name, path or address in a table means."""

    def __init__(self, library: Library, folder: Path) -> None:
        """``folder`` is where the table lies: of several files with one name, those below it win."""
        self._by_name: dict[str, list[tuple[str, int]]] = {}
        near = str(folder.resolve())
        for root in library.roots.list():
            for rel_path, state in library.assets.locations(root.id).items():
                if state.status == "trashed":
                    continue
                full = str(PurePosixPath(root.path.replace("\\", "/"), rel_path)).lower()
                name = full.rpartition("/")[2]
                self._by_name.setdefault(name, []).append((full, state.id))
        self._near = near.replace("\\", "/").lower()

    def find(self, reference: str) -> int | None:
        """The asset whose path ends most like ``reference`` does; its file name must be the same."""
        wanted = reference_path(reference).lower()
        parts = [part for part in wanted.split("/") if part not in ("", ".", "..")]
        if not parts:
            return None
        candidates = self._by_name.get(parts[-1], [])

        def score(candidate: tuple[str, int]) -> tuple[int, bool, int]:
            path, asset_id = candidate
            shared = 0
            for mine, theirs in zip(reversed(parts), reversed(path.split("/")), strict=False):
                if mine != theirs:
                    break
                shared += 1
            return shared, path.startswith(self._near + "/"), -asset_id

        return max(candidates, key=score)[1] if candidates else None


def reference_path(reference: str) -> str:
    """The path part of a file name, path or address, with forward slashes and without ``%20``."""
    if "://" in reference or reference.startswith("//"):
        return unquote(urlsplit(reference).path)
    return reference.replace("\\", "/").strip()


def local_files(path: Path, report: ImportReport) -> Iterator[Path]:
    """Files that a catalogue names and that lie in or below its own folder."""
    folder = path.resolve().parent
    seen: set[str] = set()
    columns: dict[str, str] | None = None
    try:
        for row in read_table(path):
            if isinstance(row, RowError):
                continue
            columns = match_columns(row[1], CATALOG) if columns is None else columns
            for name in split_names(row[1].get(columns.get("images", ""), "")):
                if name in seen or "://" in name or kind_of(name) is None:
                    continue
                seen.add(name)
                found = folder / reference_path(name)
                try:  # most names of a large catalogue are on another computer: resolving them costs more
                    inside = found.is_file() and found.resolve().is_relative_to(folder)
                except (OSError, ValueError):
                    inside = False
                if inside:
                    yield found
    except MediaError:
        return  # import_catalog reads it next and says so


def import_catalog(
    context: JobContext, library: Library, path: Path, report: ImportReport
) -> Generator[Progress, None, None]:
    """Read a CSV or XLSX of items, a thousand rows per transaction."""
    try:
        names = MediaNames(library, path.parent)
        known = library.items.skus()
        done = 0
        seen: set[str] = set()
        for batch in in_batches(_rows(path, report)):
            rows = []
            for line, item, references in batch:
                if item.sku in seen:
                    report.bad_row(path.name, line, tr("The sku {sku} was there before.", sku=item.sku))
                    continue
                seen.add(item.sku)
                rows.append((item, references))
            _write(library, rows, names, known, report)
            done += len(batch)
            yield Progress(done, None, tr("Reading {name}: {n} rows", name=path.name, n=done))
            context.raise_if_cancelled()
    except MediaError as error:
        report.fail(str(path), tr(error.template, **error.values))


def _rows(path: Path, report: ImportReport) -> Iterator[tuple[int, NewItem, list[str]]]:
    columns: dict[str, str] | None = None
    for row in read_table(path):
        if isinstance(row, RowError):
            report.bad_row(path.name, row.line, row.reason)
            continue
        line, cells = row
        if columns is None:
            columns = match_columns(cells, CATALOG)
            if "sku" not in columns:
                report.bad_row(path.name, 1, tr("The table has no column for the sku or id of an item."))
                return
        item, references, problem = _item(cells, columns)
        if problem:
            report.bad_row(path.name, line, problem)
        if item is not None:
            yield line, item, references


def _item(cells: dict[str, str], columns: dict[str, str]) -> tuple[NewItem | None, list[str], str]:
    """(item, names of its media, what is wrong with the row); no item where nothing can be made of it."""

    def cell(field: str) -> str:
        return cells.get(columns.get(field, ""), "")

    sku = cell("sku")
    if not sku:
        return None, [], tr("The row has no sku.")
    if len(sku) > _LONGEST_SKU:
        return None, [], tr("The sku is longer than {n} characters.", n=_LONGEST_SKU)
    price, currency = parse_price(cell("price"))
    problem = ""
    if cell("price") and price is None:
        problem = tr("The price “{text}” is not understood; the item has none.", text=cell("price"))
    used = set(columns.values())
    attributes = {name: tidy_value(value) for name, value in cells.items() if name not in used and value}
    text = cell("attributes")
    split = split_attributes(text)
    if text and not split:
        attributes[columns["attributes"]] = text
    attributes.update(split)
    url = cell("url")
    item = NewItem(
        sku=sku,
        title=plain_text(cell("title")) or sku,
        description=plain_text(cell("description")),
        price=price,
        currency=(cell("currency").upper() or currency)[:3] if price is not None else "",
        category=tidy_value(cell("category")) or category_in(text),
        url=url if url.startswith(("http://", "https://")) else "",
        attributes=attributes,
    )
    return item, split_names(cell("images")), problem


def _write(
    library: Library,
    rows: Sequence[tuple[NewItem, list[str]]],
    names: MediaNames,
    known: dict[str, int],
    report: ImportReport,
) -> None:
    before = {
        item.sku: item for item in library.items.get_many([known[i.sku] for i, _ in rows if i.sku in known])
    }
    missing_names: list[str] = []
    changed: list[NewItem] = []
    changed_media: list[list[int]] = []
    unchanged: dict[int, list[str]] = {}
    linked: list[tuple[int, list[int]]] = []
    with library.db.write():
        for item, references in rows:
            matched: list[int] = []
            missing: list[str] = []
            for reference in references:
                asset_id = names.find(reference)
                if asset_id is None:
                    missing.append(reference)
                elif asset_id not in matched:
                    matched.append(asset_id)
            missing_names += missing
            old = before.get(item.sku)
            if old is None or not _same(old, item):
                complete = NewItem(
                    **{name: getattr(item, name) for name in _FIELDS}, missing_media=tuple(missing)
                )
                changed.append(complete)
                changed_media.append(matched)
            else:
                unchanged[old.id] = missing
                linked.append((old.id, matched))
        linked += zip(library.items.upsert_many(changed), changed_media, strict=True)
        if unchanged:
            library.items.set_missing_media_of(unchanged)
        for item_id, matched in linked:
            _link(library, item_id, matched)
    report.items += len(changed)
    report.items_unchanged += len(unchanged)
    for name in missing_names:
        report.no_image(name)


_FIELDS = ("sku", "title", "description", "price", "currency", "category", "url", "attributes")


def _same(old: object, new: NewItem) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _FIELDS)


def _link(library: Library, item_id: int, asset_ids: Sequence[int]) -> None:
    """Give an item its media; the first picture is the hero. Links that are there already stay."""
    if not asset_ids:
        return
    there = {link.asset_id for link in library.items.assets_of(item_id)}
    has_hero = any(link.role == "hero" for link in library.items.assets_of(item_id))
    kinds = {asset.id: asset for asset in library.assets.get_many(list(asset_ids))}
    for position, asset_id in enumerate(asset_ids):
        if asset_id in there:
            continue
        asset = kinds[asset_id]
        role = _ROLES[asset.kind]
        if asset.kind == "image" and not has_hero and asset.status == "ok":
            role, has_hero = "hero", True
        elif asset.kind == "audio" and "voice" in asset.rel_path.lower():
            role = "voice"
        library.items.link_asset(item_id, asset_id, role, position)
