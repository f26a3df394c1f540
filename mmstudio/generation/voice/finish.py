"""Spoken pieces become one sound: silence trimmed, pauses set, level normalised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmstudio.generation.voice.contract import Samples

LOUDNESS = -16.0  # LUFS: speech stands above a bed of -18
PEAK = 0.89  # -1 dBFS
_SILENT = 10 ** (-46 / 20)  # of the peak
_PAD_S = 0.02
_FADE_S = 0.005


def trimmed(samples: Samples, rate: int) -> tuple[Samples, float]:
    """float32[T] without silence at its ends but for 20 ms, faded over 5 ms so that nothing clicks.

    Also how many seconds are gone at its beginning. Silence all the way gives an empty array.
    """
    samples = np.asarray(samples - samples.mean() if len(samples) else samples, np.float32)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < 1e-4:
        return np.zeros(0, np.float32), 0.0
    loud = np.flatnonzero(np.abs(samples) > _SILENT * peak)
    pad = int(_PAD_S * rate)
    first = max(int(loud[0]) - pad, 0)
    part = samples[first : int(loud[-1]) + pad].copy()
    fade = min(int(_FADE_S * rate), len(part) // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        part[:fade] *= ramp
        part[-fade:] *= ramp[::-1]
    return part, first / rate


def joined(parts: Sequence[Samples], pauses: Sequence[float], rate: int) -> tuple[Samples, list[float]]:
    """Parts one after the other with ``pauses`` seconds after each but the last; also where each begins."""
    starts, pieces, at = [], [], 0
    for place, part in enumerate(parts):
        starts.append(at / rate)
        pieces.append(part)
        at += len(part)
        if place + 1 < len(parts):
            gap = round(pauses[place] * rate)
            pieces.append(np.zeros(gap, np.float32))
            at += gap
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.float32)), starts


def levelled(samples: Samples, rate: int, target: float = LOUDNESS) -> Samples:
    """float32[T] at ``target`` LUFS (ITU-R BS.1770-4) without the peak passing -1 dBFS; silence stays."""
    from mmstudio.features.sounds.loudness import QUIETEST, integrated

    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return samples
    now = integrated([samples[None]], rate)
    if now <= QUIETEST:
        return samples
    gain = min(10 ** ((target - now) / 20), PEAK / peak)
    return (samples * np.float32(gain)).astype(np.float32)


def pitched(samples: Samples, rate: int, pitch: float) -> Samples:
    """float32[T] played ``pitch`` times as fast: as much higher and shorter."""
    from mmstudio.media.audio import resample

    if abs(pitch - 1.0) < 1e-3 or not len(samples):
        return np.asarray(samples, np.float32).copy()
    played = resample(np.ascontiguousarray(samples[None]), round(rate * pitch), rate)
    return np.asarray(played[0], np.float32).copy()
