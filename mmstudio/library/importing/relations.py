"""Reviews and links between items, from tables of any shop; streamed in batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mmstudio.errors import MediaError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.library.database import in_batches
from mmstudio.library.importing.columns import LINKS, REVIEWS, match_columns
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.values import iso_time, number, plain_text
from mmstudio.library.records import ItemLink, NewReview
from mmstudio.media.tables import RowError, read_table

if TYPE_CHECKING:
    from mmstudio.library.library import Library

_Made = TypeVar("_Made")
_Cells = Callable[[str], str]


class _RowProblem(ValueError):
    """One row cannot be used; the message says why."""


def import_reviews(
    context: JobContext, library: Library, path: Path, report: ImportReport
) -> Generator[Progress, None, None]:
    """Read reviews: an item's sku, and any of reviewer, rating, title, text, date, consent to be named."""
    skus = library.items.skus()

    def make(cell: _Cells) -> NewReview:
        text, title = plain_text(cell("text")), plain_text(cell("title"))
        if not text and not title:
            raise _RowProblem(tr("The review has no text."))
        return NewReview(
            _item(skus, cell("sku")),
            text or title,
            author=cell("author"),
            rating=number(cell("rating")),
            title=title,
            created_at=iso_time(cell("created_at")),
            consent=_agreed(cell("consent")),
        )

    for made, progress in _batches(path, REVIEWS, ("sku",), make, report):
        report.reviews += library.items.add_reviews(made)
        yield progress
        context.raise_if_cancelled()


def import_links(
    context: JobContext, library: Library, path: Path, report: ImportReport
) -> Generator[Progress, None, None]:
    """Read links between items: two skus and a relation (``related`` where none is given)."""
    skus = library.items.skus()

    def make(cell: _Cells) -> ItemLink:
        link = ItemLink(
            _item(skus, cell("sku")), _item(skus, cell("linked")), cell("kind").lower() or "related"
        )
        if link.item_id == link.linked_id:
            raise _RowProblem(tr("The item is linked to itself."))
        return link

    for made, progress in _batches(path, LINKS, ("sku", "linked"), make, report):
        report.links += library.items.add_links(made)
        yield progress
        context.raise_if_cancelled()


def _agreed(said: str) -> bool | None:
    """Whether a cell says that the author agreed to be named; None where it says nothing that is known."""
    word = said.strip().lower()
    if word in ("yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "agreed", "是", "同意"):
        return True
    return False if word in ("no", "n", "false", "0", "nein", "non", "否", "不同意") else None


def _item(skus: dict[str, int], sku: str) -> int:
    if not sku:
        raise _RowProblem(tr("The row has no sku."))
    if sku not in skus:
        raise _RowProblem(tr("No item has the sku {sku}.", sku=sku))
    return skus[sku]


def _batches(
    path: Path,
    fields: dict[str, tuple[str, ...]],
    needed: tuple[str, ...],
    make: Callable[[_Cells], _Made],
    report: ImportReport,
) -> Iterator[tuple[list[_Made], Progress]]:
    """Batches of records with the progress to show after each."""
    done = 0
    try:
        for batch in in_batches(_records(path, fields, needed, make, report)):
            done += len(batch)
            yield batch, Progress(done, None, tr("Reading {name}: {n} rows", name=path.name, n=done))
    except MediaError as error:
        report.fail(str(path), tr(error.template, **error.values))


def _records(
    path: Path,
    fields: dict[str, tuple[str, ...]],
    needed: tuple[str, ...],
    make: Callable[[_Cells], _Made],
    report: ImportReport,
) -> Iterator[_Made]:
    columns: dict[str, str] | None = None
    for row in read_table(path):
        if isinstance(row, RowError):
            report.bad_row(path.name, row.line, row.reason)
            continue
        line, cells = row
        if columns is None:
            columns = match_columns(cells, fields)
            lacking = [field for field in needed if field not in columns]
            if lacking:
                report.bad_row(
                    path.name, 1, tr("The table has no column for {what}.", what=", ".join(lacking))
                )
                return
        found = columns
        try:
            yield make(lambda field, cells=cells, found=found: cells.get(found.get(field, ""), ""))  # type: ignore[misc]
        except _RowProblem as problem:
            report.bad_row(path.name, line, str(problem))
