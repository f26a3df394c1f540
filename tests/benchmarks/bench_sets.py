"""How well the parts of rule-tied sets agree, against parts of different sets put together at random.

Ten sets from items of a shop (``--data``), with the starter models. For each: the distance of the picture's
palette from the item's, the error of the tempo, the distance of the moods of picture and sound. The reference
of the same run is the same parts shuffled: the picture of one set with the sound and the aim of another.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mmstudio.generation.sets import MadeSet, SetWish, finished, making
from mmstudio.generation.sets.agreement import between
from mmstudio.jobs import run_inline
from mmstudio.studio import Studio

KEYS = ("palette", "tempo", "mood", "picture_mood", "sound_mood")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with shop/")
    parser.add_argument("--sets", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    shop = arguments.data / "shop"
    with TemporaryDirectory() as folder, Studio.create(Path(folder) / "shop.mmlib") as studio:
        params = {"paths": [str(shop / "images")], "catalog": str(shop / "items.csv")}
        run_inline(studio.work("import", params), params)
        ids = studio.library.items.ids()
        print(f"| seed | figure | sets | shuffled | ratio |\n|{'---|' * 5}")
        for seed in range(arguments.seeds):
            chosen = np.random.default_rng(seed).choice(ids, arguments.sets, replace=False).tolist()
            began = time.perf_counter()
            wishes = [SetWish(item_id=item, seed=seed, seconds=arguments.seconds) for item in chosen]
            made = [finished(making(studio.generation, wish)) for wish in wishes]
            took = time.perf_counter() - began
            show(seed, made)
            print(f"| {seed} | seconds a set | {took / len(made):.1f} | | |")


def show(seed: int, made: list[MadeSet]) -> None:
    """One row for each figure: mean of the sets, and of each set against the next three."""
    count = len(made)
    others = [between(made[i], made[(i + k) % count]) for i in range(count) for k in range(1, min(4, count))]
    for key in KEYS:
        own = [one.agreement[key] for one in made if key in one.agreement]
        chance = [one[key] for one in others if key in one]
        if own and chance:
            a, b = float(np.mean(own)), float(np.mean(chance))
            print(f"| {seed} | {key} | {a:.4f} | {b:.4f} | {a / max(b, 1e-9):.2f} |")
    beats = sum("tempo" in one.agreement for one in made)
    print(f"| {seed} | sets with a beat | {beats} of {len(made)} | | |")


if __name__ == "__main__":
    main()
