"""Where a picture may be cropped: the part of it that has to stay in sight, whatever the shape of its box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.cutout import border_colour

_PLAIN = 12.0  # a pixel that differs this little (of 255) from a plain border belongs to it
_SHOWN = 0.62  # of a picture's height is seen in the flattest boxes
_MARGIN = 0.03  # over a head
_NARROW, _FLAT = 0.6, 1.7  # shapes of boxes, against the picture's own


def focus_for(rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """A layer's ``focus`` (0 to 1 on both axes) for covering boxes of any shape with a picture uint8 [H,W,3].

    A subject before a plain ground is kept from its top on, so that a head is never cut off; of other
    pictures what draws the eye stays in sight.
    """
    from mmstudio.composition.editing.saliency import focus_in

    ratio = rgb.shape[1] / rgb.shape[0]
    x, y = focus_in(rgb, ratio * _NARROW)[0], focus_in(rgb, ratio * _FLAT)[1]
    ground = border_colour(rgb)
    if ground is None:
        return x, y
    subject = np.abs(rgb.astype(np.float64) - ground).max(axis=2) > _PLAIN
    rows = np.flatnonzero(subject.mean(axis=1) > 0.01)
    columns = np.flatnonzero(subject.mean(axis=0) > 0.01)
    if not len(rows) or not len(columns):
        return x, y
    top, bottom = rows[0] / len(subject), (rows[-1] + 1) / len(subject)
    left, right = columns[0] / subject.shape[1], (columns[-1] + 1) / subject.shape[1]
    spare = 1.0 - _SHOWN
    if bottom - top > _SHOWN - _MARGIN:
        start = top - _MARGIN
    else:
        start = (top + bottom - _SHOWN) / 2
    middle = (left + right) / 2
    return (
        round(min(max((middle - _NARROW / 2) / (1.0 - _NARROW), 0.0), 1.0), 4),
        round(min(max(start / spare, 0.0), 1.0), 4),
    )
