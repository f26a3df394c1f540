"""Person–item pairs to learn from: histories, targets, and items that were there but not chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.recommendation import blend
from mmstudio.recommendation.events import Events
from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.ranker.model import CONTENT, CONTEXT, standard
from mmstudio.recommendation.ranker.tasks import TASKS, Labels
from mmstudio.recommendation.voices import popularity, voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.blend import Weighting
    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.signals import Profile

BLEND, POPULAR = "blend", "popular"
Base = Callable[["Catalogue", "Sequence[Profile]"], "NDArray[np.float32]"]
_CELLS = 4_000_000  # scores of the simple methods held at once
_NEGATIVES = 8  # per positive: half at random, half from what the blend puts first
_HARD = 300
_MOST = 100  # targets of one person


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of the persons of one part; U persons, B pairs, M simple methods.

    Attributes:
        history: per person their weighted history of item rows.
        person: int64[B] index into `history`. row: int64[B].
        scores: float32[B,M] of the simple methods, standardised per person.
        context: float32[B,CONTEXT]. labels, known: float32[B,T].
        weight: float32[B], how many pairs of the person each stands for.
        offset: float32[B], log of how many pairs a pair that was not chosen stands for in its stratum (the
            blend's first ones, or the rest): what sampling added to its logit.
    """

    history: list[dict[int, float]]
    person: NDArray[np.int64]
    row: NDArray[np.int64]
    scores: NDArray[np.float32]
    context: NDArray[np.float32]
    labels: NDArray[np.float32]
    known: NDArray[np.float32]
    weight: NDArray[np.float32]
    offset: NDArray[np.float32]


def bases(catalogue: Catalogue, weighting: Weighting) -> dict[str, Base]:
    """Name → scores of the simple methods that can speak here: the blend first, popularity last."""

    def mixed(of: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
        return blend.batch(of, profiles, weighting)

    found: dict[str, Base] = {BLEND: mixed}
    found |= {voice.name: voice.batch for voice in voices(catalogue)}
    return {**found, POPULAR: _popular}


def _popular(catalogue: Catalogue, profiles: Sequence[Profile]) -> NDArray[np.float32]:
    return np.tile(popularity(catalogue).astype(np.float32), (len(profiles), 1))


def with_events(catalogue: Catalogue, part: Labels) -> Catalogue:
    """The catalogue with only these events."""
    events = Events(part.member, part.row, part.value, len(catalogue.ids), when=part.time)
    return replace(catalogue, events=events)


def scored(
    catalogue: Catalogue, methods: Mapping[str, Base], members: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(place of the first member, float32[u,N,M] scores) for a few members at a time."""
    step = max(1, _CELLS // max(1, len(catalogue.ids) * len(methods)))
    for start in range(0, len(members), step):
        profiles = [profile_of_member(catalogue.events, one) for one in members[start : start + step]]
        yield start, np.stack([score(catalogue, profiles) for score in methods.values()], 2)


def sampled(
    catalogue: Catalogue,
    methods: Mapping[str, Base],
    past: Labels,
    target: Labels,
    random: np.random.Generator,
) -> Iterator[tuple[int, Pairs]]:
    """(persons done, pairs so far of this step) over everybody with targets.

    Args:
        catalogue: with the events of `past` only.
        past: what a person is known by. target: what happened afterwards, or was held out.
    """
    n = len(catalogue.ids)
    own = histories_of(past)
    people = np.unique(target.member)
    order = np.argsort(target.member, kind="stable")
    starts = np.searchsorted(target.member[order], people)
    ends = np.searchsorted(target.member[order], people, side="right")
    past_order = np.argsort(past.member, kind="stable")
    past_member, past_row = past.member[past_order], past.row[past_order]
    histories = [own.get(int(p), {}) for p in people]
    for start, block in scored(catalogue, methods, people.tolist()):
        parts: list[tuple[NDArray[np.int64], ...]] = []
        features: list[NDArray[np.float32]] = []
        chosen: list[tuple[NDArray[Any], ...]] = []
        for k, cells in enumerate(block):
            who = start + k
            mine = order[starts[who] : ends[who]]
            if len(mine) > _MOST:
                mine = random.choice(mine, _MOST, replace=False)
            low, high = np.searchsorted(past_member, [people[who], people[who] + 1])
            free = np.ones(n, bool)
            free[past_row[low:high]] = False
            free[target.row[order[starts[who] : ends[who]]]] = False
            rows, weight, offset = _others(free, cells[:, 0], len(mine) * _NEGATIVES, random)
            every = np.concatenate([target.row[mine], rows])
            parts.append((np.full(len(every), who), every))
            features.append(
                np.stack([standard(cells[:, m])[every] for m in range(cells.shape[1])], 1).astype(np.float32)
            )
            index = np.concatenate(
                [mine, random.choice(mine, len(rows))]
            )  # a negative's moment is a target's
            positive = np.arange(len(every)) < len(mine)
            one = np.concatenate([np.ones(len(mine), np.float32), weight])
            chosen.append((index, positive, one, offset[every]))
        index = np.concatenate([one[0] for one in chosen])
        positive = np.concatenate([one[1] for one in chosen])
        labels = target.labels[index] * positive[:, None]
        certain = np.zeros(len(TASKS), np.float32)
        certain[:3] = 1
        yield (
            start + len(block),
            Pairs(
                histories,
                np.concatenate([part[0] for part in parts]),
                np.concatenate([part[1] for part in parts]),
                np.concatenate(features),
                context_of(target.time[index]),
                labels,
                np.where(positive[:, None], target.known[index], certain),
                np.concatenate([one[2] for one in chosen]),
                np.concatenate([one[3] for one in chosen]),
            ),
        )


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Pairs of several steps as one."""
    columns = ("person", "row", "scores", "context", "labels", "known", "weight", "offset")
    return Pairs(parts[0].history, *(np.concatenate([getattr(p, c) for p in parts]) for c in columns))


def histories_of(part: Labels) -> dict[int, dict[int, float]]:
    """Member → item row → strength, of what counts."""
    found: dict[int, dict[int, float]] = {}
    for member, row, value in zip(part.member, part.row, part.value, strict=True):
        if value > 0:
            found.setdefault(int(member), {})[int(row)] = float(value)
    return found


def context_of(time: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32[B,CONTEXT]: hour of the day and day of the week (UTC) as sines and cosines, 0 if unknown."""
    out = np.zeros((len(time), CONTEXT), np.float32)
    there = np.isfinite(time)
    day = 2 * np.pi * (time[there] / 86_400 % 1)
    week = 2 * np.pi * (time[there] / 604_800 % 1)
    out[there] = np.stack([np.sin(day), np.cos(day), np.sin(week), np.cos(week)], 1)
    return out


def content_basis(
    fused: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.float32], float]:
    """(float32[D,≤CONTENT] directions of most variance, their usual length)."""
    if not fused.shape[1] or not fused.any():
        return np.zeros((fused.shape[1], 0), np.float32), 1.0
    some = fused if len(fused) <= 4000 else fused[random.choice(len(fused), 4000, replace=False)]
    _, _, turned = np.linalg.svd(some - some.mean(0), full_matrices=False)
    basis = np.ascontiguousarray(turned[:CONTENT].T, np.float32)
    return basis, float((some @ basis).std()) or 1.0


def _others(
    free: NDArray[np.bool_], blend: NDArray[np.float32], count: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """(rows not chosen, how many such rows each stands for, float32[N] log of that for every row).

    Half come from what the blend puts first, half from the rest.
    """
    offset = np.zeros(len(free), np.float32)
    rows = np.flatnonzero(free)
    if not len(rows):
        return rows, np.zeros(0, np.float32), offset
    top = min(_HARD, len(rows))
    limit = -np.partition(-blend[rows], top - 1)[top - 1]
    first = blend >= limit
    found, weights = [], []
    for inside in (first, ~first):
        group = np.flatnonzero(free & inside)
        take = min(len(group), (count + 1) // 2)
        if take:
            found.append(random.choice(group, take, replace=False))
            weights.append(np.full(take, len(group) / take, np.float32))
            offset[inside] = np.log(len(group) / take)
    return np.concatenate(found), np.concatenate(weights), offset
