"""One decoded sound and its spectra: made once, however many extractors want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.features.sounds.filters import hann, mel_filters
from mmstudio.media.audio import load_audio, resample

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE, WINDOW, HOP, MELS = 22_050, 2048, 512, 128
BINS = 1 + WINDOW // 2
WHOLE = 120.0  # seconds: longer sounds are heard in pieces
PIECE, PIECES = 15.0, 8  # seconds each, evenly spread
_BLOCK = 64  # frames: their spectra stay in a core's cache
_PRODUCT = 2048  # frames multiplied by the filters at once


class Sound:
    """A sound as decoded, and what the transforms make of it, each at its first use.

    Attributes:
        blocks: float32[C, N] each at `rate` Hz: all of the sound, or pieces of a long one.
        rate: Hz.
        duration: seconds of the whole sound.
    """

    def __init__(self, blocks: list[NDArray[np.float32]], rate: int, duration: float | None = None) -> None:
        self.blocks, self.rate = blocks, rate
        self.duration = duration or sum(block.shape[1] for block in blocks) / rate
        self._pieces: list[NDArray[np.float32]] | None = None
        self._spectra: list[NDArray[np.float32]] | None = None
        self._mels: list[NDArray[np.float32]] | None = None

    @property
    def pieces(self) -> list[NDArray[np.float32]]:
        """The blocks as mono at 22,050 Hz: float32[N] each."""
        if self._pieces is None:
            mono = [block.mean(axis=0, keepdims=True, dtype=np.float32) for block in self.blocks]
            self._pieces = [resample(block, self.rate, RATE)[0] for block in mono]
        return self._pieces

    @property
    def spectra(self) -> list[NDArray[np.float32]]:
        """Magnitudes of each piece: float32[1 + N // 512, 1025]."""
        if self._spectra is None:
            self._spectra = [magnitudes(piece) for piece in self.pieces]
        return self._spectra

    @property
    def mels(self) -> list[NDArray[np.float32]]:
        """Power in 128 mel bands of each piece: float32[1 + N // 512, 128]."""
        if self._mels is None:
            self._mels = [mel_power(spectrum) for spectrum in self.spectra]
        return self._mels


def load_sound(path: Path, duration: float | None) -> Sound:
    """All of a sound, or eight pieces of 15 s where it is longer than two minutes.

    Raises MediaError, also where it holds no samples.
    """
    if duration is None or duration <= WHOLE:
        spans: list[tuple[float, float]] = [(0.0, WHOLE)]
    else:
        spans = [(float(start), PIECE) for start in np.linspace(0, duration - PIECE, PIECES)]
    blocks, rate = [], 0
    for start, length in spans:
        block, rate = load_audio(path, start=start, duration=length)
        if block.shape[1]:
            blocks.append(block)
    if not blocks:
        raise MediaError("There is no sound in {name}.", status="empty", name=path.name)
    return Sound(blocks, rate, duration)


def frames_of(piece: NDArray[np.float32], window: int = WINDOW, hop: int = HOP) -> NDArray[np.float32]:
    """float32[N] → float32[1 + N // hop, window]: stretches around every hop-th sample, silence beyond the
    ends. A view: not to be written to."""
    padded = np.pad(piece, (window // 2, window // 2))
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]


def magnitudes(piece: NDArray[np.float32], window: int = WINDOW, hop: int = HOP) -> NDArray[np.float32]:
    """Short-time Fourier magnitudes of float32[N]: float32[1 + N // hop, 1 + window // 2].

    Equal to the absolute value of ``librosa.stft``: transformed in double precision and kept in single. In
    single precision quiet bands differ by up to 1e-3 in the MFCC.
    """
    from scipy.fft import rfft

    frames, taper = frames_of(piece, window, hop), hann(window)
    out = np.empty((len(frames), 1 + window // 2), np.float32)
    for at in range(0, len(frames), _BLOCK):
        spectrum = rfft(frames[at : at + _BLOCK] * taper, axis=1, overwrite_x=True)
        np.abs(spectrum.astype(np.complex64), out=out[at : at + _BLOCK])
    return out


def mel_power(spectrum: NDArray[np.float32], bands: int = MELS) -> NDArray[np.float32]:
    """float32[T, 1025] magnitudes → float32[T, bands] power."""
    filters = mel_filters(RATE, WINDOW, bands)
    # Large blocks: every product of matrices wakes all threads of the linear algebra once.
    parts = [np.square(spectrum[at : at + _PRODUCT]) @ filters for at in range(0, len(spectrum), _PRODUCT)]
    return np.concatenate(parts)


def decibel(power: NDArray[np.float32], top: float = 80.0) -> NDArray[np.float32]:
    """10 log10 of a power ≥ 0, at least -100 and at most `top` below the highest, as
    ``librosa.power_to_db``."""
    values = 10.0 * np.log10(np.maximum(power, np.float32(1e-10)))
    result: NDArray[np.float32] = np.maximum(values, values.max(initial=-100.0) - np.float32(top))
    return result.astype(np.float32, copy=False)
