"""What speaks for and against each item: one vector per signal, split exactly by what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.records import Kind

Split = Callable[[int], list[tuple[int, float]]]
# Values are whole multiples of this, so that sums of them are exact in any order (float64 below 2**12).
_GRAIN = 2.0**-40
_GRAINS = 2.0**40


class Signal:
    """A weighted signal.

    Attributes:
        values: float64[N], what it adds to each score; multiples of 2⁻⁴⁰, so that sums are exact in any
        order.
        split: row → (row of the liked, chosen or disliked item, or −1 where it rests on none; value) pairs,
            which add up exactly to `values[row]`; largest share first.
        source: like a sequence of N rows, the row whose share is largest, or −1.
    """

    def __init__(self, kind: Kind, values: NDArray[np.float64], split: Split | None = None) -> None:
        """``split`` may be off by rounding: its largest share takes the rest up. None: it rests on no
        item."""
        self.kind: Kind = kind
        self.values: NDArray[np.float64] = grain(values)
        self._split = split
        self._asked: dict[int, list[tuple[int, float]]] = {}  # a card asks for its parts and its sentence

    def split(self, row: int) -> list[tuple[int, float]]:
        """The shares of one row; see the class."""
        whole = float(self.values[row])
        if whole == 0.0:
            return []
        if row not in self._asked:
            pairs = [] if self._split is None else [(int(a), float(v)) for a, v in self._split(row) if v]
            self._asked[row] = exact(pairs, whole)
        return list(self._asked[row])

    @property
    def source(self) -> Sources:
        """See the class."""
        return Sources(self)

    def times(self, weight: float) -> Signal:
        """The same signal, every value and share times ``weight``."""
        inner = self._split
        if inner is None:
            return Signal(self.kind, self.values * weight)
        return Signal(self.kind, self.values * weight, lambda row: [(a, v * weight) for a, v in inner(row)])


class Sources:
    """Row → the row that a signal's value rests on most, worked out when it is asked for."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def __len__(self) -> int:
        return len(self._signal.values)

    def __getitem__(self, row: int) -> int:
        shares = [pair for pair in self._signal.split(int(row)) if pair[0] >= 0]
        return max(shares, key=lambda pair: abs(pair[1]))[0] if shares else -1


@dataclass(frozen=True)
class Profile:
    """What is known about somebody: weighted item rows, rows they dislike, the brief, decisions.

    Attributes:
        liked: rows named as liked → weight.
        disliked: rows named as disliked.
        taste: rows that members chose → mean strength.
        brief: what is wanted, in words.
        evidence: number of likes and member choices behind it.
        recent: rows in time order, the newest last; empty where times are not known.
        decisions: rows approved (> 0) or rejected (< 0) in the studio.
    """

    liked: Mapping[int, float]
    disliked: Sequence[int]
    taste: Mapping[int, float]
    brief: str
    evidence: float
    recent: Sequence[int] = ()
    decisions: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def anchors(self) -> dict[int, float]:
        """Rows → weight of everything that speaks for somebody: likes, choices and approvals; only read."""
        found = dict(self.taste)
        for rows in (self.liked, self.decisions):
            for row, weight in rows.items():
                if weight > 0:
                    found[row] = max(min(float(weight), 1.0), found.get(row, 0.0))
                elif row in found:
                    del found[row]
        return found


def grain(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[N] rounded to multiples of 2⁻⁴⁰."""
    rounded: NDArray[np.float64] = np.multiply(values, _GRAINS, dtype=np.float64)
    np.rint(rounded, out=rounded)
    rounded *= _GRAIN
    return rounded


def exact(pairs: Sequence[tuple[int, float]], whole: float) -> list[tuple[int, float]]:
    """Shares rounded like `whole`, the largest taking up what rounding left, largest share first."""
    merged: dict[int, float] = {}
    for anchor, value in pairs:
        merged[anchor] = merged.get(anchor, 0.0) + round(value / _GRAIN) * _GRAIN
    if not merged:
        return [(-1, whole)]
    largest = max(merged, key=lambda anchor: abs(merged[anchor]))
    merged[largest] += whole - sum(merged.values())
    found = [(anchor, value) for anchor, value in merged.items() if value]
    return sorted(found, key=lambda pair: (-abs(pair[1]), pair[0]))
