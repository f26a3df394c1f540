"""How fast playing answers: slider redraws idle and beside a training, sampling, the way to files.

    python tests/benchmarks/bench_play.py [--size 256] [--redraws 60] [--device cpu]

Random weights of the default width: the time does not depend on what was learned. Each figure stands beside
the bare network's in the same run, in the same rows a pass.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PIL import Image

from mmstudio.generation.keeping import record_of, write_picture
from mmstudio.generation.latents import Point
from mmstudio.generation.latents.player import Player
from mmstudio.generation.latents.sliders import Found, Slider
from mmstudio.generation.sampling import Steering, drawing
from mmstudio.jobs import JobRunner
from mmstudio.learning.engine.checkpoint import write_tensors
from mmstudio.learning.engine.data import ArrayData
from mmstudio.learning.engine.device import pick_device
from mmstudio.learning.engine.registry import GenerativeModel, build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config


def build(family: str, size: int, device: torch.device, folder: Path) -> GenerativeModel:
    """Random weights of the default width."""
    config = default_config(family, "bench", size=size)
    task = build_task(config, device)
    folder.mkdir(parents=True)
    write_tensors(folder / "weights.safetensors", task.weights(), {})
    config.save(folder)
    return load_model(folder, device)


def player_of(model: GenerativeModel) -> Player:
    """A player with one slider of a random direction."""
    player = Player(model)
    direction = np.random.default_rng(0).normal(size=(1, player.space.length)).astype(np.float32)
    player._found = Found([Slider("warmer", "Warmer", "look")], {"warmer": direction / 4})
    return player


def spent(call: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each of ``rounds`` calls, after three to warm up."""
    for _ in range(3):
        call()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - started))
    return found


def worked(call: Callable[[], object], rounds: int) -> str:
    """Median milliseconds of all processors together: what another program takes does not count."""
    found = []
    for _ in range(rounds):
        before = time.process_time()
        call()
        found.append(1000 * (time.process_time() - before))
    return f"{statistics.median(found):6.1f} ms of processor time"


def words(found: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(found):6.1f} ms median, {np.percentile(found, 95):6.1f} ms p95"


def bare(model: GenerativeModel, rows: int) -> Callable[[], object]:
    """One pass of the network and the way to bytes, nothing else."""
    z = model.draw(rows, torch.Generator().manual_seed(0)).to(model.device)

    def call() -> object:
        with torch.inference_mode():
            made = model.decoder(z)
            return made.float().add(1).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8).numpy()

    return call


def idle(family: str, model: GenerativeModel, redraws: int) -> None:
    """A slider moved while nothing else runs."""
    player = player_of(model)
    amounts = iter(np.linspace(-3, 3, 10 * redraws))

    def redraw() -> object:
        return player.draw(Point(7, sliders={"warmer": float(next(amounts))}))

    ours = spent(redraw, redraws)
    print(f"{family} {model.config.size} px, idle")
    net = bare(model, model.rows)
    print(f"  slider redraw   {words(ours)}, {worked(redraw, redraws)}")
    print(
        f"  bare network    {words(spent(net, redraws))}, {worked(net, redraws)}  ({model.rows} rows a pass)"
    )


def sampling(family: str, model: GenerativeModel, count: int, folder: Path) -> None:
    """Pictures a second: the bare network, decode, raw samples, samples as files."""
    rows = model.rows
    passes = -(-count // rows)
    net = passes * rows / (sum(spent(bare(model, rows), passes)) / 1000)
    z = model.draw(passes * rows, torch.Generator().manual_seed(0))
    decode = len(z) / (statistics.median(spent(lambda: model.pictures(z), 3)) / 1000)

    def raw() -> list[object]:
        found = drawing(model, count, 0, Steering(floor=False))
        return [one for one in found if one is not None]

    pictures = count / (statistics.median(spent(raw, 3)) / 1000)

    def files() -> None:
        for index, one in enumerate(drawing(model, count, 0, Steering(floor=False))):
            if one is not None:
                record = record_of(model.config, "bench", 0, one.latent.numpy(), {"index": index})
                write_picture(folder / f"{index}.png", Image.fromarray(np.asarray(one.decoded)), record)

    written = count / (statistics.median(spent(files, 3)) / 1000)
    print(f"{family} {model.config.size} px, {count} samples")
    print(f"  bare network {net:7.1f}/s, GenerativeModel {decode:7.1f}/s ({decode / net:.2f}), "
          f"raw draws {pictures:7.1f}/s ({pictures / net:.2f}), as PNG with recipe {written:7.1f}/s "
          f"({written / net:.2f})")  # fmt: skip


def beside_training(family: str, model: GenerativeModel, redraws: int, folder: Path) -> None:
    """A slider moved while a model of the same kind is trained in the device lane."""
    config = default_config(family, "bench", size=model.config.size, steps=10**6)
    config.batch = 8
    shape = (16, 3, config.size, config.size)
    data = ArrayData(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), 0)
    folder.mkdir()
    config.save(folder)
    task = build_task(config, model.device)
    trainer = Trainer(folder, config, task, data, grid_every=10**9, checkpoint_seconds=1e9)
    pieces: list[float] = []
    started = threading.Event()

    def work(context: object) -> object:
        run = trainer.run(context)  # type: ignore[arg-type]
        before = time.perf_counter()
        for progress in run:
            pieces.append(1000 * (time.perf_counter() - before))
            if progress.done >= 1 or len(pieces) > 20:
                started.set()
            yield progress
            before = time.perf_counter()
        return None

    runner = JobRunner()
    handle = runner.submit("train", work, lane="device")  # type: ignore[arg-type]
    started.wait(300)
    player = player_of(model)
    pieces.clear()
    amounts = iter(np.linspace(-3, 3, 10 * redraws))
    waited = spent(
        lambda: runner.ask("slider", lambda: player.draw(Point(7, sliders={"warmer": float(next(amounts))})))
        .result(60),
        redraws,
    )  # fmt: skip
    handle.cancel()
    runner.close(60)
    print(f"{family} {config.size} px, while one is trained (batch 8)")
    print(f"  slider redraw   {words(waited)}")
    print(f"  training piece  {words(pieces)}, longest {max(pieces):.0f} ms")


def main() -> None:
    """Both families."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--redraws", type=int, default=40)
    parser.add_argument("--device", default="auto")
    chosen = parser.parse_args()
    device = pick_device(chosen.device)
    print(f"{device}, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for family in ("image-gan", "image-vae"):
            model = build(family, chosen.size, device, root / family)
            idle(family, model, chosen.redraws)
            sampling(family, build(family, 64, device, root / f"{family}-64"), 64, root)
            sampling(family, model, 16, root)
            beside_training(family, model, chosen.redraws, root / f"{family}-training")


if __name__ == "__main__":
    main()
