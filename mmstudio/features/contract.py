"""What an extractor is to the extraction job."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.jobs import JobContext, Progress
    from mmstudio.library.records import Facts

OWN_LICENCE = "Apache-2.0"


class Extractor(Protocol):
    """Turns decoded media of one modality into vectors.

    `side` is how many pixels of a picture's shorter side it needs (0: no pictures).
    """

    info: ExtractorInfo
    side: int
    batch_size: int

    def prepare(self, media: Any) -> Any:
        """Per file, on an io thread, without torch."""

    def forward(self, batch: list[Any]) -> NDArray[np.float32]:
        """Per batch, on the device thread: float32[len(batch), dimension]."""


class WithFacts(Protocol):
    """An extractor whose vectors also say something a person can read and search by."""

    def facts(self, row: NDArray[np.float32]) -> Facts:
        """float32[D] of one asset → its measures and colours; ``asset_id`` is filled in by the caller."""


class WithMediaFacts(Protocol):
    """An extractor that learns more from the media than its vectors hold (the shots of a video)."""

    def facts_of(self, prepared: Any) -> Facts:
        """What `prepare` gave → measures, colours and scenes; ``asset_id`` is filled in by the caller."""


class Encoder(Protocol):
    """One space for all modalities, learned from the library. `learning.fusion` implements it; no torch.

    Its stored vectors are the set "fused" of assets and of items (length 1, compared by cosine).
    """

    @property
    def ready(self) -> bool:
        """Whether there is a trained encoder that was better than doing without."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it can encode: of text, image, audio, video, soundtrack."""

    def embed_text(self, text: str) -> NDArray[np.float32] | None:
        """float32[128] of length 1, or None where no word is known."""

    def embed_vector(self, modality: str, vector: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """float32[128] of a compared vector of the modality's first extractor, or None."""

    def attention(self, item_id: int) -> dict[str, float]:
        """modality → how much it counts in an item's vector, adding up to 1."""

    def suggest_tags(self, asset_id: int) -> list[tuple[str, float]]:
        """(tag, calibrated confidence 0…1), the surest first."""

    def refresh(self, context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        """Encode what is new; returns target → rows written."""


def parameters_hash(*parts: object) -> str:
    """What a vector depends on, as a short hash: vectors of different hashes do not compare."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
