"""Near copies of sounds: a spectral fingerprint proposes, the waveform decides."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.cleaning.sequences import best_shift

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = "2"
RATE, WINDOW, HOP, BANDS = 16_000, 1024, 400, 32  # frames of 64 ms, one every 25 ms
LONGEST_S = 60.0  # what follows is not looked at
DEPTH_DB = 40.0  # below the loudest cell everything counts as silence
# Proposals: how far apart the mean spectra of two copies lie at most, of 255, and how many nearest count; how
# much longer one may be; how alike their spectra over time must be before waveforms are compared.
MEAN_MOST, NEAREST, LONGER_MOST, SPECTRUM_MIN = 30.0, 12, 1.7, 0.88
# Decision (tests/benchmarks/bench_duplicates.py): two hits of one drum sound alike, but only a copy has the
# same wave.
WAVE_RATE, WAVE_S, ALIKE_MIN = 8_000, 20.0, 0.962
_OVERLAP = 0.9  # of the shorter one
_CHUNK = 1024


def fingerprint(path: Path) -> bytes:
    """uint8[T, 32] as bytes: mel bands of every 25 ms in steps of 40/255 dB below the loudest cell.

    The level of the whole sound is taken out, silence at both ends too. Empty where nothing is to be heard.
    Raises MediaError.
    """
    from mmstudio.media.audio import load_audio

    samples, _ = load_audio(path, rate=RATE, mono=True, duration=LONGEST_S)
    return fingerprint_of(samples[0])


def fingerprint_of(samples: NDArray[np.float32]) -> bytes:
    """The same of float32[N] at 16 kHz."""
    if not len(samples) or float(np.abs(samples).max()) < 1e-4:
        return b""
    padded = np.pad(samples, (WINDOW // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)) ** 2
    mel = spectrum @ _mel().T
    level = 10 * np.log10(np.maximum(mel, 1e-12))
    level = np.clip(level - level.max() + DEPTH_DB, 0, None)
    heard = np.flatnonzero(level.max(1) > 0)
    kept = level[heard[0] : heard[-1] + 1]
    return bytes((kept * (255 / DEPTH_DB)).astype(np.uint8).tobytes())


def decoded(blob: bytes) -> NDArray[np.float32]:
    """float32[T, 32] of a fingerprint, 0…255."""
    return np.frombuffer(blob, np.uint8).reshape(-1, BANDS).astype(np.float32)


def pairs(prints: list[bytes]) -> Iterator[tuple[int, int]]:
    """Pairs (i < j) of fingerprints worth comparing: about as long, among the nearest mean spectra.

    Chunks of one matrix product each. Empty fingerprints pair with nothing.
    """
    there = [i for i, blob in enumerate(prints) if blob]
    if len(there) < 2:
        return
    frames = [decoded(prints[i]) for i in there]
    means = np.stack([rows.mean(0) for rows in frames])
    lengths = np.array([len(rows) for rows in frames], np.float32)
    squares = (means**2).sum(1)
    found: set[tuple[int, int]] = set()
    for start in range(0, len(there), _CHUNK):
        block = slice(start, start + _CHUNK)
        distance = squares[block, None] + squares[None] - 2 * means[block] @ means.T
        ratio = lengths[block, None] / lengths[None]
        distance[(ratio > LONGER_MOST) | (ratio < 1 / LONGER_MOST)] = np.inf
        rows = np.arange(len(distance))
        distance[rows, start + rows] = np.inf
        k = min(NEAREST, distance.shape[1])
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        close = np.take_along_axis(distance, nearest, 1) <= MEAN_MOST**2 * BANDS
        for i, place in np.argwhere(close):
            one, other = start + int(i), int(nearest[i, place])
            found.add((min(one, other), max(one, other)))
    yield from ((there[i], there[j]) for i, j in sorted(found))


def maybe_alike(one: bytes, other: bytes) -> bool:
    """Whether two fingerprints correlate enough for their waveforms to be compared."""
    return best_shift(decoded(one), decoded(other), _OVERLAP)[0] >= SPECTRUM_MIN


def waveform(path: Path) -> NDArray[np.float32]:
    """float32[N] at 8 kHz, the first 20 s. Raises MediaError."""
    from mmstudio.media.audio import load_audio

    samples, _ = load_audio(path, rate=WAVE_RATE, mono=True, duration=WAVE_S)
    return np.asarray(samples[0])


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Normalised cross-correlation of two waveforms at the best shift, read between the samples; 0 where
    below :data:`ALIKE_MIN`. Gain does not matter; a turned polarity does."""
    n, m, finer = len(one), len(other), 4
    if not n or not m:
        return 0.0
    size = 1 << (n + m - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(other, size)) * np.fft.rfft(one, size)
    cross = np.fft.irfft(spectrum, size * finer) * finer
    fine = np.arange(-(m - 1) * finer, (n - 1) * finer + 1)
    shift = np.clip(np.round(fine / finer).astype(int), -(m - 1), n - 1)
    start, stop = np.maximum(shift, 0), np.minimum(shift + m, n)
    power_one = np.concatenate([[0.0], np.cumsum(one.astype(np.float64) ** 2)])
    power_other = np.concatenate([[0.0], np.cumsum(other.astype(np.float64) ** 2)])
    energy = (power_one[stop] - power_one[start]) * (power_other[stop - shift] - power_other[start - shift])
    scores = np.where(energy > 1e-12, cross[fine % len(cross)] / np.sqrt(np.maximum(energy, 1e-12)), 0.0)
    scores[(stop - start) < _OVERLAP * min(n, m)] = 0.0
    best = float(min(scores.max(), 1.0))
    return best if best >= ALIKE_MIN else 0.0


@lru_cache(maxsize=1)
def _mel() -> NDArray[np.float32]:
    from librosa.filters import mel

    bands: NDArray[np.float32] = mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS, fmin=60.0, fmax=7600.0)
    return bands
