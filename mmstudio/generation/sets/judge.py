"""The library's shared encoder as a judge: does a picture or sound belong to what was given?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.generation.sets.source import Given
    from mmstudio.library import Library

Vector = NDArray[np.float32]


class Judge:
    """Says nothing (None) where no encoder was trained that proved better than doing without.

    To be closed after use: it follows the library.
    """

    def __init__(self, library: Library, device: str = "auto") -> None:
        from mmstudio.features import Features
        from mmstudio.learning.fusion.encoder import SharedEncoder

        self._features = Features(library, device)
        self._encoder = SharedEncoder(library, self._features.vectors)
        self._goal: Vector | None = None

    @property
    def ready(self) -> bool:
        """Whether there is something to judge by."""
        return self._encoder.ready

    def aim(self, given: Given) -> None:
        """What is made from now on is compared with the given thing."""
        self._goal = None
        if not self.ready:
            return
        found = [
            self._picture(given.picture) if given.picture is not None else None,
            self._sound(given.sound) if given.sound is not None else None,
            self._encoder.embed_text(given.words) if given.words else None,
        ]
        known = [vector for vector in found if vector is not None]
        if known:
            total = np.sum(known, axis=0)
            self._goal = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)

    def picture(self, pixels: NDArray[np.uint8]) -> float | None:
        """0 to 1 (cosine, halved and moved) of uint8 H×W×3; None where nothing can be said."""
        return self._said(self._picture(pixels)) if self._goal is not None else None

    def sound(self, heard: Sound) -> float | None:
        """The same of a sound."""
        return self._said(self._sound(heard)) if self._goal is not None else None

    def vectors(self, kind: str, media: list[NDArray[np.uint8]] | list[Sound]) -> NDArray[np.float32] | None:
        """float32[N, 128] of pictures ("image") or sounds ("audio"); None without an encoder for them."""
        if not self.ready or kind not in self._encoder.modalities:
            return None
        made = [self._picture(one) if kind == "image" else self._sound(one) for one in media]  # type: ignore[arg-type]
        known = [vector for vector in made if vector is not None]
        return np.stack(known) if known and len(known) == len(made) else None

    def close(self) -> None:
        """Stop following the library."""
        self._features.close()

    def _said(self, vector: Vector | None) -> float | None:
        if vector is None or self._goal is None:
            return None
        return float(0.5 + 0.5 * np.clip(vector @ self._goal, -1, 1))

    def _picture(self, pixels: NDArray[np.uint8]) -> Vector | None:
        return self._vector("image", "cnn", pixels)

    def _sound(self, heard: Sound) -> Vector | None:
        return self._vector("audio", "mfcc", heard)

    def _vector(self, modality: str, name: str, media: NDArray[np.uint8] | Sound) -> Vector | None:
        from mmstudio.features.vectors import comparable

        if modality not in self._encoder.modalities:
            return None
        extractor = self._features.running(name)
        rows = extractor.forward([extractor.prepare(media)])
        unit = comparable(extractor.info, rows, self._features.vectors.space(name).statistics)[0]
        return self._encoder.embed_vector(modality, np.asarray(unit, np.float32))
