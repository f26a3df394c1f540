"""How much the vectors of sounds know: nearest neighbours on real sounds, beside chance and plain baselines.

    python tests/benchmarks/bench_sounds.py --data FOLDER

FOLDER holds sounds/, whose file names begin with their family (drum, bass, guitar, ambi, elec, loop …). Leave
one out: a sound never votes for itself. Also: tempo of made clicks of 60 to 180 beats per minute, and whether
the loops hold a whole number of the beats that were heard; librosa's own estimate beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmstudio.features.gaps import with_gaps
from mmstudio.features.normalise import fit_statistics, unit_rows
from mmstudio.features.sounds import logmel, mfcc, rhythm, shape
from mmstudio.features.sounds.extractors import infos
from mmstudio.features.sounds.hearing import Sound, load_sound
from mmstudio.features.vectors import comparable
from support.waves import clicks

NEIGHBOURS = 5
LEAST = 4  # sounds of a family


def votes(unit: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose nearest others vote for its label (votes weigh by cosine)."""
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    hits = 0
    for row, label in zip(similarity, labels, strict=True):
        counted: Counter[str] = Counter()
        for other in np.argsort(-row)[:NEIGHBOURS]:
            counted[labels[other]] += max(float(row[other]), 1e-6)
        hits += counted.most_common(1)[0][0] == label
    return hits / len(labels)


def families(folder: Path) -> None:
    """The table: one line per kind of vector."""
    paths = sorted(folder.glob("*.flac"))
    count = Counter(path.stem.split("_")[0] for path in paths)
    paths = [path for path in paths if count[path.stem.split("_")[0]] >= LEAST]
    labels = np.array([path.stem.split("_")[0] for path in paths])
    heard = [load_sound(path, None) for path in paths]
    known = {info.name: info for info in infos()}
    describe = {"mfcc": mfcc.describe_sound, "log-mel": logmel.describe, "sound-shape": shape.describe}
    raw, seconds = {}, {}
    for name, function in describe.items():
        start = time.perf_counter()
        raw[name] = np.stack([function(sound) for sound in heard])
        seconds[name] = time.perf_counter() - start
    unit = {
        name: comparable(known[name], rows, fit_statistics(with_gaps(known[name], rows)))
        for name, rows in raw.items()
    }
    plain = raw["mfcc"][:, : mfcc.COEFFICIENTS]
    loud = raw["sound-shape"][:, [shape.COLUMNS.index("loudness")]]
    table = {
        "loudness only": unit_rows(fit_statistics(loud).apply(loud)),
        "MFCC means only": unit_rows(fit_statistics(plain).apply(plain)),
        **unit,
        "mfcc + sound-shape": unit_rows(np.concatenate([unit["mfcc"], unit["sound-shape"]], axis=1)),
        "all three": unit_rows(np.concatenate(list(unit.values()), axis=1)),
    }
    chance = Counter(labels).most_common(1)[0][1] / len(labels)
    print(f"Family of {len(labels)} sounds, {len(set(labels))} families, {NEIGHBOURS} nearest of the others:")
    print(f"  {'always the commonest':22} {100 * chance:5.1f} %")
    error = 1.96 * np.sqrt(0.25 / len(labels))
    for name, rows in table.items():
        took = f"  {seconds[name]:.1f} s" if name in seconds else ""
        print(f"  {name:22} {100 * votes(rows, labels):5.1f} %  ± {100 * error:.0f}{took}")


def heard_tempo(heard: Sound) -> tuple[float, float] | None:
    """Beats per minute as the studio hears them."""
    return rhythm.tempo([rhythm.accents(mel) for mel in heard.mels])


def librosa_tempo(heard: Sound) -> float:
    """As librosa hears them."""
    import librosa

    return float(librosa.feature.tempo(y=heard.pieces[0], sr=22_050)[0])


def tempos(folder: Path | None) -> None:
    """Tempo of made clicks, and of loops by whether a whole number of beats fits."""
    for off_beat in (0.0, 0.2, 0.5):
        right = {"studio": 0, "librosa": 0}
        octave = dict(right)
        speeds = range(60, 181, 5)
        for speed in speeds:
            heard = Sound([clicks(speed, 20, off_beat=off_beat)[None]], 22_050)
            own = heard_tempo(heard)
            for name, found in (("studio", own[0] if own else 0.0), ("librosa", librosa_tempo(heard))):
                right[name] += abs(found / speed - 1) < 0.02
                octave[name] += any(abs(found / speed / factor - 1) < 0.02 for factor in (0.5, 1, 2))
        shares = ", ".join(
            f"{name} {count} of {len(speeds)} right, {octave[name]} but for the octave"
            for name, count in right.items()
        )
        print(f"Tempo of clicks, off-beat {off_beat}, within 2 %: {shares}")
    if folder is None:
        return
    whole, luck = {"studio": 0, "librosa": 0}, {"studio": 0.0, "librosa": 0.0}
    loops = [load_sound(path, None) for path in sorted(folder.glob("loop_*.flac"))]
    loops = [heard for heard in loops if heard.duration > 1.5]
    for heard in loops:
        own = heard_tempo(heard)
        for name, found in (("studio", own[0] if own else 0.0), ("librosa", librosa_tempo(heard))):
            beats = heard.duration * found / 60
            whole[name] += beats > 0.5 and abs(beats / round(beats) - 1) < 0.01
            luck[name] += min(0.02 * beats, 1.0)
    told = ", ".join(
        f"{name} {count} of {len(loops)} (by chance {luck[name]:.1f})" for name, count in whole.items()
    )
    print(f"Loops that hold a whole number of the beats heard, within 1 %: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = options.data / "sounds" if options.data is not None else None
    if folder is not None:
        families(folder)
    tempos(folder)


if __name__ == "__main__":
    main()
