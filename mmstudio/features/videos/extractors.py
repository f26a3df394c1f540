"""Extractors of videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.contract import Extractor, parameters_hash
from mmstudio.features.loading import KEY_FRAMES, Clip
from mmstudio.features.pictures import look
from mmstudio.features.pictures.backbones import find_backbone
from mmstudio.features.pictures.extractors import Cnn
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.sounds import mfcc as sound
from mmstudio.features.sounds import shape
from mmstudio.features.sounds.extractors import EAR, Mfcc
from mmstudio.i18n import mark
from mmstudio.library.records import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prepared:
    """A video ready for the network: squares of its key frames with their weights, its sound as the MFCC
    extractor wants it, and what was measured of both."""

    squares: list[NDArray[np.uint8]]
    weights: NDArray[np.float32]
    sound: Any
    facts: Facts


class VideoCnn:
    """Videos: the mean of their key frames' CNN vectors [D], each weighted by what it stands for; their sound
    track's MFCC statistics [120]; and whether there is one [1].

    Without a sound track the sound columns mean nothing and the last one is 0.
    """

    def __init__(self, info: ExtractorInfo, cnn: Cnn, mfcc: Mfcc) -> None:
        self.info, self.side, self.batch_size = info, max(cnn.side, look.SIDE), 4
        self._cnn, self._mfcc = cnn, mfcc

    def prepare(self, media: Clip) -> Prepared:
        """A clip → what `forward` and `facts_of` need."""
        heard = None if media.sound is None else self._mfcc.prepare(media.sound)
        squares = [self._cnn.prepare(frame) for frame in media.frames]
        return Prepared(squares, media.weights, heard, facts_of(media))

    def forward(self, batch: list[Prepared]) -> NDArray[np.float32]:
        """Clips → float32[N, D + 121]."""
        seen = self._cnn.forward([square for clip in batch for square in clip.squares])
        heard = [clip.sound for clip in batch if clip.sound is not None]
        sounds = iter(self._mfcc.forward(heard)) if heard else iter(())
        rows, at = np.zeros((len(batch), self.info.dimension), np.float32), 0
        for row, clip in zip(rows, batch, strict=True):
            row[: seen.shape[1]] = clip.weights @ seen[at : at + len(clip.squares)]
            at += len(clip.squares)
            if clip.sound is not None:
                row[seen.shape[1] : -1] = next(sounds)
                row[-1] = 1.0
        return rows

    def facts_of(self, prepared: Prepared) -> Facts:
        """Shots, colours and measures that were taken while the video was read."""
        return prepared.facts


def facts_of(clip: Clip) -> Facts:
    """Shots and their number, the look of the key frames (mean by weight), the measures of the sound."""
    row = clip.weights @ np.stack([look.describe(frame) for frame in clip.frames])
    seen = look.read(row)
    measures = {name: seen.measures[name] for name in look.MEASURES} | {"scenes": float(len(clip.scenes))}
    if clip.sound is not None:
        measures |= shape.measures(shape.describe(clip.sound))
    return Facts(measures=measures, colours=seen.colours, scenes=clip.scenes)


def infos() -> list[ExtractorInfo]:
    """The extractors of videos; loads no network."""
    spec = find_backbone()
    return [
        ExtractorInfo(
            "video-cnn", "video", spec.dimension + sound.DIMENSION + 1, spec.source, spec.licence, "2",
            mark("Key frames and sound track"), parameters_hash(spec.fingerprint(), EAR, KEY_FRAMES),
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device."""
    cnn, mfcc = Cnn(known["cnn"], find_backbone(), device), Mfcc(known["mfcc"], device)
    return [VideoCnn(known["video-cnn"], cnn, mfcc)]
