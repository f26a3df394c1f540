"""Made members with tastes, for tests of what learns from many of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem


def group_library(folder: Path, members: int = 60, groups: int = 4, each: int = 30, seed: int = 0) -> Library:
    """A library of `groups` × `each` items; every member takes 18 of one group, 4 of any."""
    library = Library.create(folder / "groups.mmlib")
    ids = library.items.upsert_many(
        NewItem(f"s{n}", f"Thing {n}", category=f"Group {n // each}", price=float(5 + n % each))
        for n in range(groups * each)
    )
    rng = np.random.default_rng(seed)
    events = []
    for member in range(members):
        own = (member % groups) * each
        chosen = np.concatenate([own + rng.permutation(each)[:18], rng.integers(0, groups * each, 4)])
        rng.shuffle(chosen)
        for k, row in enumerate(dict.fromkeys(chosen.tolist())):
            at = 1_700_000_000.0 + 86_400 * k + 3600 * member
            fits = own <= row < own + each
            if k % 3 == 0:
                events.append(
                    NewInteraction(f"m{member}", None, ids[row], "rating", 5.0 if fits else 2.0, at)
                )
            else:
                kind, weight = ("buy", 5.0) if fits else ("view", 1.0)
                events.append(NewInteraction(f"m{member}", None, ids[row], kind, weight, at))
    library.interactions.add(events)
    return library
