"""Extractors of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.contract import OWN_LICENCE, Extractor, parameters_hash
from mmstudio.features.pictures import colour, look
from mmstudio.features.pictures.backbones import Backbone, BackboneSpec, all_backbones
from mmstudio.features.records import ExtractorInfo
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mmstudio.library.records import Facts


class Cnn:
    """Pictures through a network."""

    def __init__(self, info: ExtractorInfo, spec: BackboneSpec, device: str) -> None:
        self.info, self.side, self._spec, self._device = info, round(spec.size / spec.margin), spec, device
        self.batch_size = 32 if device == "cpu" else 256
        self._net: Backbone | None = None

    def prepare(self, media: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8[H, W, 3] → uint8[S, S, 3]."""
        return self._spec.prepare(media)

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


class Look:
    """Pictures as what a person can read: colours, sharpness, exposure, where one looks."""

    def __init__(self, info: ExtractorInfo) -> None:
        self.info, self.side, self.batch_size = info, look.SIDE, 64

    def prepare(self, media: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8[H, W, 3] → float32[D]."""
        return look.describe(media)

    def forward(self, batch: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """float32[D] each → float32[N, D]."""
        return np.stack(batch)

    def facts(self, row: NDArray[np.float32]) -> Facts:
        """float32[D] → measures and named colours."""
        return look.facts_of(row)


def names_of() -> dict[str, BackboneSpec]:
    """Extractor name → its network: ``cnn`` for the preferred one, ``cnn-FOLDER`` for the others."""
    return {("cnn" if place == 0 else f"cnn-{spec.name}"): spec for place, spec in enumerate(all_backbones())}


def infos() -> list[ExtractorInfo]:
    """The extractors of pictures; loads no network."""
    nets = [
        ExtractorInfo(
            name, "image", spec.dimension, spec.source, spec.licence, "1", spec.label, spec.fingerprint(),
            "unit" if spec.words else "standard", default=name == "cnn",
        )
        for name, spec in names_of().items()
    ]  # fmt: skip
    return [
        *nets,
        ExtractorInfo(
            "colour", "image", colour.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Colours (OKLab histogram)"),
            parameters_hash(colour.L_BINS, colour.AB_BINS, colour.AB_RANGE), "unit",
        ),
        ExtractorInfo(
            "look", "image", look.DIMENSION, "computed", OWN_LICENCE, "1",
            mark("Look (colours, sharpness, exposure, focus)"), parameters_hash(look.PARAMETERS),
        ),
    ]  # fmt: skip


def build(device: str, known: Mapping[str, ExtractorInfo]) -> list[Extractor]:
    """The same, ready to run on a device (networks load at their first batch)."""
    nets: list[Extractor] = [
        Cnn(known[name], spec, device) for name, spec in names_of().items() if name in known
    ]
    return [*nets, Colour(known["colour"]), Look(known["look"])]
