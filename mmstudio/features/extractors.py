"""The extractors: what each wants from a decoded file, and how a batch of it becomes vectors.

To add one: a class with `info`, `side`, `batch_size`, `prepare` and `forward`, and a line in `build`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mmstudio.features import colour, sound, words
from mmstudio.features.backbones import Backbone, BackboneSpec, find_backbone
from mmstudio.features.loading import KEY_FRAMES, Clip, square
from mmstudio.features.records import ExtractorInfo
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

OWN_LICENCE = "Apache-2.0"
TEXT = "tfidf-svd"


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


class Cnn:
    """Pictures through a convolutional network."""

    def __init__(self, info: ExtractorInfo, spec: BackboneSpec, device: str) -> None:
        self.info, self.side, self._spec, self._device = info, spec.size, spec, device
        self.batch_size = 32 if device == "cpu" else 256
        self._net: Backbone | None = None

    def prepare(self, media: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] → uint8[S, S, 3]."""
        return square(media, self._spec.size)

    def forward(self, batch: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """uint8[S, S, 3] each → float32[N, D]."""
        if self._net is None:
            self._net = Backbone(self._spec, self._device)
        return self._net(np.stack(batch))


class Colour:
    """Pictures as OKLab histograms."""

    def __init__(self, info: ExtractorInfo) -> None:
        self.info, self.side, self.batch_size = info, 48, 64

    def prepare(self, media: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8[H, W, 3] → float32[245]."""
        return colour.histogram(media)

    def forward(self, batch: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """float32[245] each → float32[N, 245]."""
        return np.stack(batch)


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


def infos() -> dict[str, ExtractorInfo]:
    """Every extractor by name; loads no network."""
    spec = find_backbone()
    net = spec.fingerprint()
    ear = _hash(sound.RATE, sound.WINDOW, sound.HOP, sound.MELS, sound.COEFFICIENTS)
    found = (
        ExtractorInfo("cnn", "image", spec.dimension, spec.source, spec.licence, "1", spec.label, net),
        ExtractorInfo(
            "colour", "image", colour.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Colours (OKLab histogram)"), _hash(colour.L_BINS, colour.AB_BINS, colour.AB_RANGE), "unit",
        ),
        ExtractorInfo(
            "mfcc", "audio", sound.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Timbre (MFCC statistics)"), ear,
        ),
        ExtractorInfo(
            "video-cnn", "video", spec.dimension + sound.DIMENSION + 1, spec.source, spec.licence, "1",
            mark("Key frames and sound track"), _hash(net, ear, KEY_FRAMES),
        ),
        ExtractorInfo(
            TEXT, "text", words.DIMENSION, "library", OWN_LICENCE, "1", mark("Words (TF-IDF and SVD)"),
            _hash(words.DIMENSION), "unit",
        ),
    )  # fmt: skip
    return {info.name: info for info in found}


def build(device: str) -> dict[str, Extractor]:
    """The extractors that read files, ready to run on a device (networks load at their first batch)."""
    known, spec = infos(), find_backbone()
    cnn, mfcc = Cnn(known["cnn"], spec, device), Mfcc(known["mfcc"], device)
    return {
        "cnn": cnn,
        "colour": Colour(known["colour"]),
        "mfcc": mfcc,
        "video-cnn": VideoCnn(known["video-cnn"], cnn, mfcc),
    }


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
