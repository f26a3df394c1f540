"""Blind comparison by eye: pairs of pictures from two models, the person chooses, wins are counted."""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import write_text
from mmstudio.errors import ReadOnly, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.service import Trainings
    from mmstudio.library import Library

Choice = Literal["left", "right", "neither"]
RATINGS = "ratings.jsonl"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures (H×W×3 uint8) of which one is of each model; which is which is for :meth:`Ratings.choose`.

    ``seed`` and ``number`` make them again.
    """

    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    left_model: str
    right_model: str
    seed: int
    number: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How often ``a`` was chosen over ``b``.

    Attributes:
        a, b: the models, in the alphabet's order.
        wins_a, wins_b, neither: counts; pairs where neither was better do not count as wins.
        share: wins_a / (wins_a + wins_b), 0.5 before the first.
        low, high: the Wilson score interval of ``share`` at 95 % (Wilson, JASA 1927).
    """

    a: str
    b: str
    wins_a: int
    wins_b: int
    neither: int
    share: float
    low: float
    high: float

    @property
    def better(self) -> str:
        """The model that is preferred beyond chance, "" while that is open."""
        return self.a if self.low > 0.5 else self.b if self.high < 0.5 else ""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"better": self.better}


class Ratings:
    """The ratings of one library, one JSON line each in ``evaluations/ratings.jsonl``."""

    def __init__(self, library: Library) -> None:
        self.library = library

    @property
    def path(self) -> Path:
        """Where they are kept."""
        return self.library.path / "evaluations" / RATINGS

    def choose(self, pair: Pair, choice: Choice) -> Standing:
        """Keep what the person chose; the new standing of the two models.

        Raises:
            ReadOnly: the library cannot be written. UsageError: another word.
        """
        if choice not in ("left", "right", "neither"):
            raise UsageError("Choose left, right or neither.")
        if self.library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
        winner = {"left": pair.left_model, "right": pair.right_model}.get(choice, "")
        a, b = sorted((pair.left_model, pair.right_model))
        line = {"a": a, "b": b, "winner": winner, "left": pair.left_model, "seed": pair.seed}
        line |= {"number": pair.number, "at": round(time.time(), 1)}
        rows = [*self._lines(), json.dumps(line, ensure_ascii=False)]
        write_text(self.path, "\n".join(rows) + "\n")
        return self.standing(a, b)

    def standing(self, a: str, b: str) -> Standing:
        """Of two models, in any order."""
        a, b = sorted((a, b))
        winners = [row["winner"] for row in self._rows() if (row["a"], row["b"]) == (a, b)]
        wins_a, wins_b = winners.count(a), winners.count(b)
        total = wins_a + wins_b
        low, high = wilson(wins_a, total)
        return Standing(a, b, wins_a, wins_b, winners.count(""), wins_a / total if total else 0.5, low, high)

    def standings(self) -> list[Standing]:
        """Of every pair of models that was rated, the most rated first."""
        pairs = {(row["a"], row["b"]) for row in self._rows()}
        found = [self.standing(a, b) for a, b in sorted(pairs)]
        return sorted(found, key=lambda s: -(s.wins_a + s.wins_b + s.neither))

    def _lines(self) -> list[str]:
        try:
            return [line for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except OSError:
            return []

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for line in self._lines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # half a line of a full disk: the others count
            if isinstance(row, dict) and {"a", "b", "winner"} <= set(row):
                rows.append(row)
        return rows


def draw_pairs(trainings: Trainings, a: str, b: str, count: int = 10, seed: int = 0) -> list[Pair]:
    """``count`` pairs of the models ``a`` and ``b``; which is on the left is drawn anew for each.

    Loads and runs both models: call it on the device thread.

    Raises:
        UsageError: the same model twice. NotFound, StudioError: see :meth:`Trainings.load`.
    """
    if a == b:
        raise UsageError("Choose two different models to compare.")
    from mmstudio.learning.evaluation.drawing import draw

    mine, theirs = (draw(trainings.load(name), count, seed) for name in (a, b))
    order = random.Random(f"{seed} {a} {b}")
    pairs = []
    for number in range(count):
        sides = [(mine[number], a), (theirs[number], b)]
        order.shuffle(sides)
        (left, left_model), (right, right_model) = sides
        pairs.append(Pair(left, right, left_model, right_model, seed, number))
    return pairs


def wilson(wins: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """The score interval of a share (Wilson, JASA 22, 1927): low and high in [0, 1]; (0, 1) for no trial."""
    if total == 0:
        return 0.0, 1.0
    share = wins / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
