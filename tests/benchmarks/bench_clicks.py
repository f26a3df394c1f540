"""Does the measure of clicks find clicks, and leave sharp attacks alone?

    python tests/benchmarks/bench_clicks.py --data ../shared/data

Every second real sound (the thresholds were chosen on the others), its ends faded: what is found in it as it
is counts as a false alarm, though some of it may be a click (records, cut loops). Then clicks are made in the
same sounds: single samples and bursts of a fifth of a millisecond, so many decibels above the level of the
20 ms around them, and stretches of 5 to 30 ms taken out of the wave, at random places that sound: some of
them in the midst of noise or of an attack, where nobody would hear them. Sharp attacks: bursts of noise and
struck tones that begin within one sample, over a quiet tone. Beside it the measure used before: the third
difference against its root mean square 1 to 12 ms before and after.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.clicks import clicks
from mmstudio.generation.sounding.finish import faded
from mmstudio.media.audio import load_audio

RATE = 44_100
Samples = NDArray[np.float32]
Measure = Callable[[Samples, int], NDArray[np.int64]]


def earlier(samples: Samples, rate: int) -> NDArray[np.int64]:
    """The measure used before."""
    near, far = round(0.001 * rate), round(0.012 * rate)
    found: set[int] = set()
    for channel in samples.astype(np.float64):
        jumps = np.abs(np.diff(np.pad(channel, (2, 1)), 3))
        total, size = np.concatenate([[0.0], np.cumsum(np.square(jumps))]), len(jumps)

        def level(
            first: NDArray[np.int64],
            last: NDArray[np.int64],
            total: NDArray[np.float64] = total,
            size: int = size,
        ) -> NDArray[np.float64]:
            first, last = np.clip(first, 0, size), np.clip(last, 0, size)
            return np.sqrt(np.maximum((total[last] - total[first]) / np.maximum(last - first, 1), 0))

        places = np.flatnonzero(jumps > 2e-3)
        around = np.maximum(level(places - far, places - near), level(places + near + 1, places + far + 1))
        found.update(int(place) for place in places[jumps[places] > 12 * around])
    found_places = np.array(sorted(found), np.int64)
    return found_places[np.diff(found_places, prepend=-2 * far) > far]


MEASURES: dict[str, Measure] = {"by prediction": clicks, "third difference": earlier}


def damaged(sound: Samples, rate: int, kind: str, random: np.random.Generator) -> tuple[Samples, list[int]]:
    """A copy with up to five clicks at least 0.2 s apart, and where they are."""
    out, made = sound.copy(), []
    span = round(0.02 * rate)
    if sound.shape[1] < 4 * span:
        return out, made
    for at in np.sort(random.integers(span, sound.shape[1] - 2 * span, 30))[::-1]:
        level = float(np.sqrt(np.square(sound[:, at - span // 2 : at + span // 2]).mean()))
        if level < 3e-3 or (made and made[-1] - at < 0.2 * rate) or len(made) == 5:
            continue
        if kind == "cut":
            gone = int(random.integers(rate // 200, rate // 33))
            out, made = (
                np.concatenate([out[:, :at], out[:, at + gone :]], axis=1),
                [one - gone for one in made],
            )
        else:
            width, above = (1 if kind.startswith("sample") else rate // 5000), float(kind.split()[-1])
            shape = random.choice([-1.0, 1.0], width) * level * 10 ** (above / 20)
            out[:, at : at + width] += shape.astype(np.float32)
        made.append(int(at))
    return out, made


def attacks(random: np.random.Generator) -> Samples:
    """Ten seconds with 20 attacks of one sample's rise, decaying in 3 to 300 ms, over a quiet tone."""
    t = np.arange(10 * RATE) / RATE
    out = 0.01 * np.sin(2 * np.pi * 110 * t)
    for place in np.arange(20) * 0.5 + 0.1 + random.uniform(0, 0.2, 20):
        since = t - place
        tail = np.where(since >= 0, np.exp(-np.maximum(since, 0) / random.uniform(0.003, 0.3)), 0.0)
        tone = np.sin(2 * np.pi * random.uniform(60, 3000) * since)
        struck = tone if random.random() < 0.5 else random.standard_normal(len(t)) / 3
        out += random.uniform(0.1, 0.5) * tail * struck
    return np.asarray(out[None], np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", type=int, default=1, help="0: the sounds that thresholds were chosen on")
    told = parser.parse_args()
    random = np.random.default_rng(0)
    sounds = []
    for file in sorted((told.data / "sounds").glob("*.flac"))[told.part :: 2]:
        read, rate = load_audio(file, duration=4.0)
        sounds.append((faded(read, rate, 0.005, 0.005), rate))
    seconds = sum(sound.shape[1] / rate for sound, rate in sounds)
    struck = [attacks(random) for _ in range(5)]
    print(f"| measure | in {seconds:.0f} s of real sounds | in 100 made attacks | {' | '.join(KINDS)} |")
    rows = {kind: [(*damaged(sound, rate, kind, random), rate) for sound, rate in sounds] for kind in KINDS}
    for name, measure in MEASURES.items():
        alarms = sum(len(measure(sound, rate)) for sound, rate in sounds)
        false = sum(len(measure(sound, RATE)) for sound in struck)
        found = []
        for kind in KINDS:
            hits = total = 0
            for sound, places, rate in rows[kind]:
                at = measure(sound, rate)
                hits += sum(
                    bool(len(at)) and bool(np.abs(at - place).min() <= 0.002 * rate) for place in places
                )
                total += len(places)
            found.append(f"{hits / total:.3f} of {total}")
        print(f"| {name} | {alarms} | {false} | "
              + " | ".join(found) + " |", flush=True)  # fmt: skip


KINDS = ("sample 6", "sample 12", "sample 20", "burst 12", "cut")

if __name__ == "__main__":
    main()
