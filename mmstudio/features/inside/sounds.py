"""A sound and a video as pictures, for whoever looks inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.media.video import VideoReader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.library import Scene

_COLUMNS = 1200  # what a window can show
_MOST_SCENES = 60


@dataclass(frozen=True, slots=True)
class SoundImages:
    """What a sound is over its first minute: float32[rows, frames] each, low rows first.

    Attributes:
        seconds: how much of it is shown. mel: dB. mfcc: coefficients. chroma: 0…1, C to B.
    """

    seconds: float
    mel: NDArray[np.float32]
    mfcc: NDArray[np.float32]
    chroma: NDArray[np.float32]


def sound_images(path: Path) -> SoundImages:
    """Decode a sound and draw it up. Raises MediaError."""
    from mmstudio.features.sounds.images import chroma_image, mel_image, mfcc_image

    mel, mfcc, chroma = mel_image(path), mfcc_image(path), chroma_image(path)
    seconds = float(mel.times[-1] - mel.times[0]) if len(mel.times) > 1 else 0.0
    # The first coefficient is the loudness; beside it the others would all look alike.
    shape = mfcc.values - mfcc.values.mean(axis=1, keepdims=True)
    shape /= np.maximum(shape.std(axis=1, keepdims=True), 1e-6)
    return SoundImages(seconds, _narrow(mel.values), _narrow(shape), _narrow(chroma.values))


def scene_frames(path: Path, scenes: list[Scene], side: int = 160) -> list[NDArray[np.uint8]]:
    """The key frame of each scene, uint8[H, W, 3]; grey where it cannot be decoded. Raises MediaError."""
    frames: list[NDArray[np.uint8]] = []
    with VideoReader(path) as reader:
        for scene in scenes[:_MOST_SCENES]:
            try:
                picture = reader.frame_at(scene.key_time, side)
            except MediaError:
                frames.append(np.full((90, side, 3), 128, np.uint8))
                continue
            frames.append(np.asarray(picture.convert("RGB")))
    return frames


def _narrow(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most 1,200 columns: neighbouring frames are averaged."""
    step = -(-values.shape[1] // _COLUMNS)
    if step <= 1:
        return values
    kept = values.shape[1] // step * step
    return np.asarray(values[:, :kept].reshape(len(values), -1, step).mean(axis=2), np.float32)
