"""Lifting a product off a plain, light background, with a soft edge, and telling when that would go wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PLAIN = 9.0  # a background pixel differs this little (of 255) from the border's colour
_PALE = 55.0  # a subject this close to the backdrop's colour is white or nearly so
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
    away = np.abs(rgb.astype(np.float32) - colour.astype(np.float32)).max(axis=2)
    away = ndimage.gaussian_filter(away, 0.6)
    plain = away <= _PLAIN
    frame = np.zeros_like(plain)
    frame[0], frame[-1], frame[:, 0], frame[:, -1] = True, True, True, True
    outside: Mask = ndimage.binary_propagation(frame & plain, mask=plain)
    subject = ~outside
    subject = ndimage.binary_fill_holes(subject | _leaks(away, subject))
    labels, count = ndimage.label(subject)
    if count == 0:
        return None
    sizes = ndimage.sum_labels(subject, labels, index=np.arange(1, count + 1))
    keep = np.flatnonzero(sizes >= max(sizes.max() * 0.02, 40)) + 1
    subject = np.isin(labels, keep)
    subject &= ~_holes(away, subject)
    shade = _contact_shadow(rgb, away, subject)
    subject &= ~shade
    share, edges = float(subject.mean()), _touched(subject)
    if not 0.02 < share < 0.9 or ("l" in edges and "r" in edges):
        return None
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


def _leaks(away: NDArray[np.float32], subject: Mask) -> Mask:
    """Parts of the subject that the flood entered: a white shirt on white, through a weak edge.

    Narrow gaps are closed where what surrounds them is itself light; gaps between legs or fingers stay
    background. An enclosed, not quite white spot behind such a gap is the shirt itself.
    """
    from scipy import ndimage

    reach = max(2, round(min(subject.shape) * 0.012))
    disc = _disc(reach)
    wide = ndimage.binary_dilation(np.pad(subject, reach), structure=disc)
    closed = ndimage.binary_erosion(wide, structure=disc)[reach:-reach, reach:-reach] | subject
    gaps, count = ndimage.label(closed & ~subject)
    light: Mask = np.zeros_like(subject)
    if count:
        beside = ndimage.mean(_around(away, subject), gaps, index=np.arange(1, count + 1))
        light = np.isin(gaps, np.flatnonzero(beside < _PALE) + 1)
    spots, count = ndimage.label(ndimage.binary_fill_holes(closed) & ~closed)
    if count == 0:
        return light
    index = np.arange(1, count + 1)
    whiteness = ndimage.mean(away, spots, index=index)
    return light | np.isin(spots, np.flatnonzero(whiteness > 1.2) + 1)


def _around(away: NDArray[np.float32], subject: Mask) -> NDArray[np.float32]:
    """For every pixel, how far the subject near it (5 px) is from the backdrop's colour."""
    from scipy import ndimage

    mass = ndimage.uniform_filter(subject.astype(np.float32), 11)
    far = ndimage.uniform_filter(np.where(subject, away, 0.0).astype(np.float32), 11)
    share: NDArray[np.float32] = far / np.maximum(mass, 1e-3)
    return share


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
    beside = ndimage.mean(_around(away, subject & (away > 3.0)), labels, index=index)
    plain = (spread < 0.9) | ((spread < 2.0) & (beside > _PALE))
    chosen = np.flatnonzero((sizes > subject.size * 0.0002) & plain) + 1
    found: Mask = ndimage.binary_dilation(np.isin(labels, chosen), structure=_disc(1), iterations=2)
    return found & (away <= 40.0)


def _contact_shadow(rgb: Image8, away: NDArray[np.float32], subject: Mask) -> Mask:
    """The soft grey shadow a subject stands on: light, without colour, without edges, at its foot."""
    from scipy import ndimage

    rows = np.flatnonzero(subject.any(1))
    foot = np.zeros_like(subject)
    foot[int(rows[-1] - 0.1 * (rows[-1] - rows[0])) :] = True
    solid = subject & foot & (away > 75.0)
    if solid.sum() < 0.35 * (subject & foot).sum():
        return np.zeros_like(subject)  # white shoes: what is light there is no shadow
    grey = np.ptp(rgb.astype(np.int16), axis=2) <= 9
    smooth = ndimage.gaussian_gradient_magnitude(away, 1.2) < 3.0
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
