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
    """Mask, find faces, label, and say what was done. The storyboard given is not changed.

    Words that the brand allows (``mmstudio brand``) stay in the texts: the firm's own address, say.
    """
    from mmstudio.export.privacy.report import sentences
    from mmstudio.export.provenance.label import visible_label
    from mmstudio.export.provenance.record import with_origins

    chosen = options or ExportOptions()
    made = copy.deepcopy(with_origins(library, board))
    made.label = visible_label(made, chosen)
    record: dict[str, Any] = {}
    touch: Touch | None = None
    if chosen.mask_personal:
        from mmstudio.export.privacy.texts import mask_board

        allowed = [rule.text for rule in library.brand.get().of("allow", board.locale)]
        record["masked"] = mask_board(made, allowed)
    if chosen.blur_faces:
        from mmstudio.export.privacy.faces import DETECTOR, LIMITS
        from mmstudio.export.privacy.hiding import FaceBlur

        blur = FaceBlur(library)
        counts = [n for n in map(blur.search, made.asset_ids()) if n is not None]
        record["faces"] = {
            "found": sum(counts), "pictures": sum(n > 0 for n in counts), "searched": len(counts),
            "detector": DETECTOR, "limits": LIMITS,
        }  # fmt: skip
        touch = blur
    return Prepared(made, touch, sentences(record), record)
