"""How good the ranking is: held-out interactions, beside popularity and chance."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.recommendation.events import Events
from mmstudio.recommendation.baseline import signals
from mmstudio.recommendation.signals import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

Score = Callable[[dict[int, float]], "NDArray[np.float64]"]
_TEST = 0.2
_MOST_USERS = 400  # per seed; more would only narrow an already narrow spread


def metrics(ranked: NDArray[np.int64], relevant: set[int], k: int) -> tuple[float, float, float]:
    """(NDCG@k, Recall@k, Hit@k) with binary relevance (Järvelin & Kekäläinen 2002)."""
    hits = np.array([int(row) in relevant for row in ranked[:k]], np.float64)
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = discount[: min(k, len(relevant))].sum()
    dcg = float((hits * discount[: len(hits)]).sum())
    return dcg / float(ideal), float(hits.sum()) / len(relevant), float(hits.any())


def evaluate(catalogue: Catalogue, k: int = 10, seeds: int = 3) -> list[dict[str, Any]]:
    """Hide 20 % of every member's items, rank all items they have not seen, look for the hidden ones.

    One row per method (blend, together, content, popularity, random): method, ndcg, recall, hit as means over
    seeds, *_spread as standard deviations, users, query_ms. Empty where nobody has two items.
    """
    sums: dict[str, list[tuple[float, float, float]]] = {}
    spent: dict[str, float] = {}
    users = asked = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        train, tests = _split(catalogue.events, rng)
        if not tests:
            return []
        held_out = replace(catalogue, events=train)
        people = sorted(tests)
        if len(people) > _MOST_USERS:
            people = sorted(int(p) for p in rng.choice(people, _MOST_USERS, replace=False))
        users = len(people)
        results: dict[str, list[tuple[float, float, float]]] = {}
        for member in people:
            seen = train.taste([member])
            for name, score in _methods(held_out, rng).items():
                started = time.perf_counter()
                values = score(seen)
                values[list(seen)] = -np.inf
                top = np.argpartition(-values, min(k, len(values) - 1))[:k]
                ranked = top[np.argsort(-values[top], kind="stable")]
                spent[name] = spent.get(name, 0.0) + time.perf_counter() - started
                results.setdefault(name, []).append(metrics(ranked, tests[member], k))
            asked += 1
        for name, rows in results.items():
            mean = np.mean(rows, axis=0)
            sums.setdefault(name, []).append((float(mean[0]), float(mean[1]), float(mean[2])))
    return [_row(name, rows, users, k, spent[name] / asked) for name, rows in sums.items()]


def _row(
    name: str, rows: list[tuple[float, float, float]], users: int, k: int, seconds: float
) -> dict[str, Any]:
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    out: dict[str, Any] = {"method": name, "k": k, "seeds": len(rows), "users": users}
    for position, metric in enumerate(("ndcg", "recall", "hit")):
        out[metric] = round(float(mean[position]), 4)
        out[f"{metric}_spread"] = round(float(spread[position]), 4)
    out["query_ms"] = round(1000 * seconds, 2)
    return out


def _split(events: Events, rng: np.random.Generator) -> tuple[Events, dict[int, set[int]]]:
    member, item, value = events.pairs()
    test = np.zeros(len(member), bool)
    order = np.argsort(member, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(member[order]) != 0])
    for rows in np.split(order, starts[1:]):
        hidden = round(len(rows) * _TEST)
        if len(rows) >= 2:
            test[rng.choice(rows, max(1, hidden), replace=False)] = True
    train = Events(member[~test], item[~test], value[~test], events.items)
    tests: dict[int, set[int]] = {}
    for who, row in zip(member[test], item[test], strict=True):
        tests.setdefault(int(who), set()).add(int(row))
    return train, tests


def _methods(catalogue: Catalogue, rng: np.random.Generator) -> dict[str, Score]:
    events = catalogue.events

    def total(seen: dict[int, float], kinds: tuple[str, ...] | None) -> NDArray[np.float64]:
        # A member's own choices are their likes; likeness is measured to the strongest eight.
        liked = dict(sorted(seen.items(), key=lambda pair: -pair[1])[:8])
        profile = Profile(liked={}, disliked=(), taste=seen, brief="", evidence=float(len(liked)))
        out = np.zeros(len(catalogue.ids))
        for signal in signals(catalogue, profile):
            if kinds is None or signal.kind in kinds:
                out = out + signal.values
        return out

    return {
        "blend": lambda seen: total(seen, None),
        "together": lambda seen: events.score(seen).astype(np.float64),
        "content": lambda seen: total(seen, ("image", "audio", "video", "text")),
        "popularity": lambda _seen: events.people.astype(np.float64),
        "random": lambda _seen: rng.random(len(catalogue.ids)),
    }
