"""The signals with the weights that hold where nothing was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation import likeness
from mmstudio.recommendation.signals import Profile, Signal

if TYPE_CHECKING:
    from mmstudio.recommendation.catalogue import Catalogue

TOGETHER = 0.60
POPULAR = 0.30


def signals(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """All signals that have something to say."""
    found = [
        *likeness.alike(catalogue, profile),
        *likeness.disliked(catalogue, profile),
        *likeness.brief(catalogue, profile),
        *together(catalogue, profile),
        *likeness.linked(catalogue, profile),
        *popular(catalogue, profile),
    ]
    return [signal for signal in found if np.any(signal.values)]


def together(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """What people chose together with what is liked; few events mean little."""
    events, anchors = catalogue.events, profile.anchors
    if not anchors or not events.count:
        return []
    weight = TOGETHER * events.count / (events.count + 100.0)
    values, split = events.scored(anchors)
    return [Signal("together", values, split).times(weight)]


def popular(catalogue: Catalogue, profile: Profile) -> list[Signal]:
    """How many people chose an item; counts less the more is known about somebody."""
    if not catalogue.events.count:
        return []
    people = np.log1p(catalogue.events.people.astype(np.float64))
    return [Signal("popular", POPULAR / np.sqrt(1 + profile.evidence) * people / people.max())]
