"""Near copies of pictures: hashes of the whole and of windows propose, a look at both decides."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = "2"
SIDE = 64  # px of the small picture that two are compared by
# Proposals. Of copies that were compressed, resized, brightened or marked, 99.5 % are within these bits.
PHASH_MOST, DHASH_MOST = 8, 6
# A crop keeps no hash of the whole, but the whole has a window with the hash of the crop: windows of these
# shares of each side, so many along each side.
WINDOWS = ((0.95, 2), (0.9, 3), (0.85, 4), (0.8, 5), (0.75, 6), (0.7, 7))
WINDOW_MOST = 8  # bits; misses one crop in fourteen and proposes one in 2,000 unlike pairs
LOOK_MIN, LOOK_MOST = 0.97, 6  # cosine of network vectors, nearest neighbours each
# Decisions (tests/benchmarks/bench_duplicates.py, docs/adr/0051).
ALIKE_MIN = 0.97  # correlation of lightness where one lies over the other
# Two pictures of one article in two colours differ in nothing else. In 32 × 32 cells, brightness made equal
# and one cell of play, copies differ by at most these of 255 in all but so many cells: in colour (channels
# about their mean), and in lightness.
COLOUR_MOST, COLOUR_RANK, CROP_RANK = 20.0, 4, 40  # a crop lies half a pixel off: edges differ
LIGHT_MOST, LIGHT_RANK = 20.0, 64
_HOPELESS = 0.92  # correlation two hundredths beside the best size, below which no size is right
_CELLS = 32
_FLAT = 2.0  # deviation of grey levels below which a picture is one colour
_CHUNK, _BLOCK = 1024, 1 << 16

Pair = tuple[int, int, float]  # rows, and the share of the second that the first shows (1 is all of it)


def fingerprint(picture: Image.Image) -> bytes:
    """uint64[142] as bytes: DCT and gradient hash (ImageHash), DCT hash of the whole and of its 139 windows.

    A hash of a part without detail is 0 and matches nothing.
    """
    grey = np.asarray(picture.convert("L").resize(_fitted(picture.size), Image.Resampling.BOX), np.float32)
    return hash_bytes(picture) + _window_hashes(grey).tobytes()


def hash_bytes(picture: Image.Image) -> bytes:
    """16 bytes: the 64-bit DCT hash and the 64-bit gradient hash of a picture (ImageHash)."""
    import imagehash

    both = (imagehash.phash(picture), imagehash.dhash(picture))
    return b"".join(np.packbits(np.asarray(found.hash).ravel()).tobytes() for found in both)


def read(path: Path) -> Image.Image:
    """A picture file over white, the longer side at most 384 px. Raises MediaError."""
    from mmstudio.media.image import load_image, over_white

    return over_white(load_image(path, max_side=384))


def small(picture: Image.Image) -> NDArray[np.uint8]:
    """uint8[H, W, 3], the longer side at most :data:`SIDE` px."""
    return np.asarray(picture.resize(_fitted(picture.size), Image.Resampling.BOX, reducing_gap=3.0))


def whole_pairs(prints: NDArray[np.uint64]) -> Iterator[Pair]:
    """Row pairs (i < j) of uint64[N, 142] whose hashes of the whole nearly agree.

    Chunks of bit counts in NumPy: 10,000 pictures take about a second.
    """
    for start in range(0, len(prints), _CHUNK):
        block = prints[start : start + _CHUNK]
        near = np.bitwise_count(block[:, None, 0] ^ prints[None, start:, 0]) <= PHASH_MOST
        near |= np.bitwise_count(block[:, None, 1] ^ prints[None, start:, 1]) <= DHASH_MOST
        for i, j in np.argwhere(near):
            if i < j:
                yield start + int(i), start + int(j), 1.0


def crop_pairs(
    prints: NDArray[np.uint64], new: NDArray[np.bool_], poll: Callable[[], None] = lambda: None
) -> Iterator[Pair]:
    """(crop, whole, share) of rows of which one at least is `new`; per pair the closest window.

    Bit counts in NumPy, about 3 s for a thousand pictures beside ten thousand others. ``poll`` is called
    between blocks and may raise.
    """
    shares = np.array([share for _, _, share in _windows_of_a_picture()])
    whole, windows = prints[:, 2], prints[:, 3:]
    every = np.flatnonzero(whole)
    fresh = every[new[every]]
    # New pictures as crops of all, then the others as crops of new ones.
    for crops, holders in ((fresh, np.arange(len(prints))), (every[~new[every]], np.flatnonzero(new))):
        rows_at_once = max(1, _BLOCK // windows.shape[1])
        for first in range(0, len(holders), rows_at_once):
            rows = holders[first : first + rows_at_once]
            codes = windows[rows].ravel()
            for start in range(0, len(crops), 64):
                poll()
                asked = crops[start : start + 64]
                bits = np.bitwise_count(whole[asked][:, None] ^ codes[None])
                bits[:, codes == 0] = 64
                bits = bits.reshape(len(asked), len(rows), -1)
                for i, j in np.argwhere(bits.min(2) <= WINDOW_MOST):
                    if asked[i] != rows[j]:
                        yield int(asked[i]), int(rows[j]), float(shares[bits[i, j].argmin()])


def close_pairs(unit: NDArray[np.float32], least: float = LOOK_MIN, most: int = LOOK_MOST) -> Iterator[Pair]:
    """Row pairs (i < j) of float32[N, D], rows of length 1, that are among each other's `most` nearest with a
    cosine of at least `least`."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(unit), _CHUNK):
        cosines = unit[start : start + _CHUNK] @ unit.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -1.0
        k = min(most, cosines.shape[1])
        nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        keep = np.take_along_axis(cosines, nearest, 1) >= least
        for i, place in np.argwhere(keep):
            one, other = start + int(i), int(nearest[i, place])
            found.add((min(one, other), max(one, other)))
    yield from ((one, other, 1.0) for one, other in sorted(found))


def alike(one: NDArray[np.uint8], other: NDArray[np.uint8], share: float = 1.0) -> float:
    """How sure `one` is a copy of `other`, or of the given share of it per side, 0…1; 0 where it is not.

    The same picture stays the same when it is compressed, resized, brightened, marked or cropped: laid over
    the other at the best scale and place, lightness correlates and colours agree. A picture of one colour
    has nothing to correlate; then the colour itself decides.
    """
    flat = one.mean(2).std() < _FLAT, other.mean(2).std() < _FLAT
    if any(flat):
        near = np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() < 4.0
        return 1.0 if all(flat) and near else 0.0
    rank = COLOUR_RANK
    if share == 1.0:
        score, window = _laid_over(other, one, 1.0)
    else:
        tried = {step: _laid_over(other, one, share + step / 100) for step in (-2, 0)}
        if max(found for found, _ in tried.values()) < _HOPELESS:
            return 0.0
        tried |= {step: _laid_over(other, one, share + step / 100) for step in (-6, -4, 2)}
        closest = max(tried, key=lambda step: tried[step][0])
        around = [_laid_over(other, one, share + step / 100) for step in (closest - 1, closest + 1)]
        part = max([tried[closest], *around], key=lambda found: found[0])
        if part[0] < ALIKE_MIN:
            return 0.0
        score, window = _laid_over(other, one, 1.0)
        if part[0] > score:  # otherwise the two show the same frame, and every cell must agree
            (score, window), rank = part, CROP_RANK
    return score if score >= ALIKE_MIN and _same_colours(window, one, rank) else 0.0


def _laid_over(
    larger: NDArray[np.uint8], smaller: NDArray[np.uint8], share: float
) -> tuple[float, NDArray[np.uint8]]:
    """(correlation, the part of `larger` below) with `smaller` at `share` of its size, at the best place."""
    from scipy.signal import fftconvolve

    height, width = larger.shape[:2]
    scale = share * min(width / smaller.shape[1], height / smaller.shape[0])
    w, h = max(4, round(smaller.shape[1] * scale)), max(4, round(smaller.shape[0] * scale))
    if w > width or h > height:
        return 0.0, larger
    page = _soft(Image.fromarray(larger))
    stamp = _soft(Image.fromarray(smaller).resize((w, h), Image.Resampling.BICUBIC))
    stamp -= stamp.mean()
    if (h, w) == (height, width):
        products = np.array([[(page * stamp).sum()]])
    else:
        products = fftconvolve(page, stamp[::-1, ::-1], mode="valid")
    sums, squares = _sums(page, h, w), _sums(page**2, h, w)
    spread = np.maximum(squares - sums**2 / (h * w), 0) * float((stamp**2).sum())
    scores = np.where(spread > 1.0, products / np.sqrt(np.maximum(spread, 1.0)), 0.0)
    y, x = np.unravel_index(int(scores.argmax()), scores.shape)
    return float(min(scores[y, x], 1.0)), larger[y : y + h, x : x + w]


def _soft(picture: Image.Image) -> NDArray[np.float64]:
    """Grey levels, blurred so that noise of compression counts less than shapes."""
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.0)), np.float64)
    return np.asarray(soft.mean(2))


def _sums(page: NDArray[np.float64], h: int, w: int) -> NDArray[np.float64]:
    """Sums over every window of h × w."""
    total = np.zeros((page.shape[0] + 1, page.shape[1] + 1))
    total[1:, 1:] = page.cumsum(0).cumsum(1)
    return np.asarray(total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w])


def _same_colours(one: NDArray[np.uint8], other: NDArray[np.uint8], rank: int) -> bool:
    size = (_CELLS, _CELLS)
    a, b = (
        np.asarray(
            Image.fromarray(np.ascontiguousarray(p)).resize(size, Image.Resampling.BILINEAR), np.float64
        )
        for p in (one, other)
    )
    grey_a, grey_b = a.mean(2), b.mean(2)
    judged = (grey_a > 30) & (grey_a < 250) & (grey_b > 20) & (grey_b < 250)
    gain = float(np.median(grey_b[judged] / grey_a[judged])) if judged.sum() > 20 else 1.0
    a = np.minimum(a * np.clip(gain, 0.5, 2.0), 255)
    forth, back = _differences(a, b), _differences(b, a)
    colour, light = np.maximum(forth[0], back[0]).ravel(), np.maximum(forth[1], back[1]).ravel()
    return bool(np.sort(colour)[-rank - 1] <= COLOUR_MOST and np.sort(light)[-LIGHT_RANK - 1] <= LIGHT_MOST)


def _differences(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Difference in colour and in lightness of each cell to the most similar of nine cells around it."""
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    shifted = np.stack([padded[y : y + _CELLS, x : x + _CELLS] for y in range(3) for x in range(3)])
    apart = one[None] - shifted
    light = apart.mean(3)
    colour = np.abs(apart - light[..., None]).max(3)
    nearest = np.maximum(np.abs(light), colour).argmin(0)[None]
    return (
        np.take_along_axis(colour, nearest, 0)[0],
        np.abs(np.take_along_axis(light, nearest, 0)[0]),
    )


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = SIDE / max(size)
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))) if scale < 1 else size


@lru_cache(maxsize=1)
def _windows_of_a_picture() -> list[tuple[float, float, float]]:
    """(top, left, share of each side) of every window."""
    return [
        (float(y), float(x), share)
        for share, along in WINDOWS
        for y in np.linspace(0, 1 - share, along)
        for x in np.linspace(0, 1 - share, along)
    ]


def _window_hashes(grey: NDArray[np.float32]) -> NDArray[np.uint64]:
    """uint64[140]: DCT hash of the whole and of every window of float32[H, W], through its integral image."""
    boxes = np.array([(0.0, 0.0, 1.0), *_windows_of_a_picture()])
    height, width = grey.shape
    total = np.zeros((height + 1, width + 1))
    total[1:, 1:] = grey.cumsum(0, dtype=np.float64).cumsum(1)
    edges = np.linspace(0, 1, 33)
    ys = (boxes[:, 0, None] + boxes[:, 2, None] * edges) * height
    xs = (boxes[:, 1, None] + boxes[:, 2, None] * edges) * width
    y0, x0 = np.minimum(ys.astype(int), height - 1), np.minimum(xs.astype(int), width - 1)
    fy, fx = (ys - y0)[:, :, None], (xs - x0)[:, None, :]
    low_y, low_x = y0[:, :, None], x0[:, None, :]
    upper = total[low_y, low_x] * (1 - fx) + total[low_y, low_x + 1] * fx
    lower = total[low_y + 1, low_x] * (1 - fx) + total[low_y + 1, low_x + 1] * fx
    sums = upper * (1 - fy) + lower * fy
    cells = sums[:, 1:, 1:] - sums[:, :-1, 1:] - sums[:, 1:, :-1] + sums[:, :-1, :-1]
    cells *= (32 * 32 / (height * width)) / boxes[:, 2, None, None] ** 2  # grey levels again
    basis = _dct_basis()
    low = (basis @ cells @ basis.T).reshape(len(boxes), 64)
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    codes = np.packbits(bits, axis=1).view(np.uint64)[:, 0]
    codes[cells.std((1, 2)) < _FLAT] = 0
    return np.asarray(codes)


@lru_cache(maxsize=1)
def _dct_basis() -> NDArray[np.float64]:
    k, n = np.mgrid[0:8, 0:32]
    return np.asarray(np.cos(np.pi * (2 * n + 1) * k / 64))
