"""A library of items with pictures, tones and words, and a joint model trained on it for a moment."""

from __future__ import annotations

from pathlib import Path

from mmstudio.jobs import run_inline
from mmstudio.learning.service import Trainings
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_wav

WORDS = ("Red boots", "Green lamp")


def item_library(folder: Path, count: int = 48) -> Library:
    """Every item has a picture, words and a category, every second one a tone."""
    library = new_library(folder)
    pictures = [make_image(folder / f"p/{i}.png", seed=i, size=(24, 24)) for i in range(count)]
    sounds = [make_wav(folder / f"s/{i}.wav", frequency=200.0 + 40 * i) for i in range(0, count, 2)]
    ids = add_files(library, *pictures, *sounds)
    items = library.items.upsert_many(
        NewItem(sku=f"S{i}", title=WORDS[i % 2], category=WORDS[i % 2].split()[1]) for i in range(count)
    )
    for i, item in enumerate(items):
        library.items.link_asset(item, ids[i], "hero")
        if i % 2 == 0:
            library.items.link_asset(item, ids[count + i // 2], "music")
    return library


def train_joint(library: Library, name: str = "joint", seed: int = 0) -> str:
    """The name of a joint model of two steps."""
    small = {"hidden": 16.0, "context": 8.0, "flow_width": 16.0, "latent": 8.0}
    wish = {"steps": 2, "size": 16, "batch": 4, "options": small, "seed": seed}
    run_inline(Trainings(library, "cpu").train_work("joint", name, **wish))
    return name
