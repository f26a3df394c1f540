"""Train the starter models that ship in models/.

    python models/recipes/train_starters.py picture-vae WORK --steps 2500
    python models/recipes/train_starters.py picture-gan WORK --steps 2500
    python models/recipes/train_starters.py sound-vae WORK --sounds FOLDER --steps 2000
    python models/recipes/train_starters.py ship WORK

WORK holds the trainings; running a line again continues it exactly where it stopped. ``ship`` copies the
averaged weights as float16 into models/starter-*, with config and card. The picture data are drawn by
pictures.py, the sounds by sounds.py plus, with ``--sounds``, the CC0 samples of sonic-pi.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import torch
import typer

from mmstudio.jobs import Progress, run_inline
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.engine.checkpoint import WEIGHTS, load_weights, write_tensors
from mmstudio.learning.engine.data import ArrayData, load_pixels, save_pixels
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config

log = logging.getLogger("recipe")
app = typer.Typer(add_completion=False, help=__doc__)
PICTURES = 12_000
MODELS = Path(__file__).resolve().parents[1]


def _train(folder: Path, config: ModelConfig, pixels: np.ndarray, base: Path | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config.save(folder)
    task = build_task(config, torch.device("cpu"))
    trainer = Trainer(
        folder,
        config,
        task,
        ArrayData(pixels, config.seed, flip=config.options.get("flip", 0.0) > 0),
        checkpoint_every=200,
        grid_every=100,
        resume=True,
    )
    if base is not None and trainer.step == 0:
        task.start_from(load_weights(base))

    def say(progress: Progress) -> None:
        losses = (progress.data or {}).get("losses")
        if losses and progress.done % 20 == 0:
            log.info(
                "%d of %s: %s", progress.done, progress.total, {k: round(v, 4) for k, v in losses.items()}
            )

    # bfloat16 halves the time on CPUs with AMX; the shipped trainings stay in float32 on the CPU.
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False):
        log.info("%s", run_inline(trainer.run, on_progress=say))


def _pictures(work: Path) -> np.ndarray:
    from pictures import draw_pictures

    path = work / "pictures.npy"
    pixels = load_pixels(path)
    if pixels is None:
        work.mkdir(parents=True, exist_ok=True)
        pixels = draw_pictures(PICTURES, 64, seed=2026)
        save_pixels(path, pixels)
    return pixels


@app.command()
def picture_vae(work: Path, steps: int = 2500, batch: int = 32) -> None:
    """Train the picture VAE on drawn pictures."""
    config = default_config("image-vae", "starter-image-vae", size=64, steps=steps, batch=batch, seed=1)
    _train(work / config.name, config, _pictures(work))


@app.command()
def picture_gan(work: Path, steps: int = 2500, batch: int = 16) -> None:
    """Train the picture GAN, its generator started from the VAE's decoder."""
    config = default_config("image-gan", "starter-image-gan", size=64, steps=steps, batch=batch, seed=2)
    config.base = "starter-image-vae"
    # 12,000 pictures, each seen a few times: the discriminator cannot overfit, so no augmentation.
    # Few steps, so a higher rate and a weaker penalty than the defaults.
    config.options |= {"augment": 0.0, "penalty_every": 8.0, "gamma": 0.5}
    config.rate = 1e-3
    _train(work / config.name, config, _pictures(work), work / "starter-image-vae")


@app.command()
def sound_vae(work: Path, sounds: Path | None = None, steps: int = 2000, batch: int = 16) -> None:
    """Train the sound VAE on synthesised loops and, where given, a folder of CC0 samples."""
    from sounds import mel_pictures

    path = work / "mels.npy"
    pixels = load_pixels(path)
    if pixels is None:
        work.mkdir(parents=True, exist_ok=True)
        pixels = mel_pictures(1500, sounds, seed=3)
        save_pixels(path, pixels)
    config = default_config("sound-vae", "starter-sound-vae", steps=steps, batch=batch, seed=3)
    _train(work / config.name, config, pixels)


@app.command()
def ship(work: Path) -> None:
    """Copy what was trained into models/starter-*; the card's text is written by hand beside it."""
    for folder in sorted(work.glob("starter-*")):
        target = MODELS / folder.name
        target.mkdir(parents=True, exist_ok=True)
        config = load_config(folder)
        numbers = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
        config.trained = {"steps": numbers["checkpoints"][0]["step"]}
        config.save(target)
        weights = {key: value.half() for key, value in load_weights(folder).items()}
        write_tensors(target / WEIGHTS, weights, {"family": config.family})
        log.info("%s: %.1f MB", folder.name, (target / WEIGHTS).stat().st_size / 1e6)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app()
