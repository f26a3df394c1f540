"""Extractors of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.contract import OWN_LICENCE, Extractor, parameters_hash
from mmstudio.features.loading import square
from mmstudio.features.pictures import colour
from mmstudio.features.pictures.backbones import Backbone, BackboneSpec, find_backbone
from mmstudio.features.records import ExtractorInfo
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


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


def infos() -> list[ExtractorInfo]:
    """The extractors of pictures; loads no network."""
    spec = find_backbone()
    return [
        ExtractorInfo(
            "cnn", "image", spec.dimension, spec.source, spec.licence, "1", spec.label, spec.fingerprint()
        ),
        ExtractorInfo(
            "colour", "image", colour.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Colours (OKLab histogram)"),
            parameters_hash(colour.L_BINS, colour.AB_BINS, colour.AB_RANGE), "unit",
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device (networks load at their first batch)."""
    return [Cnn(known["cnn"], find_backbone(), device), Colour(known["colour"])]
