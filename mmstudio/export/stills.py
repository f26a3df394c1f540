"""Pictures that stand still: PNG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.export.writers import Task

_PNG_LEVEL = 3


def write_png(task: Task) -> Iterator[int]:
    """The card as PNG, without loss; a file over its limit is packed harder, then gets 256 colours."""
    from PIL import Image

    from mmstudio.composition.render import frame_array

    picture = Image.fromarray(frame_array(task.renderer().card()))
    yield 1
    if task.quality >= 1.0:
        picture.save(task.path, compress_level=_PNG_LEVEL)
    elif task.quality >= 0.8:
        picture.save(task.path, optimize=True)
    else:
        picture.quantize(max(round(256 * task.quality), 8)).save(task.path, optimize=True)
