"""Sound models on real samples: reconstruction, speed, loops; each beside a reference of the same run.

    python tests/benchmarks/bench_sound_models.py --data ../shared/data [--steps N] [--keep DIR]

The held-out tenth is every tenth file by name. Griffin-Lim plays the *true* spectrogram of each of them (32
rounds); "vocoder" plays the same, with 0, 8 and 16 rounds after it; "VAE" plays what 64 numbers keep.
``--steps 0 --keep DIR`` measures what an earlier run left there.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mmstudio.jobs import Progress
from mmstudio.learning.datasets.waves import hear_file
from mmstudio.learning.engine.registry import GenerativeModel, load_model
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, griffin_lim, magnitude_of, mel_of
from mmstudio.learning.evaluation.sounds import again_figures, measuring_sounds, quality, seam_db
from mmstudio.learning.nets.vocoder import ROUNDS
from mmstudio.learning.open_door.sounds import sample, train


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--gan-steps", type=int, default=0)
    parser.add_argument("--loop-steps", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=None)
    wanted = parser.parse_args()
    keep = wanted.keep or Path(tempfile.mkdtemp())
    shape = SoundShape()
    seen, held = _waves(wanted.data, shape)
    print(f"{len(seen)} training, {len(held)} held-out sounds of {shape.seconds:.2f} s", flush=True)
    print(f"torch threads {torch.get_num_threads()}", flush=True)
    if wanted.steps:
        model, per_step = _train("sound-vae", seen, held, keep / "vae", wanted.steps, shape)
        print(
            f"training: {per_step:.2f} s a step of 16 sounds, {16 * shape.seconds / per_step:.1f}x real time"
        )
    else:  # what an earlier run kept
        model = load_model(keep / "vae", torch.device("cpu"))
    _reconstructions(model, held)
    _speed(model)
    figures = _drive(measuring_sounds(model, seen, held, 64))
    print({key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()})
    if wanted.gan_steps:
        gan, per_step = _train("sound-gan", seen, held, keep / "gan", wanted.gan_steps, shape)
        print(f"sound-gan: {per_step:.2f} s a step", _drive(measuring_sounds(gan, seen, held, 64)))
    if wanted.loop_steps:
        loops = SoundShape(loop=True)
        again, _ = _waves(wanted.data, loops)
        looped, _ = _train("sound-vae", again, None, keep / "loop", wanted.loop_steps, loops)
        played = sample(looped, 16, 1)
        print(f"loop seam against a random cut: {seam_db(played, np.random.default_rng(0)):.1f} dB")


def _waves(data: Path | None, shape: SoundShape) -> tuple[np.ndarray, np.ndarray]:
    if data is None:
        random = np.random.default_rng(0)
        t = np.arange(shape.samples) / shape.rate
        tones = [
            np.sin(2 * np.pi * random.uniform(80, 2000) * t) * np.exp(-t * random.uniform(0.5, 8))
            for _ in range(40)
        ]
        waves = 0.5 * np.stack(tones)[:, None].astype(np.float32)
        return waves[:36], waves[36:]
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for place, path in enumerate(sorted((data / "sounds").glob("*.flac"))):
        pieces = hear_file(path, shape, measured=False, most=1).pieces
        parts[place % 10 == 0].extend(pieces)
    return np.stack(parts[0]), np.stack(parts[1])


def _train(
    family: str, seen: np.ndarray, held: np.ndarray | None, folder: Path, steps: int, shape: SoundShape
) -> tuple[GenerativeModel, float]:
    started, last = time.monotonic(), [0]

    def say(progress: Progress) -> None:
        data = progress.data or {}
        if data.get("losses") and progress.done - last[0] >= 50:
            last[0] = progress.done
            some = {key: round(value, 3) for key, value in data["losses"].items()}
            print(progress.done, some, round(time.monotonic() - started), "s", flush=True)

    model = train(
        family, seen, shape.rate, folder, shape=shape, held=held, steps=steps, seed=1, on_progress=say
    )
    return model, (time.monotonic() - started) / steps


def _reconstructions(model: GenerativeModel, held: np.ndarray) -> None:
    shape, real = model.sound, torch.from_numpy(held)
    assert shape is not None
    assert model.encoder is not None
    mel, kept = mel_of(real, shape), model.polish
    with torch.inference_mode():
        z = model.encoder.encode(mel)[0]
    lim = griffin_lim(magnitude_of(fold(mel, shape), shape, 12), shape, None, 32).view_as(real)
    rows = {
        "silence": torch.zeros_like(real),
        "Griffin-Lim on the true mel": lim,
        "VAE (64 numbers)": model.waves(z),
    }
    for rounds in ROUNDS:
        model.polish = rounds
        rows[f"vocoder + {rounds} rounds on the true mel"] = model.voiced(mel)
    model.polish = kept
    print(f"rounds of polish chosen by the training: {kept}")
    print("| held-out sounds | mel distance dB | multi-resolution STFT | spectral convergence |")
    for name, made in rows.items():
        found = again_figures(made, real, model)
        print(f"| {name} | {found['mel_distance_db']:.2f} | {found['stft_distance']:.3f} "
              f"| {found['spectral_convergence']:.3f} |", flush=True)  # fmt: skip


def _speed(model: GenerativeModel) -> None:
    torch.set_num_threads(2)
    shape, z = model.sound, model.draw(16, torch.Generator().manual_seed(0))
    assert shape is not None
    model.waves(z[:1])
    started = time.monotonic()
    made = model.waves(z)
    wall = time.monotonic() - started
    started, spent = time.monotonic(), time.process_time()
    mel = model.decode(z)
    griffin_lim(magnitude_of(fold(mel, shape), shape, 12), shape, None, 32)
    lim = time.monotonic() - started
    seconds = 16 * shape.seconds
    print(f"generation: {seconds / wall:.0f}x real time on 2 threads; Griffin-Lim {seconds / lim:.0f}x "
          f"({time.process_time() - spent:.1f} CPU s)")  # fmt: skip
    print("what it plays:", {key: round(float(value), 4) for key, value in quality(made.numpy()).items()})


def _drive(run: object) -> dict[str, float | str]:
    while True:
        try:
            next(run)  # type: ignore[call-overload]
        except StopIteration as stop:
            return dict(stop.value)


if __name__ == "__main__":
    main()
