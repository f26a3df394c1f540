"""Videos whose cuts are known beforehand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from support.media import make_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def shot(
    frames: int, seed: int, size: tuple[int, int] = (96, 64), *, pan: float = 1.0, noise: float = 2.0
) -> list[NDArray[np.uint8]]:
    """`frames` pictures uint8[H, W, 3] of one scene that the camera pans over by `pan` px a frame."""
    width, height = size
    rng = np.random.default_rng(seed)
    wide = np.asarray(make_picture((width + int(pan * frames) + 2, height), seed)).astype(np.float32)
    out = []
    for index in range(frames):
        left = int(index * pan)
        view = wide[:, left : left + width] + rng.normal(0, noise, (height, width, 1))
        out.append(view.clip(0, 255).astype(np.uint8))
    return out


def flash(frames: list[NDArray[np.uint8]], at: int) -> None:
    """Make one frame white, as a camera's flash does."""
    frames[at] = np.full_like(frames[at], 250)


def write_frames(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    times: Sequence[float] | None = None,
    fps: int = 25,
    key_every: int = 250,
) -> Path:
    """Write frames as H.264; `times` are their seconds (a variable frame rate), every 1 / fps by default."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    base = Fraction(1, 1000)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=fps, options={"preset": "ultrafast", "g": str(key_every)}
        )
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            seconds = index / fps if times is None else times[index]
            frame.pts, frame.time_base = round(seconds * 1000), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
