"""Figures for a summary: a pasted table, a file, or what the library counted of an item."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import NotFound, UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library

MOST_ROWS, MOST_COLUMNS = 200, 24
_MOST = 1_000_000  # characters of a table
_NUMBER = re.compile(r"[-+]?\d+(?:[ \u00a0',]\d{3})*(?:\.\d+)?")
Row = dict[str, object]


def rows_of(text: str) -> tuple[Row, ...]:
    """Rows of a table: names in the first line, separated by tabs, commas or semicolons; or JSON rows.

    A cell that is a number (1,200 counts as one) becomes one; at most :data:`MOST_ROWS` rows.

    Raises:
        UsageError: no table, one without a row, or none with a figure in it.
    """
    text = text[:_MOST].strip().lstrip("\ufeff")
    if not text:
        raise UsageError("There are no figures.", hint="Paste a table: names in the first line, then rows.")
    read = _json(text) if text[0] in "[{" else _table(text)
    rows = tuple({key: _value(value) for key, value in row.items()} for row in read[:MOST_ROWS])
    if not any(isinstance(value, (int, float)) for row in rows for value in row.values()):
        raise UsageError(
            "There are no figures in this table.",
            hint="Names stand in the first line, figures in the rows below.",
        )
    return rows


def rows_of_file(path: Path) -> tuple[Row, ...]:
    """:func:`rows_of` a CSV, TSV or JSON file. Raises NotFound, UsageError."""
    if not path.is_file():
        raise NotFound(
            "There is no file {name}.", hint="Give a CSV, TSV or JSON file of figures.", name=path.name
        )
    from mmstudio.media.text import load_text

    return rows_of(load_text(path, limit=_MOST).text)


def rows_of_item(library: Library, item_id: int) -> tuple[Row, ...]:
    """What was counted of an item: a row for each kind of event, one for its reviews."""
    seen = library.audiences.interactions()
    counts = np.bincount(seen.code[seen.item == item_id], minlength=len(seen.names))
    rows: list[Row] = [
        {tr("what"): name, tr("count"): int(count)}
        for name, count in sorted(zip(seen.names, counts, strict=True), key=lambda one: -int(one[1]))
        if count
    ]
    ratings = [review.rating for review in library.items.reviews_of(item_id) if review.rating is not None]
    if ratings:
        rows.append({tr("what"): tr("reviews"), tr("count"): len(ratings),
                     tr("stars on average"): round(sum(ratings) / len(ratings), 2)})  # fmt: skip
    return tuple(rows)


def words_of_mood(text: str) -> tuple[str, ...]:
    """The words of a mood as a person lists them: "calm, rainy evening" gives two; at most twelve."""
    parts = (part.strip() for part in re.split(r"[,，、;；\n]", text))
    return tuple(dict.fromkeys(part[:40] for part in parts if part))[:12]


def _json(text: str) -> list[Mapping[str, object]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError("This is no table.", hint="Give rows as CSV, or a JSON list of objects.") from error
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UsageError("This is no table.", hint="Give rows as CSV, or a JSON list of objects.")
    return rows


def _table(text: str) -> list[Mapping[str, object]]:
    first = text.split("\n", 1)[0]
    mark = max("\t;,", key=first.count)
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=mark) if any(c.strip() for c in line)]
    if len(lines) < 2:
        raise UsageError("There are no figures.", hint="Paste a table: names in the first line, then rows.")
    names = [name.strip() or str(place) for place, name in enumerate(lines[0][:MOST_COLUMNS], 1)]
    return [dict(zip(names, (cell.strip() for cell in line), strict=False)) for line in lines[1:]]


def _value(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, (int, float)):
        return value
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        plain = re.sub(r"[ \u00a0',]", "", text)
        return float(plain) if "." in plain else int(plain)
    return text[:200]
