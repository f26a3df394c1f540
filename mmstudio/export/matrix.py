"""Items x audiences x channels to files: checked first, resumable, one folder a row, one summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmstudio.composition import Composer
    from mmstudio.export.exporter import Exporter
    from mmstudio.jobs import Work
    from mmstudio.library import Library


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row: an item (or a saved storyboard) for an audience, and the channels it is exported for.

    Attributes:
        number: the row's number as the person counts (from 1; the heading of a CSV is not counted).
        folder: name of its folder below the matrix's, safe on every system, the same in every run.
        overrides: words by copy slot (columns headline, line, price, cta, …) and "hero".
        storyboard_id: a saved storyboard that is exported as it stands; else one is composed in memory.
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


@dataclass(frozen=True, slots=True)
class MatrixProblem:
    """Why a row cannot be exported. ``number`` 0 speaks of the whole file, ``column`` "" of the whole row."""

    number: int
    column: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows that can be exported, and what is wrong with the others; it is exported when nothing is wrong."""

    rows: tuple[MatrixRow, ...]
    problems: tuple[MatrixProblem, ...]


def read_matrix(
    library: Library, csv: str | Path, *, recipe: str = "", channels: Sequence[str] = ()
) -> Matrix:
    """The rows of a CSV (columns sku or storyboard; audience, channels, recipe, seed, words by slot)."""
    raise NotImplementedError


def matrix_of(
    library: Library,
    items: Sequence[int],
    audiences: Sequence[int | None],
    *,
    recipe: str = "",
    channels: Sequence[str] = (),
) -> Matrix:
    """Every item for every audience (no audience: one row for everyone)."""
    raise NotImplementedError


def matrix_work(
    library: Library,
    composer: Composer,
    exporter: Exporter,
    *,
    out: str | Path,
    rows: Sequence[Mapping[str, Any]] | None = None,
    csv: str | Path | None = None,
    items: Sequence[int] | None = None,
    audiences: Sequence[int | None] | None = None,
    recipe: str = "",
    channels: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    keep: bool = False,
) -> Work:
    """The job of kind "matrix". ``keep``: also save each storyboard in the library."""
    raise NotImplementedError
