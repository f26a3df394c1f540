"""Values of a vector that say nothing, so that they never count as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds import shape
from mmstudio.features.sounds.mfcc import DIMENSION as SOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo


def missing(info: ExtractorInfo, rows: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """bool[N, D]: values of raw float32[N, D] that say nothing; None where the extractor leaves none out.

    The sound columns of videos without a sound track; tempo and timbre of sounds that have none.
    """
    if info.name == "video-cnn":
        found = np.zeros(rows.shape, bool)
        found[:, -1 - SOUND : -1] = rows[:, -1:] < 0.5
        return found
    return shape.gaps(rows) if info.name == "sound-shape" else None


def with_gaps(info: ExtractorInfo, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raw float32[N, D] with NaN where a value says nothing."""
    gone = missing(info, rows)
    return rows if gone is None else np.where(gone, np.float32(np.nan), rows)
