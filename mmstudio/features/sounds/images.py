"""Sounds as pictures: waveform, mel bands, MFCC and pitch classes over time, for whoever looks inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.features.sounds import mfcc as sound
from mmstudio.features.sounds.filters import mel_frequencies
from mmstudio.features.sounds.hearing import HOP, MELS, RATE, Sound, decibel
from mmstudio.features.sounds.tonality import chroma
from mmstudio.media.audio import load_audio

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST = 60.0  # seconds of one picture


@dataclass(frozen=True, slots=True)
class SoundImage:
    """A property of a sound over time.

    Attributes:
        values: float32[R, T], one row per band, coefficient or pitch class, the lowest first.
        times: float64[T] seconds from the beginning of the file, the middle of each frame.
        rows: float64[R] what the rows stand for: Hz, the number of the coefficient, or the pitch class (0 is
        C).
    """

    values: NDArray[np.float32]
    times: NDArray[np.float64]
    rows: NDArray[np.float64]


def mel_image(path: Path, start: float = 0.0, seconds: float = LONGEST) -> SoundImage:
    """128 mel bands in dB, at most 80 dB below the loudest; rows are their middles in Hz. Raises
    MediaError."""
    heard = _window(path, start, seconds)
    return _image(decibel(heard.mels[0]).T, start, mel_frequencies(RATE, MELS)[1:-1])


def mfcc_image(path: Path, start: float = 0.0, seconds: float = LONGEST) -> SoundImage:
    """20 mel-frequency cepstral coefficients. Raises MediaError."""
    values = sound.mfcc(_window(path, start, seconds).pieces[0])
    return _image(values, start, np.arange(float(len(values))))


def chroma_image(path: Path, start: float = 0.0, seconds: float = LONGEST) -> SoundImage:
    """Strength of the pitch classes C to B, 0…1. Raises MediaError."""
    values = chroma(_window(path, start, seconds).spectra[0])
    return _image(values.T, start, np.arange(12.0))


def waveform(path: Path, start: float = 0.0, seconds: float = LONGEST) -> SoundImage:
    """Samples of each channel at 22,050 Hz, rows are the channels. Raises MediaError."""
    block, _ = load_audio(path, RATE, start=start, duration=min(seconds, LONGEST))
    _check(path, block)
    times = start + np.arange(block.shape[1], dtype=np.float64) / RATE
    return SoundImage(block, times, np.arange(float(block.shape[0])))


def _window(path: Path, start: float, seconds: float) -> Sound:
    block, rate = load_audio(path, start=start, duration=min(seconds, LONGEST))
    _check(path, block)
    return Sound([block], rate)


def _check(path: Path, block: NDArray[np.float32]) -> None:
    if not block.shape[1]:
        raise MediaError("There is no sound in {name}.", status="empty", name=path.name)


def _image(values: NDArray[np.float32], start: float, rows: NDArray[np.float64]) -> SoundImage:
    times = start + np.arange(values.shape[1], dtype=np.float64) * (HOP / RATE)
    return SoundImage(np.ascontiguousarray(values, np.float32), times, rows)
