"""Feature extraction against the plain loops a person would write, in the same run.

    python tests/benchmarks/bench_features.py [--data FOLDER] [--files 200]

FOLDER with shop/images and sounds is used where given; otherwise media are made. Prints seconds, files a
second and ratios; above 1 the studio is the faster one. Equality is checked too: MFCC against librosa,
vectors of pictures decoded at reduced size against those of fully decoded ones.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import soundfile
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmstudio.features import Features
from mmstudio.features.loading import square
from mmstudio.features.pictures.backbones import Backbone, find_backbone
from mmstudio.features.sounds.mfcc import DIMENSION, RATE, batched_mfcc, load_pieces, mfcc
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from support.library import add_files

ROUNDS = 3


def make_media(folder: Path, files: int) -> tuple[list[Path], list[Path]]:
    """Photo-like JPEGs of 1600 × 1200 px and sounds of 2 to 8 s."""
    rng = np.random.default_rng(0)
    pictures, sounds = [], []
    (folder / "pictures" / "all").mkdir(parents=True)
    (folder / "sounds").mkdir()
    for i in range(files):
        small = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).resize(
            (1600, 1200), Image.Resampling.BICUBIC
        )
        path = folder / "pictures" / "all" / f"{i:04}.jpg"
        small.filter(ImageFilter.SHARPEN).save(path, quality=88)
        pictures.append(path)
        t = np.arange(int(44_100 * rng.uniform(2, 8))) / 44_100
        tone = 0.3 * np.sin(2 * np.pi * rng.uniform(80, 2000) * t) + 0.05 * rng.normal(size=len(t))
        path = folder / "sounds" / f"{i:04}.flac"
        soundfile.write(path, tone.astype(np.float32), 44_100)
        sounds.append(path)
    return pictures, sounds


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Best of a few rounds, and the last result."""
    best, result = float("inf"), None
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def equality(files: list[Path]) -> None:
    """Coefficients of every file as the studio decodes and transforms it, against librosa's own."""
    import librosa

    worst, largest, beyond = 0.0, 0.0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in files:
            y, _ = librosa.load(path, sr=RATE)
            expected = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)
            got = mfcc(load_pieces(path, None)[0])
            if got.shape != expected.shape:  # longer than is heard in one piece
                continue
            apart = float(np.abs(got - expected).max())
            worst, largest = max(worst, apart), max(largest, float(np.abs(expected).max()))
            beyond += apart > 1e-4
    print(f"  coefficients differ by at most {worst:.1e} of {largest:.0f}; {beyond} files by more than 1e-4")


def transform(files: list[Path]) -> None:
    """The transform alone, of sounds in memory: librosa's, the studio's on a processor, on a GPU if any."""
    import librosa
    import torch
    from threadpoolctl import threadpool_limits

    pieces = [piece for path in files for piece in load_pieces(path, None)]
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):  # both on one core
        warnings.simplefilter("ignore")
        plain, _ = timed(lambda: [librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=20) for y in pieces])
        own, _ = timed(lambda: [mfcc(piece) for piece in pieces])
    seconds = sum(map(len, pieces)) / RATE
    print(f"  transform alone, {seconds:.0f} s of sound: librosa {plain:.2f} s, studio {own:.2f} s", end="")
    print(f", ratio {plain / own:.2f}")
    if torch.cuda.is_available():

        def on_gpu() -> None:
            batched_mfcc(pieces, "cuda")
            torch.cuda.synchronize()

        gpu, _ = timed(on_gpu)
        rows = batched_mfcc(pieces, "cuda")
        apart = max(float(np.abs(a.cpu().numpy() - mfcc(b)).max()) for a, b in zip(rows, pieces, strict=True))
        print(f"  on the GPU {gpu:.4f} s, ratio {plain / gpu:.1f}, differs by at most {apart:.1e}")
    else:
        print("  no GPU here")


def studio(folder: Path, files: list[Path], extractor: str) -> tuple[float, np.ndarray]:
    """The studio's own way: decode, transform and store in the library."""

    def once() -> tuple[float, np.ndarray]:
        target = folder / f"{hashlib.md5(os.urandom(8)).hexdigest()}.mmlib"
        with Library.create(target) as library:
            add_files(library, *files)
            features = Features(library)
            features.search(file=files[0])  # the engine is loaded
            start = time.perf_counter()
            run_inline(features.work(extractor=extractor))
            seconds = time.perf_counter() - start
            rows = features.matrix(extractor, normalised=False)[1]
            features.close()
        shutil.rmtree(target)
        return seconds, rows

    rounds = [once() for _ in range(ROUNDS)]
    return min(seconds for seconds, _ in rounds), rounds[-1][1]


def librosa_loop(files: list[Path]) -> np.ndarray:
    """What a person writes: load, mfcc, delta, delta-delta, mean and deviation."""
    import librosa

    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in files:
            y, _ = librosa.load(path, sr=RATE)
            mfcc = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=20)
            width = min(9, mfcc.shape[1] - (mfcc.shape[1] + 1) % 2)
            parts = [mfcc]
            if width >= 3:
                parts += [librosa.feature.delta(mfcc, width=width, order=n) for n in (1, 2)]
            frames = np.concatenate(parts)
            rows.append(np.concatenate([frames.mean(1), frames.std(1)]))
    return np.stack([np.pad(row, (0, DIMENSION - len(row))) for row in rows])


def folder_loop(folder: Path, backbone: Backbone) -> np.ndarray:
    """What a person writes: ImageFolder, DataLoader with two workers, forward, one array."""
    import torch
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    size = backbone.spec.size
    steps = v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size), v2.PILToTensor()])
    loader = DataLoader(ImageFolder(str(folder), steps), batch_size=32, num_workers=2)
    rows = [backbone(batch.permute(0, 2, 3, 1).contiguous().numpy()) for batch, _ in loader]
    del torch
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--files", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.data is not None:
            pictures = sorted((options.data / "shop" / "images").glob("*.jpg"))[: options.files]
            sounds = sorted((options.data / "sounds").glob("*.flac"))[: options.files]
            (folder / "pictures" / "all").mkdir(parents=True)
            for path in pictures:
                shutil.copy(path, folder / "pictures" / "all")
        else:
            pictures, sounds = make_media(folder, options.files)
        report(folder, pictures, sounds)


def report(folder: Path, pictures: list[Path], sounds: list[Path]) -> None:
    """Run both sides and print the table."""
    librosa_loop(sounds[:3])
    plain, expected = timed(lambda: librosa_loop(sounds))
    own, rows = studio(folder, sounds, "mfcc")
    apart = np.abs(rows[:, :20] - expected[:, :20]).max()
    rate = len(sounds) / own
    print(
        f"MFCC of {len(sounds)} sounds: librosa loop {plain:.2f} s, studio {own:.2f} s ({rate:.0f} files/s)"
    )
    print(f"  ratio {plain / own:.2f}, means differ by at most {apart:.1e} of {np.abs(expected).max():.0f}")
    equality(sounds)
    transform(sounds)

    backbone = Backbone(find_backbone(), "cpu")
    plain, expected = timed(lambda: folder_loop(folder / "pictures", backbone))
    own, rows = studio(folder, pictures, "cnn")
    batch = np.stack([square(np.asarray(Image.open(p).convert("RGB")), backbone.spec.size) for p in pictures])
    forward, whole = timed(
        lambda: np.concatenate([backbone(batch[i : i + 32]) for i in range(0, len(batch), 32)])
    )
    cosine = (rows * whole).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(whole, axis=1)
    rate = len(pictures) / own
    print(f"Vectors of {len(pictures)} pictures ({backbone.spec.source} network):")
    print(f"  ImageFolder loop {plain:.2f} s, studio {own:.2f} s ({rate:.0f}/s), ratio {plain / own:.2f}")
    print(f"  bare forward pass {forward:.2f} s, cosine to fully decoded at least {cosine.min():.4f}")


if __name__ == "__main__":
    main()
