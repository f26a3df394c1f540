"""Libraries whose pictures, sounds and words belong together, with features made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmstudio.features.extractors import infos
from mmstudio.library import Library
from mmstudio.library.records import NewAsset, NewInteraction, NewItem

KINDS = ("boots", "lamps", "drums")
WORDS = ("red", "blue", "tall", "small", "wooden", "metal")


def put_rows(library: Library, name: str, rows: dict[int, np.ndarray]) -> None:
    """Store vectors of an extractor as an extraction would."""
    info = infos()[name]
    number = library.features.ensure_set(
        info.name, info.version, info.parameters, info.dimension, info.modality, "asset"
    )
    library.features.put_many(number, rows.items())


def add_media(library: Library, kind: str, names: list[str], **more: object) -> list[int]:
    """Assets without files, for tests that never open them."""
    return library.assets.add_many(
        NewAsset(kind, 1, f"{kind}/{name}", f"{kind}-{name}".encode().hex()[:64], 1, 1, title=name, **more)  # type: ignore[arg-type]
        for name in names
    )


def paired_library(
    folder: Path, count: int = 36, *, sounds: bool = True, noise: float = 0.3, seed: int = 0
) -> tuple[Library, list[int], list[int]]:
    """(library, items, pictures): items of three categories with words, a picture and perhaps a sound each.

    What the words say is in the vectors of pictures and sounds too, through a mixing that must be learned.
    """
    random = np.random.default_rng(seed)
    library = Library.create(folder / "paired.mmlib")
    chosen = [sorted(random.choice(len(WORDS), 2, replace=False)) for _ in range(count)]
    items = library.items.upsert_many(
        NewItem(
            sku=f"S{i}",
            title=f"{' '.join(WORDS[w] for w in chosen[i])} {KINDS[i % 3]}",
            category=f"Shop > {KINDS[i % 3].title()}",
        )
        for i in range(count)
    )
    truth = np.zeros((count, len(KINDS) + len(WORDS)), np.float32)
    for i in range(count):
        truth[i, i % 3] = 1.5
        for word in chosen[i]:
            truth[i, len(KINDS) + int(word)] = 1.0
    pictures = add_media(library, "image", [f"p{i}.png" for i in range(count)])
    put_rows(library, "cnn", _mixed(random, pictures, truth, infos()["cnn"].dimension, noise))
    links = [(item, picture) for item, picture in zip(items, pictures, strict=True)]
    if sounds:
        heard = add_media(library, "audio", [f"s{i}.wav" for i in range(count)])
        put_rows(library, "mfcc", _mixed(random, heard, truth, infos()["mfcc"].dimension, noise))
        links += [(item, sound) for item, sound in zip(items, heard, strict=True)]
    for item, asset in links:
        role = "hero" if asset in pictures else "music"
        library.items.link_asset(item, asset, role)  # type: ignore[arg-type]
    library.audiences.add_interactions(
        [
            NewInteraction(f"m{person}", None, items[i], "buy", float(1 + i % 3), float(person))
            for person in range(4)
            for i in range(count)
        ]
    )
    return library, items, pictures


def _mixed(
    random: np.random.Generator, ids: list[int], truth: np.ndarray, dimension: int, noise: float
) -> dict[int, np.ndarray]:
    mixing = random.standard_normal((truth.shape[1], dimension)).astype(np.float32)
    rows = truth @ mixing + noise * random.standard_normal((len(ids), dimension)).astype(np.float32)
    return dict(zip(ids, rows.astype(np.float32), strict=True))
