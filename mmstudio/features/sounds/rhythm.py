"""When a sound begins anew, and how fast it beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.hearing import HOP, RATE, decibel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FRAMES_PER_SECOND = RATE / HOP
SLOWEST, FASTEST = 40.0, 210.0  # beats per minute that are looked for
_LIKELY, _SPREAD = 120.0, 1.0  # the commonest tempo, and how many octaves around it are common
_GAMMA = np.float32(100.0)
_OFF = 1.0  # frames a beat may be moved by measuring it over several: the lags are searched in finer steps
_SHORTEST = 1.5  # seconds: less has no tempo


def onset_strength(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in mel bands, float32[T, M] → how much louder each frame is than the one before: float32[T] in
    dB.

    The mean over the bands of the rises in decibels (spectral flux; Böck & Widmer, DAFx 2013, without their
    filter), as ``librosa.onset.onset_strength`` without its shift.
    """
    rises = np.diff(decibel(mel), axis=0).clip(0.0, None).mean(axis=1)
    return np.concatenate([[0.0], rises]).astype(np.float32)


def accents(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in mel bands, float32[T, M] → how strongly each frame begins: float32[T].

    As `onset_strength` with log(1 + 100 power / loudest) in place of decibels: a loud beat outweighs a soft
    one, which tells a beat from the notes between.
    """
    loudness = np.log1p(_GAMMA * mel / max(float(mel.max(initial=0.0)), 1e-10))
    rises = np.diff(loudness, axis=0).clip(0.0, None).mean(axis=1)
    return np.concatenate([[0.0], rises]).astype(np.float32)


def onsets(strength: NDArray[np.float32]) -> NDArray[np.int64]:
    """Frames in which something begins: local maxima that stand out of their surroundings."""
    if len(strength) < 3:
        return np.zeros(0, np.int64)
    wide = 2 * round(0.1 * FRAMES_PER_SECOND) + 1
    around = np.convolve(strength, np.full(wide, 1 / wide), mode="same")[: len(strength)]
    inner = strength[1:-1]
    peak = (inner > strength[:-2]) & (inner >= strength[2:]) & (inner > 1.5 * around[1:-1] + 0.5)
    return np.flatnonzero(peak) + 1


def tempo(strengths: Sequence[NDArray[np.float32]]) -> tuple[float, float] | None:
    """(beats per minute, how sure 0…1) of the accents of one sound's pieces; None without a beat.

    Autocorrelation of the accents; a tempo is as good as its beat, two, three and four beats agree,
    less what half or a third of a beat agrees already, times a log-normal preference around 120 (as Ellis,
    "Beat tracking by dynamic programming", 2007). How sure is the autocorrelation at the beat. Like every
    method of the kind it may take the double or the half where a beat is divided evenly.
    """
    found = [curve for curve in map(_autocorrelation, strengths) if curve is not None]
    if not found:
        return None
    longest = max(len(curve) for curve in found)
    total, weight = np.zeros(longest), np.zeros(longest)
    for curve in found:
        total[: len(curve)] += curve
        weight[: len(curve)] += 1
    curve = total / weight
    # In steps of 0.5 %: the lags in between are read off a smooth curve.
    speeds = np.exp(np.arange(np.log(SLOWEST), np.log(FASTEST), 0.005))
    lags = 60.0 * FRAMES_PER_SECOND / speeds

    def at(times: float) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.interp(lags * times, np.arange(len(curve)), curve, right=np.nan)
        return values

    combs = np.stack([weight * at(times) for times, weight in ((1, 1.0), (2, 0.7), (3, 0.4), (4, 0.5))])
    weights = np.isfinite(combs) * np.array([[1.0], [0.7], [0.4], [0.5]])
    usable = weights[0] > 0
    if not usable.any():
        return None
    score = np.nansum(combs, axis=0) / np.maximum(weights.sum(axis=0), 1e-9)
    for part in (2, 3):
        quicker = np.where(speeds * part <= FASTEST, at(1 / part), 0.0)
        score = score - 0.4 * np.maximum(quicker, 0.0)
    score = score * np.exp(-0.5 * (np.log2(speeds / _LIKELY) / _SPREAD) ** 2)
    score[~usable] = -np.inf
    best = int(score.argmax())
    sure = float(np.clip(at(1.0)[best], 0.0, 1.0))
    if sure <= 0.05 or score[best] <= 0:
        return None
    return _refined(curve, float(lags[best])), sure


def _refined(curve: NDArray[np.float64], lag: float) -> float:
    """Beats per minute of the peak next to `lag`, measured over as many beats as the curve holds, up to 8."""
    first, beats = lag, max(1, min(8, int((len(curve) - 3) / lag)))
    # Frame by frame outwards: the place of a later beat is known better than the single one's.
    for count in range(1, beats + 1):
        middle = round(lag * count)
        if middle < 2 or middle + 2 >= len(curve):
            break
        near = np.arange(middle - 1, middle + 2)
        top = int(near[curve[near].argmax()])
        if not 1 <= top < len(curve) - 1:
            break
        left, peak, right = curve[top - 1 : top + 2]
        bend = left - 2 * peak + right
        if peak < 0.3 * curve[round(lag)] or bend >= 0:
            break
        beside = 0.5 * (left - right) / bend
        place = (top + beside) / count
        # No peak there: the curve rises on, towards lag 0 or the beat of something else.
        if abs(beside) > 1 or abs(place - first) > _OFF:
            break
        lag = place
    return float(60.0 * FRAMES_PER_SECOND / lag)


def _autocorrelation(strength: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """float64[lags], 1 at lag 0; None for what is too short or has no onsets."""
    count = len(strength)
    if count < _SHORTEST * FRAMES_PER_SECOND:
        return None
    # Two frames wide: a beat that falls between two frames is still met by the next one.
    smooth = np.convolve(strength, [0.25, 0.5, 0.25], mode="same")
    smooth = smooth - smooth.mean()
    if float(np.abs(smooth).max(initial=0.0)) < 1e-4:
        return None
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(2 * count, real=True)
    power = np.abs(rfft(smooth.astype(np.float64), size)) ** 2
    curve = irfft(power, size)[: max(count * 3 // 4, 2)]
    curve /= count - np.arange(len(curve))  # the further apart, the fewer pairs there are
    result: NDArray[np.float64] = curve / curve[0]
    return result
