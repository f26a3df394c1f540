"""Fine-tuning the starter on a shop's categories: nearest-neighbour accuracy on items never seen.

    python tests/benchmarks/bench_finetune.py --data FOLDER [--steps 150] [--seeds 3]

FOLDER holds shop/ (items.csv, images/). A quarter of the items of every category is held out, with all of its
photos; before is the network as it ships, chance always answers the commonest category. The shop's licence
does not allow its pictures in starter weights, so the result is thrown away.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from pathlib import Path

import numpy as np
from bench_features_quality import category_of

from mmstudio.jobs import run_inline
from mmstudio.learning.catalogue import Catalogue
from mmstudio.learning.finetune import FineTuning
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.library.records import NewItem


def shop_library(folder: Path, data: Path) -> Library:
    """The shop's photos and items; the category of an item is the last step of its path."""
    library = Library.create(folder / "Shop.mmlib")
    run_inline(import_work(library, [str(data / "images")]))
    found = {Path(asset.rel_path).name: asset.id for asset in library.assets.get_many(library.assets.ids())}
    with (data / "items.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if category_of(row)]
    ids = library.items.upsert_many(
        NewItem(sku=row["sku"], title=row["title"], category=category_of(row)) for row in rows
    )
    for item, row in zip(ids, rows, strict=True):
        for name in dict.fromkeys(Path(part).name for part in row["images"].split("|") if part):
            if name in found:
                library.items.link_asset(item, found[name], "detail")
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--on", default="categories")
    parser.add_argument("--stages", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mmstudio-bench-") as temporary:
        home = Path(temporary)
        os.environ["MMSTUDIO_HOME"] = str(home / "home")
        library = shop_library(home, options.data / "shop")
        tuning = FineTuning(library, "auto", Catalogue(home / "models"))
        rows = []
        for seed in range(options.seeds):
            facts = run_inline(
                tuning.work(
                    on=options.on, steps=options.steps, name=f"tuned-{seed}", seed=seed, stages=options.stages
                )
            )
            rows.append((facts["before"], facts["after"], facts["chance"]))
            print(
                f"seed {seed}: {facts['learned_from']} photos learned from, {facts['held_out']} held out, "
                f"{facts['classes']} categories: before {100 * facts['before']:.1f} %, after "
                f"{100 * facts['after']:.1f} %, chance {100 * facts['chance']:.1f} %, "
                f"{facts['seconds']:.0f} s",
                flush=True,
            )
        before, after, chance = np.mean(rows, axis=0)
        print(
            f"Fine-tuning on {options.on}, {options.steps} steps, mean of {options.seeds} seeds: before "
            f"{100 * before:.1f} %, after {100 * after:.1f} %, chance {100 * chance:.1f} %; "
            f"ratio {after / before:.2f}"
        )
        library.close()


if __name__ == "__main__":
    main()
