"""A tiny shop in a library: items with telling attributes, people who choose within their taste."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import ItemLink, NewInteraction, NewItem

KINDS = {
    "yoga": ("Strap", "Mat", "Block", "Towel", "Bolster", "Bag"),
    "running": ("Shoe", "Sock", "Cap", "Vest", "Belt", "Bottle"),
    "kitchen": ("Pan", "Knife", "Bowl", "Board", "Kettle", "Spoon"),
}
COLOURS = ("teal", "red", "black")
MATERIALS = {"yoga": "cotton", "running": "nylon", "kitchen": "steel"}


@contextmanager
def small_shop(folder: Path, people: int = 24, texts: bool = True) -> Iterator[tuple[Library, Features]]:
    """18 items in three categories; each person chooses four items of one category and one of another."""
    with Library.create(folder / "shop.mmlib") as library:
        items = []
        for kind, names in KINDS.items():
            for number, name in enumerate(names):
                items.append(
                    NewItem(
                        sku=f"{kind}-{name}".lower(),
                        title=f"{kind.title()} {name}",
                        description=f"A {name.lower()} for {kind}, made of {MATERIALS[kind]}.",
                        price=10.0 + 5 * number,
                        currency="EUR",
                        category=f"Sport > {kind.title()}",
                        attributes={
                            "material": MATERIALS[kind],
                            "colour": COLOURS[number % 3],
                            "title_zh": f"{kind}{name}中文",
                        },
                    )
                )
        ids = library.items.upsert_many(items)
        groups = np.array(ids).reshape(3, 6)
        library.items.add_links([ItemLink(int(groups[0, 0]), int(groups[0, 4]), "related")])
        rng = np.random.default_rng(5)
        events = []
        for person in range(people):
            own = groups[person % 3]
            chosen = [*rng.choice(own, 4, replace=False), rng.choice(groups[(person + 1) % 3])]
            events += [
                NewInteraction(f"p{person}", None, int(item), "buy", 5.0, 1000.0 + person) for item in chosen
            ]
        library.audiences.add_interactions(events)
        features = Features(library, "cpu")
        if texts:
            run_inline(features.work(extractor="tfidf-svd"))
        try:
            yield library, features
        finally:
            features.close()
