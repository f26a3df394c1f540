"""Ranked, varied, explained items for an audience."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.recommendation import evaluation
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.ranking import POOL, allowed, diversify
from mmstudio.recommendation.reasons import sentence, split
from mmstudio.recommendation.records import Ranked, Recommendation
from mmstudio.recommendation.signals import Profile, signals

if TYPE_CHECKING:
    from mmstudio.features import Features
    from mmstudio.library import Library
    from mmstudio.library.records import Audience

_TOPICS = ("items", "features", "audiences", "assets", "tags")


class Recommender:
    """Recommendations over one library.

    Items and interactions are read once and kept; a change in the library drops them.
    """

    def __init__(self, library: Library, features: Features) -> None:
        self.library, self.features = library, features
        self._catalogue: Catalogue | None = None
        self._lock = threading.RLock()
        self._unsubscribe = library.changes.subscribe(self._changed)

    def close(self) -> None:
        """Stop following the library."""
        self._unsubscribe()

    def refresh(self) -> None:
        """Forget what was read; the next call reads the library again."""
        with self._lock:
            self._catalogue = None

    def recommend(
        self, audience_id: int, k: int = 10, diversity: float = 0.8, exclude: Sequence[int] = ()
    ) -> Ranked:
        """The best k items for an audience, saved with the library unless that is open for reading only.

        Args:
            audience_id: whose likes, members, brief and rules count.
            k: how many.
            diversity: λ of maximal marginal relevance: 1 ranks by score alone, less mixes more.
            exclude: item ids to leave out, besides the liked and disliked.

        Raises:
            NotFound: where there is no such audience.
        """
        audience = self.library.audiences.get(audience_id)
        catalogue = self._read()
        if not len(catalogue.ids):
            return Ranked(note=tr("No data yet: import items first."))
        profile = self._profile(catalogue, audience)
        keep, removed = allowed(catalogue, audience.rules)
        for row in catalogue.rows([*audience.liked, *audience.disliked, *exclude]):
            keep[row] = False
        found = signals(catalogue, profile)
        total = np.zeros(len(catalogue.ids))
        for signal in found:
            total += signal.values
        rows = np.flatnonzero(keep)
        rows = rows[np.argsort(-total[rows], kind="stable")][: max(POOL, POOL * k // 10)]
        chosen = diversify(rows, total, catalogue.fused, k, diversity)
        ranked = Ranked(
            (self._row(catalogue, profile, found, row, rank) for rank, row in enumerate(chosen, 1)),
            removed,
            self._note(catalogue, audience, profile, bool(len(rows))),
        )
        if not self.library.read_only:
            self.library.recommendations.save(audience_id, [one.to_dict() for one in ranked])
        return ranked

    def evaluate(self, k: int = 10, seeds: int = 3) -> list[dict[str, Any]]:
        """Held-out interactions: see :func:`mmstudio.recommendation.evaluation.evaluate`."""
        return evaluation.evaluate(self._read(), k, seeds)

    # -- inside ------------------------------------------------------------------------------------------

    def _changed(self, topic: str, _ids: list[int] | None) -> None:
        if topic in _TOPICS:
            self.refresh()

    def _read(self) -> Catalogue:
        with self._lock:
            if self._catalogue is None:
                self._catalogue = Catalogue.load(self.library, self.features)
            return self._catalogue

    def _profile(self, catalogue: Catalogue, audience: Audience) -> Profile:
        liked = dict.fromkeys(catalogue.rows(audience.liked), 1.0)
        members = self.library.audiences.members(audience.id)
        taste = catalogue.events.taste(members) if members else {}
        return Profile(
            liked=liked,
            disliked=catalogue.rows(audience.disliked),
            taste=taste,
            brief=audience.brief,
            evidence=len(liked) + min(len(taste), 20) / 2,
        )

    def _row(
        self, catalogue: Catalogue, profile: Profile, found: list[Any], row: int, rank: int
    ) -> Recommendation:
        parts = split(catalogue, found, row)
        why = sentence(catalogue, profile, found, row)
        score = sum(part.value for part in parts)
        return Recommendation(int(catalogue.ids[row]), rank, score, parts, why)

    def _note(self, catalogue: Catalogue, audience: Audience, profile: Profile, any_left: bool) -> str:
        if not any_left:
            return tr("The rules of this audience leave no item. Loosen one of them.")
        if profile.liked or profile.taste:
            return ""
        if audience.brief.strip() and catalogue.brief(audience.brief).any():
            return tr("From the brief alone: like a few items to sharpen it.")
        if catalogue.events.count:
            return tr("No data yet about this audience: what is popular here comes first. Like a few items.")
        return tr("No data yet: write a brief or like a few items.")
