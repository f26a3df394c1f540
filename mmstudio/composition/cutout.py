"""Lifting a product off a plain, light background, with a soft edge, and telling when that would go wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PLAIN = 9.0  # a background pixel differs this little (of 255) from the border's colour
_LIGHT = 218.0  # a background darker than this is a scene, not a studio backdrop


@dataclass(frozen=True, slots=True)
class Cutout:
    """A subject without its background.

    ``rgba`` is uint8 [H,W,4] (straight alpha), cropped to the subject; ``edges`` holds the letters of the
    photo's sides the subject runs off: l, t, r, b.
    """

    rgba: Image8
    edges: str


def border_colour(rgb: Image8, agreeing: float = 0.55) -> NDArray[np.float64] | None:
    """The colour of a plain, light border, or None when the border is no such thing.

    Sides that the subject runs off are allowed: ``agreeing`` is the share of the upper and side border that
    has to have the colour.
    """
    ring = np.concatenate([rgb[:3].reshape(-1, 3), rgb[:, :3].reshape(-1, 3), rgb[:, -3:].reshape(-1, 3)])
    colour = np.percentile(ring.astype(np.float64), 100 - 36 * agreeing, axis=0)
    if colour.min() < _LIGHT:
        return None
    near = np.abs(ring - colour).max(axis=1) <= _PLAIN
    return colour if near.mean() > agreeing else None


def cut_out(rgb: Image8) -> Cutout | None:
    """Cut the subject of a photo [H,W,3] off its plain light background; None when that is not safe.

    The background is flooded from the borders; alpha then follows the distance to the background's colour in
    a narrow band along the edge, and the background's share is taken out of the edge's colours.
    """
    from scipy import ndimage

    colour = border_colour(rgb)
    if colour is None or min(rgb.shape[:2]) < 32:
        return None
    height, width = rgb.shape[:2]
    away = np.abs(rgb.astype(np.float32) - colour.astype(np.float32)).max(axis=2)
    away = ndimage.gaussian_filter(away, 0.6)
    plain = away <= _PLAIN
    frame = np.zeros_like(plain)
    frame[0], frame[-1], frame[:, 0], frame[:, -1] = True, True, True, True
    outside: Mask = ndimage.binary_propagation(frame & plain, mask=plain)
    subject = ~outside
    # a white shirt on white: the flood leaks in through weak edges; close what is thin and light
    reach = max(2, round(min(height, width) * 0.012))
    disc = _disc(reach)
    closed = ndimage.binary_erosion(
        ndimage.binary_dilation(np.pad(subject, reach), structure=disc), structure=disc
    )[reach:-reach, reach:-reach]
    # (but not the pure backdrop in narrow gaps, between fingers say)
    subject = ndimage.binary_fill_holes(subject | (closed & (away > 2.5)))
    labels, count = ndimage.label(subject)
    if count == 0:
        return None
    sizes = ndimage.sum_labels(subject, labels, index=np.arange(1, count + 1))
    keep = np.flatnonzero(sizes >= max(sizes.max() * 0.02, 40)) + 1
    subject = np.isin(labels, keep)
    share = float(subject.mean())
    edges = _touched(subject)
    if not 0.02 < share < 0.9 or ("l" in edges and "r" in edges):
        return None
    subject &= ~_holes(away, subject)
    shade = _contact_shadow(rgb, away, subject) if "b" not in edges else np.zeros_like(subject)
    subject &= ~shade
    inner = ndimage.binary_erosion(subject, structure=_disc(2), border_value=1)
    ramp = np.clip((away - 4.0) / 44.0, 0.0, 1.0)
    alpha = np.where(inner, 1.0, np.where(subject, ramp, 0.0))
    alpha = np.clip(ndimage.gaussian_filter(alpha.astype(np.float32), 0.7), 0, 1)
    alpha[inner & (ndimage.binary_erosion(subject, structure=_disc(4), border_value=1))] = 1.0
    clean = _without_backdrop(rgb, subject, alpha, colour)
    clean[shade] = 0.0
    alpha = np.where(shade, np.maximum(away / 255.0 - 0.02, 0.0), alpha)
    rgba = np.dstack([np.clip(clean, 0, 255), alpha * 255.0]).astype(np.uint8)
    rows, columns = np.flatnonzero(alpha.max(1) > 0.02), np.flatnonzero(alpha.max(0) > 0.02)
    crop = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Cutout(np.ascontiguousarray(crop), edges)


def _without_backdrop(
    rgb: Image8, subject: Mask, alpha: NDArray[np.float32], colour: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The colours of the subject alone: soft edge pixels take those of the solid part next to them.

    What is too thin to have a solid part is unmixed from the backdrop instead.
    """
    from scipy import ndimage

    core = ndimage.binary_erosion(subject, structure=_disc(2), border_value=1)
    distance, nearest = ndimage.distance_transform_edt(~core, return_indices=True)
    spread = rgb[nearest[0], nearest[1]].astype(np.float32)
    share = np.maximum(alpha, 0.3)[..., None]
    unmixed = np.clip((rgb - (1.0 - share) * colour.astype(np.float32)) / share, 0, 255)
    clean = np.where((distance <= 6.0)[..., None], spread, unmixed)
    kept: NDArray[np.float32] = np.where(core[..., None], rgb, clean).astype(np.float32)
    return kept


def _holes(away: NDArray[np.float32], subject: Mask) -> Mask:
    """Background seen through the subject: under a bag's handle, between an arm and the body.

    Only spots as flat and as bright as the backdrop itself count; a white shirt has folds.
    """
    from scipy import ndimage

    labels, count = ndimage.label((away <= 3.0) & subject)
    if count == 0:
        return np.zeros_like(subject)
    index = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(subject, labels, index=index)
    spread = ndimage.mean(away, labels, index=index)
    chosen = np.flatnonzero((sizes > subject.size * 0.0004) & (spread < 0.9)) + 1
    found: Mask = ndimage.binary_dilation(np.isin(labels, chosen), structure=_disc(1), iterations=2)
    return found & (away <= 40.0)


def _contact_shadow(rgb: Image8, away: NDArray[np.float32], subject: Mask) -> Mask:
    """The soft grey shadow a subject stands on: light, without colour, without edges, at its foot."""
    from scipy import ndimage

    rows = np.flatnonzero(subject.any(1))
    foot = np.zeros_like(subject)
    foot[int(rows[-1] - 0.1 * (rows[-1] - rows[0])) :] = True
    grey = np.ptp(rgb.astype(np.int16), axis=2) <= 14
    smooth = ndimage.gaussian_gradient_magnitude(away, 1.2) < 3.6
    shadow = foot & grey & smooth & (away <= 75.0)
    return np.asarray(ndimage.binary_propagation(~subject & foot, mask=shadow | ~subject) & subject & foot)


def _disc(radius: int) -> Mask:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    made: Mask = x * x + y * y <= radius * radius + 0.5
    return made


def _touched(subject: Mask) -> str:
    """Letters of the sides along which the subject is cut off by the photo's frame."""
    sides = {"l": subject[:, 0], "t": subject[0], "r": subject[:, -1], "b": subject[-1]}
    return "".join(letter for letter, line in sides.items() if line.mean() > 0.02)
