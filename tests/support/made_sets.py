"""Sets for tests of the window: made in a moment, without a model."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np

from mmstudio.generation.sets.contract import PARTS, MadePart, MadeSet, Mood, SetWish
from mmstudio.jobs import Progress
from mmstudio.studio import Studio

RATE = 8000


def made_set(seed: int = 0, wish: SetWish | None = None) -> MadeSet:
    """A set whose picture, sound and words depend on the seed."""
    rng = np.random.default_rng(seed)
    t = np.arange(RATE) / RATE
    tone = (0.2 * np.sin(2 * np.pi * (220 + 20 * seed) * t)).astype(np.float32)
    return MadeSet(
        wish=wish or SetWish(text="A quiet morning", seed=seed),
        picture=rng.integers(0, 256, (48, 48, 3), dtype=np.uint8),
        sound=np.stack([tone, tone]),
        rate=RATE,
        title="Morning",
        text=f"A quiet morning, number {seed}",
        variants=(f"A quiet morning, number {seed}", "Light on the water"),
        palette=((40, 90, 120), (230, 220, 200)),
        tempo=84.0,
        key=21,
        mood=Mood(words=("calm", "cool")),
        sources=(),
        parts={part: MadePart(part, "starter", seed, 0.8) for part in PARTS},
        agreement={"palette": 0.05, "mood": 0.2, "words": 0.5},
    )


def making(made: MadeSet) -> Callable[[Studio], Generator[Progress, None, MadeSet]]:
    """Work that brings the parts one by one, as the real one does."""

    def start(_studio: Studio) -> Generator[Progress, None, MadeSet]:
        yield Progress(0, 3, "Drawing")
        yield Progress(1, 3, "Playing", {"part": "picture", "picture": made.picture})
        yield Progress(2, 3, "Writing", {"part": "sound", "sound": made.sound, "rate": made.rate})
        return made

    return start
