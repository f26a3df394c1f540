"""Near copies of videos: hashes of several frames propose, what moves over time decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmstudio.cleaning.pictures import hash_bytes
from mmstudio.cleaning.sequences import best_shift

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.jobs import JobContext

VERSION = "2"
STEP_S, MOST_FRAMES = 0.125, 128  # the step doubles until the frames of a longer video are no more
GRID = 16  # the frame as 16 × 16 grey levels
HASH_MOST, ASKED = 12, 8
HASH_SHARE = 0.5  # of the frames asked that must be found in the other
STILL = 4.0  # deviation over time, in grey levels, below which nothing moves
SCENE_MIN, MOTION_MIN = 0.9, 0.65  # correlation of the mean frame, and of what moves about it
_OVERLAP, _LONGER = 0.9, 1.7
_ROW = 16 + GRID * GRID


def fingerprint(path: Path, context: JobContext | None = None) -> bytes:
    """At most 128 frames, every 1/8 s or twice, four times … that, as rows of 272 bytes: the two hashes of
    :func:`pictures.hash_bytes` and 16 × 16 grey levels. The first 8 bytes are the step in seconds.

    Raises MediaError, Cancelled.
    """
    from mmstudio.errors import MediaError
    from mmstudio.media.video import VideoReader

    rows = []
    with VideoReader(path) as reader:
        step = STEP_S
        while reader.duration / step > MOST_FRAMES:
            step *= 2
        count = max(1, min(MOST_FRAMES, int(reader.duration / step)))
        for n in range(count):
            if context is not None:
                context.raise_if_cancelled()
            try:
                frame = reader.frame_at((n + 0.5) * step if count > 1 else reader.duration / 2, 192)
            except MediaError:
                break  # a clip that breaks off still shows what comes before
            rows.append(frame_row(frame.convert("RGB")))
    return np.float64(step).tobytes() + b"".join(rows) if rows else b""


def frame_row(frame: Image.Image) -> bytes:
    """272 bytes of a frame."""
    return hash_bytes(frame) + frame.convert("L").resize((GRID, GRID), Image.Resampling.BOX).tobytes()


def decoded(blob: bytes) -> tuple[float, NDArray[np.uint64], NDArray[np.float32]]:
    """(step in seconds, uint64[T, 2] hashes, float32[T, 256] grey levels)."""
    rows = np.frombuffer(blob[8:], np.uint8).reshape(-1, _ROW)
    hashes = np.ascontiguousarray(rows[:, :16]).view(np.uint64)
    return float(np.frombuffer(blob[:8], np.float64)[0]), hashes, rows[:, 16:].astype(np.float32)


def pairs(prints: list[bytes]) -> Iterator[tuple[int, int]]:
    """Pairs (i < j) of which half of the frames asked are in the other; empty ones pair with nothing."""
    there = [i for i, blob in enumerate(prints) if blob]
    hashes = {i: decoded(prints[i])[1][:, 0] for i in there}
    asked = {
        i: codes[np.linspace(0, len(codes) - 1, ASKED).round().astype(int)] for i, codes in hashes.items()
    }
    if len(there) < 2:
        return
    every = np.concatenate([hashes[i] for i in there])
    starts = np.cumsum([0, *(len(hashes[i]) for i in there)])[:-1]
    found = np.zeros((len(there), len(there)))
    for row, i in enumerate(there):
        near = np.bitwise_count(asked[i][:, None] ^ every[None]) <= HASH_MOST
        found[row] = np.logical_or.reduceat(near, starts, axis=1).mean(0)
    for i, j in np.argwhere(np.maximum(found, found.T) >= HASH_SHARE):
        if i < j:
            yield there[int(i)], there[int(j)]


def alike(one: bytes, other: bytes) -> float:
    """How sure two videos are copies, 0…1; 0 where they are not.

    Two films of one fixed camera look alike at any moment: the mean frame must agree, and so must what moves
    about it, at the best shift in time. Where nothing moves in either, the mean frame alone decides.
    """
    step, _, a = decoded(one)
    other_step, _, b = decoded(other)
    lengths = len(a) * step, len(b) * other_step
    if max(lengths) > _LONGER * min(lengths):
        return 0.0
    coarse = max(step, other_step)
    a, b = a[:: round(coarse / step)], b[:: round(coarse / other_step)]
    mean_a, mean_b = np.median(a, 0), np.median(b, 0)
    scene = _correlation(mean_a, mean_b)
    if scene < SCENE_MIN:
        return 0.0
    moving_a, moving_b = a - mean_a, b - mean_b
    still = float(moving_a.std()) < STILL, float(moving_b.std()) < STILL
    if all(still):
        return scene
    if min(len(a), len(b)) < 3:
        return 0.0
    motion, _, _ = best_shift(moving_a, moving_b, _OVERLAP)
    return min(scene, motion) if motion >= MOTION_MIN else 0.0


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    a, b = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    if spread < 1e-6:
        return 1.0 if abs(float(one.mean() - other.mean())) < 4.0 else 0.0
    return float((a * b).sum()) / spread
