"""Lifting a product off a plain, light background, with a soft edge, and telling when that would go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    away = _largest(np.abs(rgb.astype(np.float32) - colour.astype(np.float32)))
    away = ndimage.gaussian_filter(away, 0.6)
    plain = away <= _PLAIN
    subject = ~_from_border(plain)
    subject = _filled(subject | _leaks(away, subject))
    labels, count = ndimage.label(subject)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    subject = _chosen(labels, sizes >= max(sizes.max() * 0.02, 40))
    subject &= ~_holes(away, subject)
    shade = _contact_shadow(rgb, away, subject)
    subject &= ~shade
    share, edges = float(subject.mean()), _touched(subject)
    if not 0.02 < share < 0.9 or ("l" in edges and "r" in edges):
        return None
    core: Mask = ndimage.binary_erosion(subject, structure=_disc(2), border_value=1)
    ramp = np.clip((away - 4.0) / 44.0, 0.0, 1.0)
    alpha = np.where(core, 1.0, np.where(subject, ramp, 0.0))
    alpha = np.clip(ndimage.gaussian_filter(alpha.astype(np.float32), 0.7), 0, 1)
    alpha[ndimage.binary_erosion(subject, structure=_disc(4), border_value=1)] = 1.0
    clear = np.where(shade, np.maximum(away / 255.0 - 0.02, 0.0), alpha)
    rows, columns = np.flatnonzero(clear.max(1) > 0.02), np.flatnonzero(clear.max(0) > 0.02)
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    rgba = np.empty((*clear[part].shape, 4), np.uint8)
    rgba[..., :3] = _without_backdrop(rgb[part], core[part], alpha[part], colour)
    rgba[..., :3][shade[part]] = 0
    rgba[..., 3] = clear[part] * 255.0
    return Cutout(rgba, edges)


def _leaks(away: NDArray[np.float32], subject: Mask) -> Mask:
    """Parts of the subject that the flood entered: a white shirt on white, through a weak edge.

    Narrow gaps are closed where what surrounds them is itself light; gaps between legs or fingers stay
    background. An enclosed, not quite white spot behind such a gap is the shirt itself.
    """
    from scipy import ndimage

    reach = max(2, round(min(subject.shape) * 0.012))
    wide = _within(np.pad(subject, reach), reach)
    closed = ~_within(~wide, reach)[reach:-reach, reach:-reach] | subject
    gaps, count = ndimage.label(closed & ~subject)
    light: Mask = np.zeros_like(subject)
    if count:
        beside = ndimage.mean(_around(away, subject), gaps, index=np.arange(1, count + 1))
        light = _chosen(gaps, beside < _PALE)
    spots, count = ndimage.label(_filled(closed) & ~closed)
    if count == 0:
        return light
    index = np.arange(1, count + 1)
    whiteness = ndimage.mean(away, spots, index=index)
    return light | _chosen(spots, whiteness > 1.2)


def _around(away: NDArray[np.float32], subject: Mask) -> NDArray[np.float32]:
    """For every pixel, how far the subject near it (5 px) is from the backdrop's colour."""
    from scipy import ndimage

    mass = ndimage.uniform_filter(subject.astype(np.float32), 11)
    far = ndimage.uniform_filter(np.where(subject, away, 0.0).astype(np.float32), 11)
    share: NDArray[np.float32] = far / np.maximum(mass, 1e-3)
    return share


def _without_backdrop(
    rgb: Image8, core: Mask, alpha: NDArray[np.float32], colour: NDArray[np.float64]
) -> Image8:
    """The colours of the subject alone: soft edge pixels take those of the solid part next to them.

    What is too thin to have a solid part (``core``) is unmixed from the backdrop instead.
    """
    from scipy import ndimage

    clean = rgb.copy()
    edge = (alpha > 0.0) & ~core
    distance, nearest = ndimage.distance_transform_edt(~core, return_indices=True)
    near, far = edge & (distance <= 6.0), edge & (distance > 6.0)
    clean[near] = rgb[nearest[0][near], nearest[1][near]]
    share = np.maximum(alpha[far], 0.3)[:, None]
    clean[far] = np.clip((rgb[far] - (1.0 - share) * colour.astype(np.float32)) / share, 0, 255)
    return clean


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
    chosen = _chosen(labels, (sizes > subject.size * 0.0002) & plain)
    found: Mask = ndimage.binary_dilation(chosen, structure=_disc(1), iterations=2)
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
    grey = _largest(rgb) - _largest(rgb, np.minimum) <= 9
    smooth = ndimage.gaussian_gradient_magnitude(away, 1.2) < 3.0
    shadow = foot & grey & smooth & (away <= 75.0)
    reached, _ = ndimage.label(shadow | ~subject)
    return _touching(reached, ~subject & foot) & subject & foot


def _largest(pixels: NDArray[Any], pick: np.ufunc = np.maximum) -> NDArray[Any]:
    """The largest (smallest) of a pixel's three channels; far quicker than along the short last axis."""
    found: NDArray[Any] = pick(pick(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    return found


def _chosen(labels: NDArray[np.int32], wanted: NDArray[np.bool_]) -> Mask:
    """The pixels of the parts (labels from 1 on) that are wanted."""
    table: Mask = np.concatenate([[False], wanted])
    return table[labels]


def _touching(labels: NDArray[np.int32], seeds: Mask) -> Mask:
    """The whole of every part that has a pixel among the seeds."""
    table = np.zeros(int(labels.max(initial=0)) + 1, bool)
    table[labels[seeds]] = True
    table[0] = False
    return table[labels]


def _from_border(mask: Mask) -> Mask:
    """What of a mask hangs together with the picture's border: one pass, where flooding takes hundreds."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    table = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        table[side] = True
    table[0] = False
    found: Mask = table[labels]
    return found


def _filled(mask: Mask) -> Mask:
    """A mask with its holes filled."""
    return ~_from_border(~mask)


def _within(mask: Mask, reach: int) -> Mask:
    """The pixels at most ``reach`` away from a mask, as by a disc; the cost does not grow with the reach."""
    from scipy import ndimage

    near: Mask = ndimage.distance_transform_edt(~mask) <= np.sqrt(reach * reach + 0.5)
    return near if mask.any() else mask


def _disc(radius: int) -> Mask:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    made: Mask = x * x + y * y <= radius * radius + 0.5
    return made


def _touched(subject: Mask) -> str:
    """Letters of the sides along which the subject is cut off by the photo's frame."""
    sides = {"l": subject[:, 0], "t": subject[0], "r": subject[:, -1], "b": subject[-1]}
    return "".join(letter for letter, line in sides.items() if line.mean() > 0.02)
