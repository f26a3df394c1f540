"""What is known of a picture network before it is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from mmstudio.features.loading import square

if TYPE_CHECKING:
    from numpy.typing import NDArray

Family = Literal["starter", "torchvision", "transformers"]
_WHOLE, _BLOCKS, _BLOCK = 32 << 20, 64, 1 << 16  # bytes: larger weights are told apart by 64 blocks of 64 KB


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """What is needed to build one backbone and to prepare pictures for it.

    Attributes:
        size: side in pixels of the square the network sees.
        mean, std: subtracted from and divided out of RGB in 0…1.
        source: "starter", "user" or "random".
        weights: the file of weights; None draws them at random.
        family: which builder knows the architecture.
        name: its folder.
        margin: how much of the middle square's side is seen (0.875 for networks evaluated on the middle
            224 px of 256).
        whole: the whole picture is squeezed into the square, nothing is cut off.
        words: it also turns text into comparable vectors (CLIP, SigLIP).
    """

    architecture: str
    dimension: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str
    licence: str
    label: str
    weights: Path | None
    widths: tuple[int, ...] = ()
    bands: int = 1
    family: Family = "starter"
    name: str = ""
    margin: float = 1.0
    whole: bool = False
    words: bool = False

    def fingerprint(self) -> str:
        """A short hash over the network and its weights: vectors of different fingerprints do not compare."""
        digest = hashlib.sha256()
        digest.update(
            repr(
                (self.architecture, self.dimension, self.size, self.mean, self.std, self.widths, self.bands)
            ).encode()
        )
        if self.margin != 1.0 or self.whole:
            digest.update(repr((self.margin, self.whole)).encode())
        if self.weights is not None:
            digest.update(_file_digest(self.weights, self.weights.stat().st_mtime_ns))
        return digest.hexdigest()[:16]

    def prepare(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] → uint8[size, size, 3]: what the network sees of a picture."""
        if self.whole:
            image = Image.fromarray(picture)
            return np.asarray(
                image.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=3.0)
            )
        if self.margin < 1.0:
            height, width = picture.shape[:2]
            seen = max(1, round(self.margin * min(height, width)))
            top, left = (height - seen) // 2, (width - seen) // 2
            picture = picture[top : top + seen, left : left + seen]
        return square(picture, self.size)


@lru_cache(maxsize=64)
def _file_digest(path: Path, mtime_ns: int) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _WHOLE:
            return hashlib.file_digest(file, "sha256").digest()
        digest = hashlib.sha256(str(size).encode())
        for i in range(_BLOCKS):
            file.seek((size - _BLOCK) * i // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
        return digest.digest()
