"""Where a picture is looked at: its focus, and the crop of a shape that keeps what matters. Numpy only.

Two cheap maps are joined: the spectral residual of the lightness (X. Hou & L. Zhang, "Saliency Detection: A
Spectral Residual Approach", CVPR 2007) finds what breaks the texture of a picture, the distance of each
colour from the picture's border and mean in OKLab (after R. Achanta et al., "Frequency-tuned Salient Region
Detection", CVPR 2009) finds what stands out by colour. A weak prior prefers the middle, as eyes do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.storyboard import Rect
from mmstudio.media.oklab import srgb_to_oklab

_SIDE = 64  # pixels of the longer side that is looked at (Hou & Zhang's own scale)
_CENTRE = 0.35  # how much the middle is preferred where nothing else speaks
_AIR = 0.03  # of the picture, left round what is looked at
_KEPT = 0.15  # of the strongest saliency: weaker places do not pull the focus


def saliency_of(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much each place of a picture draws the eye.

    Args:
        rgb: uint8 [H,W,3] (or [H,W,4]; alpha hides), or [H,W] greys.

    Returns:
        float64 [h,w] that sums to 1, at most 64 on a side, in the picture's own shape. A picture of one
        colour gives the prior of the middle.
    """
    small, alpha = _shrunk(rgb)
    lab = srgb_to_oklab(small)
    height, width = lab.shape[:2]
    joined = 0.5 * _scaled(_residual(lab[..., 0])) + _scaled(_colour_distance(lab))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    prior = np.exp(-(x**2 + y**2) / 0.9)
    value = joined * ((1.0 - _CENTRE) + _CENTRE * prior) if joined.max() > 1e-6 else prior
    value = np.maximum(value * alpha, 0.0)
    total = float(value.sum())
    return value / total if total > 0 else np.full_like(value, 1.0 / value.size)


def focus_of(rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """The point of interest of a picture, x and y in fractions of it (0.5, 0.5 where nothing stands out).

    It is a place in the picture: :func:`cover_focus` turns it into a layer's ``focus`` for a box.
    """
    value = saliency_of(rgb)
    strong = np.where(value >= _KEPT * value.max(), value, 0.0)
    strong /= strong.sum()
    height, width = strong.shape
    x = float((strong.sum(0) * (np.arange(width) + 0.5)).sum() / width)
    y = float((strong.sum(1) * (np.arange(height) + 0.5)).sum() / height)
    return round(x, 4), round(y, 4)


def crop_for(rgb: NDArray[np.uint8], ratio: float) -> Rect:
    """The largest part of a picture of a shape that holds the most of what is looked at.

    Args:
        rgb: uint8 [H,W,3]. ratio: width by height in pixels of the crop, above 0.

    Returns:
        A box in fractions of the picture; one of its sides is the picture's own.
    """
    height, width = rgb.shape[:2]
    wide, tall = share_of(width / height, ratio)
    value = saliency_of(rgb)
    if wide < 1.0:
        return Rect(round(_best_start(value.sum(0), wide), 4), 0.0, round(wide, 4), 1.0)
    return Rect(0.0, round(_best_start(value.sum(1), tall), 4), 1.0, round(tall, 4))


def focus_in(rgb: NDArray[np.uint8], ratio: float) -> tuple[float, float]:
    """A layer's ``focus`` for covering a box of ``ratio`` (width by height) with this picture.

    It is where the crop of :func:`crop_for` lies between the two ends of its way, 0 to 1 on both axes.
    """
    crop = crop_for(rgb, ratio)
    x = crop.x / (1.0 - crop.w) if crop.w < 1.0 else 0.5
    y = crop.y / (1.0 - crop.h) if crop.h < 1.0 else 0.5
    return round(min(x, 1.0), 4), round(min(y, 1.0), 4)


def box_of(rgb: NDArray[np.uint8]) -> Rect:
    """The box, in fractions of the picture, round everything that is looked at, with a little air.

    Where that is nearly all of it, a narrow edge is cut off.
    """
    value = saliency_of(rgb)
    strong = value >= _KEPT * value.max()
    rows, columns = np.flatnonzero(strong.any(1)), np.flatnonzero(strong.any(0))
    height, width = value.shape
    left, right = columns[0] / width - _AIR, (columns[-1] + 1) / width + _AIR
    top, bottom = rows[0] / height - _AIR, (rows[-1] + 1) / height + _AIR
    x, y = max(float(left), 0.0), max(float(top), 0.0)
    w, h = min(float(right), 1.0) - x, min(float(bottom), 1.0) - y
    if w * h > 0.9:
        return Rect(0.025, 0.025, 0.95, 0.95)
    return Rect(round(x, 4), round(y, 4), round(w, 4), round(h, 4))


def cover_focus(point: tuple[float, float], picture: float, box: float) -> tuple[float, float]:
    """A layer's ``focus`` that brings a place of the picture as near to the middle of a box as it can.

    Args:
        point: x and y in fractions of the picture. picture, box: width by height of each, above 0.
    """
    wide, tall = share_of(picture, box)
    return _aligned(point[0], wide), _aligned(point[1], tall)


def share_of(picture: float, box: float) -> tuple[float, float]:
    """The parts (0 to 1) of a picture's width and height that a box of another shape shows when covered."""
    if picture <= 0 or box <= 0:
        return 1.0, 1.0
    return min(box / picture, 1.0), min(picture / box, 1.0)


def _aligned(at: float, share: float) -> float:
    if share >= 1.0:
        return 0.5
    return round(min(max((at - share / 2) / (1.0 - share), 0.0), 1.0), 4)


def _best_start(mass: NDArray[np.float64], share: float) -> float:
    """Start (fraction) of the window of a share that holds the most mass; the middle one of equals."""
    steps = len(mass)
    total = np.concatenate([[0.0], np.cumsum(mass)])
    starts = np.linspace(0.0, 1.0 - share, 97)
    places = np.arange(steps + 1) / steps
    held = np.interp(starts + share, places, total) - np.interp(starts, places, total)
    # centring what is looked at matters as well as holding it: half of two equal windows is decided by it
    middle = float((mass * (np.arange(steps) + 0.5)).sum() / max(mass.sum(), 1e-12) / steps)
    held = held - 0.02 * np.abs(starts + share / 2 - middle)
    return float(starts[int(np.argmax(held))])


def _shrunk(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """At most 64 pixels a side by averaging blocks, and how solid each is (1 without alpha)."""
    pixels = np.asarray(rgb)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    height, width = pixels.shape[:2]
    step = max(-(-max(height, width) // _SIDE), 1)
    rows, columns = max(height // step, 1), max(width // step, 1)
    blocks = pixels[: rows * step, : columns * step] if step > 1 else pixels
    if step > 1:
        # a few samples of each block are enough and keep a 24-megapixel photo under 10 ms
        take = max(step // 4, 1)
        blocks = blocks[: rows * step : take, : columns * step : take]
        at_y = np.linspace(0, blocks.shape[0], rows + 1).astype(int)[:-1]
        at_x = np.linspace(0, blocks.shape[1], columns + 1).astype(int)[:-1]
        summed = np.add.reduceat(np.add.reduceat(blocks.astype(np.float64), at_y, axis=0), at_x, axis=1)
        counts = np.outer(
            np.diff(np.append(at_y, blocks.shape[0])), np.diff(np.append(at_x, blocks.shape[1]))
        )
        mean = summed / counts[..., None]
    else:
        mean = blocks.astype(np.float64)
    alpha = mean[..., 3] / 255.0 if mean.shape[2] == 4 else np.ones(mean.shape[:2])
    return np.clip(np.rint(mean[..., :3]), 0, 255).astype(np.uint8), alpha


def _residual(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The spectral residual of a lightness picture (eq. 3 to 6 of the paper)."""
    if float(light.max() - light.min()) < 0.02:
        return np.zeros_like(light)
    spectrum = np.fft.fft2(light)
    log_amplitude = np.log(np.abs(spectrum) + 1e-9)
    residual = log_amplitude - _box(log_amplitude)
    back = np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))
    return _blur(np.abs(back) ** 2, 2.5)


def _colour_distance(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each colour lies from the border's usual colour and from the mean of the picture."""
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    soft = np.stack([_blur(lab[..., i], 1.0) for i in range(3)], axis=-1)
    from_border = np.linalg.norm(soft - np.median(border, axis=0), axis=-1)
    from_mean = np.linalg.norm(soft - lab.reshape(-1, 3).mean(0), axis=-1)
    distance: NDArray[np.float64] = from_border + 0.5 * from_mean
    return np.where(distance < 0.02, 0.0, distance)


def _scaled(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1, its floor taken away."""
    low, high = float(np.percentile(value, 20)), float(value.max())
    return np.clip((value - low) / (high - low), 0.0, 1.0) if high - low > 1e-9 else np.zeros_like(value)


def _box(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of 3 × 3 neighbours, wrapped round as a spectrum is."""
    rows = value + np.roll(value, 1, 0) + np.roll(value, -1, 0)
    summed: NDArray[np.float64] = (rows + np.roll(rows, 1, 1) + np.roll(rows, -1, 1)) / 9.0
    return summed


def _blur(value: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """A Gaussian blur with mirrored edges; sigma in pixels."""
    reach = max(round(3 * sigma), 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    out = value
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        wide = np.pad(out, pad, mode="symmetric" if out.shape[axis] > 1 else "edge")
        out = np.apply_along_axis(lambda line: np.convolve(line, kernel, mode="valid"), axis, wide)
    return out
