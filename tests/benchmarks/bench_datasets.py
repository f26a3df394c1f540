"""The dataset doctor and the reading of pictures, beside plain ways to the same from the same run.

    python tests/benchmarks/bench_datasets.py [--pictures 10000] [--read 300]

Milliseconds of CPU time of this process. References: opening every file with Pillow for its header, comparing
all pairs of hashes with NumPy, and Pillow's own crop and resize (ImageOps.fit) of the same files.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from mmstudio.learning.datasets.doctor import check
from mmstudio.learning.datasets.gather import gather
from mmstudio.learning.datasets.split import NEAR, near_pairs
from mmstudio.learning.families import default_config
from mmstudio.library import Library, NewAsset


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """(CPU milliseconds, result)."""
    started = time.process_time()
    found = call()
    return 1000 * (time.process_time() - started), found


def driven(steps: Generator[Any, None, Any]) -> Any:
    """The result of a generator."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def all_pairs(codes: np.ndarray) -> int:
    """How many pairs nearly agree, by comparing all."""
    found = 0
    for start in range(0, len(codes), 512):
        block = codes[start : start + 512]
        apart = np.bitwise_count(block[:, None] ^ codes[None, start:]) <= NEAR
        found += int(np.triu(apart, 1).sum())
    return found


def filled(folder: Path, count: int, random: np.random.Generator) -> tuple[Library, list[Path]]:
    """A library of small PNGs whose hashes are random, a hundredth of them near copies."""
    media = folder / "in"
    media.mkdir()
    library = Library.create(folder / "Bench.mmlib")
    root = library.roots.add(media)
    codes = random.integers(1, 2**63, count)
    codes[: count // 100] = codes[count // 100 : 2 * (count // 100)] ^ 0b101
    rows, paths = [], []
    noise = random.integers(0, 256, (8, 480, 640, 3), np.uint8)
    bodies = []
    for one in noise:
        Image.fromarray(one).resize((160, 120)).resize((640, 480)).save(media / "body.png")
        bodies.append((media / "body.png").read_bytes())
    for i in range(count):
        path = media / f"{i}.png"
        path.write_bytes(bodies[i % 8])
        paths.append(path)
        sha = hashlib.sha256(str(i).encode()).hexdigest()
        rows.append(NewAsset("image", root.id, path.name, sha, 1, 1, 640, 480, phash=f"{codes[i]:016x}"))
    library.assets.add_many(rows)
    return library, paths


def main() -> int:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--pictures", type=int, default=4000)
    wanted.add_argument("--read", type=int, default=200)
    options = wanted.parse_args()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        library, paths = filled(Path(place), options.pictures, random)
        with library:
            config = default_config("image-gan", "", size=64)
            took, report = timed(lambda: driven(check(library, config)))
            plain, _ = timed(lambda: [Image.open(path).close() for path in paths])
            print(f"doctor, {report.usable} pictures: {took:.0f} ms; their headers alone {plain:.0f} ms")
            codes = random.integers(1, 2**63, options.pictures, dtype=np.uint64)
            codes[:40] = codes[40:80] ^ np.uint64(0b1001)
            took, pairs = timed(lambda: set(near_pairs(codes)))
            plain, count = timed(lambda: all_pairs(codes))
            print(
                f"near copies, {len(codes)}: {took:.0f} ms, {len(pairs)}; all pairs {plain:.0f} ms, {count}"
            )
            config.leave_out = library.assets.ids()[options.read :]
            plain, _ = timed(
                lambda: [
                    np.asarray(
                        ImageOps.fit(Image.open(path).convert("RGB"), (64, 64), Image.Resampling.LANCZOS)
                    )
                    for path in paths[: options.read]
                ]
            )
            for fit in ("crop", "smart", "pad", "stretch"):
                config.fit = fit
                took, _ = timed(lambda: driven(gather(library, config)))
                told = f"read {fit}, {options.read} of 640 × 480 to 64 px: {took / options.read:.2f} ms each"
                print(f"{told}; ImageOps.fit {plain / options.read:.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
