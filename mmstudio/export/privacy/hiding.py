"""Faces hidden in pictures and clips of a library while they are drawn or copied."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import MediaError, NotFound
from mmstudio.export.privacy.faces import Box, blur, find_faces

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.media.video import VideoReader

_STEP = 0.1  # seconds between the pictures of a clip that are searched
_AROUND = 0.4  # seconds before and after a face was found during which its place stays hidden
_SIDE = 1024  # pixels of a still's long side that is loaded to be searched
Part = tuple[float, float, float, float]
"""x, y, width, height in fractions of a picture."""


class FaceBlur:
    """Hides faces; give it to ``Pictures`` as ``touch``. Safe to call from several threads.

    A still is searched once. A clip is searched ten times a second, and what is found stays hidden 0.4 s
    before and after, since a cascade loses a face now and then between two pictures that show it.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._stills: dict[int, list[Part]] = {}
        self._moments: dict[tuple[int, int], list[Part]] = {}
        self._readers: dict[int, VideoReader | None] = {}

    def __call__(self, asset_id: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (uint8 [H, W, 3 or 4], at any scale) with its faces hidden."""
        with self._lock:
            if asset_id not in self._stills:
                self._stills[asset_id] = _parts(find_faces(rgb), rgb)
            parts = self._stills[asset_id]
        return blur(rgb, _boxes(parts, rgb)) if parts else rgb

    def at(self, asset_id: int, seconds: float, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A clip's picture at a second with the faces hidden that are there or were just before or after."""
        first, last = (
            int(np.ceil((seconds - _AROUND) / _STEP)),
            int(np.floor((seconds + _AROUND) / _STEP)),
        )
        parts = _parts(find_faces(rgb), rgb)
        with self._lock:
            for moment in range(max(first, 0), last + 1):
                parts = parts + self._moment(asset_id, moment)
        return blur(rgb, _boxes(parts, rgb)) if parts else rgb

    def search(self, asset_id: int) -> int | None:
        """How many faces a still of the library shows; None for a clip, or a picture that cannot be read."""
        from mmstudio.media.image import load_image

        try:
            asset = self._library.assets.get(asset_id)
            if asset.kind != "image":
                return None
            self(asset_id, np.asarray(load_image(self._path(asset_id), max_side=_SIDE)))
        except (MediaError, NotFound, OSError):
            return None
        return len(self._stills[asset_id])

    def close(self) -> None:
        """Close the clips that were searched."""
        with self._lock:
            for reader in self._readers.values():
                if reader is not None:
                    reader.close()
            self._readers.clear()

    def _moment(self, asset_id: int, moment: int) -> list[Part]:
        key = (asset_id, moment)
        if key not in self._moments:
            reader = self._reader(asset_id)
            if reader is None or moment * _STEP > reader.duration + _STEP:
                self._moments[key] = []
            else:
                frame = np.asarray(reader.frame_at(moment * _STEP, max_side=_SIDE).convert("RGB"))
                self._moments[key] = _parts(find_faces(frame), frame)
        return self._moments[key]

    def _reader(self, asset_id: int) -> VideoReader | None:
        from mmstudio.media.video import VideoReader

        if asset_id not in self._readers:
            try:
                self._readers[asset_id] = VideoReader(self._path(asset_id))
            except (MediaError, NotFound, OSError):
                self._readers[asset_id] = None
        return self._readers[asset_id]

    def _path(self, asset_id: int) -> Path:
        return self._library.assets.path_of(self._library.assets.get(asset_id))


def _parts(boxes: list[Box], rgb: NDArray[np.uint8]) -> list[Part]:
    height, width = rgb.shape[:2]
    return [(x / width, y / height, w / width, h / height) for x, y, w, h in boxes]


def _boxes(parts: list[Part], rgb: NDArray[np.uint8]) -> list[Box]:
    height, width = rgb.shape[:2]
    return [
        (round(x * width), round(y * height), round(w * width), round(h * height)) for x, y, w, h in parts
    ]
