"""How far a matrix is: ``matrix.json`` in its folder, so that a run that was killed goes on.

While it runs, a line for each finished row is added to ``matrix.journal``: writing the list of all rows after
each of them would take longer the more there are, and less often would forget some.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmstudio import __version__
from mmstudio.atomic import write_text
from mmstudio.composition import Storyboard
from mmstudio.composition.plain import plain
from mmstudio.errors import DiskFull, StudioError, is_disk_full
from mmstudio.export.channels import chosen
from mmstudio.export.writer import sha256_of

if TYPE_CHECKING:
    from mmstudio.export.matrix.rows import MatrixRow
    from mmstudio.export.options import ExportOptions
    from mmstudio.library import Library

STATE, JOURNAL = "matrix.json", "matrix.journal"
_VERSION = 1
RowWord = Literal["waiting", "running", "done", "failed", "same"]


@dataclass(slots=True)
class RowState:
    """How far a row is. ``files``: name, channel, sha256, bytes of each; ``seconds`` it took; ``reports``:
    names of its manifest and its de-identification report; ``standing``: what a list says of its files
    (:class:`mmstudio.export.record.Standing`).

    "same" is a row that was done before and has not changed since.
    """

    number: int
    folder: str
    label: str = ""
    state: RowWord = "waiting"
    digest: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    message: str = ""
    hint: str = ""
    seconds: float = 0.0
    standing: dict[str, Any] = field(default_factory=dict)


def read_state(out: str | Path) -> list[RowState]:
    """The rows of a matrix that was begun in a folder; none where there is none or it cannot be read."""
    try:
        data = json.loads((Path(out) / STATE).read_text("utf-8"))
        if int(data["version"]) != _VERSION:
            return []
        rows = [RowState(**row) for row in data["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    later = _journal(Path(out))
    return [later.get(row.folder, row) for row in rows]


def _journal(out: Path) -> dict[str, RowState]:
    """Rows that were done since the list was written, by folder; a line that was cut off is none."""
    found: dict[str, RowState] = {}
    try:
        lines = (out / JOURNAL).read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            row = RowState(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[row.folder] = row
    return found


def write_state(out: Path, rows: list[RowState]) -> None:
    """Keep how far the rows are, atomically; the lines of :func:`add_state` are in it."""
    kept = [plain(row) | ({"state": "waiting"} if row.state == "running" else {}) for row in rows]
    write_text(out / STATE, json.dumps({"version": _VERSION, "rows": kept}, ensure_ascii=False) + "\n")
    (out / JOURNAL).unlink(missing_ok=True)  # after it: what stands in both is the same


def add_state(out: Path, row: RowState) -> None:
    """Keep what came of one row, in one write: whole, or a line that is not read. Raises DiskFull."""
    line = (json.dumps(plain(row), ensure_ascii=False) + "\n").encode("utf-8", "replace")
    try:
        with (out / JOURNAL).open("ab", buffering=0) as file:
            if file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                "There is no room left to write {name}.",
                hint="Free some space or choose another folder, then try again.",
                name=JOURNAL,
            ) from error
        raise


def digest_of(library: Library, row: MatrixRow, options: ExportOptions) -> str:
    """A hash of everything a row's files are made from; "" where something of it is gone.

    Covers the row, the item with its pictures, their rights and its reviews, the audience, the storyboard
    with its media, the recipe, the brand's kit and rules, the channels, the options, the program's version.
    """
    from mmstudio.composition.recipe import get_recipe

    try:
        parts: list[Any] = [__version__, {**row.to_dict(), "number": 0}, options.to_dict()]
        parts += [asdict(channel) for channel in chosen(list(row.channels))]
        if row.storyboard_id is not None:
            board = Storyboard.from_dict(library.storyboards.get(row.storyboard_id).data)
            parts += [board.to_dict(), *_assets(library, board.asset_ids())]
        else:
            parts.append((get_recipe(row.recipe).folder / "recipe.toml").read_text("utf-8"))
        if row.item_id is not None:
            parts += _item(library, row.item_id)
        if row.audience_id is not None:
            parts.append(asdict(library.audiences.get(row.audience_id)))
        parts.append(str(library.brand.get()))
        kit = library.brand_kits.chosen()
        parts.append(str(kit))
    except (StudioError, OSError):
        return ""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def unchanged(out: Path, before: RowState | None, digest: str) -> bool:
    """Whether a row is done already and its files are there, whole."""
    if before is None or before.state not in ("done", "same") or not digest or before.digest != digest:
        return False
    if not before.files:
        return False
    folder = out / before.folder
    try:
        return all(
            (folder / file["name"]).stat().st_size == file["bytes"]
            and sha256_of(folder / file["name"]) == file["sha256"]
            for file in before.files
        )
    except (OSError, KeyError):
        return False


def _item(library: Library, item_id: int) -> list[Any]:
    links = library.items.assets_of(item_id)
    return [
        asdict(library.items.get(item_id)),
        [asdict(link) for link in links],
        *_assets(library, [link.asset_id for link in links]),
        [asdict(review) for review in library.items.reviews_of(item_id)],
    ]


def _assets(library: Library, ids: list[int]) -> list[Any]:
    rights = library.asset_rights.of(ids)
    return [
        [(a.id, a.status, a.rights, a.sha256) for a in library.assets.get_many(ids)],
        [asdict(rights[number]) for number in sorted(rights)],
    ]
