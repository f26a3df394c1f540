"""Extractors of videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.contract import Extractor, parameters_hash
from mmstudio.features.loading import KEY_FRAMES, Clip
from mmstudio.features.pictures.backbones import find_backbone
from mmstudio.features.pictures.extractors import Cnn
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.sounds import mfcc as sound
from mmstudio.features.sounds.extractors import EAR, Mfcc
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class VideoCnn:
    """Videos: the mean of their key frames' CNN vectors [D], their sound track's MFCC statistics [120], and
    whether there is one [1].

    Without a sound track the sound columns mean nothing and the last one is 0.
    """

    def __init__(self, info: ExtractorInfo, cnn: Cnn, mfcc: Mfcc) -> None:
        self.info, self.side, self.batch_size = info, cnn.side, 4
        self._cnn, self._mfcc = cnn, mfcc

    def prepare(self, media: Clip) -> Clip:
        """Frames as the network wants them."""
        return Clip([self._cnn.prepare(frame) for frame in media.frames], media.sound)

    def forward(self, batch: list[Clip]) -> NDArray[np.float32]:
        """Clips → float32[N, D + 121]."""
        seen = self._cnn.forward([frame for clip in batch for frame in clip.frames])
        heard = [clip.sound for clip in batch if clip.sound]
        sounds = iter(self._mfcc.forward(heard)) if heard else iter(())
        rows, at = np.zeros((len(batch), self.info.dimension), np.float32), 0
        for row, clip in zip(rows, batch, strict=True):
            row[: seen.shape[1]] = seen[at : at + len(clip.frames)].mean(0)
            at += len(clip.frames)
            if clip.sound:
                row[seen.shape[1] : -1] = next(sounds)
                row[-1] = 1.0
        return rows


def infos() -> list[ExtractorInfo]:
    """The extractors of videos; loads no network."""
    spec = find_backbone()
    return [
        ExtractorInfo(
            "video-cnn", "video", spec.dimension + sound.DIMENSION + 1, spec.source, spec.licence, "1",
            mark("Key frames and sound track"), parameters_hash(spec.fingerprint(), EAR, KEY_FRAMES),
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device."""
    cnn, mfcc = Cnn(known["cnn"], find_backbone(), device), Mfcc(known["mfcc"], device)
    return [VideoCnn(known["video-cnn"], cnn, mfcc)]
