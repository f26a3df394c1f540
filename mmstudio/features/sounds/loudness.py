"""How loud a sound is and whether it is sound at all: loudness, peak, clipping, silence, offset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

QUIETEST = -70.0  # LUFS: the absolute gate of the standard, and what silence is said to be
LOWEST_PEAK = -120.0  # dBFS, for digital silence
_STEP = 0.1  # seconds: blocks of 400 ms overlap by three quarters
_SILENT = 1e-3  # -60 dBFS
_NEAR_FULL = 0.98  # of full scale; 8-bit sound ends at 127 / 128
_RUN = 3  # samples in a row that are taken for clipping
# Weights by channel for layouts of 1 to 8 channels in the order of WAV and FFmpeg (ITU-R BS.1770-4, table 3
# and 4): loudspeakers at the side count 1.41, those behind count 1, the low-frequency channel does not count.
_SIDE = 1.41
_WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (1, 1, _SIDE, _SIDE),
    5: (1, 1, 1, _SIDE, _SIDE),
    6: (1, 1, 1, 0, _SIDE, _SIDE),
    7: (1, 1, 1, 0, 1, _SIDE, _SIDE),
    8: (1, 1, 1, 0, 1, 1, _SIDE, _SIDE),
}


@dataclass(frozen=True, slots=True)
class Level:
    """What a level meter says.

    Attributes:
        loudness: integrated, LUFS; -70 for silence.
        peak: highest sample, dBFS; -120 for digital silence.
        clipping: share of samples in runs of three or more that are cut off, 0…1.
        silence: share of the time (in tenths of a second) below -60 dBFS RMS, 0…1.
        offset: largest mean of a channel, -1…1 of full scale (0 for sound without a DC offset).
    """

    loudness: float
    peak: float
    clipping: float
    silence: float
    offset: float


def measure(blocks: Sequence[NDArray[np.float32]], rate: int) -> Level:
    """Levels of float32[C, N] at `rate` Hz each, taken as pieces of one sound; N ≥ 1 in total."""
    samples = sum(block.size for block in blocks)
    peak = max(float(np.abs(block).max(initial=0.0)) for block in blocks)
    clipped = sum(_clipped(block) for block in blocks)
    quiet = [value for block in blocks for value in _powers(block, rate)]
    sums = np.sum([block.sum(axis=1, dtype=np.float64) for block in blocks], axis=0)
    length = sum(block.shape[1] for block in blocks)
    return Level(
        loudness=integrated(blocks, rate),
        peak=max(20 * float(np.log10(max(peak, 1e-12))), LOWEST_PEAK),
        clipping=clipped / max(samples, 1),
        silence=float(np.mean(np.sqrt(quiet) < _SILENT)) if quiet else 1.0,
        offset=float(np.abs(sums).max() / max(length, 1)),
    )


def integrated(blocks: Sequence[NDArray[np.float32]], rate: int) -> float:
    """Integrated loudness in LUFS by ITU-R BS.1770-4 and EBU R 128: K-weighted, gated; -70 where silent.

    Blocks of 400 ms, three quarters overlapping; those below -70 LUFS, and then those more than 10 LU below
    the mean of the rest, do not count. A sound shorter than 400 ms is one block of its own length.
    """
    return _gated(np.concatenate([_gating_blocks(powers_of(block, rate)) for block in blocks]))


def loudness_of(powers: NDArray[np.float64]) -> float:
    """:func:`integrated` of one sound, from its :func:`powers_of`."""
    return _gated(_gating_blocks(powers))


def _gated(powers: NDArray[np.float64]) -> float:
    loud = powers[_lufs(powers) > QUIETEST]
    if not len(loud):
        return QUIETEST
    loud = loud[_lufs(loud) > _lufs(loud.mean()) - 10.0]
    return max(float(_lufs(loud.mean())), QUIETEST)


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    result: NDArray[np.float64] = -0.691 + 10.0 * np.log10(np.maximum(power, 1e-15))
    return result


def powers_of(block: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Weighted mean square of every 100 ms of K-weighted float32[C, N]: float64[K], K ≥ 1. What is less than
    100 ms at the end is left out of a longer sound."""
    channels = block.shape[0]
    weights = _WEIGHTS.get(channels, (1.0,) * channels)
    step = max(round(_STEP * rate), 1)
    steps = np.zeros(max(block.shape[1] // step, 1))
    for samples, weight in zip(block, weights, strict=True):
        if weight:
            steps += weight * np.fromiter(_k_weighted(samples, rate, step), np.float64)
    return steps


def _gating_blocks(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean square of every 400 ms, three quarters overlapping: float64[K], K ≥ 1."""
    if len(steps) < 4:
        return np.asarray(steps.mean(keepdims=True), np.float64)
    blocks: NDArray[np.float64] = np.convolve(steps, np.full(4, 0.25), mode="valid")
    return blocks


def _k_weighted(samples: NDArray[np.float32], rate: int, step: int) -> Iterator[float]:
    """Mean squares of steps of a K-weighted channel; what is less than a step at the end is left out.

    Filtered by Fourier transforms of five seconds, each beginning a step early: after a tenth of a second the
    response has died away to 1e-10. scipy.signal would do, but its import stands in the window's way.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    if not len(samples):
        yield 0.0
        return
    whole = max(len(samples) // step * step, min(len(samples), step))
    many = min(50 * step, whole)
    # In steps of half a second: few sizes, whose responses are known from the sound before.
    size = next_fast_len(-(-(many + 2 * step) // (5 * step)) * 5 * step, real=True)
    response = _response(rate, size)
    padded = np.concatenate([np.zeros(step, np.float32), samples[:whole]])
    for start in range(0, whole, many):
        part = padded[start : start + many + step].astype(np.float64)
        heard = irfft(rfft(part, size) * response, size)[step : len(part)]
        yield from np.square(heard).reshape(-1, min(step, whole)).mean(axis=1).tolist()


@lru_cache(maxsize=32)
def _response(rate: int, size: int) -> NDArray[np.complex128]:
    """What the two filters do to the bins of a real transform of `size`: complex128[1 + size // 2]."""
    late = np.exp(-2j * np.pi * np.arange(1 + size // 2) / size) ** np.arange(3)[:, None]
    sections = _k_filter(rate)
    response: NDArray[np.complex128] = np.prod((sections[:, :3] @ late) / (sections[:, 3:] @ late), axis=0)
    return response


@lru_cache(maxsize=16)
def _k_filter(rate: int) -> NDArray[np.float64]:
    """The two filters of BS.1770 for any rate, as second-order sections [2, 6].

    The standard lists coefficients for 48 kHz; their analogue prototypes are those of De Man, "Evaluation of
    implementations of the EBU R128 loudness measurement" (AES 2018).
    """

    def section(numerator: Iterable[float], bottom: tuple[float, float, float]) -> list[float]:
        return [*(value / bottom[0] for value in numerator), *(value / bottom[0] for value in bottom)]

    k = np.tan(np.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = section(
        (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k),
        (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k),
    )
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    bottom = (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k)
    # The numerator of the high pass is 1, -2, 1 as it stands in the standard, not divided.
    cut = [1.0, -2.0, 1.0, 1.0, bottom[1] / bottom[0], bottom[2] / bottom[0]]
    return np.array([shelf, cut])


def _powers(block: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Mean square over the channels of every tenth of a second of float32[C, N]."""
    step = max(round(_STEP * rate), 1)
    mono = np.asarray(np.mean(np.square(block), axis=0, dtype=np.float32))
    if not len(mono):
        return np.zeros(0)
    edges = np.arange(0, len(mono), step)
    sums = np.add.reduceat(mono, edges, dtype=np.float64)
    return sums / np.diff(np.append(edges, len(mono)))


def _clipped(block: NDArray[np.float32]) -> int:
    """Samples of float32[C, N] in runs of at least three that are cut off: equal at nearly full scale, as
    converters leave them, or above full scale, as lossy formats do."""
    total = 0
    for channel in block:
        high = np.abs(channel) >= _NEAR_FULL
        if not high.any():
            continue
        same = np.diff(channel, prepend=np.nan) == 0
        flat = high & (same | np.append(same[1:], False)) | (np.abs(channel) > 1.0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flat.astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        total += int(runs[runs >= _RUN].sum())
    return total
