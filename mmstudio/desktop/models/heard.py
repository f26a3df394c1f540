"""A sound as the window shows it: what is played, its peaks and its tones. Made in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST_S = 1200.0  # of longer recordings the first 20 minutes are played: memory
_BINS = 6000  # peaks: enough to look ten times closer
_COLUMNS, _ROWS = 1200, 112


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A sound to play and to look at.

    Attributes:
        samples: float32[C, N] with one or two channels, at ``rate`` Hz.
        peaks: float32[bins, 2], lows and highs. tones: uint8[rows, columns], see ``sounding.preview``.
    """

    samples: NDArray[np.float32]
    rate: int
    peaks: NDArray[np.float32]
    tones: NDArray[np.uint8]

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.samples.shape[1] / self.rate)


def heard(samples: NDArray[np.float32], rate: int, *, tones: bool = True) -> Heard:
    """Look a sound over: float32[C, N] or float32[N] at ``rate`` Hz. With ``tones`` in a worker only."""
    from mmstudio.media.audio import peaks

    played = np.atleast_2d(np.asarray(samples, np.float32))[:2]
    mono = played.mean(axis=0)
    seen = np.zeros((0, 0), np.uint8)
    if tones:
        from mmstudio.generation.sounding.preview import preview

        seen = preview(mono, rate, _COLUMNS, _ROWS).tones
    return Heard(played, rate, peaks(mono, min(_BINS, max(1, mono.size))), seen)


def heard_file(path: Path) -> Heard:
    """Decode a file and look it over. Not for the GUI thread. Raises MediaError."""
    from mmstudio.media.audio import load_audio

    return heard(*load_audio(path, duration=LONGEST_S))


def matched(sounds: list[tuple[NDArray[np.float32], int]]) -> list[tuple[NDArray[np.float32], int]]:
    """Sounds (float32[C, N], rate) made comparable: stereo, one rate, all as loud as the quietest (LUFS).

    Only ever turned down, so that nothing clips; silence stays silence. Not for the GUI thread.
    """
    from mmstudio.features.sounds.loudness import QUIETEST, measure
    from mmstudio.media.audio import resample

    rate = max(rate for _samples, rate in sounds)
    brought = []
    for samples, own in sounds:
        played = np.atleast_2d(np.asarray(samples, np.float32))[:2]
        if own != rate:
            played = resample(played, own, rate)
        brought.append(np.repeat(played, 2, axis=0) if played.shape[0] == 1 else played)
    loud = [measure([played], rate).loudness if played.size else QUIETEST for played in brought]
    audible = [value for value in loud if value > QUIETEST]
    least = min(audible, default=QUIETEST)
    gains = [10 ** ((least - value) / 20) if value > QUIETEST else 1.0 for value in loud]
    return [(np.float32(gain) * played, rate) for gain, played in zip(gains, brought, strict=True)]
