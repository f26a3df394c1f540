"""Weights for people of whom few choices are known: popularity unless something is surely better."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.recommendation import blend, measuring
from mmstudio.recommendation.blend import CONTENT, POPULAR, Candidates
from mmstudio.recommendation.voices import voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.events import Events
    from mmstudio.recommendation.measuring import Asked

LIKELIER = "likelier"
_DRAWS = {1: 4, 3: 2}
_LEAST = 8  # people to measure with
# Beside popularity alone, at 1: what it may be mixed with.
_LIKELIER = (0.0, 0.2, 0.35, 0.5, 0.7, 1.0)
_KNN = (0.0, 0.12, 0.25, 0.5, 1.0)
_CONTENT = (0.0, 0.1)
# Beside the mixture for more choices, whose weights add up to 1.
_POPULAR, _BESIDE = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0), (0.0, 0.2, 0.5)


def strangers(events: Events, strange: NDArray[np.bool_], good: NDArray[np.bool_]) -> Asked | None:
    """Members that the fit has not seen (their pairs: bool[P]), with all they like; None where too few."""
    liked = measuring.targets_of(events, strange & good & (events.value > 0))
    people = [one for one, rows in sorted(liked.items()) if len(rows) >= 4]
    if len(people) < _LEAST:
        return None
    return measuring.asked(events.subset(strange & (events.value > 0)), people, liked)


def first_known(few: Asked, k: int, rng: np.random.Generator) -> tuple[Asked, NDArray[np.int64]]:
    """(strangers of whom k choices are known, int64[U] who each is); of very few it matters which, so they
    are drawn again."""
    profiles, targets, seen, who = [], [], [], []
    draws = _DRAWS.get(k, 1)
    for place, (profile, liked) in enumerate(zip(few.profiles * draws, few.targets * draws, strict=True)):
        own = measuring.first_few(profile, k, rng)
        rest = np.setdiff1d(liked, np.array(list(own.taste), np.int64))
        if len(rest):
            profiles.append(own)
            targets.append(rest)
            seen.append(np.array(list(own.taste), np.int64))
            who.append(place % len(few.profiles))
    return measuring.Asked(profiles, targets, seen), np.array(who, np.int64)


def weights(
    found: Catalogue, few: Asked | None, k: int, more: NDArray[np.float32], own: Candidates | None,
    rng: np.random.Generator,
) -> NDArray[np.float32]:  # fmt: skip
    """float32[V] weights for people of whom k choices are known.

    Args:
        few: members that the fit has not seen. more: weights for people of whom more is known.
        own: members who have few choices, who count as much as strangers.

    In order: what is popular; popularity and what the known choices make likelier, as Bayes' rule weighs
    them; a mixture by search. A later one is taken only where it gains more than its standard error; what
    a search gains is measured on each half of the people with what the other half chooses.
    """
    every = voices(found)
    # A voice that no mixture below may use need not be heard.
    heard = [v for v in every if v.name in (LIKELIER, "knn", CONTENT) or more[every.index(v)] > 0]
    names = [*(voice.name for voice in heard), POPULAR]
    first, who = first_known(few, k, rng) if few is not None else (None, np.zeros(0, np.int64))
    if few is None or first is None or len(first.profiles) < _LEAST:  # nobody has more than k choices
        raised = more.copy()
        raised[-1] = max(float(raised[-1]), float(1.0 / np.sqrt(k)))
        return raised
    sets = [(blend.candidates(found, first, heard), who)]
    places = [*(every.index(voice) for voice in heard), len(every)]
    if own is not None:
        part = Candidates([own.names[p] for p in places], own.values[:, :, places], own.hits, own.counts)
        sets.append((part, len(few.profiles) + np.arange(len(own.counts))))
    mixtures = _mixtures(names, k, more[places])
    scores = np.stack([_of_each(sets, one) for one in mixtures])
    half = np.zeros(scores.shape[1], bool)
    half[rng.permutation(len(half))[: len(half) // 2]] = True
    mine, other = (2 + int(np.argmax(scores[2:, part].mean(axis=1))) for part in (half, ~half))
    best, score = mixtures[0], scores[0]
    searched = mixtures[2 + int(np.argmax(scores[2:].mean(axis=1)))]
    for tried, here in ((mixtures[1], scores[1]), (searched, np.where(half, scores[other], scores[mine]))):
        gain = here - score
        if gain.mean() > gain.std() / np.sqrt(len(gain)):
            best, score = tried, here
    out = np.zeros(len(more), np.float32)
    out[places] = best / best.max()
    return out


def _mixtures(names: list[str], k: int, more: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Weights to try: popularity; as Bayes' rule weighs it; then those to search through."""
    at = {name: place for place, name in enumerate(names)}
    popular = np.eye(len(names), dtype=np.float32)[-1]

    def mixed(base: NDArray[np.float32], **weights: float) -> NDArray[np.float32]:
        found = base.copy()
        for name, weight in weights.items():
            if name in at:
                found[at[name]] = weight
        return found

    found = [popular, mixed(popular, likelier=1 / np.sqrt(k))]
    found += [mixed(popular, likelier=a, knn=b, content=c) for a, b, c in product(_LIKELIER, _KNN, _CONTENT)]
    if more.sum() > 0:
        base = more / more.sum()
        for share, likelier in product(_POPULAR, _BESIDE):
            beside = mixed(base, popular=max(float(base[-1]), share))
            if LIKELIER in at:
                beside[at[LIKELIER]] = max(float(beside[at[LIKELIER]]), likelier)
            found.append(beside)
    return found


def _of_each(
    sets: list[tuple[Candidates, NDArray[np.int64]]], weights: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Mean NDCG@10 of each person over the draws of what is known of them, by their number."""
    who = np.concatenate([ids for _, ids in sets])
    scores = np.concatenate([one.ndcgs(weights) for one, _ in sets])
    _, at = np.unique(who, return_inverse=True)
    return np.asarray(np.bincount(at, scores) / np.bincount(at))
