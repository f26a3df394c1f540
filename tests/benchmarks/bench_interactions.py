"""Millions of made interactions: import, memory, columns, factors, single questions.

Run from the repository root: python tests/benchmarks/bench_interactions.py [--events 5000000] [--items
200000] [--users 500000] [--folder DIR]. Without figures it makes a twentieth of that, so that `make bench`
stays short. With a folder the library is kept there: the first run imports, later ones read, fit and ask,
each in a process that has not imported, so that the most memory it held is theirs.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sqlite3
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
from mmstudio.library.records import NewItem
from mmstudio.recommendation.catalogue import Catalogue
from mmstudio.recommendation.measuring import profile_of_member
from mmstudio.recommendation.methods.factors import factors
from mmstudio.recommendation.scoring import Scoring
from mmstudio.recommendation.voices import voices

_BLOCK = 200_000


def peak() -> float:
    """Most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_table(path: Path, events: int, items: int, users: int) -> None:
    """user,item,event,time by a long-tailed popularity, block by block."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("user_id,product_id,action,created_at\n")
        for start in range(0, events, _BLOCK):
            n = min(_BLOCK, events - start)
            who = rng.integers(0, users, n)
            what = np.minimum((rng.pareto(0.9, n) * items / 200).astype(np.int64), items - 1)
            what = (what + (who % 50) * (items // 50)) % items  # people of a group like a part of the shop
            kind = rng.choice(["view", "cart", "buy"], n, p=[0.8, 0.15, 0.05])
            rows = zip(who.tolist(), what.tolist(), kind.tolist(), range(start, start + n), strict=True)
            file.writelines(f"u{u},s{i},{e},{1_600_000_000 + t}\n" for u, i, e, t in rows)


def plain(path: Path, table: Path) -> float:
    """Seconds of processor per million rows that sqlite3 alone takes for the first rows, without members,
    checks and index."""
    started = time.process_time()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t(a, b, c, d)")
    with table.open(encoding="utf-8") as file:
        next(file)
        rows = [line.split(",") for line in itertools.islice(file, 50_000)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return (time.process_time() - started) * 1e6 / len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=250_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=25_000)
    parser.add_argument("--folder", type=Path, help="keep the library here, or use the one that is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        there = (folder / "big.mmlib").is_dir()
        if not there:
            folder.mkdir(parents=True, exist_ok=True)
            importing(folder, options.events, options.items, options.users)
        if options.folder is None or there:
            library = Library.open(folder / "big.mmlib")
            using(library)
            library.close()


def importing(folder: Path, events: int, items: int, users: int) -> None:
    """Make the table, and a library of it; says what the import took."""
    table = folder / "events.csv"
    write_table(table, events, items, users)
    reference = plain(folder / "plain.db", table)
    with Library.create(folder / "big.mmlib") as library:
        library.items.upsert_many(
            NewItem(f"s{n}", f"Thing {n}", category=f"part {n * 50 // items}") for n in range(items)
        )
        before = peak()
        started, worked = time.perf_counter(), time.process_time()
        report = run_inline(import_work(library, [], interactions=table))
        spent, worked = time.perf_counter() - started, time.process_time() - worked
        print(
            f"import: {report['interactions']:,} new and {report['interactions_again']:,} repeated events"
            f" ({items:,} items, {users:,} users) {spent:.0f} s, of the processor"
            f" {worked:.0f} s ({1e6 * worked / events:.1f} s a million, sqlite3 alone {reference:.1f} s);"
            f" most memory {peak():.0f} MB, {before:.0f} MB before",
            flush=True,
        )
    table.unlink()


def using(library: Library) -> None:
    """Read the columns, load the catalogue, fit factors and ask for single people."""
    started, worked = time.perf_counter(), time.process_time()
    log = library.interactions.read()
    print(
        f"columns: {len(log.item):,} rows in {time.perf_counter() - started:.1f} s"
        f" ({time.process_time() - worked:.1f} s of processor), most memory {peak():.0f} MB",
        flush=True,
    )
    del log
    started, worked = time.perf_counter(), time.process_time()
    catalogue = Catalogue.load(library, Features(library, "cpu"))
    print(
        f"load: {time.perf_counter() - started:.1f} s ({time.process_time() - worked:.1f} s of processor),"
        f" most memory {peak():.0f} MB",
        flush=True,
    )
    names = [voice.name for voice in voices(catalogue)]
    print(f"voices: {', '.join(names)} (EASE {'speaks' if 'ease' in names else 'stands aside'})", flush=True)
    started, worked = time.perf_counter(), time.process_time()
    factors(catalogue.events)
    worked = time.process_time() - worked
    print(
        f"ALS: fit {time.perf_counter() - started:.1f} s ({worked:.1f} s of processor),"
        f" most memory {peak():.0f} MB",
        flush=True,
    )
    spent_ms, worked_ms = [], []
    for member in catalogue.events.members[:60].tolist():
        profile = profile_of_member(catalogue.events, member)
        started, worked = time.perf_counter(), time.process_time()
        Scoring.of(catalogue, profile, "als")
        spent_ms.append(1000 * (time.perf_counter() - started))
        worked_ms.append(1000 * (time.process_time() - worked))
    print(
        f"ALS: one person median {np.median(spent_ms):.1f} ms, "
        f"p95 {np.percentile(spent_ms[1:], 95):.1f} ms, of processor {np.median(worked_ms):.1f} and "
        f"{np.percentile(worked_ms[1:], 95):.1f} ms; most memory {peak():.0f} MB"
    )


if __name__ == "__main__":
    main()
