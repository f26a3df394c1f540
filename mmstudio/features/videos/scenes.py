"""Where a video cuts, and which frame speaks for each shot."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.library.records import Scene
from mmstudio.media.oklab import srgb_to_oklab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mmstudio.media.video import VideoReader

_WIDTH, _HEIGHT = 32, 18  # px of the frames that are compared
_PIXELS, _FRAMES = 6e9, 12_000  # decoded whole at most: about ten seconds of work
_SAMPLES = 1200  # key frames looked at in a longer video
_LEAST = 0.055  # difference that may be a cut: half the picture changes by a tenth of the lightness
_STANDS_OUT = 3.0  # times the mean of its neighbours
_AROUND = 2  # neighbours on each side
_SHORTEST = 0.3  # seconds of a shot
_HISTOGRAM = 0.15  # how much a change of the colours counts beside a change of the pixels
_CHUNK = 1024  # frames


def find_scenes(reader: VideoReader, *, whole: bool | None = None) -> list[Scene]:
    """Shots of a video in order, without a gap; at least one. Raises MediaError where no frame decodes.

    Every frame is compared with the one before: mean OKLab distance of the pixels plus a share of the change
    of the colour histogram. A cut is a difference that is large and stands out of its neighbours
    (PySceneDetect's adaptive detector), so that pans and shakes are none; a flash, after which the old
    picture is back, is none either. Times are those of the frames, whatever their rate. Dissolves and fades
    are not looked for.

    A video too long to decode whole in about ten seconds (or not `whole`) is looked at in up to 1200 key
    frames; cuts are then as exact as these lie apart.
    """
    frames = reader.duration * reader.fps
    if whole is None:
        whole = frames <= _FRAMES and frames * reader.width * reader.height <= _PIXELS
    times = None if whole else np.linspace(0, reader.duration, _SAMPLES, endpoint=False).tolist()
    stamps: list[float] = []
    small: list[NDArray[np.uint8]] = []
    for t, frame in reader.small_frames(_WIDTH, _HEIGHT, times):
        stamps.append(max(t, 0.0))
        small.append(frame)
    at, thumbs = np.array(stamps), np.stack(small)
    # A file that breaks off ends with its last good frame, whatever its header says.
    pause = float(np.median(np.diff(at))) if len(at) > 1 else 0.0
    end = float(at[-1]) + max(pause, 1e-3) if whole else max(reader.duration, float(at[-1]) + 1e-3)
    cuts = find_cuts(at, thumbs, isolated=not whole)
    edges = [0, *cuts, len(at)]
    return [
        Scene(
            start=float(at[first]) if first else 0.0,
            stop=float(at[last]) if last < len(at) else end,
            key_time=float(at[first + _typical(thumbs[first:last])]),
        )
        for first, last in pairwise(edges)
    ]


def find_cuts(times: NDArray[np.float64], thumbs: NDArray[np.uint8], *, isolated: bool = False) -> list[int]:
    """Indexes of the first frames of new shots, of float64[T] rising times and uint8[T, H, W, 3] frames.

    `isolated`: the frames lie seconds apart, so that a difference need not stand out of its neighbours much.
    """
    if len(times) < 2:
        return []
    found = differences(thumbs)
    padded = np.pad(found, _AROUND, mode="reflect" if len(found) > _AROUND else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    around = (windows.sum(axis=1) - found) / (2 * _AROUND)
    least, ratio = (2 * _LEAST, 1.2) if isolated else (_LEAST, _STANDS_OUT)
    cuts: list[int] = []
    for place in np.flatnonzero((found >= least) & (found >= ratio * around)):
        index = int(place) + 1
        since = times[index] - (times[cuts[-1]] if cuts else times[0])
        if since >= _SHORTEST and not (not isolated and _flash(thumbs, int(place), float(found[place]))):
            cuts.append(index)
    return cuts


def differences(thumbs: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8[T, H, W, 3] → float64[T - 1]: how different each frame is from the one before, about 0…1."""
    out = np.zeros(len(thumbs) - 1)
    for start in range(0, len(out), _CHUNK):
        lab = srgb_to_oklab(thumbs[start : start + _CHUNK + 1], np.float32)
        moved = np.linalg.norm(np.diff(lab, axis=0), axis=-1).mean(axis=(1, 2))
        counts = np.stack([_histogram(one) for one in lab])
        changed = np.abs(np.diff(counts, axis=0)).sum(axis=1) / 2
        out[start : start + _CHUNK] = moved + _HISTOGRAM * changed
    return out


def _histogram(lab: NDArray[np.float32]) -> NDArray[np.float64]:
    light = np.clip(lab[..., 0] * 8, 0, 7).astype(np.int64)
    a, b = (np.clip((lab[..., i] + 0.2) * 10, 0, 3).astype(np.int64) for i in (1, 2))
    return np.bincount(((light * 4 + a) * 4 + b).ravel(), minlength=128) / light.size


def _flash(thumbs: NDArray[np.uint8], place: int, change: float) -> bool:
    """Whether a picture of shortly before the change is there again shortly after it."""
    before, after = thumbs[max(place - 3, 0) : place + 1], thumbs[place + 1 : place + 5]
    pairs = (np.stack([one, other]) for one in before for other in after)
    return any(differences(pair)[0] < 0.35 * change for pair in pairs)


def _typical(thumbs: NDArray[np.uint8]) -> int:
    """Index of the frame nearest to the mean of its shot, of uint8[T, H, W, 3]."""
    if len(thumbs) < 3:
        return len(thumbs) // 2
    mean = thumbs.mean(axis=0, dtype=np.float32)
    away = [float(np.abs(frame - mean).mean()) for frame in thumbs]
    return int(np.argmin(away))


def key_times(scenes: Sequence[Scene], count: int) -> list[tuple[float, float]]:
    """(seconds, weight) of up to `count` frames that stand for a video; the weights sum to 1.

    The longest shots first, each by its key frame; frames left over go to the longest, spread evenly in them.
    A frame weighs as long as the part of the shot it stands for.
    """
    chosen = sorted(sorted(scenes, key=lambda scene: scene.start - scene.stop)[:count], key=lambda s: s.start)
    lengths = np.array([max(scene.stop - scene.start, 1e-3) for scene in chosen])
    shares = np.ones(len(chosen), int)
    while shares.sum() < count and (lengths / shares).max() > 0.5:
        shares[int((lengths / shares).argmax())] += 1
    found: list[tuple[float, float]] = []
    for scene, length, share in zip(chosen, lengths, shares, strict=True):
        spread = [scene.start + (i + 0.5) * length / share for i in range(share)]
        times = spread if share > 1 else [scene.key_time]
        found += [(float(t), float(length / share / lengths.sum())) for t in times]
    return found
