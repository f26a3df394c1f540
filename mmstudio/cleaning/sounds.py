"""Near copies of sounds: a spectral fingerprint that outlives recompression, gain, noise and trimmed ends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.cleaning.sequences import best_shift

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = "1"
RATE, WINDOW, HOP, BANDS = 16_000, 1024, 400, 32  # frames of 64 ms, one every 25 ms
LONGEST_S = 60.0  # what follows is not looked at
DEPTH_DB = 40.0  # below the loudest cell everything counts as silence
# Proposals: how far apart the mean spectra of two copies lie at most, of 255; how much longer one may be.
MEAN_MOST, LONGER_MOST = 14.0, 1.7
# Decision (tests/benchmarks/bench_duplicates.py).
ALIKE_MIN = 0.95
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
    return (kept * (255 / DEPTH_DB)).astype(np.uint8).tobytes()


def decoded(blob: bytes) -> NDArray[np.float32]:
    """float32[T, 32] of a fingerprint, 0…255."""
    return np.frombuffer(blob, np.uint8).reshape(-1, BANDS).astype(np.float32)


def pairs(prints: list[bytes]) -> Iterator[tuple[int, int]]:
    """Pairs (i < j) of fingerprints worth comparing: about as long, with about the same mean spectrum.

    Chunks of one matrix product each. Empty fingerprints pair with nothing.
    """
    there = [i for i, blob in enumerate(prints) if blob]
    if len(there) < 2:
        return
    frames = [decoded(prints[i]) for i in there]
    means = np.stack([rows.mean(0) for rows in frames])
    lengths = np.array([len(rows) for rows in frames], np.float32)
    squares = (means**2).sum(1)
    limit = MEAN_MOST**2 * BANDS
    for start in range(0, len(there), _CHUNK):
        block = slice(start, start + _CHUNK)
        distance = squares[block, None] + squares[None, start:] - 2 * means[block] @ means[start:].T
        ratio = lengths[block, None] / lengths[None, start:]
        for i, j in np.argwhere((distance <= limit) & (ratio <= LONGER_MOST) & (ratio >= 1 / LONGER_MOST)):
            if i < j:
                yield there[start + int(i)], there[start + int(j)]


def alike(one: bytes, other: bytes) -> float:
    """Correlation of two fingerprints at the best shift, 0 where below :data:`ALIKE_MIN`."""
    score, _, _ = best_shift(decoded(one), decoded(other), _OVERLAP)
    return score if score >= ALIKE_MIN else 0.0


@lru_cache(maxsize=1)
def _mel() -> NDArray[np.float32]:
    from librosa.filters import mel

    bands: NDArray[np.float32] = mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS, fmin=60.0, fmax=7600.0)
    return bands
