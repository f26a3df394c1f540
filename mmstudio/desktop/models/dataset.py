"""What a training would learn from, as the form shows it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mmstudio.i18n import mark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.datasets.report import DatasetReport
    from mmstudio.library import Library

FITS = {
    "crop": mark("Middle"),
    "smart": mark("What one looks at"),
    "pad": mark("With border"),
    "stretch": mark("Stretched"),
}
# width / height of what the model draws
SHAPES: dict[str, tuple[str, float]] = {
    "1:1": (mark("Square"), 1.0),
    "4:5": ("4:5", 4 / 5),
    "3:4": ("3:4", 3 / 4),
    "2:3": ("2:3", 2 / 3),
    "9:16": ("9:16", 9 / 16),
    "4:3": ("4:3", 4 / 3),
    "3:2": ("3:2", 3 / 2),
    "16:9": ("16:9", 16 / 9),
}
CROPS = 12


@dataclass(frozen=True, slots=True)
class Source:
    """What was chosen to learn from.

    Attributes:
        modality: "image", "audio" or "items". family: of the model to be.
        query: a search, "" for all; ids: the selected assets instead (empty: the query counts).
        leave_out: ids of assets that were taken out of it.
        fit, aspect: how a picture comes into the model's shape.
        size: pixels per side of the model.
    """

    modality: str = "image"
    family: str = "image-vae"
    query: str = ""
    ids: tuple[int, ...] = ()
    leave_out: tuple[int, ...] = ()
    fit: str = "crop"
    aspect: float = 1.0
    size: int = 64


def config_of(library: Library, source: Source) -> ModelConfig:
    """The config that the doctor is asked about; not for the GUI thread.

    A selection is asked about as everything without the rest, so that looking makes no collection.
    """
    from mmstudio.learning.families import default_config
    from mmstudio.library import AssetFilter

    config = default_config(source.family, "new", size=source.size)
    config.query, config.fit, config.aspect = source.query, source.fit, source.aspect
    out = set(source.leave_out)
    if source.ids:
        kind: Literal["image", "audio"] = "audio" if source.modality == "audio" else "image"
        rest = AssetFilter(kinds=(kind,), statuses=("ok", "missing", "corrupt"))
        out |= set(library.assets.ids(rest)) - set(source.ids)
    config.leave_out = sorted(out)
    return config


def look_over(library: Library, source: Source) -> DatasetReport:
    """What the dataset doctor says of a source; reads files, not for the GUI thread."""
    from mmstudio.learning.datasets.doctor import check

    steps = check(library, config_of(library, source))
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            report: DatasetReport = stop.value
            break
    if not source.ids:
        return report
    # What was not selected was not left out by anybody.
    kept = [finding for finding in report.findings if finding.key != "left-out"]
    return replace(report, findings=kept, found=len(source.ids))


def crops_of(library: Library, source: Source) -> list[NDArray[np.uint8]]:
    """The first pictures as the network will see them, H×W×3 each; not for the GUI thread."""
    from mmstudio.learning.datasets.doctor import preview_pictures

    return [one.pixels for one in preview_pictures(library, config_of(library, source), CROPS)]
