"""Files → arrays, for the io threads: decoded once, however many extractors want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.features.sounds.hearing import Sound, load_sound
from mmstudio.features.videos.scenes import find_scenes, key_times
from mmstudio.media.image import image_array
from mmstudio.media.video import VideoReader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.library.records import Scene

KEY_FRAMES = 8
_SPARE = 2  # decoded at twice the side: vectors stay within cosine 0.999 of those of whole pictures
_LONGEST = 4  # a picture longer than four times its width is cut to its middle anyway


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in short.

    Attributes:
        frames: key frames of its shots, uint8[H, W, 3] each.
        weights: how much of the video each stands for; they sum to 1.
        scenes: its shots in order, at least one.
        sound: its sound, None where it has none.
    """

    frames: list[NDArray[np.uint8]]
    weights: NDArray[np.float32]
    scenes: tuple[Scene, ...]
    sound: Sound | None


def load_media(
    modality: str, path: Path, side: int, size: tuple[int | None, int | None], duration: float | None
) -> Any:
    """Decode one file.

    Args:
        modality: "image" → uint8[H, W, 3], "audio" → Sound, "video" → Clip.
        side: px that the shorter side of pictures should keep; JPEG is decoded at reduced size for it.
        size: width and height of a picture where known.
        duration: seconds of a sound where known.

    Raises:
        MediaError: the file is damaged, gone or empty.
    """
    if modality == "image":
        return image_array(path, _longer_side(side, size), Image.Resampling.HAMMING)
    if modality == "audio":
        return load_sound(path, duration)
    return _load_clip(path, side)


def _longer_side(side: int, size: tuple[int | None, int | None]) -> int:
    wanted = _SPARE * side
    width, height = size
    if not width or not height:
        return wanted * _LONGEST
    return int(min(np.ceil(wanted * max(width, height) / min(width, height)), wanted * _LONGEST))


def _load_clip(path: Path, side: int) -> Clip:
    with VideoReader(path) as reader:
        scenes = tuple(find_scenes(reader))
        longest = _longer_side(side, (reader.width, reader.height))
        frames, weights = [], []
        for t, weight in key_times(scenes, KEY_FRAMES):
            try:
                picture = reader.frame_at(t, longest)
            except MediaError:
                continue  # a clip that breaks off still shows what comes before
            frames.append(np.asarray(picture.convert("RGB")))
            weights.append(weight)
        if not frames:
            raise MediaError("No picture of {name} can be decoded.", name=path.name)
        share = (np.array(weights) / sum(weights)).astype(np.float32)
        if not reader.has_audio or reader.duration <= 0:
            return Clip(frames, share, scenes, None)
        duration = reader.duration
    try:
        return Clip(frames, share, scenes, load_sound(path, duration))
    except MediaError:
        return Clip(frames, share, scenes, None)  # a broken sound track leaves the pictures usable


def square(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """uint8[H, W, 3] → uint8[size, size, 3]: the middle square, resized without aliasing."""
    height, width = picture.shape[:2]
    short = min(height, width)
    box = ((width - short) / 2, (height - short) / 2, (width + short) / 2, (height + short) / 2)
    image = Image.fromarray(picture)
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0))
