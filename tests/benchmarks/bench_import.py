"""Importing against the plain loop a person would write, in the same run.

    python tests/benchmarks/bench_import.py [--files 200] [--small 5000]

Prints files a second of a first import (12-megapixel JPEGs: hash, facts, thumbnail, row), of the plain loop,
and of importing again; then how the cost of importing again grows with the number of small files. The last
ratio should stay near 1: the work per file must not grow with the library.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from support.media import make_jpeg, make_text


def plain_loop(files: list[Path], out: Path) -> None:
    """Hash, decode whole, reduce, save, one committed row per file."""
    out.mkdir()
    with sqlite3.connect(out / "plain.db") as db:
        db.execute("CREATE TABLE asset (path TEXT, sha256 TEXT, width INTEGER, height INTEGER)")
        for path in files:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            with Image.open(path) as picture:
                small = picture.convert("RGB")
                small.thumbnail((384, 384), Image.Resampling.LANCZOS)
                small.save(out / f"{sha256}.webp", quality=82)
                db.execute("INSERT INTO asset VALUES (?, ?, ?, ?)", (str(path), sha256, *picture.size))
                db.commit()


def seconds_to_import(library: Library, folder: Path) -> float:
    """Wall seconds of one import."""
    started = time.perf_counter()
    run_inline(import_work(library, [folder]))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--small", type=int, default=5000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        first = make_jpeg(scratch / "photos" / "0.jpg", (4000, 3000))
        data = first.read_bytes()
        files = [first]
        for index in range(1, arguments.files):  # a comment makes each file its own
            files.append(first.with_name(f"{index}.jpg"))
            files[-1].write_bytes(data[:2] + b"\xff\xfe\x00\x06%04d" % index + data[2:])
        with Library.create(scratch / "first.mmlib") as library:
            ours = seconds_to_import(library, scratch / "photos")
            again = seconds_to_import(library, scratch / "photos")
        started = time.perf_counter()
        plain_loop(files, scratch / "plain")
        plain = time.perf_counter() - started
        count = arguments.files
        print(f"first import {count / ours:.0f} files/s, plain loop {count / plain:.0f}: {plain / ours:.1f}×")
        print(f"import again {count / again:.0f} files/s")
        shutil.rmtree(scratch / "photos")
        per_file = []
        with Library.create(scratch / "small.mmlib") as library:
            for part in range(2):
                total = arguments.small if part == 0 else 4 * arguments.small
                for index in range(0 if part == 0 else arguments.small, total):
                    make_text(scratch / "texts" / f"{index % 100}" / f"{index}.txt", f"Text number {index}.")
                seconds_to_import(library, scratch / "texts")
                per_file.append(seconds_to_import(library, scratch / "texts") / total)
        print(f"importing {arguments.small} again: {1 / per_file[0]:.0f} files/s")
        print(f"cost per file at four times as many: {per_file[1] / per_file[0]:.2f}×")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
