"""The sample library: a small shop's pictures, sounds, clips, texts, reviews, links and people.

Everything is drawn and synthesised here from resources/sample; the same seed gives the same files.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmstudio.atomic import atomic_path, write_text
from mmstudio.media.audio import write_wav
from mmstudio.media.encode import VideoWriter

from . import clips, shoppers
from .drawing.products import detail, hero
from .music import RATE, make_loop, make_shot
from .shop import Product, load_toml, products

VERSION = 1  # of the generator: a folder made by another version is made anew
_DETAILS = ("mug", "cushion", "rug", "backpack", "scarf", "beanie", "vase", "notebook")


@dataclass(frozen=True)
class SampleFiles:
    """Where the sample lies. The media lie below `media`, sorted by kind."""

    folder: Path
    media: Path
    catalog: Path
    reviews: Path
    links: Path
    interactions: Path
    audiences: Path


def sample_files(folder: str | Path) -> SampleFiles:
    """The paths of a sample in `folder`, made or not."""
    root = Path(folder)
    return SampleFiles(
        root,
        root / "media",
        root / "catalog.csv",
        root / "reviews.csv",
        root / "related.csv",
        root / "interactions.csv",
        root / "audiences.json",
    )


def make_sample(
    folder: str | Path, seed: int = 7, on_progress: Callable[[int, int], None] | None = None, workers: int = 2
) -> SampleFiles:
    """Make the sample shop in `folder`; files that are there from the same seed are kept.

    Args:
        folder: the folder to fill; made where it is missing.
        seed: varies people, grain and assignment of reviews, not the catalogue.
        on_progress: called with (files done, files in all) on the calling thread.
        workers: threads that draw; the result does not depend on it.

    Raises:
        DiskFull: where there is no room.
    """
    files = sample_files(folder)
    files.media.mkdir(parents=True, exist_ok=True)
    mark = files.folder / "sample.json"
    made = {"version": VERSION, "seed": seed}
    keep = _made_by(mark) == made
    if not keep:
        write_text(mark, json.dumps(made))
    catalogue = products()
    _write_tables(files, catalogue, seed)
    tasks = [
        (path, task) for path, task in _media(files.media, catalogue, seed) if not (keep and path.exists())
    ]
    total = len(tasks)
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="sample") as pool:
        running = [pool.submit(task) for _, task in tasks]
        try:
            for done, future in enumerate(as_completed(running), 1):
                future.result()
                if on_progress is not None:
                    on_progress(done, total)
        finally:
            for future in running:
                future.cancel()
    return files


def image_names(product: Product) -> list[str]:
    """Names of a product's pictures, hero first."""
    names = [f"{product.sku.lower()}-hero.jpg"]
    if product.kind in _DETAILS and int(product.sku[-2:]) % 3 == 1:
        names.append(f"{product.sku.lower()}-detail.jpg")
    return names


def clip_names() -> dict[str, str]:
    """Clip file name by the SKU it shows."""
    return {
        "VAS-02": "tide-amphora-turntable.mp4",
        "VAS-03": "brushstroke-vase-turntable.mp4",
        "RUG-04": "meadow-rug.mp4",
    }


def _made_by(mark: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _media(
    media: Path, catalogue: tuple[Product, ...], seed: int
) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Every media file with the call that makes it; the slow ones come first."""
    by_sku = {p.sku: p for p in catalogue}
    for sku, name in clip_names().items():
        product = by_sku[sku]
        source = clips.turntable if product.kind == "vase" else clips.drift
        path = media / "clips" / name
        yield path, partial(_save_clip, path, partial(source, product, seed))
    path = media / "clips" / "harbour-colours.mp4"
    yield (
        path,
        partial(_save_clip, path, partial(clips.flow, ("#2f6f73", "#e9c9a0", "#d9705a", "#33547a"), seed)),
    )
    sounds = load_toml("sounds.toml")
    for spec in sounds["loop"]:
        path = media / "music" / f"{spec['name']}.wav"
        yield path, partial(_save_sound, path, partial(make_loop, spec))
    for spec in sounds["shot"]:
        path = media / "sounds" / f"{spec['name']}.wav"
        yield path, partial(_save_sound, path, partial(make_shot, spec["name"]))
    for product in catalogue:
        for name in image_names(product):
            path = media / "pictures" / name
            yield path, partial(_save_picture, path, product, seed, "detail" in name)
    for text in load_toml("texts.toml")["text"]:
        path = media / "texts" / text["file"]
        yield path, partial(write_text, path, text["body"].lstrip())


def _save_picture(path: Path, product: Product, seed: int, near: bool) -> None:
    picture = (detail if near else hero)(product.look, seed)
    with atomic_path(path) as temporary:
        picture.save(temporary, "JPEG", quality=91, subsampling=0)


def _save_sound(path: Path, make: Callable[[], Any]) -> None:
    sound = make()
    with atomic_path(path) as temporary:
        write_wav(temporary, sound, RATE)


def _save_clip(path: Path, frames: Callable[[], Iterator[clips.Frame]]) -> None:
    with atomic_path(path) as temporary, VideoWriter(temporary, clips.SIZE, clips.SIZE, clips.FPS) as writer:
        for frame in frames():
            writer.write_frame(frame)


def _write_tables(files: SampleFiles, catalogue: tuple[Product, ...], seed: int) -> None:
    clip_of = clip_names()
    rows = [
        {
            "sku": p.sku,
            "title": p.title,
            "description": p.text,
            "price": f"{p.price:.2f}",
            "currency": p.currency,
            "category": p.category,
            "images": "|".join([*image_names(p), *([clip_of[p.sku]] if p.sku in clip_of else [])]),
            "brand": p.brand,
            "colour": p.colour,
            "material": p.material,
            "size": p.size,
            "title_zh": p.title_zh,
            "description_zh": p.text_zh,
        }
        for p in catalogue
    ]
    _write_csv(files.catalog, rows)
    _write_csv(files.reviews, shoppers.reviews(catalogue, np.random.default_rng([seed, 1])))
    _write_csv(files.links, shoppers.links(catalogue))
    _write_csv(files.interactions, shoppers.interactions(catalogue, np.random.default_rng([seed, 2])))
    people = [asdict(a) for a in shoppers.audiences()]
    write_text(files.audiences, json.dumps(people, ensure_ascii=False, indent=1))


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
