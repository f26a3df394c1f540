"""A joint model of real media: what one kind says of another, with and without features beside the latents.

Emoji with their English titles and tags, sounds by family, the shop's products with their photos
(``--data``), through the starter models. Read once; each seed trains both models on the same sets, and they
are measured as ``mmstudio evaluate`` does: coherence per direction beside the ceiling of the same judge on
real media, beside chance, and beside looking up the nearest real medium; a round trip through drawn media
among 100.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mmstudio.jobs import run_inline
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.set_data import SetData
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.evaluation.joint import RealSets, chosen_coherence, measuring_sets
from mmstudio.learning.families import default_config
from mmstudio.learning.joint.model import JointModel, load_joint
from mmstudio.learning.joint.source import Sets, read_sets
from mmstudio.studio import Studio

STARTERS = {"image": "starter-image-vae-128", "audio": "starter-sound-vae", "text": "starter-text-vae"}
TRIES = (1, 8, 32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with emoji/, sounds/ and shop/")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--only", choices=("emoji", "all"), default="all")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        with Studio.create(Path(folder) / "real.mmlib") as studio:
            fill(studio, arguments.data, arguments.only)
            config = default_config("joint", "real", size=32, steps=arguments.steps, seed=0)
            config.parts = {"from": STARTERS}
            began = time.process_time()
            sets: Sets = run_inline(lambda _: read_sets(studio.trainings, config))
            took = time.process_time() - began
            print(f"{len(sets)} sets, {int(sets.held.sum())} held out, read in {took:.0f} CPU s")
        for seed in range(arguments.seeds):
            for told in (True, False):
                measure(Path(folder) / f"{seed}-{told}", config, sets, seed, told)


def fill(studio: Studio, data: Path, only: str) -> None:
    """Import what there is, with titles and tags."""
    library = studio.library

    def take(**params: Any) -> None:
        run_inline(studio.work("import", params), params)

    take(paths=[str(data / "emoji" / "images")])
    with (data / "emoji" / "items.csv").open(encoding="utf-8") as file:
        rows = {Path(row["image"]).name: row for row in csv.DictReader(file)}
    tagged = defaultdict(list)
    for asset in library.assets.get_many(sorted(library.assets.ids())):
        row = rows[Path(asset.rel_path).name]
        library.assets.set_title([asset.id], row["title_en"])
        for tag in row["tags_en"].split("|"):
            tagged[tag].append(asset.id)
    for tag, ids in tagged.items():
        library.assets.add_tags(ids, [tag])
    if only == "emoji":
        return
    take(paths=[str(data / "sounds")])
    for asset in library.assets.get_many(sorted(library.assets.ids())):
        if asset.kind == "audio":
            words = Path(asset.rel_path).stem.split("_")
            library.assets.set_title([asset.id], " ".join(words))
            library.assets.add_tags([asset.id], [words[0]])
    take(paths=[str(data / "shop" / "images")], catalog=str(data / "shop" / "items.csv"))


def measure(folder: Path, config: ModelConfig, sets: Sets, seed: int, told: bool) -> None:
    """Train one model and print its figures."""
    parts = [part for part in sets.parts if told or not part.about]
    names = [part.name for part in parts]
    own = replace(config, seed=seed, parts={**config.parts, "modalities": [part.as_json() for part in parts]})
    folder.mkdir()
    own.save(folder)
    rest, held = ~sets.held, sets.held
    real = RealSets(
        {name: sets.arrays[name][rest] for name in names},
        {name: sets.present[name][rest] for name in names},
        {name: sets.arrays[name][held] for name in names},
        {name: sets.present[name][held] for name in names},
    )
    data = SetData(real.train, real.train_present, seed, held=real.held, held_present=real.held_present)
    began = time.process_time()
    trainer = Trainer(folder, own, build_task(own, torch.device("cpu")), data)
    run_inline(lambda context: trainer.run(context))
    took = time.process_time() - began
    model: JointModel = load_joint(folder, torch.device("cpu"))
    figures = run_inline(lambda _: measuring_sets(model, real, 64, seed)).figures
    print(f"\n## {'features beside the latents' if told else 'latents alone'}, seed {seed}, {took:.0f} CPU s")
    print(f"| direction | {' | '.join(f'best of {n}' for n in TRIES)} | looked up | real |\n|{'---|' * 6}")
    for key in figures:
        given, _, made = key.removeprefix("coherence_").partition("_to_")
        if key.startswith("coherence_") and made:
            row = [chosen_coherence(model, real, given, made, seed, n) for n in TRIES]
            row += [
                figures.get(f"retrieved_{given}_to_{made}", float("nan")),
                figures[f"ceiling_{given}_to_{made}"],
            ]
            print(f"| {given} → {made} | {' | '.join(f'{one:.3f}' for one in row)} |")
    for key in ("coherence", "coherence_ceiling", "coherence_chance", "coherence_retrieved", "round_trip_1",
                "round_trip_10", "real_round_trip_10", "chance_round_trip_10", "joint_coherence",
                "real_joint_coherence", "frechet_image", "frechet_text"):  # fmt: skip
        if key in figures:
            print(f"{key} {figures[key]:.3f}", end="; ")
    print(flush=True)


if __name__ == "__main__":
    main()
