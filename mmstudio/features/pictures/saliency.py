"""Where one looks first in a picture, and crops that keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # x, y, width, height as shares of the picture
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_LEAST = 0.02  # OKLab distance below which nothing stands out
_CALM = 0.25  # share of the edge that may stand out before a calm backdrop
_KEPT_CALM, _KEPT = 0.99, 0.85  # of what stands out lies in the box


def saliency(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much a place stands out: OKLab float32[H, W, 3] → float32[H, W] in 0…1.

    The distance of a slightly blurred pixel from the colours of the backdrop (the common ones along the edge
    of the picture that do not also fill its middle), helped by its distance from the mean colour
    (frequency-tuned saliency, Achanta et al. 2009), with a mild pull to the middle. All zero where nothing
    stands out.
    """
    height, width = lab.shape[:2]
    if min(height, width) < 3:
        return np.zeros((height, width), np.float32)
    soft = _blurred(lab, 1)
    backdrop = _backdrop(soft)
    away = np.sqrt(np.minimum.reduce([((soft - one) ** 2).sum(-1) for one in backdrop]))
    unlike = np.sqrt(((soft - lab.mean((0, 1))) ** 2).sum(-1))
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    middle = np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * 0.6**2))
    stands = (away + 0.35 * np.minimum(unlike, away)) * middle
    top = max(1, stands.size // 200)
    peak = float(np.partition(stands.ravel(), -top)[-top])
    if peak < _LEAST:
        return np.zeros((height, width), np.float32)
    return np.asarray(np.clip(stands / peak, 0.0, 1.0), dtype=np.float32)


def salient_box(seen: NDArray[np.float32]) -> Box:
    """The smallest upright box that holds what stands out of float32[H, W]; the whole where nothing does.

    Before a calm backdrop that is all of the thing, otherwise most of the weight of what stands out.
    """
    height, width = seen.shape
    if not seen.any():
        return WHOLE
    stands = seen >= 0.18
    rim = np.concatenate([stands[0], stands[-1], stands[:, 0], stands[:, -1]])
    calm = rim.mean() < _CALM
    mass = stands.astype(np.float32) if calm else np.where(seen >= 0.8 * _otsu(seen), seen, 0.0)
    kept = _KEPT_CALM if calm else _KEPT
    across, down = _span(mass.sum(0), kept), _span(mass.sum(1), kept)
    x, w = across[0] / width, (across[1] - across[0]) / width
    y, h = down[0] / height, (down[1] - down[0]) / height
    return (float(x), float(y), float(w), float(h))


def smart_crop(size: tuple[int, int], box: Box, ratio: float) -> tuple[int, int, int, int]:
    """The largest crop of a shape that keeps what one looks at.

    Args:
        size: width and height of the picture in px, at least 1.
        box: the salient box, x, y, width, height as shares of the picture (0…1).
        ratio: wanted width / height, above 0.

    Returns:
        (left, top, right, bottom) in whole px inside the picture, as Pillow's ``crop`` takes it. The box is
        inside the crop wherever a crop of that shape can hold it; otherwise the crop lies centred on it. The
        ratio is kept to a pixel. Raises ValueError for a size or ratio out of range.
    """
    width, height = size
    if width < 1 or height < 1 or not np.isfinite(ratio) or ratio <= 0:
        raise ValueError(f"no crop of ratio {ratio} from {size}")
    wide = min(width, max(1, round(height * ratio)))
    tall = min(height, max(1, round(width / ratio)))
    x, y, w, h = (min(max(float(v), 0.0), 1.0) for v in box)
    left = _place(width, wide, x * width, min(x + w, 1.0) * width)
    top = _place(height, tall, y * height, min(y + h, 1.0) * height)
    return left, top, left + wide, top + tall


def _place(whole: int, part: int, start: float, stop: float) -> int:
    """Where a stretch of `part` begins on 0…whole: centred on start…stop, holding it where it fits."""
    begin = round((start + stop) / 2 - part / 2)
    if stop - start <= part:
        begin = max(begin, int(np.ceil(stop - part)))
        begin = min(begin, int(np.floor(start)))
    return min(max(begin, 0), whole - part)


def _span(profile: NDArray[Any], kept: float) -> tuple[int, int]:
    """The shortest run of a profile that holds that much of it."""
    total = np.concatenate([[0.0], np.cumsum(profile)])
    need = kept * total[-1]
    stops = np.searchsorted(total, total[:-1] + need - 1e-9)
    lengths = np.where(stops <= len(profile), stops - np.arange(len(profile)), len(profile) + 1)
    start = int(lengths.argmin())
    return (start, int(stops[start])) if lengths[start] <= len(profile) else (0, len(profile))


def _otsu(values: NDArray[np.float32]) -> float:
    """The threshold between two groups of values in 0…1 (Otsu 1979)."""
    counts = np.histogram(values, 64, (0.0, 1.0))[0].astype(np.float64)
    places = (np.arange(64) + 0.5) / 64
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * places)
    apart = below * above * (sums / np.maximum(below, 1) - (sums[-1] - sums) / np.maximum(above, 1)) ** 2
    return float(places[int(apart.argmax())])


def _backdrop(soft: NDArray[np.float32], most: int = 4) -> NDArray[np.float32]:
    """The colours behind things, float32[K, 3] of OKLab float32[H, W, 3]: k-means from farthest points along
    the edge; small groups (a thing that touches the edge) and colours that fill the middle are left out.
    """
    height, width = soft.shape[:2]
    rim = max(1, round(0.04 * min(height, width)))
    sides = (soft[:rim], soft[-rim:], soft[:, :rim], soft[:, -rim:])
    pixels = np.concatenate([side.reshape(-1, 3) for side in sides])
    counts = np.zeros(1, np.float32)
    centres: NDArray[Any] = np.median(pixels, axis=0)[None].astype(np.float32)
    near = ((pixels - centres[0]) ** 2).sum(1)
    while len(centres) < most and near.max() > 4e-3:
        centres = np.vstack([centres, pixels[near.argmax()]])
        near = np.minimum(near, ((pixels - centres[-1]) ** 2).sum(1))
    for _ in range(4):
        owner = ((centres**2).sum(1) - 2 * pixels @ centres.T).argmin(1)
        members = (owner[:, None] == np.arange(len(centres))).astype(np.float32)
        counts = members.sum(0)
        means = members.T @ pixels / np.maximum(counts, 1)[:, None]
        centres = np.where(counts[:, None] > 0, means, centres).astype(np.float32)
    core = soft[height // 4 : height - height // 4, width // 4 : width - width // 4].reshape(-1, 3)
    fills = np.array([(((core - one) ** 2).sum(1) < 1e-2).mean() for one in centres])
    behind = (counts >= 0.15 * len(pixels)) & (fills < 0.45)
    if not behind.any():
        behind = counts == counts.max()
    return np.asarray(centres[behind], dtype=np.float32)


def _blurred(plane: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    """A 3 × 3 binomial blur of float32[H, W, C], edges repeated."""
    for _ in range(times):
        p: NDArray[Any] = np.pad(plane, ((1, 1), (1, 1), (0, 0)), mode="edge")
        p = (p[:-2] + 2 * p[1:-1] + p[2:]) / 4
        plane = (p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]) / 4
    return plane
