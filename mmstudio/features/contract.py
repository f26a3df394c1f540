"""What an extractor is to the extraction job."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
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


def parameters_hash(*parts: object) -> str:
    """What a vector depends on, as a short hash: vectors of different hashes do not compare."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
