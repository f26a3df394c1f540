"""Figures of the recommender; run from the repository root: python tests/benchmarks/bench_recommendation.py

Where ../shared/data is there: film ratings under every protocol beside cornac, surprise and implicit on
identical splits (rows are left out where a package is not installed; PYTHONPATH may name a folder that has
it), import, single questions, and the shop's own related links. Always: time of a re-ranking over 10,000
items.

    --only speed,import,questions,links,random,ratio811,leave-last,cold-items,few-shot   --seeds 3
    --protocol random,few-shot    only these protocols (the same names as in --only)
    --first N                     number of the first split
    --keep FILE                   figures are kept there, so that a run that was cut off, or one after a
                                  change of ours, does not train other packages again
    --who others,ours             whose figures are measured; the table is of all that is kept
    --methods blend,ease          only these of ours (popular and random always); kept as the others are
    --budget S                    no other package is trained anew after so many seconds: run it again
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.library.records import NewInteraction, NewItem
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.evaluation import evaluate, protocols
from mmstudio.recommendation.evaluation.measures import of_person
from mmstudio.recommendation.measuring import profile_of_member, with_events
from mmstudio.recommendation.ranking import diversify
from mmstudio.recommendation.scoring import Scoring, choice_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
WARM = ("random", "ratio811", "leave-last")
PARTS = ("speed", "import", "questions", "links", *WARM, "cold-items", "few-shot")
Scorer = Callable[[Any], np.ndarray]  # Asked -> float32[U,N]


# -- films ---------------------------------------------------------------------------------------------------


def films(folder: Path) -> Library | None:
    """A library of the film ratings; says how long its import took."""
    data = DATA / "interactions"
    if not data.is_dir():
        print("films: ../shared/data/interactions is not here")
        return None
    library = Library.create(folder / "films.mmlib")
    started = time.perf_counter()
    run_inline(import_work(library, [], catalog=data / "movies.csv"))
    catalogue = time.perf_counter() - started
    started = time.perf_counter()
    report = run_inline(import_work(library, [], interactions=data / "ratings.csv"))
    spent = time.perf_counter() - started
    print(f"import: {report['interactions']} ratings {spent:.2f} s; 9,742 items {catalogue:.2f} s")
    return library


def questions(library: Library, people: int = 150) -> None:
    """Choosing the mixture, then single questions; the processor's time beside the clock's, which holds only
    where nothing else runs."""
    catalogue = Recommender(library, Features(library, "cpu")).catalogue()
    profiles = [profile_of_member(catalogue.events, int(one)) for one in catalogue.events.members[:people]]
    worked, started = time.process_time(), time.perf_counter()
    choice = choice_of(catalogue)
    worked, spent_s = time.process_time() - worked, time.perf_counter() - started
    print(f"questions: choosing the mixture ({choice.method}) {worked:.1f} s of processor, {spent_s:.1f} s")
    spent = []
    for profile in profiles:
        worked, started = time.process_time(), time.perf_counter()
        Scoring.of(catalogue, profile)
        spent.append((time.process_time() - worked, time.perf_counter() - started))
    median, high = 1000 * np.percentile(spent[1:], [50, 95], axis=0)
    print(
        f"questions: processor median {median[0]:.1f} ms, p95 {high[0]:.1f} ms;"
        f" clock median {median[1]:.1f} ms, p95 {high[1]:.1f} ms"
    )


class Kept:
    """Figures by "protocol/split/label" and number of known choices, in a file where one is named."""

    def __init__(self, path: Path | None, budget: float) -> None:
        self.path, self.until = path, time.monotonic() + budget
        there = path is not None and path.is_file()
        read = json.loads(path.read_text("utf-8")) if there else {}
        self.found: dict[str, dict[str, dict[str, Any]]] = read

    def put(self, key: str, found: dict[str, dict[str, Any]]) -> None:
        """Keep the figures of one method on one split."""
        self.found[key] = found
        if self.path is not None:
            self.path.write_text(json.dumps(self.found), "utf-8")


def protocol(
    catalogue: Any, name: str, splits: range, kept: Kept, who: str, methods: list[str] | None = None
) -> None:
    """The studio's methods and everybody else's on the same splits."""
    threshold = protocols.PROTOCOLS[name].threshold
    for seed in splits:
        if "others" in who:
            _others(catalogue, name, threshold, seed, kept)
        if "ours" in who:
            own: dict[str, dict[str, dict[str, Any]]] = {}
            worked = time.process_time()
            for row in evaluate(catalogue, protocol=name, seeds=1, first=seed, methods=methods):
                own.setdefault(row["method"], {})[str(row["known"] or 0)] = row | {"fit": row["fit_s"]}
            for label, found in own.items():
                kept.put(f"{name}/{seed}/{label}", found)
            print(f"{name} {seed}: ours took {time.process_time() - worked:.0f} s of processor", flush=True)
    _print(name, threshold, splits, kept)


def _print(name: str, threshold: float | None, splits: range, kept: Kept) -> None:
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for key, found in kept.found.items():
        part, seed, label = key.split("/", 2)
        if part == name and int(seed) in splits:
            for known, own in found.items():
                rows.setdefault((label, int(known)), []).append(own)
    relevant = "every event" if threshold is None else f">= {threshold:g}"
    print(f"\n{name}: splits {splits.start} to {splits.stop - 1}, relevant {relevant}, seen left out")
    columns = ("ndcg", "recall", "hit", "mrr", "auc", "fit", "query_p95_ms")
    heads = ("NDCG@10", "±", "Recall@10", "Hit@10", "MRR", "AUC", "fit s", "p95 ms", "splits")
    print(f"  {'':26s} " + " ".join(f"{head:>9s}" for head in heads))
    table = []
    for (label, known), own in rows.items():
        means = [np.mean([one[c] for one in own]) if c in own[0] else None for c in columns]
        table.append((label, known, means[0], np.std([one["ndcg"] for one in own]), *means[1:], len(own)))
    for label, known, *figures in sorted(table, key=lambda one: (one[1], -one[2])):
        title = label + (f" (k={known})" if known else "")
        cells = ["" if f is None else str(f) if isinstance(f, int) else f"{f:.4f}" for f in figures]
        print(f"  {title:26s} " + " ".join(f"{cell:>9s}" for cell in cells))
    sys.stdout.flush()


def _others(catalogue: Any, name: str, threshold: float | None, seed: int, kept: Kept) -> None:
    """Other packages on one split, where their figures are not kept already."""
    part = protocols.split(catalogue.events, name, threshold, seed)
    assert part is not None
    for label, make in rivals(with_events(catalogue, part.train), part, threshold, name):
        key = f"{name}/{seed}/{label}"
        if key in kept.found:
            continue
        if time.monotonic() > kept.until:
            print(f"{key}: left for the next run", flush=True)
            continue
        began = time.perf_counter()
        scorer = make()
        fit = time.perf_counter() - began
        asked = part.asked.items()
        kept.put(key, {str(known): {**_measure(scorer(one), one, part), "fit": fit} for known, one in asked})


def _measure(scores: np.ndarray, asked: Any, part: Any) -> dict[str, float]:
    scores = np.array(scores, np.float32)
    if part.candidates is not None:
        scores[:, ~part.candidates] = -np.inf
    found = []
    for u, seen in enumerate(asked.seen):
        scores[u, seen] = -np.inf
        found.append(of_person(scores[u], asked.targets[u], 10)[1])
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def rivals(
    inner: Any, part: Any, threshold: float | None, name: str
) -> Iterator[tuple[str, Callable[[], Scorer]]]:
    """Other packages' methods that can rank under this protocol, each trained on what suits it best: implicit
    methods on liked items only, rating methods on all ratings."""
    from scipy import sparse

    events = part.train
    liked = (
        np.nan_to_num(events.rating, nan=5.0) >= threshold
        if threshold is not None
        else np.ones(len(events.who), bool)
    )
    ones = np.ones(int(liked.sum()), np.float32)
    x = sparse.csr_matrix(
        (ones, (events.who[liked], events.col[liked])), shape=(len(events.members), events.items)
    )
    at = {int(member): row for row, member in enumerate(events.members)}
    if name == "cold-items":
        yield "genres, cosine kNN", lambda: genres(inner, x, at)
        return
    few = name == "few-shot"

    def rows(asked: Any) -> Any:
        if not few:
            return x[[at[member] for member in asked.members]]
        indptr = np.cumsum([0, *(len(one.taste) for one in asked.profiles)])
        indices = np.array([row for one in asked.profiles for row in one.taste])
        return sparse.csr_matrix(
            (np.ones(len(indices), np.float32), indices, indptr), shape=(len(asked.profiles), events.items)
        )

    def als(factors: int, alpha: float) -> Callable[[], Scorer]:
        def make() -> Scorer:
            from implicit.cpu.als import AlternatingLeastSquares

            model = AlternatingLeastSquares(factors=factors, alpha=alpha, regularization=0.05, random_state=0)
            model.fit(x, show_progress=False)

            def score(asked: Any) -> np.ndarray:
                if not few:
                    return model.user_factors[[at[m] for m in asked.members]] @ model.item_factors.T
                return (
                    model.recalculate_user(np.arange(len(asked.profiles)), rows(asked)) @ model.item_factors.T
                )

            return score

        return make

    yield "implicit ALS 32", als(32, 2.0)
    yield "implicit ALS 64", als(64, 1.0)
    if not few:

        def bpr() -> Scorer:
            from implicit.cpu.bpr import BayesianPersonalizedRanking

            model = BayesianPersonalizedRanking(
                factors=63, learning_rate=0.05, iterations=100, random_state=0
            )
            model.fit(x, show_progress=False)
            return lambda asked: model.user_factors[[at[m] for m in asked.members]] @ model.item_factors.T

        yield "implicit BPR", bpr
    try:
        import cornac
    except ImportError:
        print("cornac is not installed: its rows are left out")
    else:
        yield from _cornac(cornac, events, liked, at, few, rows)
    try:
        import surprise
    except ImportError:
        print("surprise is not installed: its row is left out")
    else:
        if not few and np.isfinite(events.rating).any():
            yield "surprise SVD", lambda: _svd(surprise, events, at)


@contextmanager
def by_cholesky() -> Iterator[None]:
    """EASE of cornac inverts a symmetric positive matrix: the same numbers in a third of the time."""
    from scipy.linalg import lapack

    def inverse(matrix: np.ndarray) -> np.ndarray:
        half, failed = lapack.dpotrf(matrix, lower=1)
        assert not failed
        half, failed = lapack.dpotri(half, lower=1, overwrite_c=1)
        assert not failed
        return np.tril(half) + np.tril(half, -1).T

    general, np.linalg.inv = np.linalg.inv, inverse
    try:
        yield
    finally:
        np.linalg.inv = general


def _cornac(
    cornac: Any, events: Any, liked: np.ndarray, at: dict[int, int], few: bool, rows: Any
) -> Iterator[Any]:
    who, col = events.who.astype(int), events.col.astype(int)

    def data(mask: np.ndarray, rating: bool) -> Any:
        value = events.rating[mask] if rating else np.ones(int(mask.sum()))
        triples = zip(who[mask].tolist(), col[mask].tolist(), value.astype(float).tolist(), strict=True)
        return cornac.data.Dataset.from_uir(list(triples), seed=0)

    def fitted(model: Any, mask: np.ndarray, rating: bool = False) -> Callable[[], Scorer]:
        def make() -> Scorer:
            train = data(mask, rating)
            with by_cholesky():
                model.fit(train)
            items = np.array(list(train.iid_map), int)

            def score(asked: Any) -> np.ndarray:
                out = np.full((len(asked.profiles), events.items), -1e6, np.float32)
                if few:  # a stranger is one product with the item weights
                    out[:, items] = np.asarray(rows(asked)[:, items] @ np.asarray(model.B))
                    return out
                for u, member in enumerate(asked.members):
                    index = train.uid_map.get(at[member])
                    if index is not None:
                        out[u, items] = model.score(index)[: len(items)]
                return out

            return score

        return make

    quiet = {"verbose": False}
    for lamb in (500,):
        yield f"cornac EASE {lamb}", fitted(cornac.models.EASE(lamb=lamb, posB=False, seed=0, **quiet), liked)
    if few:
        return
    yield (
        "cornac BPR 10",
        fitted(
            cornac.models.BPR(k=10, max_iter=200, learning_rate=0.001, lambda_reg=0.01, seed=123, **quiet),
            liked,
        ),
    )
    yield (
        "cornac BPR 50",
        fitted(
            cornac.models.BPR(k=50, max_iter=200, learning_rate=0.01, lambda_reg=0.01, seed=123, **quiet),
            liked,
        ),
    )
    rated = np.isfinite(events.rating)
    if rated.any():
        yield (
            "cornac MF 10",
            fitted(
                cornac.models.MF(
                    k=10, max_iter=25, learning_rate=0.01, lambda_reg=0.02, use_bias=True, seed=123, **quiet
                ),
                rated,
                True,
            ),
        )


def _svd(surprise: Any, events: Any, at: dict[int, int]) -> Scorer:
    rated = np.isfinite(events.rating)
    columns = (events.who[rated].tolist(), events.col[rated].tolist(), events.rating[rated].tolist())
    raw = [(who, row, value, None) for who, row, value in zip(*columns, strict=True)]
    train = surprise.Dataset(surprise.Reader(rating_scale=(0.5, 5))).construct_trainset(raw)
    model = surprise.SVD(random_state=0).fit(train)
    items = np.array([train.to_raw_iid(i) for i in range(train.n_items)], int)

    def score(asked: Any) -> np.ndarray:
        out = np.full((len(asked.profiles), events.items), -1e6, np.float32)
        for u, member in enumerate(asked.members):
            inner = train.to_inner_uid(at[member])
            out[u, items] = model.bi + model.qi @ model.pu[inner]
        return out

    return score


def genres(inner: Any, x: Any, at: dict[int, int]) -> Scorer:
    """What a shop does by hand: cosine of the categories of a new item to those of what was liked."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    own = TfidfVectorizer(token_pattern=r"[^|>;,]+").fit_transform(
        [item.category or "none" for item in inner.items]
    )
    return lambda asked: np.asarray((x[[at[m] for m in asked.members]] @ own @ own.T).todense(), np.float32)


# -- the shop's links ----------------------------------------------------------------------------------------


def shop_links(seeds: int) -> None:
    """Recall@10 of the shop's related links, per modality and fused; weights chosen on the other half."""
    shop = DATA / "shop"
    if not shop.is_dir():
        print("links: ../shared/data/shop is not here")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.create(Path(folder) / "shop.mmlib") as library,
    ):
        run_inline(
            import_work(library, [shop / "images"], catalog=shop / "items.csv", links=shop / "related.csv")
        )
        features = Features(library, "cpu")
        run_inline(features.work(kind="image", extractor="cnn"))
        run_inline(features.work(extractor="tfidf-svd"))
        recommender = Recommender(library, features)
        rows = recommender.evaluate(protocol="links", seeds=seeds)
        print(f"\nlinks: half of the items chooses the weights, the other half tests; {seeds} splits")
        for row in rows:
            weight = "" if row["weight"] is None else f"weight {row['weight']:.2f}"
            print(
                f"  {row['method']:12s} Recall@10 {row['recall']:.4f} ±{row['recall_spread']:.4f}"
                f"  NDCG@10 {row['ndcg']:.4f}  {weight}"
            )
        recommender.close()
        features.close()


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--protocol", help="only these protocols")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="number of the first split")
    parser.add_argument("--keep", type=Path, help="file of figures")
    parser.add_argument("--who", default="others,ours", help="whose figures are measured")
    parser.add_argument("--methods", help="only these of ours")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds for training other packages")
    options = parser.parse_args()
    parts = (options.protocol or options.only).split(",")
    warnings.simplefilter("ignore")
    if "speed" in parts:
        speed()
    if "links" in parts:
        shop_links(options.seeds)
    rest = [part for part in parts if part not in ("speed", "links")]
    if rest:
        with tempfile.TemporaryDirectory() as folder:
            library = films(Path(folder))
            if library is not None:
                if "questions" in rest:
                    questions(library)
                recommender = Recommender(library, Features(library, "cpu"))
                catalogue = recommender.catalogue()
                splits = range(options.first, options.first + options.seeds)
                kept = Kept(options.keep, options.budget)
                methods = options.methods.split(",") if options.methods else None
                for name in rest:
                    if name not in ("import", "questions"):
                        protocol(catalogue, name, splits, kept, options.who, methods)
                recommender.close()
                library.close()


if __name__ == "__main__":
    main()
