"""Train the vocoder of the starter sound model; its VAE stays as it is.

    python models/recipes/voice.py train WORK --sounds FOLDER --steps 1600
    python models/recipes/voice.py ship WORK --sounds FOLDER

WORK holds the training; running the line again continues it exactly where it stopped. Every tenth of the CC0
samples of sonic-pi (by name) is held out: the vocoder has never heard it, and the card's figures are of it.
Six pieces at the most of each of the others, and 300 sounds made by sounds.py, are what it learns from.
``ship`` puts the vocoder beside the VAE in models/starter-sound-vae and measures it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.jobs import Progress, run_inline
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.datasets.waves import fit, hear_file
from mmstudio.learning.engine.checkpoint import WEIGHTS, load_weights, write_tensors
from mmstudio.learning.engine.data import Batch, load_array, save_pixels
from mmstudio.learning.engine.ema import Average
from mmstudio.learning.engine.registry import load_model
from mmstudio.learning.engine.sound_data import SoundData, to_int16, to_waves
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.sound_task import SoundVaeTask
from mmstudio.learning.engine.spectra import fold, griffin_lim, magnitude_of, mel_of, played
from mmstudio.learning.engine.task import take
from mmstudio.learning.engine.trainer import Trainer
from mmstudio.learning.evaluation.sounds import again_figures
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.nets.sound import make_vocoder
from mmstudio.learning.nets.vocoder import ROUNDS, learned_voice, voice_of

log = logging.getLogger("recipe")
app = typer.Typer(add_completion=False, help=__doc__)
MODELS = Path(__file__).resolve().parents[1]
NAME = "starter-sound-vae"
PIECES, MADE, SEED = 6, 300, 5


class VoiceTask(SoundVaeTask):
    """Only the vocoder learns."""

    def __init__(self, config: ModelConfig, device: torch.device, weights: dict[str, Tensor]) -> None:
        super().__init__(config, device)
        take(self.vae, {key: value.float() for key, value in weights.items()}, "vae.")
        self.prior = {key: value for key, value in weights.items() if not key.startswith("vae.")}
        self.optimisers = {"vocoder": self.voicing.optimiser}
        self.average = Average(self.vae, config.options["half_life"])

    def parts(self, batch: Batch, step: int) -> Iterator[dict[str, float]]:
        with torch.no_grad():
            mel = mel_of(batch.x, self.shape)
        yield from self.voicing.learn(batch.x, mel, step)
        self._ended = step + 1 >= self.config.steps

    def preview(self, data: SoundData, seed: int, count: int) -> Tensor:
        del data, seed, count
        return torch.zeros(0)

    def finish(self, data: SoundData) -> dict[str, Tensor]:
        vocoder = self._drawn_with.vocoder
        assert vocoder is not None
        return self.prior | self.voicing.finish(vocoder, data, self._ended)


def waves(sounds: Path, work: Path) -> tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.int16]]:
    """Waves to learn from, the file each comes from, and the held-out ones; read once."""
    from sounds import make_sound

    names = ("waves", "groups", "held-waves")
    kept = [load_array(work / f"{name}.npy") for name in names]
    if any(one is None for one in kept):
        shape, pieces, groups, held = SoundShape(), list[NDArray[np.float32]](), list[int](), []
        for place, file in enumerate(sorted(sounds.glob("*.flac"))):
            if place % 10 == 0:
                held += hear_file(file, shape, measured=False, most=1).pieces
                continue
            found = hear_file(file, shape, measured=False, most=PIECES).pieces
            pieces += found
            groups += [place] * len(found)
        for index in range(MADE):
            pieces.append(fit(make_sound(np.random.default_rng([SEED, index]))[None], shape))
            groups.append(10_000 + index)
        work.mkdir(parents=True, exist_ok=True)
        kept = [to_int16(np.stack(pieces)), np.asarray(groups, np.int64), to_int16(np.stack(held))]
        for name, one in zip(names, kept, strict=True):
            save_pixels(work / f"{name}.npy", one)
    return kept[0], kept[1], kept[2]


@app.command()
def train(work: Path, sounds: Path, steps: int = 1600) -> None:
    """Train, or go on."""
    torch.set_num_threads(1)
    folder = work / NAME
    if (folder / "config.json").is_file():
        config = load_config(folder)
    else:
        config = default_config("sound-vae", NAME, steps=steps, batch=8, seed=SEED)
        before = load_config(MODELS / NAME)
        config.latent, config.widths = before.latent, before.widths
        config.parts, config.condition = {"sound": SoundShape().as_json()}, {}
        set_options(config, {"vocoder_rate": 0.3, "half_life": 3000.0})
        folder.mkdir(parents=True, exist_ok=True)
        config.save(folder)
    learned, groups, held = waves(sounds, work)
    task = VoiceTask(config, torch.device("cpu"), load_weights(MODELS / NAME))
    trainer = Trainer(folder, config, task, SoundData(learned, SEED, groups=groups, held=held), resume=True)

    def say(progress: Progress) -> None:
        losses = (progress.data or {}).get("losses")
        if losses and progress.done % 25 == 0:
            told = {key: round(value, 3) for key, value in losses.items()}
            log.info("%d of %s: %s", progress.done, progress.total, told)

    log.info("%s", run_inline(trainer.run, on_progress=say))


_FORMULA = (
    "The formula is used, which takes half the time: the vocoder, a start for trainings, is not 2 % nearer"
)
_CARD = """# {name}

Sound VAE with a vocoder, {seconds:.1f} s at {rate} Hz, {weights:,} weights, latent of {latent} numbers.

- Trained on: the VAE on 1,500 sounds synthesised by formulas (models/recipes/sounds.py, seed 3) and 195 CC0
  samples of the sonic-pi project at three levels; the vocoder on 300 sounds of such formulas (seed {seed})
  and on nine of ten of those samples. Nobody else's rights are in the weights.
- Licence: the project's own (Apache-2.0).
- Training: VAE 1,500 steps of 16, seed 3, from random weights; vocoder {steps} steps of {batch}, seed {seed},
  from the formula it corrects (docs/adr/0142), on two shared CPU cores; recipes
  models/recipes/train_starters.py and models/recipes/voice.py.
- Meant for: short loops, beds and one-shots without any training, and as a start for training on own sounds.
  It knows only short loops, tones and drum sounds; no voices, no songs.

## Measured

Of {held} CC0 samples that the vocoder has not heard (every tenth by name; the VAE has heard them):

| played | mel distance dB | multi-resolution STFT | spectral convergence |
|---|---|---|---|
{rows}

{chosen}

The VAE on 200 sounds of formulas that it has not heard (feature space thumbnail-12; see
mmstudio/learning/engine/evaluate.py for what the figures mean): psnr_db {psnr}, kernel_distance {kernel}
(real_kernel_distance {real}), nearest_ratio {near}, diversity {diversity}.
"""


@app.command()
def ship(work: Path, sounds: Path) -> None:
    """Put the vocoder beside the VAE, measured, with config and card."""
    folder, target = work / NAME, MODELS / NAME
    before, trained = load_config(target), load_config(folder)
    old, new = load_weights(target), load_weights(folder)
    weights = {key: value for key, value in old.items() if not key.startswith(("vae.vocoder.", "voice."))}
    weights |= {key: value for key, value in new.items() if key.startswith("vae.vocoder.")}
    weights = {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}
    real = to_waves(waves(sounds, work)[2])
    shape, mel = SoundShape(), mel_of(real, SoundShape())
    vocoder = make_vocoder(trained)
    take(vocoder, {key: value.float() for key, value in weights.items()}, "vae.vocoder.")
    voice = voice_of(vocoder, mel, real)
    pointer = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
    steps = pointer["checkpoints"][0]["step"]
    write_tensors(target / WEIGHTS, weights | voice, {"family": "sound-vae"})
    config = replace(before, parts={"sound": shape.as_json()}, options=before.options | trained.options)
    config.trained = before.trained | {"vocoder_steps": steps}
    config.save(target)
    model = load_model(target, torch.device("cpu"))
    lim = griffin_lim(magnitude_of(fold(mel, shape), shape, 12), shape, None, 32).view_as(real)
    table = {"silence": torch.zeros_like(real), "Griffin-Lim, 32 rounds, on the true mel": lim}
    table["formula and 8 rounds, on the true mel"] = played(fold(mel, shape), shape).view_as(real)
    with torch.inference_mode():
        for rounds in ROUNDS:
            table[f"vocoder and {rounds} rounds, on the true mel"] = vocoder(mel, rounds)
        assert model.encoder is not None
        table["through the VAE (64 numbers)"] = model.waves(model.encoder.encode(mel)[0])
    rows = []
    for name, made in table.items():
        found = again_figures(made, real, model)
        rows.append(f"| {name} | {found['mel_distance_db']:.2f} | {found['stft_distance']:.3f} "
                    f"| {found['spectral_convergence']:.3f} |")  # fmt: skip
    said = "The trained vocoder is used" if learned_voice(voice) else _FORMULA
    told = before.trained["metrics"]
    card = _CARD.format(
        name=NAME, seconds=shape.seconds, rate=shape.rate, weights=sum(w.numel() for w in weights.values()),
        latent=before.latent, seed=SEED, steps=f"{steps:,}", batch=trained.batch, held=len(real),
        rows="\n".join(rows), chosen=f"{said}, with {int(voice['voice.rounds'][0])} rounds.",
        psnr=told["psnr_db"], kernel=told["kernel_distance"], real=told["real_kernel_distance"],
        near=told["nearest_ratio"], diversity=told["diversity"],
    )  # fmt: skip
    (target / "card.md").write_text(card, encoding="utf-8")
    log.info("%.1f MB\n%s", (target / WEIGHTS).stat().st_size / 1e6, card)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app()
