"""Speed of lists: python tests/benchmarks/bench_lists.py [--items 10000]

A made library of 10,000 items with text features and 60,000 events: what a moved slider costs; re-ranking of
100 candidates beside the same in plain Python; a ranker trained on it, beside the simple methods.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.ranking import diversify

_WORDS = "cotton,steel,wool,teal,red,green,bottle,lamp,rug,mug,soft,warm,bright,heavy,light,old,new,round"
WORDS = _WORDS.split(",")
_DONE = (("view", 1.0), ("buy", 5.0))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--no-ranker", action="store_true")
    wanted = parser.parse_args()
    re_ranking()
    lists(wanted.items, not wanted.no_ranker)


def plain_mmr(
    rows: list[int], scores: NDArray[np.float64], likeness: NDArray[np.float32], k: int
) -> list[int]:
    """Maximal marginal relevance as the paper writes it: the reference."""
    low, high = scores[rows].min(), scores[rows].max()
    chosen: list[int] = []
    while len(chosen) < k:
        best, most = -1, -np.inf
        for row in rows:
            if row in chosen:
                continue
            nearest = max((float(likeness[row, other]) for other in chosen), default=0.0)
            value = 0.8 * (scores[row] - low) / (high - low) - 0.2 * max(nearest, 0.0)
            if value > most:
                best, most = row, value
        chosen.append(best)
    return chosen


def re_ranking() -> None:
    """MMR of 100 candidates with 512 numbers each, 10 chosen."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((100, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.random(100)
    rows = np.argsort(-scores)
    ours = median(lambda: diversify(rows, scores, vectors, 10, 0.8), 200)
    started = time.perf_counter()
    wanted = plain_mmr(rows.tolist(), scores, vectors @ vectors.T, 10)
    plain = 1000 * (time.perf_counter() - started)
    same = diversify(rows, scores, vectors, 10, 0.8) == wanted
    print(f"lists: MMR of 100 candidates {ours:.3f} ms, plain Python {plain:.2f} ms, same list: {same}")


def lists(items: int, ranker: bool) -> None:
    """What a change costs over many items."""
    rng = np.random.default_rng(0)
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.create(Path(folder) / "l.mmlib") as library,
    ):
        ids = library.items.upsert_many(
            NewItem(
                f"s{n}",
                f"{WORDS[n % 18].title()} {n}",
                " ".join(rng.choice(WORDS, 8)),
                float(rng.integers(5, 200)),
                category=f"{WORDS[n % 3]} > {WORDS[n % 7]}",
                attributes={"material": WORDS[n % 3], "colour": WORDS[3 + n % 3], "markets": "DE, AT"},
            )
            for n in range(items)
        )
        members = rng.integers(0, 2000, 60_000)
        # Each member stays mostly within one of twenty groups; a fifth of what they take is anything.
        group = (rng.pareto(1.2, 60_000) * items / 600).astype(int) % (items // 20)
        anywhere = rng.random(60_000) < 0.2
        chosen = np.where(anywhere, group, group + (members % 20) * (items // 20)) % items
        library.audiences.add_interactions(
            NewInteraction(
                f"m{int(m)}", None, ids[int(i)], "buy" if t % 3 else "view", 5.0 if t % 3 else 1.0, float(t)
            )
            for t, (m, i) in enumerate(zip(members, chosen, strict=True))
        )
        features = Features(library, "cpu")
        run_inline(features.work(extractor="tfidf-svd"))
        recommender = Recommender(library, features)
        rules = {"price_under": 150, "market": "de", "rights": "cleared", "must_not": ["red"]}
        audience = library.audiences.add(
            "a", "warm soft wool for the house", liked=ids[3:11], disliked=ids[40:42], rules=rules
        )
        started = time.perf_counter()
        recommender.recommend(audience)
        print(f"lists: {items} items, the first list {time.perf_counter() - started:.2f} s")
        stored = library.audiences.get(audience)
        calls: dict[str, Callable[[int], object]] = {
            "diversity": lambda n: recommender.recommend(audience, diversity=0.5 + n / 80, save=False),
            "novelty": lambda n: recommender.recommend(audience, novelty=n / 40, save=False),
            "exploration": lambda n: recommender.recommend(audience, explore=0.5, seed=n, save=False),
            "caps": lambda n: recommender.recommend(audience, k=20, caps={"*": 1 + n % 3}, save=False),
            "price rule": lambda n: recommender.recommend(
                audience, draft=replace(stored, rules={**rules, "price_under": 50 + n})
            ),
            "one like more": lambda n: recommender.recommend(
                audience, draft=replace(stored, liked=[*stored.liked, ids[100 + n]])
            ),
            "saved": lambda n: recommender.recommend(audience, diversity=0.5 + n / 80),
        }
        report(calls)
        if ranker:
            started = time.perf_counter()
            found = run_inline(recommender.train_ranker_work())
            used = time.perf_counter() - started
            print(f"ranker: {found['events']} pairs, trained and measured in {used:.1f} s")
            print(f"ranker: NDCG@10 {found['ndcg']}")
            print(f"ranker: used: {found['wins']}; gain {found['gain']} ± {found['error']} ({found['best']})")
            print(f"ranker: calibration error {found['calibration']}")
            report(
                {
                    "ranker": lambda n: recommender.recommend(
                        audience, method="ranker", novelty=n / 40, save=False
                    )
                }
            )
        features.close()
        recommender.close()


def report(calls: dict[str, Callable[[int], object]]) -> None:
    """Median and worst of 20 calls each, after one more: by the clock, and the processor's own time."""
    for name, call in calls.items():
        times, spent = [], []
        for n in range(21):
            started, used = time.perf_counter(), time.process_time()
            call(n)
            times.append(1000 * (time.perf_counter() - started))
            spent.append(1000 * (time.process_time() - used))
        print(
            f"lists: {name}: median {np.median(times[1:]):.1f} ms, worst {max(times[1:]):.1f} ms;"
            f" processor {np.median(spent[1:]):.1f} ms",
            flush=True,
        )


def median(call: Callable[[], object], count: int) -> float:
    """Milliseconds of one call."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


if __name__ == "__main__":
    main()
