"""Running a protocol: every method on the same splits, mean and spread over seeds."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.recommendation import choosing, measuring
from mmstudio.recommendation.evaluation import links as shop_links
from mmstudio.recommendation.evaluation import protocols
from mmstudio.recommendation.evaluation.measures import NAMES, of_lists, of_person
from mmstudio.recommendation.evaluation.rating import rmse
from mmstudio.recommendation.methods import known
from mmstudio.recommendation.scoring import Choice, Scoring, method_of, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.evaluation.protocols import Split
    from mmstudio.recommendation.measuring import Asked
    from mmstudio.recommendation.recommender import Recommender

METHODS = ("blend", "ease", "als", "knn", "markov", "content", "popular", "random")
_CELLS = 4_000_000
_QUERIES = 40
_BEFORE = ("popular", "random")  # always measured

Row = dict[str, Any]
Steps = Generator[Progress, None, list[Row]]


def evaluate(catalogue: Catalogue, **options: Any) -> list[Row]:
    """See :func:`evaluating`; runs to the end."""
    steps = evaluating(catalogue, **options)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            rows: list[Row] = done.value
            return rows


def evaluate_work(recommender: Recommender, **options: Any) -> Work:
    """The same as a job; its result is {"rows": [...]}."""

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        steps = evaluating(recommender.catalogue(), **options)
        while True:
            try:
                progress = next(steps)
            except StopIteration as done:
                return {"rows": done.value, "options": options}
            yield progress
            context.raise_if_cancelled()

    return work


def evaluating(
    catalogue: Catalogue,
    *,
    protocol: str = "random",
    k: int = 10,
    seeds: int = 3,
    first: int = 0,
    threshold: float | None = None,
    mask: str = "seen",
    methods: Sequence[str] | None = None,
) -> Steps:
    """Hide events, rank for the people they are hidden of, look for what was hidden.

    Args:
        protocol: a name of :data:`mmstudio.recommendation.evaluation.protocols.PROTOCOLS`.
        k: length of the lists.
        seeds: splits. first: number of the first one; the same number always draws the same split.
        threshold: a rating from which on a hidden event is worth finding; None: as the protocol has it.
        mask: "seen" leaves out of a list what the person met; "cornac" only what they liked.
        methods: names; all that can rank by default. Popularity and chance are always added.

    One row per method (in "few-shot" per method and number of known choices): method, label, protocol, k,
    known, seeds, users, the measures of :data:`mmstudio.recommendation.evaluation.measures.NAMES` as means
    over seeds with ``*_spread`` as standard deviations, fit_s (seconds to fit), query_ms and query_p95_ms
    (one person). Empty where nobody has enough events. The weights of the blend are chosen on a part of the
    training events, never on what is hidden.

    Raises:
        NotFound: no such protocol or method. ValueError: no such mask.
    """
    plan = protocols.protocol_of(protocol)
    if mask not in ("seen", "cornac"):
        raise ValueError(f"no mask {mask!r}")
    if protocol == "links":
        return (yield from shop_links.evaluating(catalogue, k=k, seeds=seeds))
    wanted = list(dict.fromkeys([*(methods or [*METHODS, *known()]), *_BEFORE]))
    wanted = ["blend" if name == "auto" else name for name in wanted]
    limit = plan.threshold if threshold is None else threshold
    found: dict[tuple[str, int], list[Row]] = {}
    for seed in range(first, first + seeds):
        part = protocols.split(catalogue.events, protocol, limit, seed, mask=mask)
        if part is None:
            return []
        inner = measuring.with_events(catalogue, part.train)
        for name in wanted:
            done = (seed - first) * len(wanted) + wanted.index(name)
            yield Progress(done, seeds * len(wanted), choosing.label(name))
            started = time.perf_counter()
            choice = _fitted(inner, name, plan, limit, seed)
            fit = time.perf_counter() - started
            if choice is None:
                continue
            for count, asked in part.asked.items():
                row = _measured(inner, part, asked, choice, k, np.random.default_rng([seed, 7]))
                row["fit_s"] = fit
                found.setdefault((name, count), []).append(row)
    rows = [_mean(name, count, own, protocol, k) for (name, count), own in found.items()]
    return sorted(rows, key=lambda row: row["known"] or 0)


def _fitted(
    inner: Catalogue, name: str, plan: protocols.Protocol, limit: float | None, seed: int
) -> Choice | None:
    """A method made ready for one split, or None where it cannot rank there."""
    if name == "random":
        return Choice(name, "")
    if name == "blend":
        settled = choosing.settle(inner, plan.manner, limit, seed, others=False)
        inner.events.kept["settled"] = settled
        choice = Choice("blend", settled.why(), settled.rows())
    else:
        try:
            method = method_of(name)
        except KeyError:
            from mmstudio.recommendation.scoring import choice_of

            return choice_of(inner, name)  # says which methods there are
        if method.ready(inner):
            return None
        choice = Choice(name, "")
    if len(inner.events.members):
        first = measuring.profile_of_member(inner.events, int(inner.events.members[0]))
        scores(inner, [first], choice)  # fits what is not fitted yet
    return choice


def _measured(
    inner: Catalogue, part: Split, asked: Asked, choice: Choice, k: int, rng: np.random.Generator
) -> Row:
    n = len(inner.ids)
    sums: dict[str, list[float]] = {}
    lists: list[NDArray[np.int64]] = []
    predicted = None
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, len(asked.profiles), step):
        people = slice(start, start + step)
        profiles = asked.profiles[people]
        if choice.method == "random":
            block = rng.random((len(profiles), n), np.float32)
        else:
            block = np.array(scores(inner, profiles, choice), np.float32)
        if part.hidden is not None and start == 0:
            predicted = rmse(part, block, inner.events, asked)
        if part.candidates is not None:
            block[:, ~part.candidates] = -np.inf
        for u, seen in enumerate(asked.seen[people]):
            block[u, seen] = -np.inf
            top, own = of_person(block[u], asked.targets[start + u], k)
            lists.append(top)
            for name, value in own.items():
                sums.setdefault(name, []).append(value)
    row: Row = {name: float(np.mean(values)) for name, values in sums.items()}
    row["rmse"] = predicted
    count = n if part.candidates is None else int(part.candidates.sum())
    row |= of_lists(lists, inner.content, inner.events.people, len(inner.events.members), count)
    row["users"] = len(asked.profiles)
    row["times"] = _times(inner, asked, choice)
    return row


def _times(inner: Catalogue, asked: Asked, choice: Choice) -> list[float]:
    """Milliseconds of single questions, each with its whole list of reasons ready."""
    if choice.method == "random":
        return [0.0]
    found = []
    for profile in asked.profiles[:_QUERIES]:
        started = time.perf_counter()
        Scoring.of(inner, profile, choice.method)
        found.append(1000 * (time.perf_counter() - started))
    return found[1:] or found


def _mean(name: str, count: int, own: list[Row], protocol: str, k: int) -> Row:
    out: Row = {
        "method": name, "label": choosing.label(name), "protocol": protocol, "k": k, "known": count or None,
        "seeds": len(own), "users": own[0]["users"],
    }  # fmt: skip
    for metric in NAMES:
        values = [row[metric] for row in own if row.get(metric) is not None]
        out[metric] = round(float(np.mean(values)), 4) if values else None
        out[f"{metric}_spread"] = round(float(np.std(values)), 4) if values else None
    times = np.concatenate([row["times"] for row in own])
    out["fit_s"] = round(float(np.mean([row["fit_s"] for row in own])), 2)
    out["query_ms"] = round(float(np.median(times)), 2)
    out["query_p95_ms"] = round(float(np.percentile(times, 95)), 2)
    return out
