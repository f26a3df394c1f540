"""Few pictures: a starter model trained further, against the starter as it is and against scratch.

    python tests/benchmarks/bench_transfer.py --data DIR [--pictures 100] [--steps 300] [--seeds 1]
        [--family image-gan] [--set textures]

The pictures are DIR/SET at 64 px, as many again held out. Both trainings take the same steps of 16, so the
same time. Judged on 512 samples in the features of the network that ships with the program: kernel distance
(×1000, to the held-out pictures), nearest_ratio (below 0.9: copying), diversity; CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from mmstudio import paths
from mmstudio.learning.config import load_config
from mmstudio.learning.datasets.gather import picture_of
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.engine.data import ArrayData, to_bytes
from mmstudio.learning.engine.evaluate import kernel_distance
from mmstudio.learning.engine.judge import figures
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.evaluation.networks import picture_features
from mmstudio.learning.families import default_config

SAMPLES, BATCH = 512, 16


def main() -> None:
    """Print one row per way to start."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="textures")
    parser.add_argument("--family", choices=("image-gan", "image-vae"), default="image-gan")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    files = sorted((arguments.data / arguments.set).rglob("*.png"))
    chosen = np.random.default_rng(0).permutation(len(files))[: 2 * arguments.pictures]
    pixels = np.stack([picture_of(files[i], 64) for i in chosen])
    train, held = pixels[: arguments.pictures], pixels[arguments.pictures :]
    features, name = picture_features()
    real, unseen = features(train), features(held)
    centre, spread = real.mean(0), max(float(real.std(0).mean()), 1e-6)
    real, unseen = (real - centre) / spread, (unseen - centre) / spread
    print(f"{len(train)} {arguments.set} of 64 px, {len(held)} held out; features {name}")
    print(f"training against held-out pictures: kernel distance {1000 * kernel_distance(real, unseen):.1f}")
    starter = paths.starter_models() / f"starter-{arguments.family}"
    ways = {"starter as it is": (True, 0), "from the starter": (True, arguments.steps)}
    ways["from scratch"] = (False, arguments.steps)
    for seed in range(arguments.seeds):
        for way, (starts, steps) in ways.items():
            config = default_config(
                arguments.family, "bench", size=64, steps=max(1, steps), batch=BATCH, seed=seed
            )
            config.options["colour"] = 1.0
            if starts:
                start = load_config(starter)
                config.widths, config.latent, config.condition = start.widths, start.latent, start.condition
                config.base = start.name
            task = build_task(config, torch.device("cpu"))
            if starts:
                task.start_from(load_weights(starter))
            data = ArrayData(train, seed, flip=True)
            began = time.process_time()
            for step in range(steps):
                task.at(step / steps)
                for _ in task.parts(data.batch(step * BATCH, BATCH, task.random), step):
                    pass
                task.average.update(task.nets[task.averaged], BATCH, (step + 1) * BATCH)
            cpu = time.process_time() - began
            draw = task.sampler(data, 1)
            assert draw is not None
            made = np.concatenate([features(to_bytes(draw(32))) for _ in range(SAMPLES // 32)])
            made = (made - centre) / spread
            found = figures(real, unseen, made)
            print(
                f"seed {seed}, {way}: kernel distance {1000 * kernel_distance(unseen, made):.1f}, "
                f"nearest ratio {found['nearest_ratio']:.2f}, diversity {found['diversity']:.2f}, "
                f"{cpu:.0f} CPU s",
                flush=True,
            )


if __name__ == "__main__":
    main()
