"""The trained ranker on events it has never seen; run from the repository root: python
tests/benchmarks/bench_ranker.py [--sets films,films-by-time,made] [--seeds 11,12,13]

A fifth of every member's events is kept out of the library (at random, or the newest). Within the library the
ranker is trained as the window trains it: on its own splits of what is left, where it is also decided whether
it is used. Then the blend, the ranker and what the studio chose ("auto") rank for every member, and the fifth
that was kept out is looked for.

The made set has views, likes and buys of known structure: what is seen follows popularity and taste, what is
liked of that follows taste, what is bought of that follows the price that somebody pays and the hour.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.recommendation import Recommender
from mmstudio.recommendation.events import strength
from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.ranker.deciding import sentence
from mmstudio.recommendation.scoring import Choice, choice_of, scores

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "interactions"
Row = tuple[str, str, str, float, float]  # member, sku, event, weight, seconds (NaN: not known)


def films(timed: bool) -> tuple[Path, list[Row]]:
    """The film ratings, with or without their times."""
    with (DATA / "ratings.csv").open(encoding="utf-8") as file:
        rows = [
            (r["userId"], r["movieId"], "rating", float(r["rating"]), float(r["timestamp"]))
            for r in csv.DictReader(file)
        ]
    return DATA / "movies.csv", rows if timed else [(*row[:4], np.nan) for row in rows]


def made(
    folder: Path, seed: int, people: int = 1500, items: int = 1200, views: int = 60
) -> tuple[Path, list[Row]]:
    """A shop with views, likes and buys of known structure; see the head of the file."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 12, items)
    price = np.exp(rng.normal(3.5, 0.8, items))
    popular = rng.pareto(1.1, items) + 0.2
    own = rng.dirichlet(np.full(12, 0.3), people)  # what kinds somebody cares for
    pays = np.exp(rng.normal(3.5, 0.5, people))
    evening = rng.random(people) < 0.5  # when somebody buys
    path = folder / "items.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sku", "title", "category", "price"])
        table.writerows([f"s{n}", f"Thing {n}", f"kind {kinds[n]}", f"{price[n]:.2f}"] for n in range(items))
    rows: list[Row] = []
    for who in range(people):
        taste = own[who, kinds]
        chance = popular * (0.02 + taste)
        seen = rng.choice(items, views, replace=False, p=chance / chance.sum())
        hour = np.where(evening[who], 20, 9) + rng.normal(0, 2, views)
        when = 1.7e9 + rng.integers(0, 200, views) * 86_400.0 + hour % 24 * 3600
        for n, t in zip(seen.tolist(), when.tolist(), strict=True):
            rows.append((f"u{who}", f"s{n}", "view", 1.0, t))
            if rng.random() < 0.1 + 0.8 * min(1.0, 2 * taste[n]):
                rows.append((f"u{who}", f"s{n}", "like", 3.0, t + 60))
                fits = np.exp(-((np.log(price[n]) - np.log(pays[who])) ** 2) / 0.3)
                if rng.random() < 0.7 * fits:
                    rows.append((f"u{who}", f"s{n}", "buy", 5.0, t + 600))
    return path, rows


def split(rows: list[Row], seed: int, newest: bool) -> tuple[list[Row], list[Row]]:
    """(events that go into the library, a fifth of every member's items with all that was done with them)."""
    rng = np.random.default_rng(seed)
    pairs: dict[str, dict[str, float]] = {}
    for member, sku, _event, _weight, when in rows:
        own = pairs.setdefault(member, {})
        own[sku] = max(own.get(sku, -np.inf), np.nan_to_num(when, nan=0.0))
    away = set()
    for member, own in pairs.items():
        skus = sorted(own, key=lambda sku: own[sku]) if newest else rng.permutation(sorted(own)).tolist()
        away |= {(member, sku) for sku in skus[len(skus) - round(0.2 * len(skus)) :]}
    return [r for r in rows if r[:2] not in away], [r for r in rows if r[:2] in away]


def library_of(folder: Path, items: Path, rows: Iterable[Row]) -> Library:
    """A library of a catalogue and these events."""
    library = Library.create(folder / "l.mmlib")
    run_inline(import_work(library, [], catalog=items))
    path = folder / "events.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["user", "item", "event", "weight", "time"])
        table.writerows((*r[:4], "" if np.isnan(r[4]) else f"{r[4]:.0f}") for r in rows)
    run_inline(import_work(library, [], interactions=path))
    return library


def wanted(hidden: list[Row], what: str) -> dict[str, dict[str, float]]:
    """Member → sku → worth of what is to be found: by weight as the program decides, all rated 4 or more,
    everything that was met, only what was bought, or liked and not bought."""
    bought = {row[:2] for row in hidden if row[2] == "buy"}
    found: dict[str, dict[str, float]] = {}
    for member, sku, event, weight, _when in hidden:
        good = {
            "by weight": strength(event, weight),
            "liked": float(weight >= 4),
            "any": 1.0,
            "bought": float(event == "buy"),
            "liked, not bought": float(event == "like" and (member, sku) not in bought),
        }[what]
        if good:
            own = found.setdefault(member, {})
            own[sku] = max(good, own.get(sku, 0.0))
    return found


def ndcgs(
    library: Library, recommender: Recommender, choice: Choice, sought: dict[str, dict[str, float]]
) -> Any:
    """float64[U] NDCG@10 of everybody with something hidden; what they met is left out."""
    catalogue = recommender.catalogue()
    row = {sku: catalogue.row[item] for sku, item in library.items.skus().items()}
    ids, names = library.interactions.member_names()
    own = library.pseudonyms.originals(names, sought)
    who = {own[name]: int(one) for one, name in zip(ids.tolist(), names, strict=True) if name in own}
    discount = 1 / np.log2(np.arange(2, 12))
    found = []
    people = [member for member in sorted(sought) if member in who]
    for start in range(0, len(people), 100):
        part = people[start : start + 100]
        profiles = [profile_of_member(catalogue.events, who[member]) for member in part]
        for member, values in zip(part, np.array(scores(catalogue, profiles, choice)), strict=True):
            values[catalogue.events.met(who[member])] = -np.inf
            good = {row[sku]: worth for sku, worth in sought[member].items() if sku in row}
            if good:
                got = np.array([good.get(int(at), 0.0) for at in np.argsort(-values, kind="stable")[:10]])
                ideal = np.sort(list(good.values()))[::-1][:10]
                found.append(float(got @ discount) / float(ideal @ discount[: len(ideal)]))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="films,films-by-time,made")
    parser.add_argument("--seeds", default="11,12,13")
    options = parser.parse_args()
    for name in options.sets.split(","):
        if name != "made" and not DATA.is_dir():
            print(f"{name}: ../shared/data/interactions is not here")
            continue
        for seed in map(int, options.seeds.split(",")):
            with tempfile.TemporaryDirectory() as text:
                one(Path(text), name, seed)


def one(folder: Path, name: str, seed: int) -> None:
    """One set with one split."""
    items, rows = made(folder, seed) if name == "made" else films(name.endswith("time"))
    inside, hidden = split(rows, seed, name.endswith("time"))
    library = library_of(folder, items, inside)
    recommender = Recommender(library, Features(library, "cpu"))
    began = time.process_time()
    report = run_inline(recommender.train_ranker_work(seed))
    spent = time.process_time() - began
    print(f"\n{name}, split {seed}: {len(inside)} events in the library, {len(hidden)} kept out")
    print(f"  trained on {report['tasks']} in {spent:.0f} s of the processor; inside, by weight: ranker"
          f" {report['ndcg']['ranker']:.4f}, {report['against']} {report['ndcg'][report['against']]:.4f},"
          f" best of the simple {report['best']} {report['ndcg'][report['best']]:.4f}; gain"
          f" {report['gain']:+.4f} with an error of {report['error']:.4f}; its share {report['share']},"
          f" beside {report['beside'] or 'nothing'}")  # fmt: skip
    for kind, own in report["kinds"].items():
        figures = f"{own['gain']:+.4f} with an error of {own['error'] or 0:.4f}"
        print(f"  inside, {kind}: {figures}, {own['members']} members")
    for task, own in report["calibration"].items():
        off, after = own["before"], own["after"]
        print(f"  {task}: happens in {own['share']:.4f}, off by {off:.5f}, calibrated {after:.5f}")
    chosen = choice_of(recommender.catalogue())
    print(f"  chosen: {chosen.method}. {chosen.why}\n  the ranker: {sentence(report)}")
    asked = ("by weight", "any", "liked, not bought", "bought")
    for what in asked if name == "made" else ("by weight", "liked", "any"):
        sought = wanted(hidden, what)
        base = ndcgs(library, recommender, Choice("blend", ""), sought)
        line = [f"blend {base.mean():.4f}"]
        for method in dict.fromkeys(("ranker", chosen.method)):
            if method != "blend":
                values = ndcgs(library, recommender, Choice(method, ""), sought)
                gain = values - base
                error = gain.std() / len(gain) ** 0.5
                line.append(f"{method} {values.mean():.4f} ({gain.mean():+.4f}, error {error:.4f})")
        print(f"  kept out, {what}, {len(base)} members, NDCG@10: {', '.join(line)}", flush=True)
    recommender.close()
    library.close()
    print(f"  most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
