"""Training and sampling speed of each family, and what the studio adds to the bare network.

    python tests/benchmarks/bench_learning.py [--steps 12] [--device cpu]

Per family: pictures a second of the bare step (task.parts in a loop) against the whole training loop
(data, moving average, logs, checkpoints); samples a second of the bare decoder against GenerativeModel.decode
and against Generation.images with its quality floor; seconds of a checkpoint and of a resume.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from mmstudio.generation.sampling import draw_pictures
from mmstudio.jobs import run_inline
from mmstudio.learning.engine.data import ArrayData
from mmstudio.learning.engine.device import pick_device
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config, families

SAMPLES = 64


def clock(call: Callable[[], object], rounds: int = 3) -> float:
    """Median seconds of ``call`` after one warm-up."""
    call()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def bench(family: str, steps: int, device: torch.device) -> None:
    """Print one block of figures."""
    config = default_config(family, "bench", steps=steps)
    shape = (256, config.channels, config.size, config.size)
    data = ArrayData(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), 0)
    task = build_task(config, device)
    batch = data.batch(0, config.batch, task.random)
    bare = config.batch * 4 / clock(lambda: [list(task.parts(batch, step)) for step in range(4)])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config.save(folder)
        trainer = Trainer(folder, config, build_task(config, device), data, grid_every=10**9)
        started = time.perf_counter()
        run_inline(trainer.run)
        whole = steps * config.batch / (time.perf_counter() - started)
        speeds = [float(line.split('"per_second": ')[1].split(",")[0]) for line in
                  (folder / "metrics.jsonl").read_text().splitlines()]  # fmt: skip
        save = clock(trainer._save)
        resume = clock(lambda: Trainer(folder, config, build_task(config, device), data, resume=True))
        model = load_model(folder, device)
        z = model.draw(SAMPLES, torch.Generator().manual_seed(0))
        with torch.inference_mode():
            net = SAMPLES / clock(lambda: [model.decoder(part.to(device)).cpu() for part in z.split(16)])
        ours = SAMPLES / clock(lambda: model.decode(z))
        print(f"{family}: {sum(p.numel() for net in task.nets.values() for p in net.parameters()):,} weights")
        print(f"  training  {bare:7.1f} /s bare step, {statistics.median(speeds):7.1f} /s in the loop, "
              f"{whole:7.1f} /s with first grid and checkpoints")  # fmt: skip
        print(f"  sampling  {net:7.1f} /s bare network, {ours:7.1f} /s GenerativeModel ({ours / net:.2f})")
        if config.channels == 3:
            floor = SAMPLES / clock(lambda: draw_pictures(model, SAMPLES, 0))
            print(f"            {floor:7.1f} /s shown pictures, quality floor included")
        print(f"  checkpoint {save:.2f} s, resume {resume:.2f} s")


def main() -> None:
    """Every family in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--device", default="auto")
    chosen = parser.parse_args()
    for family, info in families().items():
        if info.modality in ("image", "audio"):
            bench(family, chosen.steps, pick_device(chosen.device))


if __name__ == "__main__":
    main()
