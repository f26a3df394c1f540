"""Near copies of pictures: perceptual hashes and network vectors propose, a look at both decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmstudio.features.pictures import colour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = "1"
SIDE = 64  # px of the small picture that two are compared by
# Proposals. Unrelated pictures are at least 20 of 64 bits apart, recompressed or resized copies at most 4; a
# watermark or a border lies between. A crop keeps no hash, but a network sees the same thing.
HASH_MAYBE, LOOK_MIN, LOOK_MOST = 12, 0.90, 6
# Decisions (tests/benchmarks/bench_duplicates.py; chosen on half of the pictures, reported on the others).
ALIKE_MIN = 0.95  # correlation of lightness where one lies over the other
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)  # of the larger picture that a crop may keep, per side
# Two pictures of one article in two colours differ in nothing else. In a blurred 16 × 16 layout, copies
# (recompressed, cropped, brightened by a fifth) differ in hue and chroma by at most HUE_MOST in all but
# HUE_RANK places, and in lightness, once white is made equal, by at most LIGHT_MOST in all but LIGHT_RANK.
HUE_MOST, HUE_RANK = 0.0225, 3
LIGHT_MOST, LIGHT_RANK = 0.125, 40
_FLAT = 2.0  # deviation of grey levels below which a picture is one colour
_CHUNK = 1024


def hashes(path: Path) -> bytes:
    """16 bytes: the 64-bit DCT hash and the 64-bit gradient hash (ImageHash) of a picture file.

    Raises MediaError.
    """
    from mmstudio.media.image import load_image, over_white

    return hash_bytes(over_white(load_image(path, max_side=384)))


def hash_bytes(picture: Image.Image) -> bytes:
    """The same of a picture at hand."""
    import imagehash

    both = (imagehash.phash(picture), imagehash.dhash(picture))
    return b"".join(np.packbits(np.asarray(found.hash).ravel()).tobytes() for found in both)


def small(path: Path) -> NDArray[np.uint8]:
    """uint8[H, W, 3], the longer side at most :data:`SIDE` px. Raises MediaError."""
    from mmstudio.media.image import load_image, over_white

    picture = over_white(load_image(path, max_side=4 * SIDE))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(picture)


def hash_pairs(prints: NDArray[np.uint64], most: int = HASH_MAYBE) -> Iterator[tuple[int, int]]:
    """Row pairs (i < j) of uint64[N, H] of which one hash differs in at most `most` of 64 bits.

    Chunks of bit counts in NumPy: 10,000 pictures take about a second.
    """
    for start in range(0, len(prints), _CHUNK):
        block = prints[start : start + _CHUNK]
        near = np.zeros((len(block), len(prints) - start), bool)
        for column in range(prints.shape[1]):
            near |= np.bitwise_count(block[:, None, column] ^ prints[None, start:, column]) <= most
        for i, j in np.argwhere(near):
            if i < j:
                yield start + int(i), start + int(j)


def close_pairs(
    unit: NDArray[np.float32], least: float = LOOK_MIN, most: int = LOOK_MOST
) -> Iterator[tuple[int, int]]:
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
    yield from sorted(found)


def alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How sure two small pictures are copies, 0…1; 0 where they are not.

    The same picture stays the same when it is compressed, resized, brightened, marked or cropped: laid over
    the other at the best scale and place, lightness correlates and colours agree. A picture of one colour
    has nothing to correlate; then the colour itself decides.
    """
    flat = one.mean(2).std() < _FLAT, other.mean(2).std() < _FLAT
    if any(flat):
        near = np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() < 4.0
        return 1.0 if all(flat) and near else 0.0
    best = 0.0
    for larger, smaller in ((one, other), (other, one)):
        for share in SHARES:
            score, window = _laid_over(larger, smaller, share)
            if score >= ALIKE_MIN and score > best and _same_colours(window, smaller):
                best = score
            if share == 1.0 and best >= ALIKE_MIN:
                return best
    return best


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
    page = larger.mean(2)
    stamp = np.asarray(Image.fromarray(smaller).resize((w, h), Image.Resampling.BOX), np.float64).mean(2)
    stamp -= stamp.mean()
    products = fftconvolve(page, stamp[::-1, ::-1], mode="valid")
    sums, squares = _windows(page, h, w), _windows(page**2, h, w)
    spread = np.maximum(squares - sums**2 / (h * w), 0) * float((stamp**2).sum())
    scores = np.where(spread > 1.0, products / np.sqrt(np.maximum(spread, 1.0)), 0.0)
    y, x = np.unravel_index(int(scores.argmax()), scores.shape)
    return float(min(scores[y, x], 1.0)), larger[y : y + h, x : x + w]


def _windows(page: NDArray[np.float64], h: int, w: int) -> NDArray[np.float64]:
    """Sums over every window of h × w."""
    total = np.zeros((page.shape[0] + 1, page.shape[1] + 1))
    total[1:, 1:] = page.cumsum(0).cumsum(1)
    return np.asarray(total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w])


def _same_colours(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    a, b = colour.layout(np.ascontiguousarray(one)), colour.layout(other)
    hue = np.hypot(a[..., 1] - b[..., 1], a[..., 2] - b[..., 2]).ravel()
    light = np.abs(_lightness(a) - _lightness(b)).ravel()
    return bool(np.sort(hue)[-HUE_RANK] <= HUE_MOST and np.sort(light)[-LIGHT_RANK] <= LIGHT_MOST)


def _lightness(layout: NDArray[np.float64]) -> NDArray[np.float64]:
    white = max(float(np.quantile(layout[..., 0], 0.95)), 1e-3)
    return np.asarray(layout[..., 0] / white)
