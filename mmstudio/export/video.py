"""A storyboard as a video: frames are drawn ahead on two threads while one encodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.sound import mix
from mmstudio.export.fitting import frame_count
from mmstudio.media.encode import VideoWriter

if TYPE_CHECKING:
    from mmstudio.composition.render import Renderer
    from mmstudio.export.writers import Task
    from mmstudio.library import Library

RATE = 48_000
_AHEAD = 4  # frames kept ready; one of 1080 x 1920 takes 6 MB


def write_film(task: Task) -> Iterator[int]:
    """The storyboard as MP4 with its sound."""
    task.facts["seconds"] = round(task.board.duration, 3)
    for done, _total, codec in write_video(task.renderer(), task.library, task.path):
        task.facts["codec"] = codec
        yield done


def write_video(renderer: Renderer, library: Library, path: Path) -> Iterator[tuple[int, int, str]]:
    """Encode to ``path``; yields (frames done, frames in all, codec) after each frame.

    Closing the iterator early stops the drawing threads and leaves the unfinished file to the caller.
    """
    board = renderer.storyboard
    total = frame_count(board.duration, board.fps)
    renderer.prepare()
    with ThreadPoolExecutor(2, thread_name_prefix="frames") as pool:
        sound = pool.submit(mix, board, library, RATE)
        waiting: deque[Future[NDArray[np.uint8]]] = deque()
        try:
            with VideoWriter(path, *board.size, board.fps, audio_rate=RATE) as writer:
                drawn = heard = 0
                for index in range(total):
                    while drawn < min(index + _AHEAD, total):
                        waiting.append(pool.submit(_draw, renderer, drawn / board.fps))
                        drawn += 1
                    writer.write_frame(waiting.popleft().result())
                    # sound goes in step with the pictures, half a second ahead: players start at once
                    due = min(round((index / board.fps + 0.5) * RATE), sound.result().shape[1])
                    if due > heard:
                        writer.write_audio(sound.result()[:, heard:due])
                        heard = due
                    yield index + 1, total, writer.codec_name
                if heard < sound.result().shape[1]:
                    writer.write_audio(sound.result()[:, heard:])
        finally:
            for future in waiting:
                future.cancel()


def _draw(renderer: Renderer, t: float) -> NDArray[np.uint8]:
    from mmstudio.composition.render import frame_array

    return frame_array(renderer.frame(t))
