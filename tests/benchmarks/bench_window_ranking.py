"""How soon the Recommend view shows a change: from the person's hand to the cards, over 10,000 items.

    python tests/benchmarks/bench_window_ranking.py [--data ../shared/data] [--items 10000]

Films and ratings of ../shared/data/interactions where they are, made items and events otherwise. Each time
stands beside that of the recommender alone, asked the same thing in the same run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtWidgets import QApplication

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.ranking import Wish, ask
from mmstudio.desktop.panes.audiences import AudiencesPane
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.qt import settle, wait_until

ROUNDS = 20


def make_tables(folder: Path, items: int) -> tuple[Path, Path]:
    """A made catalogue and events: 600 people, 100,000 ratings."""
    rng = np.random.default_rng(0)
    kinds = ("mug", "scarf", "bottle", "lamp", "bag", "coat")
    catalogue, events = folder / "items.csv", folder / "events.csv"
    lines = [
        f"SKU-{i},{kinds[i % 6].title()} {i},A {kinds[i % 6]} for every day,{10 + i % 90},{kinds[i % 6]}"
        for i in range(items)
    ]
    catalogue.write_text("sku,title,description,price,category\n" + "\n".join(lines) + "\n", encoding="utf-8")
    people, chosen = rng.integers(0, 600, 100_000), rng.zipf(1.3, 100_000) % items
    rows = [f"{p},SKU-{i},{r}" for p, i, r in zip(people, chosen, rng.integers(1, 6, 100_000), strict=True)]
    events.write_text("user,sku,rating\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return catalogue, events


def line(words: str, seconds: list[float]) -> None:
    """Median and 95th percentile in milliseconds."""
    ms = sorted(1000 * s for s in seconds)
    print(f"{words:42} median {statistics.median(ms):7.1f} ms   p95 {ms[int(0.95 * (len(ms) - 1))]:7.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    args = parser.parse_args()
    QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        real = args.data / "interactions" if args.data else None
        if real is not None and (real / "movies.csv").is_file():
            catalogue, events = real / "movies.csv", real / "ratings.csv"
        else:
            catalogue, events = make_tables(base, args.items)
        with Library.create(base / "Bench.mmlib") as library:
            run_inline(import_work(library, [], catalog=catalogue, interactions=events))
            ids = library.items.ids()
            library.audiences.add("Bench", "They like warm, light things", liked=ids[:8])
            print(f"{len(ids):,} items, {len(library.audiences.interactions().member):,} events")
        measure(base / "Bench.mmlib")
    return 0


def measure(path: Path) -> None:
    """Open the pane and change things as a person does."""
    context = AppContext(Settings(language="en", theme="light", reduce_motion=True))
    context.adopt(Studio.open(path))
    settle(context)
    pane = AudiencesPane(context)
    context.changed.connect(pane.data_changed)
    pane.resize(1200, 800)
    pane.show()
    started = time.perf_counter()
    wait_until(lambda: pane.recommended.rowCount() > 0 and context.idle, 900)
    print(f"first list (reads, fits, measures methods): {time.perf_counter() - started:.1f} s")
    view, studio = pane.view, context.studio
    assert studio is not None
    assert view.audience is not None

    def shown(change: Callable[[], None]) -> float:
        told: list[object] = []
        view.ranked.connect(told.append)
        began = time.perf_counter()
        change()
        wait_until(lambda: bool(told))  # sleeps between events as a program does
        spent = time.perf_counter() - began
        view.ranked.disconnect(told.append)
        wait_until(lambda: not view.latest.busy and context.idle)
        return spent

    audience, likes = view.audience.id, list(view.audience.liked)
    alone: list[float] = []
    for step in range(ROUNDS):
        began = time.perf_counter()
        ask(studio, Wish(view.audience, relevance=0.5 + 0.02 * step))
        alone.append(time.perf_counter() - began)
    line("recommender alone, another variety", alone)
    line("variety slider", [shown(lambda n=n: view.bar.diversity.setValue(30 + n)) for n in range(ROUNDS)])
    line("novelty slider", [shown(lambda n=n: view.bar.novelty.setValue(10 + n)) for n in range(ROUNDS)])
    alone = []
    for step in range(ROUNDS):
        began = time.perf_counter()
        ask(studio, Wish(view.audience, without=frozenset([likes[step % 8]])))
        alone.append(time.perf_counter() - began)
    line("recommender alone, a like switched off", alone)
    chips = view.chips
    line("a like switched off, tried", [shown(chips.chips[likes[n % 8]].click) for n in range(ROUNDS)])
    chips.reset()
    wait_until(lambda: not view.latest.busy and context.idle)
    other = studio.library.items.ids()[100 : 100 + ROUNDS]
    line(
        "a like added (kept with the library)",
        [shown(lambda i=i: pane._edit(audience, "liked", [*likes, i])) for i in other],
    )
    prices = range(20, 20 + ROUNDS)
    line(
        "a rule changed (kept with the library)",
        [shown(lambda p=p: pane._edit(audience, "rules", {"price_over": p / 100})) for p in prices],
    )
    settle(context)
    context.close()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the interpreter's libraries need no farewell
