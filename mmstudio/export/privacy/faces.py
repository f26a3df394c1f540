"""Faces found with scikit-image's bundled cascade, and made unrecognisable.

The cascade (local binary patterns, Liao et al. 2007) finds upright faces seen from the front. It misses faces
turned aside, tilted, covered, dark, or smaller than a twelfth of the picture's short side, and takes some
other things for faces. It is a help, not a promise: a person looks at what leaves.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMITS = mark(
    "Only upright faces seen from the front are found, and not all of these; faces turned aside, tilted, "
    "covered or small are missed. Look at what leaves."
)
DETECTOR = "LBP cascade of scikit-image"
Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture given."""
_SIDE = 480  # pixels of the long side that is searched
_LEAST = 24  # pixels of the smallest face in it: the cascade's own window
_MARGIN = 0.25  # of a face's size on every side: ears, hair, and a box that sits a little off
_TILES = 5  # blocks across a blurred face: no feature is left


def find_faces(rgb: NDArray[np.uint8]) -> list[Box]:
    """Boxes of faces in uint8 [H, W, 3 or 4], sorted, the same for the same pixels; none in tiny ones."""
    height, width = rgb.shape[:2]
    scale = min(_SIDE / max(height, width), 1.0)
    grey = rgb[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    small = _shrunk(grey, scale)
    if min(small.shape) < _LEAST + 1:
        return []
    least = max(_LEAST, min(small.shape) // 12)
    most = min(small.shape)
    found = _cascade().detect_multi_scale(
        img=small, scale_factor=1.15, step_ratio=1.0, min_size=(least, least), max_size=(most, most),
        min_neighbor_number=3, intersection_score_threshold=0.4,
    )  # fmt: skip
    boxes = [
        (round(f["c"] / scale), round(f["r"] / scale), round(f["width"] / scale), round(f["height"] / scale))
        for f in found
    ]
    return sorted(boxes)


def blur(rgb: NDArray[np.uint8], boxes: Iterable[Box]) -> NDArray[np.uint8]:
    """A copy with the boxes (and a margin) made of a few soft blocks; the alpha channel stays."""
    out = np.array(rgb, copy=True)
    height, width = rgb.shape[:2]
    for x, y, w, h in boxes:
        grow_x, grow_y = round(w * _MARGIN), round(h * _MARGIN)
        x0, y0 = max(x - grow_x, 0), max(y - grow_y, 0)
        x1, y1 = min(x + w + grow_x, width), min(y + h + grow_y, height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = out[y0:y1, x0:x1, :3]
        out[y0:y1, x0:x1, :3] = _soft_blocks(part)
    return out


def _soft_blocks(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean colours of a few blocks, blended into each other: what is lost cannot be computed back."""
    from PIL import Image

    height, width = part.shape[:2]
    tiny = Image.fromarray(np.ascontiguousarray(part)).resize((_TILES, _TILES), Image.Resampling.BOX)
    return np.asarray(tiny.resize((width, height), Image.Resampling.BICUBIC))


def _shrunk(grey: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    from PIL import Image

    image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    if scale < 1.0:
        size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image)


@lru_cache(maxsize=1)
def _cascade() -> Any:
    from skimage import data, feature

    bundled: Any = data.lbp_frontal_face_cascade_filename
    return feature.Cascade(bundled())
