"""A storyboard as it may leave: with what the options ask to hide hidden, and a report of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.export.options import ExportOptions

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Library

Touch = Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]
"""(asset id, uint8 [H, W, 3 or 4]) -> the same shape, changed where something is hidden."""


@dataclass(slots=True)
class Prepared:
    """What the renderer and the writers get.

    Attributes:
        board: a copy of the storyboard with masked texts and its visible label.
        touch: to be applied to every picture and every frame of a clip, or None when nothing is hidden in
            them; pass it on as ``Pictures(library, touch)``.
        report: sentences for the person, in their language.
        record: the de-identification report as JSON-able data; without any of what was hidden.
    """

    board: Storyboard
    touch: Touch | None = None
    report: list[str] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def prepare(library: Library, board: Storyboard, options: ExportOptions | None = None) -> Prepared:
    """Mask, label and say what was done. The storyboard given is not changed."""
    from mmstudio.export.provenance.label import visible_label

    chosen = options or ExportOptions()
    made = copy.deepcopy(board)
    made.label = visible_label(board, chosen)
    return Prepared(made)
