"""Tables a shop exports: CSV in any delimiter and encoding, and XLSX, row by row."""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TextIO

from mmstudio.errors import MediaError
from mmstudio.i18n import tr
from mmstudio.media.guard import check_not_empty, decoding
from mmstudio.media.text import encoding_of

MAX_UNPACKED = 1_000_000_000  # bytes of an XLSX after unzipping
_MAX_RECORD_LINES = 2000  # a quoted cell may hold line breaks; more than this is a quote never closed
_MAX_LINE = 4_000_000  # characters; a file of one line without an end must not fill the memory
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that cannot be read: its line number (1 is the header) and one sentence."""

    line: int
    reason: str


Row = tuple[int, dict[str, str]]
Cells = tuple[int, list[str]]


def read_table(path: str | Path) -> Iterator[Row | RowError]:
    """Yield (line number, {column: cell}) for each row under the header, streaming.

    Cells are stripped strings, missing ones empty; blank rows are skipped. A row that cannot be read is
    yielded as :class:`RowError`, and reading goes on after it.

    Raises:
        MediaError: where the file as a whole cannot be read as a table.
    """
    header: list[str] | None = None
    for row in read_cells(path):
        if isinstance(row, RowError):
            yield row
        elif header is None:
            header = row[1]
        else:
            yield row[0], dict(zip(header, row[1], strict=True))


def read_cells(path: str | Path) -> Iterator[Cells | RowError]:
    """Like :func:`read_table`, as lists: the header (its names made unique) first, then rows of its length.

    About twice as fast, for tables of millions of rows.
    """
    path = Path(path)
    check_not_empty(path)
    with decoding(path), path.open("rb") as file:
        head = file.read(262_144)
    if path.suffix.lower() in (".xlsx", ".xlsm") or head.startswith(b"PK\x03\x04"):
        records = _workbook_records(path)
    else:
        records = _csv_records(path, head)
    with decoding(path):
        yield from _even(path, records)


def _even(path: Path, records: Iterator[Cells | RowError]) -> Iterator[Cells | RowError]:
    """Rows of the header's length, blank ones left out."""
    width = 0
    for record in records:
        if isinstance(record, RowError):
            yield record
            continue
        line, cells = record
        if not any(cells):
            continue
        if not width:
            width = len(cells)
            yield line, _unique(cells)
        elif len(cells) == width:
            yield record
        elif any(cells[width:]):
            yield RowError(
                line,
                tr("The row has {n} cells but the header has {m}.", n=len(cells), m=width),
            )
        else:
            yield line, cells[:width] + [""] * (width - len(cells))
    if not width:
        raise MediaError("{name} has no header row.", status="corrupt", name=path.name)


def _unique(cells: list[str]) -> list[str]:
    names: list[str] = []
    for index, cell in enumerate(cells):
        name = cell or f"column {index + 1}"
        while name in names:
            name += " (2)"
        names.append(name)
    return names


class _Lines:
    """Feeds lines to the csv reader; remembers those of the record being read, to go back when it fails."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: list[str] = []
        self.record: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.record) >= _MAX_RECORD_LINES:
            raise csv.Error("record too long")
        line = self._again.pop() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        if _too_long(line):
            raise csv.Error("line too long")
        return line.replace("\0", "")

    def _read(self) -> str:
        """The next line, or the beginning of one that is too long."""
        line = rest = self._file.readline(_MAX_LINE)
        while _too_long(rest):
            rest = self._file.readline(_MAX_LINE)
        return line

    def back(self, keep: int) -> None:
        """Give back all lines of this record after the first ``keep``."""
        rest = self.record[keep:]
        self.number -= len(rest)
        self._again.extend(reversed(rest))


def _too_long(line: str) -> bool:
    return len(line) >= _MAX_LINE and not line.endswith(("\n", "\r"))


def _csv_records(path: Path, head: bytes) -> Iterator[Cells | RowError]:
    encoding = encoding_of(head)
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    with path.open("r", encoding=encoding, errors=errors, newline="") as file:
        lines = _Lines(file)
        try:
            delimiter = _delimiter(lines)
        except csv.Error:
            raise MediaError("{name} has no header row.", status="corrupt", name=path.name) from None
        while True:
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            try:
                while True:
                    lines.record = []
                    cells = next(reader, None)
                    if cells is None:
                        return
                    if all(map(str.isascii, lines.record)):  # nearly all rows of millions: no call per cell
                        cells = [cell.strip() for cell in cells]
                    else:
                        cells = [_cell(cell) for cell in cells]
                    yield lines.number - len(lines.record) + 1, cells
            except csv.Error:
                yield _recovered(lines, delimiter)


def _recovered(lines: _Lines, delimiter: str) -> Cells | RowError:
    """Take one line of a record that failed: loosely where it stands alone, else as an error."""
    first = lines.number - len(lines.record) + 1
    whole = lines.record[0]
    multiline = len(lines.record) > 1
    lines.back(1)
    if _too_long(whole):
        return RowError(first, tr("The line has more than {n} characters.", n=f"{_MAX_LINE:,}"))
    if multiline or whole.count('"') % 2:
        return RowError(first, tr("A quotation mark is opened and never closed."))
    try:
        return first, [_cell(cell) for cell in next(csv.reader([whole], delimiter=delimiter))]
    except csv.Error:
        return RowError(first, tr("The row cannot be split into cells."))


def _cell(text: str) -> str:
    """Strip a cell; bytes that were no UTF-8 in a UTF-8 file are read as Windows-1252."""
    if text.isascii():
        return text.strip()
    if any("\udc80" <= c <= "\udcff" for c in text):
        text = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text.strip().removeprefix("\ufeff").strip()


def _delimiter(lines: _Lines) -> str:
    """The delimiter of the header line; Excel's ``sep=;`` line is obeyed and taken away."""
    first = next(lines, "").removeprefix("\ufeff")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4]
    lines.back(0)
    outside = "".join(first.split('"')[0::2])
    counts = {delimiter: outside.count(delimiter) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: counts[delimiter]) if any(counts.values()) else ","


def _workbook_records(path: Path) -> Iterator[Cells | RowError]:
    from openpyxl import load_workbook

    with decoding(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise MediaError("{name} is too large to unpack.", status="too_large", name=path.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles and extensions that carry no data
            book = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                cells = [_sheet_cell(value) for value in row]
                while cells and not cells[-1]:
                    cells.pop()
                yield line, cells
        finally:
            book.close()


def _sheet_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value).strip()
