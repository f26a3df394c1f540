"""Held-out events of a library: who is asked, what was hidden, how well a ranking finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmstudio.recommendation.signals import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.events import Events

Manner = Literal["random", "last"]


@dataclass(frozen=True)
class Asked:
    """People to rank for.

    Attributes:
        profiles: what is known of each. targets: item rows that were hidden and are relevant.
        seen: item rows that are left out of the ranking. members: their ids, where they have events.
    """

    profiles: list[Profile]
    targets: list[NDArray[np.int64]]
    seen: list[NDArray[np.int64]]
    members: list[int] = field(default_factory=list)


def relevant(events: Events, threshold: float | None) -> NDArray[np.bool_]:
    """bool[P] pairs that count as found: rated at least ``threshold``; without ratings, or with None, all
    that speak for the item (None with ratings: every pair)."""
    rated = np.isfinite(events.rating)
    if threshold is None:
        return np.ones(len(events.who), bool)
    return np.where(rated, np.nan_to_num(events.rating) >= threshold, events.value > 0)


def held_out(
    events: Events, manner: Manner, rng: np.random.Generator, share: float = 0.2, newest: int = 1
) -> NDArray[np.bool_]:
    """bool[P] pairs hidden of every member with at least two: a ``share`` at random, or the newest
    ``newest``."""
    hidden = np.zeros(len(events.who), bool)
    if manner == "last":
        order = events.sequence()
    else:
        order = np.lexsort((rng.random(len(events.who)), events.who))
    who = events.who[order]
    starts = np.searchsorted(who, np.arange(len(events.members)))
    ends = np.searchsorted(who, np.arange(len(events.members)), side="right")
    for start, end in zip(starts, ends, strict=True):
        if end - start >= 2:
            count = min(newest, end - start - 1) if manner == "last" else max(1, round(share * (end - start)))
            hidden[order[end - count : end]] = True
    return hidden


def profile_of_member(events: Events, member: int) -> Profile:
    """What is known of one member (an id) by their events."""
    at = events.index(member)
    if at < 0:
        return Profile({}, (), {}, "", 0.0)
    cells = slice(*events.x.indptr[at : at + 2].tolist())
    taste = dict(zip(events.x.indices[cells].tolist(), events.x.data[cells].tolist(), strict=True))
    recent = events.met(member).tolist() if events.timed else []
    return Profile({}, (), taste, "", float(len(taste)), recent)


def asked(
    train: Events, members: Sequence[int], targets: dict[int, NDArray[np.int64]], seen: Events | None = None
) -> Asked:
    """Profiles of members by a part of the events, with what is hidden of each; ``seen``: whose items are
    left out."""
    profiles = [profile_of_member(train, one) for one in members]
    left_out = [(seen or train).met(one) for one in members]
    return Asked(profiles, [targets[one] for one in members], left_out, list(members))


def first_few(profile: Profile, k: int, rng: np.random.Generator) -> Profile:
    """The same person known by k choices only."""
    rows = sorted(profile.taste)
    kept = {rows[i]: profile.taste[rows[i]] for i in rng.choice(len(rows), min(k, len(rows)), replace=False)}
    recent = [row for row in profile.recent if row in kept]
    return replace(profile, taste=kept, recent=recent, evidence=float(len(kept)))


def targets_of(events: Events, pairs: NDArray[np.bool_]) -> dict[int, NDArray[np.int64]]:
    """Member → item rows of the pairs in a mask; members without any are left out."""
    at = np.flatnonzero(pairs)
    found: dict[int, NDArray[np.int64]] = {}
    if len(at):
        who = events.who[at]
        cuts = np.flatnonzero(np.diff(who)) + 1
        for block in np.split(at, cuts):
            found[int(events.members[events.who[block[0]]])] = events.col[block].astype(np.int64)
    return found


def ndcg_at(
    scores: NDArray[np.float32], hits: NDArray[np.bool_], counts: NDArray[np.int64], k: int = 10
) -> float:
    """The mean of :func:`ndcgs_at`."""
    return float(ndcgs_at(scores, hits, counts, k).mean())


def ndcgs_at(
    scores: NDArray[np.float32], hits: NDArray[np.bool_], counts: NDArray[np.int64], k: int = 10
) -> NDArray[np.float64]:
    """float64[U] NDCG@k (Järvelin & Kekäläinen 2002, binary) of candidate scores float32[U,C] with their hits
    bool[U,C]; ``counts``: relevant items of each."""
    k = min(k, scores.shape[1])
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(counts, k) - 1]
    return np.asarray((_got(scores, hits, k) * discount).sum(axis=1) / ideal, np.float64)


def _got(scores: NDArray[np.float32], hits: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """bool[U,k]: whether the item at each of the first places is a hit.

    Where no other item has the score of a hit, its place follows from the k highest values: finding those
    takes a quarter of what finding their places does.
    """
    top = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k :]
    least = top.min(axis=1)
    who, column = np.nonzero(hits & (scores >= least[:, None]))
    own = scores[who, column]
    got = np.zeros((len(scores), k), bool)
    above = (top[who] > own[:, None]).sum(axis=1)
    got[who, above] = True
    at_the_end = own == least[who]
    twice = (top[who] == own[:, None]).sum(axis=1) > 1
    twice[at_the_end] |= (scores[who[at_the_end]] == own[at_the_end, None]).sum(axis=1) > 1
    unsure = np.unique(who[twice])
    if len(unsure):
        some = scores[unsure]
        first = np.argpartition(-some, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(some, first, 1), axis=1, kind="stable")
        got[unsure] = np.take_along_axis(hits[unsure], np.take_along_axis(first, order, 1), 1)
    return got


def with_events(catalogue: Catalogue, events: Events) -> Catalogue:
    """The same items with a part of the events; what was worked out of the items alone is taken along."""
    found = replace(catalogue, events=events)
    for name in ("content", "tags", "links", "rare_facts"):
        if name in catalogue.__dict__:
            found.__dict__[name] = catalogue.__dict__[name]
    return found
