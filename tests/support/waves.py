"""Sounds whose properties are known beforehand, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SCALE = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


def sine(
    decibel: float, seconds: float, rate: int = 48_000, frequency: float = 997.0, channels: int = 2
) -> NDArray[np.float32]:
    """float32[channels, N]: the same tone in every channel, its peak at `decibel` of full scale."""
    t = np.arange(round(seconds * rate)) / rate
    tone = 10 ** (decibel / 20) * np.sin(2 * np.pi * frequency * t)
    return np.repeat(tone.astype(np.float32)[None], channels, axis=0)


def clicks(tempo: float, seconds: float, rate: int = 22_050, off_beat: float = 0.0) -> NDArray[np.float32]:
    """float32[N]: a short knock on every beat, and one of `off_beat` times its strength between two."""
    knock = np.exp(-np.arange(1500) / 300) * np.sin(2 * np.pi * 1000 * np.arange(1500) / rate)
    out = np.zeros(round(seconds * rate) + len(knock), np.float32)
    beat = 60 / tempo
    for start, strength in ((0.1, 0.8), (0.1 + beat / 2, 0.8 * off_beat)):
        for t in np.arange(start, seconds, beat):
            out[round(t * rate) :][: len(knock)] += (strength * knock).astype(np.float32)
    return out[: round(seconds * rate)]


def chords(
    root: int, mode: str, rate: int = 22_050, steps: Sequence[int] = (0, 3, 4, 0)
) -> NDArray[np.float32]:
    """float32[N]: triads on degrees of a scale whose first note lies `root` semitones above C, 0.6 s each."""
    scale = SCALE[mode]
    t = np.arange(round(0.6 * rate)) / rate
    parts = []
    for step in steps:
        tone = np.zeros(len(t))
        for third in (0, 2, 4):
            degree = step + third
            note = 60 + root + scale[degree % 7] + 12 * (degree // 7)
            for harmonic in (1, 2, 3):
                frequency = harmonic * 440 * 2 ** ((note - 69) / 12)
                tone += 0.1 / harmonic * np.sin(2 * np.pi * frequency * t)
        parts.append(tone * np.minimum(1, np.minimum(t, t[::-1]) / 0.02))
    return np.concatenate(parts).astype(np.float32)
