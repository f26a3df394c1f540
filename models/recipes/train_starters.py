"""Train the starter models that ship in models/.

    python models/recipes/train_starters.py picture-vae WORK --size 64 --steps 6000
    python models/recipes/train_starters.py picture-gan WORK --size 64 --steps 6000
    python models/recipes/train_starters.py picture-vae WORK --size 128 --steps 1500
    python models/recipes/train_starters.py picture-gan WORK --size 128 --steps 1500
    python models/recipes/train_starters.py sound-vae WORK --sounds FOLDER --steps 2000
    python models/recipes/train_starters.py ship WORK

WORK holds the trainings; running a line again continues it exactly where it stopped. ``ship`` copies the best
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
from mmstudio.learning.arrays import measure
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.datasets.describe import palette_of
from mmstudio.learning.engine.checkpoint import WEIGHTS, load_weights, write_tensors
from mmstudio.learning.engine.data import ArrayData, load_pixels, save_pixels
from mmstudio.learning.engine.evaluate import evaluate_model
from mmstudio.learning.engine.judge import Judge
from mmstudio.learning.engine.registry import build_task, load_model
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.evaluation.networks import picture_features
from mmstudio.learning.families import default_config, family

log = logging.getLogger("recipe")
app = typer.Typer(add_completion=False, help=__doc__)
PICTURES = {64: 12_000, 128: 6_000}
HELD = 1000
MODELS = Path(__file__).resolve().parents[1]


def _train(folder: Path, config: ModelConfig, data: ArrayData, base: Path | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config.save(folder)
    task = build_task(config, torch.device("cpu"))
    features, name = picture_features()
    trainer = Trainer(
        folder,
        config,
        task,
        data,
        checkpoint_every=200,
        grid_every=200,
        judge=Judge(data.pixels, data.held, features, name) if config.channels == 3 else None,
        judge_every=400,
        resume=True,
    )
    if base is not None and trainer.step == 0:
        task.start_from(load_weights(base))

    def say(progress: Progress) -> None:
        told = progress.data or {}
        if told.get("losses") and (progress.done % 50 == 0 or told.get("figures")):
            values = told["losses"] | told.get("figures", {})
            log.info(
                "%d of %s: %s", progress.done, progress.total, {k: round(v, 3) for k, v in values.items()}
            )

    log.info("%s", run_inline(trainer.run, on_progress=say))


def _pictures(work: Path, size: int, conditions: Conditions, seed: int) -> ArrayData:
    """The drawn pictures, the last thousand held out, with their palettes where the model asks for them."""
    from pictures import draw_pictures

    path = work / f"pictures-{size}.npy"
    pixels = load_pixels(path)
    if pixels is None:
        work.mkdir(parents=True, exist_ok=True)
        pixels = draw_pictures(PICTURES[size], size, seed=2026)
        save_pixels(path, pixels)
    rows = None
    if conditions.width:
        kept = work / f"palettes-{size}.npy"
        if not kept.exists():
            found = [
                conditions.row(palette=palette_of(one, conditions.palette)) for one in np.asarray(pixels)
            ]
            save_pixels(kept, np.stack(found))
        rows = np.load(kept)
    held = -HELD
    return ArrayData(
        pixels[:held],
        seed,
        flip=True,
        held=pixels[held:],
        conditions=None if rows is None else rows[:held],
        held_conditions=None if rows is None else rows[held:],
    )


def _named(kind: str, size: int) -> str:
    return f"starter-image-{kind}" + ("" if size == 64 else f"-{size}")


@app.command()
def picture_vae(
    work: Path, size: int = 64, steps: int = 6000, batch: int = 32, start: Path | None = None
) -> None:
    """Train a picture VAE on drawn pictures, from random weights or the folder ``start``; above 64 pixels it
    starts from the 64 pixel one."""
    config = default_config("image-vae", _named("vae", size), size=size, steps=steps, batch=batch, seed=1)
    base = work / _named("vae", 64) if size > 64 else start
    config.base = base.name if base else ""
    _train(work / config.name, config, _pictures(work, size, Conditions(), config.seed), base)


@app.command()
def picture_gan(
    work: Path, size: int = 64, steps: int = 6000, batch: int = 16, start: Path | None = None
) -> None:
    """Train a picture GAN, from the VAE's decoder (64 pixels), the 64 pixel GAN (above) or ``start``."""
    config = default_config("image-gan", _named("gan", size), size=size, steps=steps, batch=batch, seed=2)
    base = start or work / _named("vae" if size == 64 else "gan", 64)
    config.base = base.name
    config.condition = Conditions(palette=3).as_json()
    config.options["colour"] = 0.0  # thousands of pictures: colours are not varied
    _train(
        work / config.name,
        config,
        _pictures(work, size, Conditions.of(config.condition), config.seed),
        base,
    )


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
    _train(work / config.name, config, ArrayData(pixels, config.seed))


_DATA = {
    "image": "abstract pictures drawn by formulas (models/recipes/pictures.py, seed 2026; 12,000 at 64 "
    "pixels, 6,000 at 128), of which 1,000 were held out",
    "audio": "1,500 sounds synthesised by formulas (models/recipes/sounds.py, seed 3) and 195 CC0 samples of "
    "the sonic-pi project at three levels",
}
_CARD = """# {name}

{label}, {size} × {size}, {weights:,} weights, latent of {latent} numbers.{told}

- Trained on: {data}. Nobody else's rights are in the weights.
- Licence: the project's own (Apache-2.0).
- Training: {steps} steps of {batch}, seed {seed}, {base} on two shared CPU cores; recipe
  models/recipes/train_starters.py.
- Meant for: backgrounds and moods without any training, and as a start for training on own media. It knows
  only what it was shown: abstract shapes and colours, short loops and drum sounds; no things, faces, words.

## Measured

Features: {features}. What the figures mean: mmstudio/learning/evaluation (distances are not FID).

{figures}
"""


@app.command()
def ship(work: Path) -> None:
    """Copy what was trained into models/starter-*, measured, with config and card."""
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
        if kind == "image":
            pixels = np.array(load_pixels(work / f"pictures-{config.size}.npy"))
            figures = measure(model, pixels[:-HELD][:2000], pixels[-HELD:], samples=1000)
        else:
            seen = load_pixels(work / "mels.npy")
            assert seen is not None
            figures = evaluate_model(model, mel_pictures(200, None, seed=999))
            figures["nearest_ratio"] = evaluate_model(model, np.array(seen[:512])).get("nearest_ratio", 0.0)
        figures = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
        pointer = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
        steps = pointer["checkpoints"][0]["step"]
        started = f"started from {config.base}," if config.base else "from random weights,"
        if config.base == config.name:
            started = f"started from the {config.name} that shipped before (7,000 steps on such pictures),"
        config.base = ""  # what it started from was drawn by the same formulas: nothing of anybody is in it
        config.trained = {"steps": steps, "seen": steps * config.batch, "metrics": figures}
        config.save(target)
        lines = [f"- {name}: {value}" for name, value in figures.items() if name != "features"]
        card = _CARD.format(
            name=config.name,
            label=family(config.family).label,
            size=config.size,
            weights=sum(value.numel() for value in weights.values()),
            latent=config.latent,
            told=" It can be told a palette of three colours." if config.condition else "",
            data=_DATA[kind],
            steps=steps,
            batch=config.batch,
            seed=config.seed,
            base=started,
            features=figures["features"],
            figures="\n".join(lines),
        )
        (target / "card.md").write_text(card, encoding="utf-8")
        log.info("%s: %.1f MB, %s", folder.name, (target / WEIGHTS).stat().st_size / 1e6, figures)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app()
