"""Every extractor by name.

To add one: a class with ``info``, ``side``, ``batch_size``, ``prepare``, ``forward`` (see contract.py) and
a line in ``infos`` and ``build`` of its modality's ``extractors.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.features.contract import OWN_LICENCE
from mmstudio.features.pictures import extractors as pictures
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.sounds import extractors as sounds
from mmstudio.features.texts import extractors as texts
from mmstudio.features.texts.extractors import TEXT
from mmstudio.features.videos import extractors as videos
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.features.contract import Extractor

__all__ = ["FUSED", "TEXT", "build", "infos"]

FUSED = "fused"
# Of assets and items of every kind; written by the encoder that the library trained (see contract.Encoder).
_SHARED = ExtractorInfo(
    FUSED, "all", 128, "library", OWN_LICENCE, "1", mark("Shared vector of all media"), "", "unit", False
)


def infos() -> dict[str, ExtractorInfo]:
    """Every extractor by name; loads no network."""
    found = {info.name: info for modality in (pictures, sounds, videos, texts) for info in modality.infos()}
    return found | {FUSED: _SHARED}


def build(device: str) -> dict[str, Extractor]:
    """The extractors that read files, ready to run on a device (networks load at their first batch)."""
    known = infos()
    return {
        extractor.info.name: extractor
        for modality in (pictures, sounds, videos)
        for extractor in modality.build(device, known)
    }
