"""How many bundled faces are found, what hiding, stripping, marking and signing a picture cost.

    python tests/benchmarks/bench_privacy.py

Faces: the 200 crops and the astronaut that ship with scikit-image; beside the share found stands the share
of pictures without a face that are taken for one. Times stand beside a plain copy of the same file
(stripping), one save by Pillow (marking and signing) and one decoding (hiding).
"""

from __future__ import annotations

import io
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image
from skimage import data

from mmstudio.composition import Storyboard
from mmstudio.export.options import ExportOptions
from mmstudio.export.privacy.faces import blur, find_faces
from mmstudio.export.privacy.identifiers import masked
from mmstudio.export.provenance import finish, record_of
from mmstudio.export.provenance.certificate import new_certificate
from mmstudio.media.stripping import strip_copy
from support.media import make_picture

RUNS = 9


def timed(words: str, call: Callable[[], Any]) -> None:
    """Median and slowest of some runs, in milliseconds."""
    call()
    spent = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        spent.append(1000 * (time.perf_counter() - start))
    print(f"{words:58} median {statistics.median(spent):7.1f} ms   slowest {max(spent):7.1f} ms")


def faces() -> None:
    """Share of crops with and without a face in which one is found, by the size of the face."""
    crops: Any = data.lfw_subset()
    for side in (30, 50, 100, 200):
        found = [0, 0]
        for number, crop in enumerate(crops):
            canvas = np.full((side * 2, side * 2, 3), 128, np.uint8)
            large = Image.fromarray((crop * 255).astype(np.uint8)).resize((side, side))
            canvas[side // 2 : side // 2 + side, side // 2 : side // 2 + side] = np.asarray(large)[..., None]
            found[number >= 100] += bool(find_faces(canvas))
        print(
            f"faces {side:3d} px across: found {found[0]:3d} of 100; "
            f"taken for one {found[1]:3d} of 100 without"
        )
    astronaut: Any = data.astronaut
    picture = np.asarray(astronaut())
    for degrees in (0, 15, 30, 45, 90):
        turned = np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC))
        # where the face is after the turn (its middle, about the middle of the picture)
        angle = np.deg2rad(-degrees)
        x, y = 228 - 256, 116 - 256
        at = (x * np.cos(angle) - y * np.sin(angle) + 256, x * np.sin(angle) + y * np.cos(angle) + 256)
        hit = any(bx <= at[0] <= bx + w and by <= at[1] <= by + h for bx, by, w, h in find_faces(turned))
        print(f"astronaut tilted by {degrees:2d} degrees: {'found' if hit else 'missed'}")
    large = np.asarray(Image.fromarray(picture).resize((1920, 1920)))
    boxes = find_faces(large)
    held = io.BytesIO()
    Image.fromarray(large).save(held, "JPEG")
    timed("decoding a JPEG of 1920 x 1920", lambda: np.asarray(Image.open(io.BytesIO(held.getvalue()))))
    timed("  searching it for faces", lambda: find_faces(large))
    timed("  hiding those found", lambda: blur(large, boxes))


def files(folder: Path) -> None:
    """Stripping, marking and signing beside a copy and a save."""
    picture = make_picture((1920, 1080), seed=5)
    noisy = np.asarray(picture).astype(np.int16) + np.random.default_rng(1).integers(-9, 9, (1080, 1920, 3))
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    board = Storyboard(name="Board")
    record = record_of(board)
    signing, _ = new_certificate(folder / "certificate", "Bench")
    signed = ExportOptions(sign_with=str(signing))
    for suffix in (".jpg", ".png", ".webp"):
        source = folder / f"a{suffix}"
        image.save(source, exif=exif, quality=92)
        target = folder / f"b{suffix}"
        timed(
            f"{suffix} copying {source.stat().st_size / 1e6:.1f} MB", partial(shutil.copyfile, source, target)
        )
        timed("  copying without metadata", partial(strip_copy, source, target))
        timed("  saving by Pillow", partial(image.save, target, quality=92))
        timed("  marking its origin", partial(finish, target, record, board))
        timed("  marking and signing", partial(finish, target, record, board, signed))


def texts() -> None:
    """Masking a page of text beside reading it through once."""
    page = "Our shop is open from 9 to 18. Call +44 20 7946 0958 or write to a@b.example. " * 40
    timed(f"reading {len(page)} characters once", lambda: sum(c.isdigit() for c in page))
    timed("  masking personal data", lambda: masked(page, "en_GB"))


def main() -> None:
    faces()
    texts()
    with tempfile.TemporaryDirectory() as folder:
        files(Path(folder))


if __name__ == "__main__":
    main()
