"""Sound models on real samples: reconstruction, speed, loops; each beside a reference of the same run.

    python tests/benchmarks/bench_sound_models.py --data ../shared/data [--steps N] [--base DIR] [--keep DIR]

The held-out tenth is every tenth file by name. Griffin-Lim plays the *true* spectrogram of each of them (32
rounds from random phases); "formula" plays the same by phases locked to peaks and 8 rounds, "vocoder" with
what was learned, and 0, 4 and 8 rounds; "VAE" plays what 64 numbers keep. ``--base`` is a model to start
from, such as models/starter-sound-vae, whose vocoder never heard the held-out tenth (its VAE did).
``--steps 0 --keep DIR`` measures what an earlier run left there (DIR/vae). ``--gan-steps`` trains a GAN from
the same model, once for each of ``--seeds``. Distances of what a model plays stand beside those of held-out
sounds, silence and noise at the level of the training sounds: in the columns of "sound-shape", and in the
features of the picture network that ships, which sees log-mel spectrograms as grey pictures. The GAN hears
nothing: its spectral convergence is that of the latents a search finds for held-out sounds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mmstudio.generation.sounding.maker import heard
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.waves import hear_file
from mmstudio.learning.engine.registry import GenerativeModel, load_model
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, griffin_lim, magnitude_of, mel_of, played
from mmstudio.learning.evaluation.networks import picture_features
from mmstudio.learning.evaluation.sounds import (
    MOST,
    again_figures,
    measuring_sounds,
    quality,
    seam_db,
    set_distances,
    shape_rows,
)
from mmstudio.learning.nets.vocoder import ROUNDS
from mmstudio.learning.open_door.sounds import sample, train


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--gan-steps", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--loop-steps", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--base", type=Path, default=None)
    wanted = parser.parse_args()
    keep = wanted.keep or Path(tempfile.mkdtemp())
    shape = SoundShape()
    seen, held = _waves(wanted.data, shape)
    print(f"{len(seen)} training, {len(held)} held-out sounds of {shape.seconds:.2f} s", flush=True)
    print(f"torch threads {torch.get_num_threads()}", flush=True)
    if wanted.steps:
        model, per_step = _train("sound-vae", seen, held, keep / "vae", wanted.steps, shape, wanted.base)
        print(
            f"training: {per_step:.2f} s a step of 16 sounds, {16 * shape.seconds / per_step:.1f}x real time"
        )
    else:  # what an earlier run kept
        model = load_model(keep / "vae", torch.device("cpu"))
    _reconstructions(model, held)
    _speed(model)
    _distances(_references(seen, held), seen, shape.rate)
    _distances({"sound-vae": sample(model, 64, 0)}, seen, shape.rate)
    print(_rounded(_drive(measuring_sounds(model, seen, held, 64))))
    base = keep / "vae" if wanted.steps or not wanted.base else wanted.base
    for seed in range(1, wanted.seeds + 1 if wanted.gan_steps else 1):
        spent = time.process_time()
        folder = keep / f"gan-{wanted.gan_steps}-{seed}"
        gan, per_step = _train("sound-gan", seen, held, folder, wanted.gan_steps, shape, base, seed)
        spent = time.process_time() - spent
        print(f"sound-gan, seed {seed}: {wanted.gan_steps} steps, {per_step:.2f} s a step by the clock, "
              f"{spent:.0f} s of processor, from {base}", flush=True)  # fmt: skip
        _distances({f"sound-gan {seed}": sample(gan, 64, 0)}, seen, shape.rate)
        print(_rounded(_drive(measuring_sounds(gan, seen, held, 64))))
        print("found by search:", _rounded(_searched(gan, held[:6])), flush=True)
    if wanted.loop_steps:
        loops = SoundShape(loop=True)
        again, _ = _waves(wanted.data, loops)
        looped, _ = _train("sound-vae", again, None, keep / "loop", wanted.loop_steps, loops)
        loud = sample(looped, 16, 1)
        cut = loud[..., : -shape.hop * 5]
        print(f"loop seam against a random cut: {seam_db(loud, loops.rate):.1f} dB; "
              f"cut short: {seam_db(cut, loops.rate):.1f} dB")  # fmt: skip


def _references(seen: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
    """Held-out sounds, noise at the level of the training sounds, silence."""
    level = float(np.sqrt(np.square(seen).mean()))
    noise = level * np.random.default_rng(0).standard_normal((64, *seen.shape[1:])).astype(np.float32)
    return {"held-out sounds": held, "noise": noise, "silence": np.zeros_like(noise)}


def _distances(rows: dict[str, np.ndarray], seen: np.ndarray, rate: int) -> None:
    """Fréchet and kernel distances to the training sounds in two feature spaces."""
    pictured, name = picture_features()
    spaces = {"sound-shape": lambda waves: shape_rows(waves, rate),
              f"log-mel in {name}": lambda waves: pictured(_pictures(waves, rate))}  # fmt: skip
    real = {space: work(seen[:MOST]) for space, work in spaces.items()}
    for label, waves in rows.items():
        said = []
        for space, work in spaces.items():
            found = set_distances(real[space], real[space][:0], work(waves))
            said.append(f"{space}: Fréchet {found['audio_frechet_distance']:.2f}, "
                        f"kernel {found['audio_kernel_distance']:.1f}")  # fmt: skip
        print(f"| {label} ({len(waves)}) | {' | '.join(said)} |", flush=True)


def _pictures(waves: np.ndarray, rate: int) -> np.ndarray:
    """N×C×T → N×3×128×T' uint8: log-mel spectrograms in grey."""
    shape = SoundShape(rate=rate, channels=waves.shape[1])
    mel = mel_of(torch.from_numpy(np.ascontiguousarray(waves)), shape)
    grey = ((mel + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
    return np.repeat(grey, 3, axis=1)


def _searched(model: GenerativeModel, held: np.ndarray) -> dict[str, float | str]:
    """How near a model without an encoder comes to held-out sounds."""
    assert model.sound is not None
    found = [heard(model, wave, model.sound.rate, 0) for wave in held]
    made = model.waves(torch.from_numpy(np.stack(found)))
    return dict(again_figures(made, torch.from_numpy(held), model))


def _rounded(found: dict[str, float | str]) -> dict[str, float | str]:
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in found.items()}


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
    family: str,
    seen: np.ndarray,
    held: np.ndarray | None,
    folder: Path,
    steps: int,
    shape: SoundShape,
    base: Path | None = None,
    seed: int = 1,
) -> tuple[GenerativeModel, float]:
    started, last = time.monotonic(), [0]

    def say(progress: Progress) -> None:
        data = progress.data or {}
        if data.get("losses") and progress.done - last[0] >= 50:
            last[0] = progress.done
            some = {key: round(value, 3) for key, value in data["losses"].items()}
            print(progress.done, some, round(time.monotonic() - started), "s", flush=True)

    model = train(
        family,
        seen,
        shape.rate,
        folder,
        shape=shape,
        held=held,
        steps=steps,
        seed=seed,
        on_progress=say,
        base=base,
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
        "Griffin-Lim, 32 rounds, on the true mel": lim,
        "formula, 8 rounds, on the true mel": played(fold(mel, shape), shape).view_as(real),
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
    seconds, said = 16 * shape.seconds, []
    made = model.waves(z)
    for name, work in (
        (f"model, {model.polish} rounds", lambda: model.waves(z)),
        ("Griffin-Lim, 32 rounds", lambda: _lim(model, z)),
    ):
        started, spent = time.monotonic(), time.process_time()
        work()
        wall, cpu = time.monotonic() - started, time.process_time() - spent
        said.append(
            f"{name}: {seconds / wall:.0f}x real time on 2 threads, {seconds / cpu:.0f}x per CPU second"
        )
    print("generation from latents:", "; ".join(said))
    print("what it plays:", {key: round(float(value), 4) for key, value in quality(made.numpy()).items()})


def _lim(model: GenerativeModel, z: torch.Tensor) -> None:
    shape = model.sound
    assert shape is not None
    mel = model.decode(z)
    for at in range(len(mel)):  # one after another, as a model plays them
        griffin_lim(magnitude_of(fold(mel[at : at + 1], shape), shape, 12), shape, None, 32)


def _drive(run: object) -> dict[str, float | str]:
    while True:
        try:
            next(run)  # type: ignore[call-overload]
        except StopIteration as stop:
            return dict(stop.value)


if __name__ == "__main__":
    main()
