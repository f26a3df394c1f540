"""Figures of the recommender; run from the repository root: python tests/benchmarks/bench_recommendation.py

Where ../shared/data is there: film ratings (random 80/20 by user) and the shop's own related links. Always:
time of a re-ranking over 10,000 items.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.events import Events, strength
from mmstudio.recommendation.ranking import diversify

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def ratings() -> None:
    """NDCG@10 of EASE, item-kNN, popularity and chance; a held-out rating counts from 4 on."""
    path = DATA / "interactions" / "ratings.csv"
    if not path.is_file():
        print("ratings: ../shared/data/interactions is not here")
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(int(r["userId"]), int(r["movieId"]), float(r["rating"])) for r in csv.DictReader(file)]
    films = {film: k for k, film in enumerate(sorted({row[1] for row in rows}))}
    member = np.array([row[0] for row in rows])
    item = np.array([films[row[1]] for row in rows])
    rating = np.array([row[2] for row in rows])
    value = np.array([strength("rating", r) for r in rating], np.float32)
    results: dict[str, list[tuple[float, float]]] = {}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        test = np.zeros(len(rows), bool)
        for who in np.unique(member):
            own = np.flatnonzero(member == who)
            test[rng.choice(own, max(1, round(0.2 * len(own))), replace=False)] = True
        for name, dense in (("ease", 5000), ("item-knn", 0)):
            log = Events(member[~test], item[~test], value[~test], len(films), dense)
            started = time.perf_counter()
            log.score({0: 1.0})
            fit = time.perf_counter() - started
            _measure(results, name, lambda seen, log=log: log.score(seen), log, member, item, rating, test)
            print(f"ratings: {name} seed {seed} fit {fit:.2f} s", file=sys.stderr)
        people = log.people.astype(np.float32)
        _measure(results, "popularity", lambda _seen, p=people: p.copy(), log, member, item, rating, test)
        _measure(
            results, "random", lambda _seen, g=rng: g.random(len(films)), log, member, item, rating, test
        )
    print("ratings, random 80/20 by user, relevant >= 4, seen masked, 3 seeds: NDCG@10 / Recall@10")
    for name, pairs in results.items():
        mean, spread = np.mean(pairs, axis=0), np.std(pairs, axis=0)
        print(f"  {name:12s} {mean[0]:.4f} ±{spread[0]:.4f} / {mean[1]:.4f} ±{spread[1]:.4f}")


def _measure(results, name, score, log, member, item, rating, test) -> None:  # type: ignore[no-untyped-def]
    from mmstudio.recommendation.evaluation import metrics

    found = []
    for who in np.unique(member):
        own = member == who
        relevant = set(item[own & test & (rating >= 4)].tolist())
        if not relevant:
            continue
        values = np.asarray(score(log.taste([int(who)])), np.float64)
        values[item[own & ~test]] = -np.inf
        top = np.argpartition(-values, 10)[:10]
        found.append(metrics(top[np.argsort(-values[top], kind="stable")], relevant, 10)[:2])
    mean = np.mean(found, axis=0)
    results.setdefault(name, []).append((float(mean[0]), float(mean[1])))


def shop_links() -> None:
    """Recall@10 of the shop's related links from content alone, per modality, beside chance and category."""
    shop = DATA / "shop"
    if not shop.is_dir():
        print("links: ../shared/data/shop is not here")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.create(Path(folder) / "shop.mmlib") as library,
    ):
        work = import_work(library, [shop / "images"], catalog=shop / "items.csv", links=shop / "related.csv")
        run_inline(work)
        features = Features(library, "cpu")
        run_inline(features.work(kind="image", extractor="cnn"))
        run_inline(features.work(extractor="tfidf-svd"))
        vectors = features.item_vectors()
        rows = {int(i): k for k, i in enumerate(vectors.ids)}
        links = {
            row: {rows[link.linked_id] for link in library.items.links_of(i) if link.linked_id in rows}
            for i, row in rows.items()
        }
        links = {row: linked for row, linked in links.items() if linked}
        blocks = {name: vectors.X[:, columns] for name, (columns, _) in vectors.parts.items()}
        blocks["fused"] = vectors.X
        category = {rows[i]: library.items.get(i).category for i in rows}
        rng = np.random.default_rng(0)
        print(f"links: {len(links)} items with links, {sum(map(len, links.values()))} links; Recall@10")
        for name, block in blocks.items():
            unit = block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-9)
            likeness = unit @ unit.T
            print(f"  {name:12s} {_recall(likeness, links):.4f}")
        noise = rng.random((len(rows), len(rows)))
        same = np.array([[category[a] == category[b] for b in range(len(rows))] for a in range(len(rows))])
        print(f"  {'category':12s} {_recall(same + noise * 0.5, links):.4f}")
        print(f"  {'random':12s} {_recall(noise, links):.4f}")
        features.close()


def _recall(likeness: np.ndarray, links: dict[int, set[int]]) -> float:
    found = []
    for row, linked in links.items():
        values = likeness[row].copy()
        values[row] = -np.inf
        top = set(np.argpartition(-values, 10)[:10].tolist())
        found.append(len(top & linked) / len(linked))
    return float(np.mean(found))


def speed(items: int = 10_000) -> None:
    """Re-ranking after warm-up over many items with three modalities of vectors and many events."""
    rng = np.random.default_rng(0)
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.create(Path(folder) / "l.mmlib") as library,
    ):
        words = [
            "cotton",
            "steel",
            "wool",
            "teal",
            "red",
            "green",
            "bottle",
            "lamp",
            "rug",
            "mug",
            "soft",
            "warm",
        ]
        ids = library.items.upsert_many(
            NewItem(
                f"s{n}",
                f"{words[n % 12].title()} {n}",
                " ".join(rng.choice(words, 8)),
                float(rng.integers(5, 200)),
                category=words[n % 7],
                attributes={"material": words[n % 3], "colour": words[3 + n % 3]},
            )
            for n in range(items)
        )
        library.audiences.add_interactions(
            NewInteraction(f"m{int(m)}", None, ids[int(i)], "buy", 5.0, float(t))
            for t, (m, i) in enumerate(
                zip(
                    rng.integers(0, 2000, 60_000),
                    (rng.pareto(1.2, 60_000) * 200).astype(int) % items,
                    strict=True,
                )
            )
        )
        features = Features(library, "cpu")
        run_inline(features.work(extractor="tfidf-svd"))
        recommender = Recommender(library, features)
        audience = library.audiences.add(
            "a",
            "warm soft wool for the house",
            liked=ids[3:11],
            disliked=ids[40:42],
            rules={"price_under": 150},
        )
        started = time.perf_counter()
        recommender.recommend(audience)
        warm = time.perf_counter() - started
        times = []
        for n in range(20):
            started = time.perf_counter()
            recommender.recommend(audience, diversity=0.5 + n / 40)
            times.append(1000 * (time.perf_counter() - started))
        print(
            f"speed: {items} items, warm-up {warm:.2f} s, then median {np.median(times):.1f} ms,"
            f" worst {max(times):.1f} ms"
        )
        features.close()
    vectors = rng.standard_normal((100, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.random(100)
    started = time.perf_counter()
    for _ in range(100):
        diversify(np.argsort(-scores), scores, vectors, 10, 0.8)
    print(f"speed: MMR of 100 candidates {10 * (time.perf_counter() - started):.2f} ms")


if __name__ == "__main__":
    speed()
    ratings()
    shop_links()
