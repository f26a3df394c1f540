"""Keeps the peaks of a sound down after an encoder has had its way with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from mmstudio.composition.sound import CEILING_DBTP, Samples, held, true_peak
from mmstudio.media.audio import load_audio
from mmstudio.media.encode import encode_audio

_TRIES = 3
_SAFE_DBTP = -6.0  # no encoder we measured adds 5 dB
_SPARE = 0.1  # dB


def within_peak(
    samples: Samples, rate: int, suffix: str, bit_rate: int, *, seconds: float | None = None
) -> Samples:
    """A mix [2,N] whose true peak is at most -1 dBTP once it is encoded as ``suffix`` at ``bit_rate``.

    It is encoded and decoded, and where the encoder lifted a peak over the ceiling, limited by as much more;
    a sound without such a peak comes back untouched. With ``seconds`` only its densest stretch of that length
    is tried, which costs a film little. See docs/adr/0185.
    """
    top = true_peak(samples)
    if top <= _SAFE_DBTP:
        return samples
    part = samples if seconds is None else _densest(samples, rate, seconds)
    start, lowered = top, False
    for _try in range(_TRIES):
        tried = held(part, 0.0, rate, top) if lowered else part
        over = _peak_after(tried, rate, suffix, bit_rate) - CEILING_DBTP
        if over <= 0:
            break
        top -= over + _SPARE
        lowered = True
    else:  # limiting alone did not help: the whole is quieter by what was still over
        softer = np.float32(10 ** ((top - start) / 20))
        return samples * softer
    return held(samples, 0.0, rate, top) if lowered else samples


def _densest(samples: Samples, rate: int, seconds: float) -> Samples:
    """The stretch with the most peaks near the highest."""
    length, hop = round(seconds * rate), max(rate // 10, 1)
    if samples.shape[1] <= length:
        return samples
    loud = np.abs(samples).max(0)
    hops = loud[: loud.size // hop * hop].reshape(-1, hop).max(1) ** 4
    wide = max(length // hop, 1)
    total = np.concatenate([[0.0], np.cumsum(hops, dtype=np.float64)])
    first = int((total[wide:] - total[:-wide]).argmax()) * hop
    return samples[:, first : first + length]


def _peak_after(samples: Samples, rate: int, suffix: str, bit_rate: int) -> float:
    with tempfile.TemporaryDirectory(prefix="mmstudio-peak-") as folder:
        path = Path(folder) / f"sound{suffix}"
        encode_audio(path, samples, rate, bit_rate)
        heard, _rate = load_audio(path, rate=rate)
    return true_peak(heard)
