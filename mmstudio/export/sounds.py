"""The sound of a storyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmstudio.composition.sound import mix
from mmstudio.media.audio import write_wav

if TYPE_CHECKING:
    from mmstudio.export.writers import Task

RATE = 48_000


def write_sound(task: Task) -> Iterator[int]:
    """The mix at 48 kHz, 16 bits."""
    samples = mix(task.board, task.library, RATE)
    yield 1
    # libsndfile does not say why it cannot write: take the room first, where a full disk is an OSError
    task.path.write_bytes(bytes(samples.size * 2 + 4096))
    write_wav(task.path, samples, RATE)
    task.facts["seconds"] = round(task.board.duration, 3)
