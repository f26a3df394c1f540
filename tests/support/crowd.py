"""People with two clear tastes, for tests of segments, measuring and the window."""

from __future__ import annotations

import numpy as np

from mmstudio.library import Library
from mmstudio.library.records import NewInteraction


def add_crowd(library: Library, people: int = 24, seed: int = 0) -> None:
    """Half of the people choose among the first half of the items, the rest among the others; rarely else."""
    ids = library.items.ids()
    half = len(ids) // 2
    rng = np.random.default_rng(seed)
    events = []
    for person in range(people):
        own = ids[:half] if person % 2 == 0 else ids[half:]
        chosen = rng.choice(own, min(4, len(own)), replace=False)
        for step, item in enumerate(chosen):
            events.append(
                NewInteraction(f"person {person}", None, int(item), "rating", 5.0, 1.7e9 + 86_400 * step)
            )
    library.audiences.add_interactions(events)
