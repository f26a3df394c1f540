"""Sounds as they are made: seams of loops, clicks, loudness, and how much faster than it plays.

    python tests/benchmarks/bench_sounding.py [--model NAME] [--seeds 3] [--data ../shared/data] [--threads 2]
        [--loop-steps 60] [--only-loops]

Keys: whether the key heard in the first 12 s is the wished one. Loops: the energy of the seam that linear
prediction does not foretell, in dB against 64 random cuts of the same loop (aim: -20), beside a loop cut from
the same sound without a cross-fade. Clicks: in 60 s beds, and beside them in as much of the real sounds,
where there are any. Speed: seconds of sound per second of work (aim: 20), by the clock and by the processor;
beside it the same spectrograms played by 32 rounds of Griffin-Lim from random phases. With ``--loop-steps`` a
model of loops is trained for so many steps from the starter (on ``--data``, or on tones) and what it plays is
measured at the seam as it comes, without a cross-fade, and as `generate` finishes it, beside the loops that
it learned from: a loop that begins with a beat has that beat's own energy at its seam, in real loops too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmstudio.generation import Generation
from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.preview import preview
from mmstudio.generation.sounding.wish import RATE, MadeSound, SoundWish
from mmstudio.learning import Trainings
from mmstudio.learning.datasets.waves import hear_file
from mmstudio.learning.datasets.waves import loops as go_on
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, griffin_lim, magnitude_of
from mmstudio.learning.open_door.sounds import sample, train
from mmstudio.library import Library
from mmstudio.media.audio import load_audio

WISHES: dict[str, dict[str, Any]] = {
    "one-shot": {"kind": "one-shot"},
    "loop": {"kind": "loop"},
    "loop 120 bpm": {"kind": "loop", "tempo": 120.0, "seconds": 4.0},
    "loop 96 bpm, F#m": {"kind": "loop", "tempo": 96.0, "key": "F#m", "seconds": 5.0},
    "bed 60 s": {"kind": "bed", "seconds": 60.0},
    "bed 60 s, Am": {"kind": "bed", "seconds": 60.0, "key": "Am"},
    "bed 60 s, 110 bpm": {"kind": "bed", "seconds": 60.0, "tempo": 110.0},
    "bed 60 s, 110, Am": {"kind": "bed", "seconds": 60.0, "tempo": 110.0, "key": "Am"},
}


def made(generation: Generation, wish: SoundWish) -> tuple[MadeSound, float, float]:
    """The sound, and the seconds it took by the clock and of the processor."""
    begun, spent = time.perf_counter(), time.process_time()
    sound = generation.sound(wish)
    return sound, time.perf_counter() - begun, time.process_time() - spent


def row(name: str, every: list[tuple[MadeSound, float, float]], loop: bool) -> None:
    found = [sound for sound, _, _ in every]
    length = sum(sound.samples.shape[1] for sound in found) / RATE
    speed, busy = (
        float(np.median([one[0].samples.shape[1] / RATE / one[place] for one in every])) for place in (1, 2)
    )
    errors = [abs(float(sound.params["loudness"]) + 18.0) for sound in found]
    peaks = [float(sound.params["true_peak"]) for sound in found]
    clicks = sum(len(measure.clicks(sound.samples, RATE, around=loop)) for sound in found)
    line = f"{name:<18} {speed:5.1f}x real time ({busy:.1f}x a processor second)"
    line += f"  loudness off {max(errors):4.2f} LU  "
    wished = found[0].params["wish"].get("key")
    if wished is not None:
        met = sum(sound.params["key"] == wished for sound in found)
        line += f"key met {met} of {len(found)}  "
    line += f"true peak {max(peaks):5.2f} dBTP  clicks {clicks} in {length:.0f} s"
    if loop:
        random = np.random.default_rng(0)
        seams = [measure.seam_decibel(sound.samples, RATE, random) for sound in found]
        cut = [
            measure.seam_decibel(sound.samples[:, : -RATE // 7], RATE, np.random.default_rng(0))
            for sound in found
        ]
        line += f"  seam {np.median(seams):6.1f} dB (worst {max(seams):.1f}; cut: {np.median(cut):.1f})"
    print(line, flush=True)


def real(folder: Path, seconds: float) -> None:
    """Clicks in as many seconds of real sounds, for comparison; `bench_clicks.py` says what they are."""
    clicks, heard = 0, 0.0
    for file in sorted((folder / "sounds").glob("*.flac")):
        samples, rate = load_audio(file, duration=10.0)
        clicks += len(measure.clicks(samples, rate))
        heard += samples.shape[1] / rate
        if heard >= seconds:
            break
    print(f"{'real sounds':<18} clicks {clicks} in {heard:.0f} s (hard beginnings and ends count)")


def voices(model: Any, threads: int) -> None:
    """Sixteen spectrograms of a model as it plays them, and by 32 rounds of Griffin-Lim."""
    mel, shape = model.decode(model.draw(16, torch.Generator().manual_seed(0))), model.sound

    def lim() -> None:
        for at in range(len(mel)):
            griffin_lim(magnitude_of(fold(mel[at : at + 1], shape), shape, 12), shape, None, 32)

    for name, work in (("as the model plays", lambda: model.voiced(mel)), ("Griffin-Lim, 32", lim)):
        work()
        begun, spent = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - begun, time.process_time() - spent
        seconds = 16 * shape.seconds
        print(f"{name:<18} {seconds / wall:5.1f}x real time on {threads} threads "
              f"({seconds / cpu:.1f}x a processor second)", flush=True)  # fmt: skip


def trained_loops(steps: int, data: Path | None, folder: Path, base: Path) -> None:
    """What a model of loops plays at its seam, as it comes and by `generate`, beside what it learned from."""
    shape = SoundShape(loop=True)
    if data is None:
        t = np.arange(shape.samples) / shape.samples
        swells = [1.2 + np.sin(2 * np.pi * (i % 5) * t) for i in range(24)]
        tones = [np.sin(2 * np.pi * (300 + 41 * i) * t) * swell for i, swell in enumerate(swells)]
        known = {"tones": 0.3 * np.stack(tones)[:, None].astype(np.float32)}
    else:
        known = _heard(data, shape)
    for name, waves in known.items():
        with Library.create(folder / f"{name.split()[0]}.mmlib") as library:
            model = train("sound-vae", waves, shape.rate, library.models_dir / "loops", shape=shape,
                          steps=steps, seed=1, base=base)  # fmt: skip
            generation = Generation(library, Trainings(library, "cpu"))
            played = sample(model, 16, 1)
            wishes = [SoundWish("loops", seed, "loop") for seed in range(16)]
            finished = [generation.sound(wish).samples for wish in wishes]
        print(f"{name}: {len(waves)} sounds, {steps} steps from {base}")
        rows = {
            "learned from": (list(waves[:48]), shape.rate),
            "as it comes": (list(played), shape.rate),
            "as it comes, cut short": (list(played[..., : -5 * shape.hop]), shape.rate),
            "by generate": (finished, RATE),
        }
        for row, (loops, rate) in rows.items():
            seams = [measure.seam_decibel(wave, rate, np.random.default_rng(0)) for wave in loops]
            found = sum(_clicks_at_seam(wave, rate) for wave in loops)
            print(f"  {row:<24} seam {np.median(seams):6.1f} dB (worst {max(seams):6.1f}; at most -20: "
                  f"{np.mean(np.array(seams) <= -20):.2f})  clicks at it {found} of {len(loops)}",
                  flush=True)  # fmt: skip


def _clicks_at_seam(wave: Any, rate: int) -> bool:
    places = measure.clicks(wave, rate, around=True)
    return bool((np.minimum(places, wave.shape[1] - places) < 0.002 * rate).any())


def _heard(data: Path, shape: SoundShape) -> dict[str, Any]:
    """All real sounds in the shape, and those of them that go on where they end."""
    every, going = [], []
    for file in sorted((data / "sounds").glob("*.flac")):
        pieces = hear_file(file, shape, measured=False, most=1).pieces
        samples, rate = load_audio(file, duration=12.0)
        every += pieces
        if samples.shape[1] > rate and go_on(samples):
            going += pieces
    return {"loops (over 1 s, go on at their end)": np.stack(going), "all real sounds": np.stack(every)}


def quick(name: str, work: Callable[[], object], times: int = 5) -> None:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    print(f"{name:<18} {1000 * min(took):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter-sound-vae")
    parser.add_argument("--library", type=Path, default=None, help="where the model is, if not a starter")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--loop-steps", type=int, default=0)
    parser.add_argument("--base", type=Path, default=Path("models/starter-sound-vae"))
    parser.add_argument("--only-loops", action="store_true")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    if not told.only_loops:
        _made(told)
    if told.loop_steps:
        with tempfile.TemporaryDirectory() as folder:
            trained_loops(told.loop_steps, told.data, Path(folder), told.base)


def _made(told: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = told.library or Path(folder) / "bench.mmlib"
        opening = Library.open(place, read_only=True) if told.library else Library.create(place)
        with opening as library:
            generation = Generation(library, Trainings(library, "cpu"))
            model = generation.sound_model(told.model)
            voice = "its own vocoder" if model.vocoder is not None else "Griffin-Lim"
            print(f"{told.model}: {model.sound}, {voice}, {told.threads} threads, {told.seeds} seeds")
            generation.sound(SoundWish(told.model))  # what is loaded once is not counted
            voices(model, told.threads)
            for name, wish in WISHES.items():
                found = [
                    made(generation, SoundWish.of({"model": told.model, "seed": seed, **wish}))
                    for seed in range(told.seeds)
                ]
                row(name, found, wish["kind"] == "loop")
    if told.data is not None:
        real(told.data, 60.0 * told.seeds)
    sound = np.random.default_rng(0).standard_normal((2, 12 * RATE)).astype(np.float32) * 0.1
    quick("preview of 12 s", lambda: preview(sound, RATE))


if __name__ == "__main__":
    main()
