"""A wish becomes a sound."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from mmstudio.generation.sounding.wish import MadeSound, SoundWish
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation


def make_sound(generation: Generation, wish: SoundWish) -> MadeSound:
    """Make what is wished for. Loads torch: for the device thread or a job.

    Raises:
        UsageError: the wish cannot be had, or the model makes no sounds.
        NotFound: no such model, asset or file.
        StudioError: a sound given is silent. MediaError: it cannot be read.
    """
    making = making_sound(generation, wish)
    while True:
        try:
            next(making)
        except StopIteration as stop:
            made: MadeSound = stop.value
            return made


def making_sound(generation: Generation, wish: SoundWish) -> Generator[Progress, None, MadeSound]:
    """The same for a job: yields between pieces (a second of work at the most), returns the sound."""
    yield Progress(0, 1)
    raise NotImplementedError(wish)
