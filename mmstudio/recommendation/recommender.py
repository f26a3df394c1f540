"""Ranked, varied, explained items for an audience."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.cores import one_core
from mmstudio.i18n import language, tr
from mmstudio.recommendation import evaluation
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.everyone import Listed, everyone
from mmstudio.recommendation.lists.making import Placed, Wish, make
from mmstudio.recommendation.lists.rules import Filter, apply, caps_of, filters, ids_of, removing_all
from mmstudio.recommendation.ranker.method import WHOLE
from mmstudio.recommendation.reasons import name_of, sentence, split
from mmstudio.recommendation.records import Ranked, Recommendation, ScorePart
from mmstudio.recommendation.refitting import behind
from mmstudio.recommendation.scoring import ASIDE, Scored, Scoring
from mmstudio.recommendation.signals import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features import Features
    from mmstudio.jobs import Work
    from mmstudio.library import Library
    from mmstudio.library.records import Audience

_KEPT = 4  # audiences or drafts whose scores are kept: two side by side, before and after a change
_TOPICS = ("items", "features", "audiences", "assets", "tags")


@dataclass
class _Considered:
    """What is known about an audience, the scores that follow, and what was told of rows, by language."""

    profile: Profile
    scored: Scored
    told: dict[tuple[int, str], tuple[list[ScorePart], str]] = field(default_factory=dict)


class Recommender:
    """Recommendations over one library.

    Items and interactions are read once and kept; a change in the library drops them.

    Args:
        measure_first: measure methods before the first answer where events are few enough; without it every
            first answer goes by the usual weights, and the topic "methods" of the library's changes tells
            when a better one is there.
    """

    def __init__(self, library: Library, features: Features, *, measure_first: bool = True) -> None:
        self.library, self.features = library, features
        self._measure_first = measure_first
        self._catalogue: Catalogue | None = None
        self._before: Catalogue | None = None  # what was fitted to it is of use after a small change
        self._lock = threading.RLock()
        self._considered: dict[Hashable, _Considered] = {}
        self._coming: dict[Hashable, Future[_Considered]] = {}
        self._unsubscribe = library.changes.subscribe(self._changed)

    def close(self) -> None:
        """Stop following the library."""
        self._unsubscribe()

    def refresh(self) -> None:
        """Forget what was read; the next call reads the library again."""
        with self._lock:
            self._before = self._catalogue or self._before
            self._catalogue = None
            self._considered = {}

    def recommend(
        self,
        audience_id: int,
        k: int = 10,
        diversity: float = 0.8,
        exclude: Sequence[int] = (),
        *,
        method: str = "auto",
        novelty: float = 0.0,
        explore: float = 0.0,
        caps: Mapping[str, int] | None = None,
        seed: int = 0,
        draft: Audience | None = None,
        save: bool = True,
    ) -> Ranked:
        """The best k items for an audience.

        Args:
            audience_id: whose likes, members, brief and rules count.
            k: how many.
            diversity: λ of maximal marginal relevance: 1 ranks by score alone, less mixes more.
            exclude: item ids to leave out, besides the liked and disliked.
            method: "auto" takes what validation chose; otherwise a name as in `recommendation.methods`.
            novelty: 0…1, how far what few people know and what is unlike the likes is moved up.
            explore: 0…1, how much chance the uncertainty of the scores gets (Thompson sampling).
            caps: category → most items in the list ("*": of each category); beside those of the rules.
            seed: of the chance; the same seed gives the same list.
            draft: an audience as it is being edited, instead of the stored one; nothing is saved then.
            save: keep the list with the library, unless that is open for reading only.

        Raises:
            NotFound: where there is no such audience.
            StudioError: where there is no method of that name, or it cannot score here.
        """
        audience = self.library.audiences.get(audience_id) if draft is None else draft
        catalogue = self.catalogue()
        if not len(catalogue.ids):
            return Ranked(note=tr("No data yet: import items first."))
        considered = self._consider(audience, method)
        profile, scored = considered.profile, considered.scored
        rules = audience.rules
        found = filters(catalogue, rules)
        keep, removed = apply(found, len(catalogue.ids))
        pinned = catalogue.rows(ids_of(rules.get("pinned")))
        out = catalogue.rows(exclude)
        known = catalogue.rows([*audience.liked, *audience.disliked])
        allowed = keep.copy()
        keep[out] = False
        keep[[row for row in known if row not in pinned]] = False
        rejected = [row for row, weight in profile.decisions.items() if weight < 0]
        keep[rejected] = False
        wish = Wish(
            k=max(0, k),
            diversity=float(np.clip(diversity, 0, 1)),
            novelty=float(np.clip(novelty, 0, 1)),
            explore=max(0.0, explore),
            caps={**caps_of(rules.get("caps")), **(caps or {})},
            pinned=pinned,
            anchors=list(profile.liked) or list(profile.taste)[:50],
            seed=seed,
        )
        with one_core():
            placed, passed_over = make(catalogue, scored.total, scored.spread, keep, wish)
            rows = [self._row(catalogue, considered, one, rank) for rank, one in enumerate(placed, 1)]
        ranked = Ranked(
            rows,
            {**removed, **passed_over},
            " ".join(self._notes(catalogue, audience, profile, found, allowed, keep, pinned)),
            scored.choice,
        )
        if save and draft is None:
            self.keep(audience_id, ranked)
        return ranked

    def keep(self, audience_id: int, ranked: Sequence[Recommendation]) -> None:
        """Save a list with the library, unless that is open for reading only."""
        if not self.library.read_only:
            self.library.recommendations.save(audience_id, [one.to_dict() for one in ranked])

    def evaluate(
        self,
        protocol: str = "random",
        k: int = 10,
        seeds: int = 3,
        threshold: float | None = None,
        mask: str = "seen",
        methods: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Held-out events: see :func:`mmstudio.recommendation.evaluation.evaluating`."""
        return evaluation.evaluate(
            self.catalogue(),
            protocol=protocol,
            k=k,
            seeds=seeds,
            threshold=threshold,
            mask=mask,
            methods=methods,
        )

    def evaluate_work(self, **options: Any) -> Work:
        """The same as a job."""
        return evaluation.evaluate_work(self, **options)

    def members(self, k: int = 10, method: str = "auto") -> Iterator[Listed]:
        """A list per member: see :func:`mmstudio.recommendation.everyone.everyone`."""
        return everyone(self.catalogue(), k, method)

    def catalogue(self) -> Catalogue:
        """The items with their vectors and events, read once until the library changes."""
        with self._lock:
            if self._catalogue is None:
                self._catalogue = Catalogue.load(self.library, self.features, self._before)
                self._before = None
                self._catalogue.events.kept |= {WHOLE: True, ASIDE: not self._measure_first}
            return self._catalogue

    def profile(self, audience: Audience) -> Profile:
        """What is known about an audience, stored or being edited."""
        catalogue = self.catalogue()
        liked = dict.fromkeys(catalogue.rows(audience.liked), 1.0)
        members = self.library.audiences.members(audience.id)
        events = catalogue.events
        taste = events.taste(members) if members else {}
        decided = self.library.audiences.decisions(audience.id)
        return Profile(
            liked=liked,
            disliked=catalogue.rows(audience.disliked),
            taste=taste,
            brief=audience.brief,
            evidence=len(liked) + min(len(taste), 20) / 2,
            recent=events.recent(members) if members else [],
            decisions={catalogue.row[i]: weight for i, weight in decided.items() if i in catalogue.row},
        )

    def considered(self, audience: Audience, method: str = "auto") -> tuple[Profile, Scored]:
        """What is known about an audience and the scores that follow; kept while only the list is changed.

        Raises:
            StudioError: see :meth:`recommend`.
        """
        found = self._consider(audience, method)
        return found.profile, found.scored

    def _consider(self, audience: Audience, method: str) -> _Considered:
        catalogue = self.catalogue()

        def key() -> Hashable:
            kept = catalogue.events.kept
            return (
                audience.id, tuple(audience.liked), tuple(audience.disliked), audience.brief, method,
                id(catalogue), id(kept.get("settled")), id(kept.get("ranker")), language(),
            )  # fmt: skip

        asked = key()
        with self._lock:
            if (found := self._considered.get(asked)) is not None:
                return found
            coming = self._coming.get(asked)
            if mine := coming is None:
                coming = self._coming[asked] = Future()
        assert coming is not None
        if not mine:  # another thread is at it: the window and a job, or two views
            return coming.result()
        try:
            profile = self.profile(audience)
            found = _Considered(profile, Scoring.of(catalogue, profile, method))
            with self._lock:
                if self._catalogue is catalogue:
                    self._considered[key()] = found  # the first question has had methods measured
                    while len(self._considered) > _KEPT:
                        self._considered.pop(next(iter(self._considered)))
            coming.set_result(found)
        except BaseException as error:
            coming.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._coming[asked]
        return found

    def train_ranker_work(self, seed: int = 0) -> Work:
        """The job that trains the ranker: see :func:`mmstudio.recommendation.ranker.training.train_work`."""
        from mmstudio.recommendation.ranker.training import train_work

        return train_work(self, seed)

    def forget_ranker(self) -> None:
        """Read the ranker anew at the next call."""
        with self._lock:
            if self._catalogue is not None:
                self._catalogue.events.kept.pop("ranker", None)

    # -- inside ------------------------------------------------------------------------------------------

    def _changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "audiences" and ids is not None:
            # An audience was edited or decided on: items and events are as they were.
            with self._lock:
                self._considered = {}
        elif topic in _TOPICS:
            self.refresh()

    def _row(
        self, catalogue: Catalogue, considered: _Considered, placed: Placed, rank: int
    ) -> Recommendation:
        key = placed.row, language()
        if key not in considered.told:
            profile, found = considered.profile, considered.scored.signals
            parts = split(catalogue, found, placed.row, profile)
            considered.told[key] = parts, sentence(catalogue, profile, found, placed.row)
        parts, why = considered.told[key]
        score = sum(part.value for part in parts)
        return Recommendation(int(catalogue.ids[placed.row]), rank, score, parts, why, placed.why)

    def _notes(
        self,
        catalogue: Catalogue,
        audience: Audience,
        profile: Profile,
        found: Sequence[Filter],
        allowed: NDArray[np.bool_],
        keep: NDArray[np.bool_],
        pinned: Sequence[int],
    ) -> list[str]:
        notes = [one.problem for one in found if one.problem]
        for row in pinned:
            if not allowed[row]:
                rule = next(one.words for one in found if not one.passes[row])
                name = name_of(catalogue, row)
                notes.append(
                    tr("{item} is pinned, but the rule “{rule}” takes it out.", item=name, rule=rule)
                )
        if not allowed.any():
            alone = removing_all(found)
            if alone:
                notes.append(tr("The rule “{rule}” removes every item.", rule=alone[0]))
            return [*notes, tr("The rules of this audience leave no item. Loosen one of them.")]
        if not keep.any():
            return [*notes, tr("Nothing is left to recommend: the audience knows every item.")]
        return [*notes, *filter(None, [self._evidence(catalogue, audience, profile), behind(catalogue)])]

    def _evidence(self, catalogue: Catalogue, audience: Audience, profile: Profile) -> str:
        if profile.liked or profile.taste:
            return ""
        if audience.brief.strip() and catalogue.brief(audience.brief).any():
            return tr("From the brief alone: like a few items to sharpen it.")
        if catalogue.events.count:
            return tr("No data yet about this audience: what is popular here comes first. Like a few items.")
        return tr("No data yet: write a brief or like a few items.")
