"""A matrix of cards: python tests/benchmarks/bench_matrix.py [--rows 500] [--library LIB]

Items x audiences to 1080 x 1080 PNG by the job "matrix" (checked, composed, gated, drawn, marked, listed), as
the shell runs it, beside two references in the same run: the same rows one by one through the ordinary
export, and the least a program could do (Pillow: scale a photo, paste it, write five lines, save at level 3).
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image, ImageDraw, ImageFont

from mmstudio.composition import Composer
from mmstudio.export import Exporter
from mmstudio.export.matrix import MatrixRow, matrix_of, matrix_work, read_state
from mmstudio.jobs import run_inline
from mmstudio.library import ItemAsset, Library, NewItem
from support.libraries import add_asset, new_library
from support.shop import studio_photo

RECIPE = "product-card"
CHANNEL = "square-card"
_REFERENCE = 20  # rows of the references


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--library", type=Path, help="a library with items that have pictures")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        library = Library.open(wanted.library) if wanted.library else made(place, 50)
        try:
            measure(library, place, wanted.rows)
        finally:
            library.close()


def made(folder: Path, items: int) -> Library:
    """A shop with drawn photos of 1000 x 1000 pixels."""
    library = new_library(folder)
    (folder / "media").mkdir()
    for n in range(items):
        colour = (40 + 4 * n % 200, 60 + 37 * n % 160, 200 - 3 * n % 150)
        photo = studio_photo(folder / "media" / f"item{n}.png", colour, 1000)
        asset = add_asset(library, photo, width=1000)
        [item] = library.items.upsert_many(
            [NewItem(sku=f"ITEM-{n}", title=f"Weekend bag number {n}", price=20.0 + n, currency="EUR",
                     description="A roomy bag for two days away.\n- Padded shoulder strap.", category="Bags")]
        )  # fmt: skip
        library.items.set_assets(item, [ItemAsset(asset, "hero", 0)])
    return library


def measure(library: Library, place: Path, count: int) -> None:
    """Both references and the matrix."""
    pictured = [
        item
        for item in library.items.ids()
        if any(link.role == "hero" for link in library.items.assets_of(item))
    ][: max(count // 10, 1)]
    names = {audience.name: audience.id for audience in library.audiences.list()}
    audiences = [names.get(f"Audience {n}") or library.audiences.add(f"Audience {n}", "", locale="en_GB")
                 for n in range(-(-count // len(pictured)))]  # fmt: skip
    found = matrix_of(library, pictured, audiences, recipe=RECIPE, channels=[CHANNEL])
    rows = list(found.rows)[:count]
    exporter = Exporter(library)
    composer = Composer(library, None, None)
    started, work = time.perf_counter(), processor()
    plain = [row.to_dict() for row in rows]
    result = run_inline(matrix_work(library, composer, exporter, rows=plain, out=place / "matrix"))
    seconds, work = time.perf_counter() - started, processor() - work
    files = [file for row in read_state(place / "matrix") for file in row.files]
    assert result["done"] == len(rows) == len(files), result["failures"][:3]
    started = time.perf_counter()
    again = run_inline(matrix_work(library, composer, exporter, rows=plain, out=place / "matrix"))
    nothing = time.perf_counter() - started
    assert again["same"] == len(rows)
    single = one_by_one(
        library, composer, exporter, rows[:: max(len(rows) // _REFERENCE, 1)], place / "single"
    )
    before = processor()
    least = pillow(place / "pillow", _REFERENCE)
    least_work = (processor() - before) / _REFERENCE
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    ours = len(rows) / seconds
    print(
        f"matrix: {len(rows)} cards of {len(pictured)} items for {len(audiences)} audiences, 1080 x 1080, "
        f"zlib level 2: {ours:.1f} a second ({seconds:.1f} s, "
        f"{1000 * work / len(rows):.0f} ms of processor a card); "
        f"one by one {single:.1f} a second ({ours / single:.2f} x); Pillow alone on one core {least:.1f} a "
        f"second ({ours / least:.2f} x, {1000 * least_work:.0f} ms of processor)"
    )
    size = sum(file["bytes"] for file in files) / len(files) / 1000
    print(
        f"matrix: nothing changed {len(rows) / nothing:.0f} rows a second; {size:.0f} kB a card; memory "
        f"{memory} MB, a helper {helpers} MB; torch imported: {'torch' in sys.modules}"
    )


def processor() -> float:
    """Seconds of processor time of this process and of helpers that ended."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def one_by_one(
    library: Library, composer: Composer, exporter: Exporter, rows: list[MatrixRow], out: Path
) -> float:
    """Cards a second of the ordinary export, row after row."""
    started = time.perf_counter()
    for row in rows:
        board = composer.compose(row.recipe, row.item_id, row.audience_id)
        assert board.id is not None
        run_inline(exporter.work(board.id, list(row.channels), out=out / row.folder))
        library.storyboards.remove(board.id)
    return len(rows) / (time.perf_counter() - started)


def pillow(out: Path, count: int) -> float:
    """Cards a second of the least that makes such a picture."""
    out.mkdir()
    photo = studio_photo(out / "photo.png", (200, 60, 40), 1000)
    started = time.perf_counter()
    for n in range(count):
        card = Image.new("RGB", (1080, 1080), (240, 230, 220))
        with Image.open(photo) as picture:
            card.paste(picture.resize((620, 620), Image.Resampling.LANCZOS), (230, 30))
        draw = ImageDraw.Draw(card)
        for line in range(5):
            draw.text(
                (80, 680 + 70 * line), f"Weekend bag number {n}", (30, 30, 30), ImageFont.load_default(52)
            )
        card.save(out / f"{n}.png", compress_level=3)
    return count / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
