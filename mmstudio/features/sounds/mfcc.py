"""Sound as numbers: mel-frequency cepstral coefficients and their statistics.

The parameters and results are those of ``librosa.feature.mfcc`` and ``librosa.feature.delta`` (Davis &
Mermelstein 1980 on Slaney's mel filters). On a processor the transform is scipy's, which runs beside the
decoding on every core; on a GPU it is torch's, many sounds at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.sounds.filters import hann, mel_filters
from mmstudio.features.sounds.hearing import HOP, MELS, RATE, WINDOW, Sound, decibel, load_sound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

COEFFICIENTS = 20
DIMENSION = 6 * COEFFICIENTS
WIDTH = 9  # frames of a delta
_FRAMES = 1 << 15  # transformed at once on a GPU: about 1 GB


def load_pieces(path: Path, duration: float | None) -> list[NDArray[np.float32]]:
    """Mono sound at 22,050 Hz: all of it, or eight pieces of 15 s where it is longer than two minutes.

    Raises MediaError, also where it holds no samples.
    """
    return load_sound(path, duration).pieces


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[N] at 22,050 Hz → float32[20, 1 + N // 512], within 1e-4 of ``librosa.feature.mfcc``."""
    return _cepstrum(Sound([samples[None]], RATE).mels[0])


def describe_sound(heard: Sound) -> NDArray[np.float32]:
    """Mean and deviation over time of MFCC, delta and delta-delta: float32[120].

    A sound shorter than a window is padded with silence; digital silence gives finite values.
    """
    return _statistics(_cepstrum(mel) for mel in heard.mels)


def describe(pieces: list[list[NDArray[np.float32]]], device: str) -> NDArray[np.float32]:
    """`describe_sound` of sounds given as pieces of float32[N] at 22,050 Hz: float32[B, 120]."""
    if device == "cpu":
        return np.stack([_statistics(mfcc(piece) for piece in sound) for sound in pieces])
    every = iter(batched_mfcc([piece for sound in pieces for piece in sound], device))
    return np.stack([_statistics(next(every).cpu().numpy() for _ in sound) for sound in pieces])


def delta(features: NDArray[np.float32], order: int = 1) -> NDArray[np.float32]:
    """First or second derivative over time of float32[C, T], as ``librosa.feature.delta``.

    The derivative of a line or parabola fitted to nine frames (Savitzky & Golay 1964); with fewer frames it
    is fitted to what there is, and is 0 below three.
    """
    frames = features.shape[1]
    width = min(WIDTH, frames - 1 + frames % 2)
    if width < 3:
        return np.zeros_like(features)
    steps = np.arange(width) - width // 2
    kernel = steps / np.sum(steps**2)
    if order == 2:
        bow = steps**2 - np.mean(steps**2)
        kernel = 2 * bow / np.sum(bow**2)
    inner = np.lib.stride_tricks.sliding_window_view(features, width, axis=1) @ kernel
    # At the ends the fit of the outermost window goes on, whose derivative of its own order is constant.
    half = width // 2
    return np.pad(inner, ((0, 0), (half, frames - inner.shape[1] - half)), mode="edge").astype(np.float32)


def batched_mfcc(pieces: list[NDArray[np.float32]], device: str) -> list[Tensor]:
    """`mfcc` of many sounds at once on a device: float32[20, 1 + N // 512] each.

    The sounds are laid end to end with silence between, so that none is padded to the longest.
    """
    import torch

    window, mel, dct = _tables(device)
    counts = [1 + len(piece) // HOP for piece in pieces]
    # Each takes room for its frames and a window more; frames that would straddle two are left out.
    rooms = [count + WINDOW // HOP - 1 for count in counts]
    line = torch.zeros(sum(rooms) * HOP + WINDOW)
    at, starts = 0, []
    for piece, room in zip(pieces, rooms, strict=True):
        starts.append(at)
        line[at * HOP + WINDOW // 2 :][: len(piece)] = torch.from_numpy(piece)
        at += room
    with torch.inference_mode():
        frames = line.to(device).unfold(0, WINDOW, HOP)
        parts = []
        for first in range(0, at, _FRAMES):
            spectrum = torch.fft.rfft(frames[first : min(first + _FRAMES, at)] * window)
            parts.append(spectrum.to(torch.complex64).abs().square() @ mel)
        values = 10.0 * torch.log10(torch.cat(parts).clamp_min(1e-10))
        found = []
        for start, count in zip(starts, counts, strict=True):
            own = values[start : start + count]
            own = torch.maximum(own, own.amax() - 80.0)
            found.append((own.to(dct.dtype) @ dct).float().T)
        return found


@lru_cache(maxsize=4)
def _tables(device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Hann window [2048], mel filters [1025, 128], cosine basis [128, 20] on a device."""
    import torch

    # Apple's GPUs have no double precision: there the results are within 2e-3 of librosa's.
    exact = torch.float32 if device.startswith("mps") else torch.float64
    order, place = np.arange(COEFFICIENTS)[None], np.arange(MELS)[:, None]
    cosine = np.cos(np.pi * order * (place + 0.5) / MELS) * np.sqrt(2 / MELS)
    cosine[:, 0] /= np.sqrt(2)
    return (
        torch.from_numpy(hann(WINDOW)).to(device, exact),
        torch.from_numpy(mel_filters(RATE, WINDOW, MELS)).to(device),
        torch.from_numpy(cosine).to(device, exact),
    )


def _cepstrum(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in mel bands, float32[T, 128] → MFCC, float32[20, T]."""
    from scipy.fft import dct

    return np.ascontiguousarray(dct(decibel(mel), axis=1, norm="ortho")[:, :COEFFICIENTS].T, np.float32)


def _statistics(pieces: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    parts = [np.concatenate([own, delta(own), delta(own, 2)]) for own in pieces]
    frames = np.concatenate(parts, axis=1).astype(np.float64)
    return np.concatenate([frames.mean(1), frames.std(1)]).astype(np.float32)
