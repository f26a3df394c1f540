"""Extractors of sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.contract import OWN_LICENCE, Extractor, parameters_hash
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.sounds import logmel, shape
from mmstudio.features.sounds import mfcc as sound
from mmstudio.features.sounds.hearing import HOP, MELS, PIECE, PIECES, RATE, WHOLE, WINDOW, Sound
from mmstudio.i18n import mark
from mmstudio.library.records import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_HEARING = (RATE, WINDOW, HOP, WHOLE, PIECE, PIECES)
EAR = parameters_hash(*_HEARING, MELS, sound.COEFFICIENTS, sound.WIDTH)


class Mfcc:
    """Sounds as MFCC statistics: on a processor worked out on the io threads, on a GPU in batches."""

    def __init__(self, info: ExtractorInfo, device: str) -> None:
        self.info, self.side, self._device = info, 0, device
        self.batch_size = 8 if device == "cpu" else 64

    def prepare(self, media: Sound) -> Any:
        """A sound → float32[120] on a processor, its pieces for a GPU."""
        return sound.describe_sound(media) if self._device == "cpu" else media.pieces

    def forward(self, batch: list[Any]) -> NDArray[np.float32]:
        """What `prepare` gave → float32[N, 120]."""
        return np.stack(batch) if self._device == "cpu" else sound.describe(batch, self._device)


class Described:
    """Sounds described by a function on the io threads."""

    def __init__(self, info: ExtractorInfo, describe: Callable[[Sound], NDArray[np.float32]]) -> None:
        self.info, self.side, self.batch_size = info, 0, 8
        self._describe = describe

    def prepare(self, media: Sound) -> NDArray[np.float32]:
        """A sound → float32[D]."""
        return self._describe(media)

    def forward(self, batch: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """float32[D] each → float32[N, D]."""
        return np.stack(batch)


class Shape(Described):
    """Sounds by pitch, rhythm and loudness, with the measures a person reads."""

    def facts(self, row: NDArray[np.float32]) -> Facts:
        """float32[D] → loudness, peak, clipping, silence, and tempo and key where there are any."""
        return Facts(measures=shape.measures(row))


def infos() -> list[ExtractorInfo]:
    """The extractors of sounds."""
    return [
        ExtractorInfo(
            "mfcc", "audio", sound.DIMENSION, "computed", OWN_LICENCE, "2",
            mark("Timbre (MFCC statistics)"), EAR,
        ),
        ExtractorInfo(
            "sound-shape", "audio", shape.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Pitch, rhythm and loudness"), parameters_hash(*_HEARING, MELS, shape.COLUMNS),
        ),
        ExtractorInfo(
            "log-mel", "audio", logmel.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Spectrum (log-mel statistics)"), parameters_hash(*_HEARING, logmel.BANDS), default=False,
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device."""
    return [
        Mfcc(known["mfcc"], device),
        Shape(known["sound-shape"], shape.describe),
        Described(known["log-mel"], logmel.describe),
    ]
