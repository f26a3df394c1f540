"""The rows of a matrix, from a table or from a selection, all checked before the first file is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import MediaError, NotFound, StudioError, UsageError
from mmstudio.export.channels import channels as presets
from mmstudio.export.writer import slug
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.recipe import Recipe
    from mmstudio.library import Library

MOST_ROWS = 50_000
DEFAULT_RECIPE = "product-card"
_SHOWN = 200  # problems that are listed; of a table with the wrong heading every row is one
# What a column may be called; the rest are words by slot of the copy.
_COLUMNS = {
    "sku": "sku", "item": "sku", "product": "sku", "id": "sku",
    "storyboard": "storyboard",
    "audience": "audience", "segment": "audience",
    "channel": "channels", "channels": "channels",
    "recipe": "recipe",
    "seed": "seed",
    "hero": "hero",
}  # fmt: skip
_WORDS = ("headline", "line", "price", "cta", "eyebrow", "quote")


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row: an item (or a saved storyboard) for an audience, and the channels it is exported for.

    Attributes:
        number: the row's number as the person counts (from 1; the heading of a table is not counted).
        folder: name of its folder below the matrix's, safe on every system, the same in every run.
        overrides: words by copy slot (columns headline, line, price, cta, eyebrow, quote) and "hero".
        storyboard_id: a saved storyboard that is exported as it stands; else one is composed.
    """

    number: int
    item_id: int | None
    audience_id: int | None
    channels: tuple[str, ...]
    recipe: str
    folder: str
    label: str = ""
    seed: int = 0
    overrides: dict[str, Any] = field(default_factory=dict)
    storyboard_id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON-able data, for a job's parameters."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MatrixRow:
        """Rebuild what :meth:`to_dict` gave. Raises UsageError for a name that is not known."""
        if unknown := sorted(set(data) - {spec.name for spec in fields(cls)}):
            raise UsageError("A row of a matrix has no {names}.", names=", ".join(unknown))
        return cls(**{**data, "channels": tuple(data["channels"])})


@dataclass(frozen=True, slots=True)
class MatrixProblem:
    """Why a row cannot be exported. ``number`` 0 speaks of the whole table, ``column`` "" of a whole row."""

    number: int
    column: str
    message: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """It with the row it is about."""
        if not self.number:
            return self.message
        return tr("Row {number}: {message}", number=self.number, message=self.message)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows that can be exported, and what is wrong with the others."""

    rows: tuple[MatrixRow, ...]
    problems: tuple[MatrixProblem, ...]

    def files(self) -> int:
        """How many files the rows become."""
        return sum(len(row.channels) for row in self.rows)


def read_matrix(
    library: Library, csv: str | Path, *, recipe: str = "", channels: Sequence[str] = ()
) -> Matrix:
    """The rows of a table (CSV in any delimiter and encoding, or XLSX), every one checked.

    Columns: ``sku`` or ``storyboard`` (a number); ``audience`` (its name), ``channels`` (separated by commas,
    semicolons or spaces), ``recipe``, ``seed``, ``hero`` (an asset's number) and words instead of the written
    ones: headline, line, price, cta, eyebrow, quote. An empty cell takes ``recipe`` and ``channels`` as given
    here. Nothing is raised for what a person can mend in the table: it is listed in ``problems``.
    """
    checker = _Checker(library, recipe or DEFAULT_RECIPE, channels)
    try:
        for number, cells in enumerate(_cells(csv, checker), start=1):
            if number > MOST_ROWS:
                checker.add(0, "", tr("A matrix has {n} rows at most.", n=MOST_ROWS), tr("Split the table."))
                break
            checker.row(number, cells)
    except MediaError as error:
        checker.add(0, "", str(error))
    except OSError:
        checker.add(0, "", tr("The table {name} cannot be read.", name=Path(csv).name))
    if not checker.rows and not checker.problems:
        checker.add(0, "", tr("The table has no rows."))
    return checker.matrix()


def matrix_of(
    library: Library,
    items: Sequence[int],
    audiences: Sequence[int | None] = (),
    *,
    recipe: str = "",
    channels: Sequence[str] = (),
) -> Matrix:
    """Every item for every audience (no audience: one row for everyone)."""
    checker = _Checker(library, recipe or DEFAULT_RECIPE, channels)
    known = {item.id: item for item in library.items.get_many(list(dict.fromkeys(items)))}
    names = {audience.id: audience.name for audience in library.audiences.list()}
    number = 0
    for item_id in dict.fromkeys(items):
        for audience_id in dict.fromkeys(audiences or (None,)):
            number += 1
            if number > MOST_ROWS:
                checker.add(0, "", tr("A matrix has {n} rows at most.", n=MOST_ROWS))
                return checker.matrix()
            if item_id not in known:
                checker.add(number, "sku", tr("There is no item {name}.", name=f"#{item_id}"))
            elif audience_id is not None and audience_id not in names:
                checker.add(
                    number, "audience", tr("There is no audience called {name}.", name=f"#{audience_id}")
                )
            else:
                audience = names.get(audience_id, "") if audience_id is not None else ""
                checker.row(number, {"sku": known[item_id].sku, "audience": audience})
    if not number:
        checker.add(0, "", tr("No item is chosen."))
    return checker.matrix()


def _cells(csv: str | Path, checker: _Checker) -> Iterator[dict[str, str]]:
    from mmstudio.media.tables import RowError, read_table

    number = 0
    for row in read_table(csv):
        number += 1
        if isinstance(row, RowError):
            checker.add(number, "", row.reason)
            yield {}
            continue
        if number == 1 and not checker.heading(row[1]):
            return
        yield row[1]


class _Checker:
    """Turns cells into rows; what is wrong is listed."""

    def __init__(self, library: Library, recipe: str, channels: Sequence[str]) -> None:
        from mmstudio.composition import recipes

        self._library, self._recipe, self._channels = library, recipe, tuple(channels)
        self._recipes: dict[str, Recipe] = {one.name: one for one in recipes()}
        self._known = {preset.name: preset for preset in presets()}
        self._standard = tuple(p.name for p in presets() if p.standard)
        self._audiences = {audience.name: audience for audience in library.audiences.list()}
        self._places: dict[str, str] = {}  # column of the table -> what it is
        self._folders: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self.rows: list[MatrixRow] = []
        self.problems: list[MatrixProblem] = []
        self._more = 0

    def add(self, number: int, column: str, message: str, hint: str = "") -> None:
        """List a problem."""
        if len(self.problems) < _SHOWN:
            self.problems.append(MatrixProblem(number, column, message, hint))
        else:
            self._more += 1

    def matrix(self) -> Matrix:
        """What was found."""
        found = list(self.problems)
        if self._more:
            found.append(MatrixProblem(0, "", tr("{n} more problems are not listed.", n=self._more)))
        return Matrix(tuple(self.rows), tuple(found))

    def heading(self, cells: Mapping[str, str]) -> bool:
        """Look at the columns; False where the table cannot be one of rows to export."""
        for column in cells:
            name = re.sub(r"[\s_-]+", " ", column).strip().lower()
            kind = _COLUMNS.get(name) or (name if name in _WORDS else "")
            if kind:
                self._places[column] = kind
            elif name:
                known = ", ".join([*dict.fromkeys(_COLUMNS.values()), *_WORDS])
                self.add(
                    0, column[:60],
                    tr("The table has a column {name} that means nothing here.", name=column[:60]),
                    tr("It may have: {known}.", known=known),
                )  # fmt: skip
        if not {"sku", "storyboard"} & set(self._places.values()):
            self.add(
                0,
                "",
                tr("The table needs a column sku (or storyboard)."),
                tr("Its first row is the heading."),
            )
            return False
        return True

    def row(self, number: int, cells: Mapping[str, str]) -> None:
        """Check one row and keep it."""
        if not cells:
            return
        given = {
            self._places.get(column, column): cell.strip() for column, cell in cells.items() if cell.strip()
        }
        before = len(self.problems) + self._more
        audience = self._audience(number, given.get("audience", ""))
        channels = self._chosen(number, given.get("channels", ""))
        seed = self._number(number, "seed", given.get("seed", "")) or 0
        item_id, storyboard, label = self._what(number, given)
        recipe = given.get("recipe", "") or self._recipe
        overrides: dict[str, Any] = {key: given[key] for key in _WORDS if key in given}
        if storyboard is None:
            self._check_recipe(number, recipe)
        elif overrides or given.get("recipe") or "hero" in given:
            self.add(
                number,
                "storyboard",
                tr("A saved storyboard is exported as it stands; leave the other cells empty."),
            )
        if "hero" in given and (hero := self._number(number, "hero", given["hero"])) is not None:
            self._check_hero(number, hero)
            overrides["hero"] = hero
        if len(self.problems) + self._more > before:
            return
        row = MatrixRow(
            number, item_id, audience, channels, "" if storyboard is not None else recipe, "", label, seed,
            overrides, storyboard,
        )  # fmt: skip
        self._keep(row, given)

    def _keep(self, row: MatrixRow, given: Mapping[str, str]) -> None:
        plain = {**row.to_dict(), "number": 0, "label": ""}
        identity = hashlib.sha256(json.dumps(plain, sort_keys=True).encode("utf-8", "replace")).hexdigest()
        if identity in self._seen:
            message = tr("It is the same as row {other}.", other=self._seen[identity])
            self.add(row.number, "", message, tr("Take one of them out."))
            return
        self._seen[identity] = row.number
        first = slug(given.get("sku") or row.label, 32)
        base = f"{first}-{slug(given['audience'], 24)}" if given.get("audience") else first
        if row.recipe and row.recipe != self._recipe:
            base += f"-{slug(row.recipe, 16)}"
        folder = base if base.lower() not in self._folders else f"{base}-{identity[:8]}"
        self._folders[folder.lower()] = identity
        self.rows.append(replace(row, folder=folder))

    def _what(self, number: int, given: Mapping[str, str]) -> tuple[int | None, int | None, str]:
        """Item id, storyboard id and what it is called."""
        if "storyboard" in given:
            wanted = self._number(number, "storyboard", given["storyboard"])
            if wanted is None:
                return None, None, ""
            try:
                row = self._library.storyboards.get(wanted)
            except NotFound:
                self.add(number, "storyboard", tr("There is no storyboard {name}.", name=wanted))
                return None, None, ""
            return row.item_id, row.id, row.name
        sku = given.get("sku", "")
        if not sku:
            self.add(number, "sku", tr("It names no item."))
            return None, None, ""
        item = self._library.items.by_sku(sku)
        if item is None:
            self.add(number, "sku", tr("There is no item {name}.", name=sku[:60]))
            return None, None, ""
        return item.id, None, item.title or item.sku

    def _audience(self, number: int, name: str) -> int | None:
        if not name:
            return None
        audience = self._audiences.get(name)
        if audience is None:
            self.add(number, "audience", tr("There is no audience called {name}.", name=name[:60]))
            return None
        return audience.id

    def _chosen(self, number: int, cell: str) -> tuple[str, ...]:
        names = [name for name in re.split(r"[,;|\s]+", cell) if name] if cell else list(self._channels)
        names = names or list(self._standard)
        for name in names:
            if name not in self._known:
                self.add(
                    number, "channels", tr("There is no channel named {name}.", name=name[:60]),
                    tr("Choose from: {names}.", names=", ".join(self._known)),
                )  # fmt: skip
        return tuple(dict.fromkeys(names))

    def _check_recipe(self, number: int, name: str) -> None:
        recipe = self._recipes.get(name)
        if recipe is None:
            self.add(
                number, "recipe", tr("There is no recipe named {name}.", name=name[:60]),
                tr("Choose one of: {names}.", names=", ".join(self._recipes)),
            )  # fmt: skip
            return
        if set(recipe.needs) - {"item", "items"}:
            self.add(
                number, "recipe", tr("The recipe {name} needs more than an item.", name=tr(recipe.label)),
                tr("Compose it by itself and export the storyboard."),
            )  # fmt: skip

    def _check_hero(self, number: int, asset_id: int) -> None:
        try:
            asset = self._library.assets.get(asset_id)
        except NotFound:
            self.add(number, "hero", tr("There is no picture {name}.", name=asset_id))
            return
        if asset.kind != "image":
            self.add(number, "hero", tr("{title} is not a picture.", title=asset.title))

    def _number(self, number: int, column: str, cell: str) -> int | None:
        if not cell:
            return None
        if not re.fullmatch(r"\d{1,9}(\.0+)?", cell):
            self.add(number, column, tr("“{text}” is not a whole number.", text=cell[:40]))
            return None
        return int(cell.split(".")[0])


def refuse(problems: Iterable[MatrixProblem]) -> None:
    """Raise UsageError with the first problem where there is one."""
    found = list(problems)
    if not found:
        return
    first = found[0]
    if len(found) == 1:
        raise UsageError("{sentence}", hint=first.hint or "Mend the table.", sentence=first.sentence)
    raise UsageError(
        "{sentence} ({n} more problems.)",
        hint=first.hint or "Mend the table.",
        sentence=first.sentence,
        n=len(found) - 1,
    )


def checked(rows: Iterable[Mapping[str, Any]]) -> list[MatrixRow]:
    """Rows of a job's parameters. Raises UsageError for what is no row, or whose folder leads elsewhere."""
    made = []
    for plain in rows:
        try:
            row = MatrixRow.from_dict(plain)
        except (TypeError, KeyError) as error:
            raise UsageError("A row of the matrix cannot be read.") from error
        if not row.folder or slug(row.folder, 96) != row.folder.lower():
            raise UsageError("A row of the matrix cannot be read.")
        made.append(row)
    if len({row.folder.lower() for row in made}) < len(made):
        raise StudioError("Two rows of the matrix have the same folder.")
    return made
