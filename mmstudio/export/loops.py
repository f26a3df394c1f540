"""A storyboard as an animated GIF that fits its channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmstudio.export.fitting import frame_count
from mmstudio.media.gif import write_gif as encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.export.writers import Task

_SIDE_SHARE = 0.55  # quality under which the picture is made smaller too


def write_gif(task: Task) -> Iterator[int]:
    """The storyboard as GIF; less quality means fewer frames and colours, then a smaller picture."""
    from mmstudio.composition.render import frame_array

    renderer, board, quality = task.renderer(), task.board, task.quality
    fps = max(round(board.fps * min(1.0, 0.4 + 0.6 * quality)), 4)
    colours = max(round(256 * quality), 16)
    width, height = renderer.storyboard.size
    share = min(1.0, max(quality / _SIDE_SHARE, 0.25))
    size = (max(round(width * share), 16), max(round(height * share), 16))
    total, steps = frame_count(board.duration, fps), frame_count(board.duration, board.fps)

    def frames() -> Iterator[NDArray[Any]]:
        for index in range(total):
            yield frame_array(renderer.frame(index / fps, size))

    task.facts |= {"seconds": round(total / fps, 3), "fps": fps, "colours": colours, "codec": "gif"}
    task.facts |= {"width": size[0], "height": size[1]}
    for done in encode(task.path, frames, fps, colours):
        yield round(done * steps / (2 * total))
