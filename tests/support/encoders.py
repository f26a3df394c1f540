"""A space that all media share, without training one: for tests of the search."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.extractors import FUSED, infos
from mmstudio.jobs import JobContext, Progress
from mmstudio.library import Library
from mmstudio.library.records import Target


class WordEncoder:
    """Every known word is an axis; media are put on axes by hand."""

    def __init__(self, library: Library, words: tuple[str, ...]) -> None:
        self._library, self._words = library, words
        self._dimension = infos()[FUSED].dimension
        self.ready = True
        self.modalities = ("text", "image", "audio")

    def axis(self, *words: str) -> NDArray[np.float32]:
        row = np.zeros(self._dimension, np.float32)
        row[[self._words.index(word) for word in words]] = 1.0
        return (row / np.linalg.norm(row)).astype(np.float32)

    def put(self, target: Target, vectors: dict[int, NDArray[np.float32]]) -> None:
        """Store what a training would have written."""
        info = infos()[FUSED]
        set_id = self._library.features.ensure_set(
            info.name, info.version, info.parameters, info.dimension, info.modality, target
        )
        self._library.features.put_many(set_id, vectors.items())

    def embed_text(self, text: str) -> NDArray[np.float32] | None:
        known = [word for word in text.split() if word in self._words]
        return self.axis(*known) if known else None

    def embed_vector(self, modality: str, vector: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return self.axis(self._words[int(np.argmax(vector)) % len(self._words)])

    def attention(self, item_id: int) -> dict[str, float]:
        return {}

    def suggest_tags(self, asset_id: int) -> list[tuple[str, float]]:
        return []

    def refresh(self, context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        yield from ()
        return {}
