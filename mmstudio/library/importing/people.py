"""Ids of people out of a file of a person's own: one per line, or a column of a table."""

from __future__ import annotations

from pathlib import Path

from mmstudio.errors import NotFound, StudioError
from mmstudio.library.importing.columns import INTERACTIONS, match_columns
from mmstudio.media.tables import RowError, read_cells

_MAIL = ("email", "mail", "e-mail", "name", "邮箱", "姓名")


def read_people(path: Path) -> list[str]:
    """The ids in a file, each once, in order; they are only compared and never kept.

    A table's column of members is found by its name (user, customer, member, e-mail …); a file without such a
    name and with one column has an id on every line.

    Raises:
        NotFound: no such file. StudioError: a table without a column of members, or a file without ids.
    """
    if not path.is_file():
        raise NotFound("There is no file {name}.", hint="Check the path and try again.", name=path.name)
    if path.suffix.lower() in ("", ".txt", ".lst"):
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        return _some(path, [line.strip() for line in text.splitlines()])
    rows = [row[1] for row in read_cells(path) if not isinstance(row, RowError)]
    if not rows:
        return _some(path, [])
    header = rows[0]
    column = match_columns(header, {"member": INTERACTIONS["member"]}).get("member")
    column = column or next((name for name in header if name.strip().lower() in _MAIL), None)
    if column is not None:
        place = header.index(column)
        return _some(path, [row[place] for row in rows[1:]])
    if len(header) == 1:
        return _some(path, [row[0] for row in rows])
    raise StudioError(
        "{name} has no column that names people.",
        hint="Call it user, customer or member.",
        name=path.name,
    )


def _some(path: Path, ids: list[str]) -> list[str]:
    found = list(dict.fromkeys(one.strip() for one in ids if one.strip()))
    if not found:
        raise StudioError("{name} names nobody.", hint="Write one id per line.", name=path.name)
    return found
