"""What a search of settings found, as plain data: a table, points for a plot, and the best as a wish."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from mmstudio.atomic import write_text
from mmstudio.errors import NotFound

if TYPE_CHECKING:
    from mmstudio.library import Library

State = Literal["running", "done", "stopped", "failed"]
TABLE = "tuning.json"
COPYING = 0.9


@dataclass(slots=True)
class Trial:
    """One short training.

    Attributes:
        number: 0 is the family's defaults.
        state: "done", "stopped" (worse than the others at the same step), "failed", or "running".
        settings: rate, batch, width, gamma, beta: what was tried.
        value: the kernel distance at its end (or where it was stopped); lower is better. None where it
            could not be measured.
        figures: everything the judge measured last (kernel_distance, nearest_ratio, diversity).
        curve: [step, kernel distance] as it went.
        seconds: how long it took.
    """

    number: int
    state: State = "running"
    settings: dict[str, float] = field(default_factory=dict)
    value: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    curve: list[list[float]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class Tuned:
    """A search.

    Attributes:
        name: of the search; ``family``, ``query``, ``size``, ``steps``, ``seed``: what it is for.
        features: the network that the kernel distance is measured in.
        trials: the table, in the order tried.
        best: number of the best trial, None before the first is done.
        wish: fields of :class:`mmstudio.learning.training.Wish` for a training with the best settings;
            ``steps`` is left to the person.
        importance: by setting, how much of the differences it explains (sums to 1); empty for few trials.
        status: "done" or "paused" (more trials can be run by the same command).
    """

    name: str
    family: str
    query: str = ""
    size: int = 64
    steps: int = 100
    seed: int = 0
    features: str = ""
    trials: list[Trial] = field(default_factory=list)
    best: int | None = None
    wish: dict[str, Any] = field(default_factory=dict)
    importance: dict[str, float] = field(default_factory=dict)
    status: str = "done"
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data; the result of the job "tune" and, while it runs, ``Progress.data["tuning"]``."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """Back from :meth:`as_json`."""
        known = {f.name for f in fields(cls)}
        found = cls(**{key: value for key, value in data.items() if key in known})
        found.trials = [trial if isinstance(trial, Trial) else Trial(**trial) for trial in found.trials]
        return found


def best_of(trials: list[Trial]) -> Trial | None:
    """The finished trial with the lowest kernel distance, but not by copying: one whose pictures are nearer
    to training pictures than 0.9 of what new ones are only wins where all are. The first of equal ones."""
    done = [(trial.value, trial.number, trial) for trial in trials if trial.state == "done"]
    known = [(value, number, trial) for value, number, trial in done if value is not None]
    honest = [row for row in known if row[2].figures.get("nearest_ratio", 1.0) >= COPYING] or known
    return min(honest, default=(0.0, 0, None))[2]


def folder_of(library: Library, name: str) -> Path:
    """Where a search keeps its journal, its table and the training it is at."""
    return library.path / "tunings" / name


def searches(library: Library) -> list[str]:
    """Names of the searches in a library, newest first."""
    tables = (library.path / "tunings").glob(f"*/{TABLE}")
    return [path.parent.name for path in sorted(tables, key=lambda p: p.stat().st_mtime, reverse=True)]


def stored(library: Library, name: str) -> Tuned:
    """What a search has found so far. Raises NotFound."""
    try:
        return Tuned.of(json.loads((folder_of(library, name) / TABLE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise NotFound(
            "There is no search of settings “{name}”.", hint="Start one with “mmstudio tune”.", name=name
        ) from error


def store(library: Library, tuned: Tuned) -> None:
    """Keep it for :func:`stored`."""
    text = json.dumps(tuned.as_json(), ensure_ascii=False, indent=1)
    write_text(folder_of(library, tuned.name) / TABLE, text + "\n")
