"""Extractors of sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.features.contract import OWN_LICENCE, Extractor, parameters_hash
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.sounds import mfcc as sound
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

EAR = parameters_hash(sound.RATE, sound.WINDOW, sound.HOP, sound.MELS, sound.COEFFICIENTS)


class Mfcc:
    """Sounds as MFCC statistics."""

    def __init__(self, info: ExtractorInfo, device: str) -> None:
        self.info, self.side, self._device = info, 0, device
        self.batch_size = 8 if device == "cpu" else 64

    def prepare(self, media: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Pieces as they are."""
        return media

    def forward(self, batch: list[list[NDArray[np.float32]]]) -> NDArray[np.float32]:
        """Pieces each → float32[N, 120]."""
        return sound.describe(batch, self._device)


def infos() -> list[ExtractorInfo]:
    """The extractors of sounds."""
    return [
        ExtractorInfo(
            "mfcc", "audio", sound.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Timbre (MFCC statistics)"), EAR,
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device."""
    return [Mfcc(known["mfcc"], device)]
