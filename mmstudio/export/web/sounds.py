"""Sounds and clips inside a page, as data addresses of bounded size."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.library import Library

_MOST_S = 300.0  # five minutes of speech are 5 MB as MP3
_RATE = 44_100
_CLIP_S, _CLIP_FPS, _CLIP_SIDE = 20.0, 20, 640


def sound_uri(library: Library | None, asset_id: int | None) -> str:
    """A sound of the library as MP3, its first five minutes; "" where it cannot be read.

    It is encoded anew: what the file says of its maker and place stays behind.
    """
    path = _path(library, asset_id)
    if path is None:
        return ""
    from mmstudio.media.audio import load_audio
    from mmstudio.media.encode import encode_audio

    try:
        samples, rate = load_audio(path, _RATE, duration=_MOST_S)
        with tempfile.TemporaryDirectory(prefix="mmstudio-") as folder:
            made = Path(folder) / "sound.mp3"
            encode_audio(made, samples, rate)
            return _uri("audio/mpeg", made.read_bytes())
    except (StudioError, OSError):
        return ""


def clip_uri(pictures: Pictures, asset_id: int | None) -> str:
    """A clip as a small silent MP4, its first twenty seconds; "" where it cannot be read.

    It is encoded anew from the pictures as they are drawn: blurred faces are blurred, places and names gone.
    """
    clip = pictures.clip(asset_id) if asset_id is not None else None
    if clip is None:
        return ""
    from mmstudio.composition.render import frame_array
    from mmstudio.media.encode import VideoWriter

    try:
        first = clip.image_at(0.0)
        scale = min(_CLIP_SIDE / max(first.width(), first.height(), 1), 1.0)
        size = tuple(max(round(side * scale / 2) * 2, 2) for side in (first.width(), first.height()))
        with tempfile.TemporaryDirectory(prefix="mmstudio-") as folder:
            made = Path(folder) / "clip.mp4"
            with VideoWriter(made, size[0], size[1], _CLIP_FPS) as writer:
                for frame in range(max(round(min(clip.duration, _CLIP_S) * _CLIP_FPS), 1)):
                    pixels = frame_array(clip.image_at(frame / _CLIP_FPS))
                    writer.write_frame(_resized(pixels, size))
            return _uri("video/mp4", made.read_bytes())
    except (StudioError, OSError):
        return ""


def _resized(pixels: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((size[0], size[1]), Image.Resampling.BILINEAR))


def _path(library: Library | None, asset_id: int | None) -> Path | None:
    if library is None or asset_id is None:
        return None
    try:
        return library.assets.path_of(library.assets.get(asset_id))
    except StudioError:
        return None


def _uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"
