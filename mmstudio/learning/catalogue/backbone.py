"""Picture networks as model folders, as the features room reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.errors import StudioError
from mmstudio.features.pictures.folders import read_folder
from mmstudio.features.pictures.torchvision_nets import DIMENSIONS as ARCHITECTURES
from mmstudio.features.pictures.torchvision_nets import of_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.features.pictures.spec import BackboneSpec

__all__ = ["ARCHITECTURES", "of_classifier", "spec_of"]


def spec_of(folder: Path, source: str = "user") -> BackboneSpec:
    """What the features room makes of a folder with a picture network.

    Raises:
        StudioError: it cannot build it.
    """
    spec = read_folder(folder, source)
    if spec is None:
        raise StudioError("“{name}” is not a picture network.", hint="Choose one that is.", name=folder.name)
    return spec
