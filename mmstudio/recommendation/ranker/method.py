"""The trained ranker as a method like the simple ones, its score split exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation.methods import known, register
from mmstudio.recommendation.ranker.measuring import sentence
from mmstudio.recommendation.ranker.model import Ranker, standard
from mmstudio.recommendation.ranker.pairs import bases
from mmstudio.recommendation.scoring import Choice
from mmstudio.recommendation.signals import Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile

NAME = "ranker"
_KEPT = "ranker"


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
        if catalogue.events.count < ranker.facts["events"]:
            return tr("The ranker was trained on more events than there are; train it again.")
        width = catalogue.fused.shape[1]
        if ranker.tensors["content"].shape[0] != width:
            return tr("The features of the items have changed since the ranker was trained; train it again.")
        missing = [name for name in ranker.bases if name not in bases(catalogue)]
        return tr("A method that the ranker builds on cannot score here.") if missing else ""

    def signals(self, catalogue: Catalogue, profile: Profile) -> list[Signal]:
        """See :class:`Method`."""
        found = known()["blend"].signals(catalogue, profile)
        blend = np.zeros(len(catalogue.ids))
        for signal in found:
            blend = blend + signal.values
        total, _ = self._score(catalogue, profile, blend)
        learned = Signal("learned", total - blend)
        return [*found, learned]

    def spread(self, catalogue: Catalogue, profile: Profile) -> NDArray[np.float64]:
        """See :class:`Method`: the deviation over the heads, each of which saw other pairs."""
        blend = known()["blend"].batch(catalogue, [profile])[0].astype(np.float64)
        return self._score(catalogue, profile, blend)[1]

    def batch(self, catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        """See :class:`Method`."""
        blends = known()["blend"].batch(catalogue, profiles).astype(np.float64)
        rows = [self._score(catalogue, p, b)[0] for p, b in zip(profiles, blends, strict=True)]
        return np.array(rows, np.float32).reshape(len(profiles), len(catalogue.ids))

    def _score(
        self, catalogue: Catalogue, profile: Profile, blend: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(score float64[N], its deviation) on the blend's scale."""
        ranker = loaded(catalogue)
        if ranker is None:  # `ready` said so
            return blend, np.zeros(len(blend))
        methods = known()
        scores: list[NDArray[Any]] = [
            blend if name == "blend" else methods[name].batch(catalogue, [profile])[0]
            for name in ranker.bases
        ]
        worth, spread, _ = ranker.score(catalogue, profile.anchors, scores)
        scale = float(blend.std()) or 1.0
        own = float(worth.std()) or 1.0
        return blend.mean() + scale * standard(worth), spread * scale / own


def loaded(catalogue: Catalogue) -> Ranker | None:
    """The ranker of the catalogue's library, read once per catalogue."""
    kept = catalogue.events.kept
    if _KEPT not in kept:
        found = Ranker.load(catalogue.library.models_dir)
        # A ranker of another library numbers its items otherwise.
        kept[_KEPT] = (
            found if found is not None and found.facts.get("library") == catalogue.library.id else None
        )
    ranker: Ranker | None = kept[_KEPT]
    return ranker


def chosen(catalogue: Catalogue) -> Choice | None:
    """The ranker as the choice of validation, where it is ready and won; else None."""
    ranker = loaded(catalogue)
    if ranker is None or not ranker.report.get("wins") or METHOD.ready(catalogue):
        return None
    return choice(ranker)


def choice(ranker: Ranker) -> Choice:
    """What was measured when it was trained, as a choice."""
    ndcg = ranker.report.get("ndcg", {})
    table = [{"method": name, "ndcg": value} for name, value in ndcg.items()]
    return Choice(NAME, sentence(ranker.report), table)


METHOD = RankerMethod()
register(METHOD)
