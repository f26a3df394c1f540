"""What people choose together, carried over to items that nobody chose yet by what those are.

The attribute-to-feature mapping of Gantner et al. (ICDM 2010), onto the scores that events give somebody
instead of onto factors: ridge regression from content to the score of each item with events, read off for the
others. It stays linear in what is known of a person, so it splits exactly by their choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation.methods.factors import Factors
from mmstudio.recommendation.methods.linear import Weights
from mmstudio.recommendation.methods.placing import placing
from mmstudio.recommendation.voices import Voice, voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile, Split

_FROM = ("ease", "als")  # the first that can speak


def carrier(catalogue: Catalogue) -> Voice | None:
    """The voice whose scores are carried over; None where events say too little."""
    found = {voice.name: voice for voice in voices(catalogue)}
    return next((found[name] for name in _FROM if name in found), None) if "content" in found else None


def carried(
    catalogue: Catalogue, profile: Profile, heard: Mapping[str, NDArray[np.float64]] | None = None
) -> tuple[NDArray[np.float64], Split] | None:
    """(float64[N] scores expected by content, their exact shares by row of the profile), or None.

    Args:
        heard: what voices already said for this profile, by name: float64[N] each.
    """
    voice = carrier(catalogue)
    given = {} if voice is None else voice.given(profile)
    if voice is None or not given:
        return None
    engine, place = voice.engine(catalogue), placing(catalogue)
    assert isinstance(engine, (Weights, Factors))
    values = heard[voice.name] if heard and voice.name in heard else engine.one(given)[0]
    return place.expect(values), lambda row: engine.along(given, place.weights(row))


def carried_many(catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
    """float32[U,N] of many profiles, each row scaled to a deviation of 1; zeros where nothing can be said."""
    voice = carrier(catalogue)
    if voice is None:
        return np.zeros((len(profiles), len(catalogue.ids)), np.float32)
    out = placing(catalogue).expect_many(voice.batch(catalogue, profiles))
    out /= np.maximum(out.std(axis=1, keepdims=True), 1e-9)
    return out
