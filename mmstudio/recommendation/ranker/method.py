"""The trained ranker as a method like the simple ones, its score split exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation import blend
from mmstudio.recommendation.choosing import settled
from mmstudio.recommendation.methods import register
from mmstudio.recommendation.ranker.deciding import sentence, used
from mmstudio.recommendation.ranker.model import Ranker, standard
from mmstudio.recommendation.ranker.pairs import BLEND, bases
from mmstudio.recommendation.scoring import Choice, doubt
from mmstudio.recommendation.signals import Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile

NAME = "ranker"
WHOLE = "whole"  # kept with all events of a library; an evaluation hides some of them
_KEPT, _LAST = "ranker", "ranker-last"


@dataclass(frozen=True, slots=True)
class _Scored:
    profile: Profile
    signals: list[Signal]
    spread: NDArray[np.float64]


class RankerMethod:
    """Scores by the ranker that the library keeps.

    The worth of an item (log of what showing it brings) is brought to the mean and deviation of the blend, so
    that a score is the parts of the blend and one part more: what was learned from many members.
    """

    name = NAME

    def ready(self, catalogue: Catalogue) -> str:
        """See :class:`Method`: a ranker scores where it was trained on no event that is held out here."""
        ranker = loaded(catalogue)
        if ranker is None:
            return tr("The ranker has not been trained yet.")
        if not catalogue.events.kept.get(WHOLE):
            return tr(
                "The ranker has seen the events that are hidden here; its own figures are in its report."
            )
        if catalogue.events.count < ranker.facts["events"]:
            return tr("The ranker was trained on more events than there are; train it again.")
        if ranker.tensors["content"].shape[0] != catalogue.fused.shape[1]:
            return tr("The features of the items have changed since the ranker was trained; train it again.")
        there = bases(catalogue, settled(catalogue, wait=False).weighting)
        if any(name not in there for name in ranker.bases):
            return tr("A method that the ranker builds on cannot score here.")
        return ""

    def signals(self, catalogue: Catalogue, profile: Profile) -> list[Signal]:
        """See :class:`Method`."""
        return self._scored(catalogue, profile).signals

    def spread(self, catalogue: Catalogue, profile: Profile) -> NDArray[np.float64]:
        """See :class:`Method`: the deviation over the heads, and what few people met is less sure."""
        return self._scored(catalogue, profile).spread

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        """See :class:`Method`; every row is standardised, which leaves its order as it is."""
        rows = [standard(self._worth(catalogue, profile)[0]) for profile in profiles]
        return np.array(rows, np.float32).reshape(len(profiles), len(catalogue.ids))

    def _scored(self, catalogue: Catalogue, profile: Profile) -> _Scored:
        kept = catalogue.events.kept
        last = kept.get(_LAST)
        if isinstance(last, _Scored) and last.profile is profile:
            return last
        found = blend.signals(catalogue, profile, settled(catalogue).weighting)
        plain = np.zeros(len(catalogue.ids))
        for signal in found:
            plain = plain + signal.values
        worth, spread = self._worth(catalogue, profile)
        own = float(worth.std())
        if not found or own < 1e-12:  # nothing is known that could be learned from
            last = _Scored(profile, found, doubt(catalogue))
        else:
            scale = float(plain.std()) or 1.0
            learned = Signal("learned", plain.mean() + scale * standard(worth) - plain)
            # The heads agree about what none of them has seen: how few people met an item counts too.
            unsure = np.hypot(spread * scale / own, doubt(catalogue))
            last = _Scored(profile, [*found, learned], unsure)
        kept[_LAST] = last
        return last

    def _worth(
        self, catalogue: Catalogue, profile: Profile
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(log worth float64[N], its deviation over the heads)."""
        ranker = loaded(catalogue)
        if ranker is None:  # `ready` said so
            return np.zeros(len(catalogue.ids)), np.zeros(len(catalogue.ids))
        there = bases(catalogue, settled(catalogue).weighting)
        scores = [there[name](catalogue, [profile])[0] for name in ranker.bases]
        worth, spread, _ = ranker.score(catalogue, profile.anchors, scores)
        return worth, spread


def loaded(catalogue: Catalogue) -> Ranker | None:
    """The ranker of the catalogue's library, read once per catalogue."""
    kept = catalogue.events.kept
    if _KEPT not in kept:
        found = Ranker.load(catalogue.library.models_dir)
        # A ranker of another library numbers its items otherwise.
        own = found is not None and found.facts.get("library") == catalogue.library.id
        kept[_KEPT] = found if own and found is not None and found.bases[:1] == [BLEND] else None
    ranker: Ranker | None = kept[_KEPT]
    return ranker


def chosen(catalogue: Catalogue) -> Choice | None:
    """The ranker as the choice of validation, where it is ready and won; else None."""
    ranker = loaded(catalogue)
    if ranker is None or not used(ranker.report) or METHOD.ready(catalogue):
        return None
    return choice(ranker)


def choice(ranker: Ranker) -> Choice:
    """What was measured when it was trained, as a choice."""
    ndcg = ranker.report.get("ndcg", {})
    table = [{"method": name, "ndcg": value} for name, value in ndcg.items()]
    return Choice(NAME, sentence(ranker.report), sorted(table, key=lambda row: -row["ndcg"]))


METHOD = RankerMethod()
register(METHOD)
