"""Train the starter models that ship in models/.

    python models/recipes/train_starters.py picture-vae WORK --steps 2500
    python models/recipes/train_starters.py picture-gan WORK --steps 2500
    python models/recipes/train_starters.py sound-vae WORK --sounds FOLDER --steps 2000
    python models/recipes/train_starters.py ship WORK

WORK holds the trainings; running a line again continues it exactly where it stopped. ``ship`` copies the
averaged weights as float16 into models/starter-*, measures them and writes config and card. The pictures are
drawn by pictures.py, the sounds by sounds.py plus, with ``--sounds``, the CC0 samples of sonic-pi.
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
from mmstudio.learning.engine.evaluate import evaluate_model
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.families import default_config, family

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
    # Few steps, so a higher rate and a weaker penalty than the defaults; the generator draws already and
    # waits for the discriminator.
    config.options |= {"augment": 0.0, "penalty_every": 8.0, "gamma": 0.5, "generator_rate": 0.1}
    config.rate = 2e-3
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


_DATA = {
    "image": "12,000 abstract pictures drawn by formulas (models/recipes/pictures.py, seed 2026)",
    "audio": "1,500 sounds synthesised by formulas (models/recipes/sounds.py, seed 3) and 195 CC0 samples of "
    "the sonic-pi project at three levels",
}
_CARD = """# {name}

{label}, {size} × {size}, {weights:,} weights, latent of {latent} numbers.

- Trained on: {data}. Nobody else's rights are in the weights.
- Licence: the project's own (Apache-2.0).
- Training: {steps} steps of {batch}, seed {seed}, {base} on two shared CPU cores; recipe
  models/recipes/train_starters.py.
- Meant for: backgrounds and moods without any training, and as a start for training on own media. It knows
  only what it was shown: abstract shapes and colours, short loops and drum sounds; no things, faces, words.

## Measured

Feature space {features}; see mmstudio/learning/engine/evaluate.py for what the figures mean.

{figures}
"""


@app.command()
def ship(work: Path) -> None:
    """Copy what was trained into models/starter-*, measured, with config and card."""
    from pictures import draw_pictures
    from sounds import mel_pictures

    for folder in sorted(work.glob("starter-*")):
        config = load_config(folder)
        kind = family(config.family).modality
        target = MODELS / folder.name
        target.mkdir(parents=True, exist_ok=True)
        weights = {key: value.half() for key, value in load_weights(folder).items()}
        write_tensors(target / WEIGHTS, weights, {"family": config.family})
        config.save(target)
        model = load_model(target, torch.device("cpu"))
        image = kind == "image"
        unseen = draw_pictures(400, 64, seed=999) if image else mel_pictures(200, None, seed=999)
        seen = load_pixels(work / ("pictures.npy" if image else "mels.npy"))
        assert seen is not None
        figures = evaluate_model(model, unseen)
        figures["nearest_ratio"] = evaluate_model(model, np.array(seen[:512])).get("nearest_ratio", 0.0)
        steps = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))["checkpoints"][0]["step"]
        config.trained = {"steps": steps, "seen": steps * config.batch, "metrics": figures}
        config.save(target)
        lines = [f"- {name}: {value}" for name, value in figures.items() if name != "features"]
        card = _CARD.format(
            name=config.name,
            label=family(config.family).label,
            size=config.size,
            weights=sum(value.numel() for value in weights.values()),
            latent=config.latent,
            data=_DATA[kind],
            steps=steps,
            batch=config.batch,
            seed=config.seed,
            base=f"started from {config.base}," if config.base else "from random weights,",
            features=figures["features"],
            figures="\n".join(lines),
        )
        (target / "card.md").write_text(card, encoding="utf-8")
        log.info("%s: %.1f MB, %s", folder.name, (target / WEIGHTS).stat().st_size / 1e6, figures)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app()
