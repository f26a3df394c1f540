"""Vectors of pictures: the studio against the plain loop and against what the machine could do at best.

    python tests/benchmarks/bench_pictures.py [--data FOLDER] [--files 300] [--rounds 3]

FOLDER with shop/images is used where given; otherwise photo-like JPEGs of 1600 × 1200 px are made. All ways
run in turn, several times, the best time of each counts. The plain loop is torchvision's ImageFolder with a
DataLoader of two workers, the same network, and the vectors written to a file. The ideal is the time of the
bare forward pass over all cores plus the time of decoding on one core divided by the cores. Vectors must be
those of fully decoded pictures within cosine 0.999.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmstudio.features import Features
from mmstudio.features.extraction import Outcome, extract
from mmstudio.features.extractors import build
from mmstudio.features.loading import load_media
from mmstudio.features.pictures import colour, look
from mmstudio.features.pictures.backbones import Backbone, find_backbone
from mmstudio.jobs import JobContext, Progress, Work, run_inline
from mmstudio.library import Library
from support.library import add_files


def make_pictures(folder: Path, files: int) -> None:
    """Photo-like JPEGs of 1600 × 1200 px."""
    rng = np.random.default_rng(0)
    for i in range(files):
        small = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8))
        picture = small.resize((1600, 1200), Image.Resampling.BICUBIC).filter(ImageFilter.SHARPEN)
        picture.save(folder / f"{i:04}.jpg", quality=88)


def plain_loop(folder: Path, backbone: Backbone, out: Path) -> np.ndarray:
    """What a person writes: ImageFolder, DataLoader with two workers, forward, one array, one file."""
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    size = backbone.spec.size
    steps = v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size), v2.PILToTensor()])
    loader = DataLoader(ImageFolder(str(folder), steps), batch_size=32, num_workers=2)
    rows = [backbone(batch.permute(0, 2, 3, 1).contiguous().numpy()) for batch, _ in loader]
    np.save(out, np.concatenate(rows))
    return np.concatenate(rows)


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall, and of processor time with all threads and finished child processes."""

    wall: float
    processor: float

    def least(self, other: Spent | None) -> Spent:
        return self if other is None else Spent(*map(min, zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s ({self.processor:6.2f} s of processor time)"


def timed(call: Callable[[], Any]) -> tuple[Spent, Any]:
    wall, times = time.perf_counter(), os.times()
    result = call()
    now = os.times()
    return Spent(time.perf_counter() - wall, sum(now[:4]) - sum(times[:4])), result


def job(library: Library, names: tuple[str, ...]) -> Work:
    """Several extractors that share the decoding, without what else a whole run does."""

    def run(context: JobContext) -> Generator[Progress, None, None]:
        running, kept = build("cpu"), library.features
        infos = [running[name].info for name in names]
        sets = [
            (
                running[i.name],
                kept.ensure_set(i.name, i.version, i.parameters, i.dimension, i.modality, "asset"),
            )
            for i in infos
        ]
        yield from extract(library, context, sets, Outcome())

    return run


class Studio:
    """A library with the pictures in it, features not yet made."""

    def __init__(self, folder: Path, files: list[Path]) -> None:
        self.path = folder / "empty.mmlib"
        with Library.create(self.path) as library:
            add_files(library, *files)

    def run(self, folder: Path, names: tuple[str, ...], example: Path) -> tuple[Spent, np.ndarray]:
        """One extraction job over a fresh copy: what it took, and the network's rows."""
        copy = folder / "copy.mmlib"
        shutil.copytree(self.path, copy)
        with Library.open(copy) as library:
            features = Features(library, "cpu")
            features.search(file=example)  # the engine is loaded, as in a window that is open
            work = features.work(extractor=names[0]) if len(names) == 1 else job(library, names)
            spent, _ = timed(lambda: run_inline(work))
            rows = features.matrix("cnn", normalised=False)[1]
            features.close()
        shutil.rmtree(copy)
        return spent, rows


def cpu_ms(call: Callable[[Any], Any], things: list[Any]) -> float:
    """Milliseconds of processor time per thing on this thread, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()
        for thing in things:
            call(thing)
        best = min(best, time.thread_time() - start)
    return 1000 * best / len(things)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "pictures" / "all").mkdir(parents=True)
        if options.data is not None:
            for path in sorted((options.data / "shop" / "images").glob("*.jpg"))[: options.files]:
                shutil.copy(path, folder / "pictures" / "all")
        else:
            make_pictures(folder / "pictures" / "all", options.files)
        report(folder, sorted((folder / "pictures" / "all").iterdir()), options.rounds)


def report(folder: Path, files: list[Path], rounds: int) -> None:
    """Run everything in turn and print the table."""
    backbone = Backbone(find_backbone(), "cpu")
    spec, cores = backbone.spec, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    studio = Studio(folder, files)
    whole = np.stack([spec.prepare(np.asarray(Image.open(path).convert("RGB"))) for path in files])
    sizes = [Image.open(path).size for path in files]

    def forward() -> np.ndarray:
        return np.concatenate([backbone(whole[i : i + 32]) for i in range(0, len(whole), 32)])

    def decode() -> None:
        for path, size in zip(files, sizes, strict=True):
            spec.prepare(load_media("image", path, spec.size, size, None))

    ways: dict[str, Callable[[], Any]] = {
        "plain": lambda: plain_loop(folder / "pictures", backbone, folder / "rows.npy"),
        "forward": forward,
        "decode": decode,
    }
    best: dict[str, Spent] = {}
    results: dict[str, Any] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            spent, results[name] = timed(way)
            best[name] = spent.least(best.get(name))
        for name, names in (("cnn", ("cnn",)), ("all", ("cnn", "colour", "look"))):
            spent, results[name] = studio.run(folder, names, files[0])
            best[name] = spent.least(best.get(name))

    count = len(files)
    ideal = Spent(
        best["forward"].wall + best["decode"].wall / cores,
        best["forward"].processor + best["decode"].processor,
    )
    rows, expected = results["cnn"], results["forward"]
    cosine = (rows * expected).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(expected, axis=1)
    print(f"Vectors of {count} pictures ({spec.label}, {spec.source}), {cores} cores, best of {rounds}:")
    print(f"  ImageFolder + DataLoader(2) loop   {best['plain']}")
    print(f"  studio, decode to stored rows      {best['cnn']}, {count / best['cnn'].wall:.0f} pictures/s")
    print(f"  bare forward pass over all cores   {best['forward']}")
    print(f"  decoding alone on one core         {best['decode']}")
    print(f"  ideal, forward + decode / cores    {ideal}")
    for what, of in (("the loop", best["plain"]), ("the ideal", ideal)):
        print(
            f"  studio against {what:10s} {of.wall / best['cnn'].wall:.2f}"
            f" (processor time {of.processor / best['cnn'].processor:.2f})"
        )
    print(f"  cosine to fully decoded pictures at least {cosine.min():.5f}")
    media = [load_media("image", p, spec.size, s, None) for p, s in zip(files[:60], sizes[:60], strict=True)]
    print(f"  network, colours and look together {best['all']}; on one core, per picture:")
    print(
        f"  look {cpu_ms(look.describe, media):.1f} ms, colours {cpu_ms(colour.histogram, media):.1f} ms,"
        f" decoding {1000 * best['decode'].processor / count:.1f} ms,"
        f" forward {1000 * best['forward'].processor / count:.1f} ms"
    )


if __name__ == "__main__":
    main()
