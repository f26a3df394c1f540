"""Sound as numbers: mel-frequency cepstral coefficients and their statistics.

The parameters and results are those of ``librosa.feature.mfcc`` (Davis & Mermelstein 1980 on Slaney's mel
filters); the transform itself is a few torch operations that work on one sound on a processor and on many on
a GPU.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.media.audio import load_audio

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

RATE, WINDOW, HOP, MELS, COEFFICIENTS = 22_050, 2048, 512, 128, 20
DIMENSION = 6 * COEFFICIENTS
_WHOLE = 120.0  # seconds: longer sounds are heard in pieces
_PIECE, _PIECES = 15.0, 8  # seconds each, evenly spread
_FLOOR = 1e-10


def load_pieces(path: Path, duration: float | None) -> list[NDArray[np.float32]]:
    """Mono sound at 22,050 Hz: all of it, or eight pieces of 15 s where it is longer than two minutes.

    Raises MediaError, also where it holds no samples.
    """
    if duration is None or duration <= _WHOLE:
        spans: list[tuple[float, float]] = [(0.0, _WHOLE)]
    else:
        spans = [(start, _PIECE) for start in np.linspace(0, duration - _PIECE, _PIECES)]
    pieces = [load_audio(path, RATE, mono=True, start=float(s), duration=d)[0][0] for s, d in spans]
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        raise MediaError("There is no sound in {name}.", status="empty", name=path.name)
    return pieces


@lru_cache(maxsize=4)
def _tables(device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Hann window [2048], mel filters [1025, 128], cosine basis [128, 20] on a device."""
    import torch
    from torchaudio.functional import create_dct, melscale_fbanks

    mel = melscale_fbanks(WINDOW // 2 + 1, 0.0, RATE / 2, MELS, RATE, norm="slaney", mel_scale="slaney")
    dct = create_dct(COEFFICIENTS, MELS, norm="ortho")
    return torch.hann_window(WINDOW).to(device), mel.to(device), dct.to(device)


def mfcc(samples: Tensor) -> Tensor:
    """float32[…, N] at 22,050 Hz → float32[…, 20, 1 + N // 512], equal to ``librosa.feature.mfcc``."""
    import torch

    window, mel, dct = _tables(str(samples.device))
    frames = torch.nn.functional.pad(samples, (WINDOW // 2, WINDOW // 2)).unfold(-1, WINDOW, HOP)
    spectrum = torch.fft.rfft(frames * window)
    power = (spectrum.real.square() + spectrum.imag.square()) @ mel
    decibel = 10.0 * torch.log10(power.clamp_min(_FLOOR))
    decibel = torch.maximum(decibel, decibel.amax((-2, -1), keepdim=True) - 80.0)
    return (decibel @ dct).transpose(-1, -2)


def describe(pieces: list[list[NDArray[np.float32]]], device: str) -> NDArray[np.float32]:
    """Per sound (one or more pieces each): mean and deviation over time of MFCC, delta and delta-delta.

    Returns float32[B, 120]. A sound shorter than a window is padded with silence; digital silence gives
    finite values.
    """
    import torch

    flat = [piece for sound in pieces for piece in sound]
    with torch.inference_mode():
        # A GPU likes one padded batch; a processor is quicker without the padding.
        every = padded_mfcc(flat, device) if device != "cpu" else [mfcc(torch.from_numpy(p)) for p in flat]
        rows, at = [], 0
        for sound in pieces:
            parts = []
            for piece in sound:
                own = every[at][:, : 1 + len(piece) // HOP]
                first = delta(own)
                parts.append(torch.cat([own, first, delta(first)]))
                at += 1
            frames = torch.cat(parts, dim=1)
            rows.append(torch.cat([frames.mean(1), frames.std(1, correction=0)]))
        return np.asarray(torch.stack(rows).cpu().numpy(), dtype=np.float32)


def padded_mfcc(pieces: list[NDArray[np.float32]], device: str) -> Tensor:
    """Pieces of any length as one batch on a device: float32[B, 20, T] of the longest; what lies beyond a
    piece's own 1 + N // 512 frames means nothing."""
    import torch

    batch = torch.zeros(len(pieces), max(len(piece) for piece in pieces))
    for row, piece in zip(batch, pieces, strict=True):
        row[: len(piece)] = torch.from_numpy(piece)
    return mfcc(batch.to(device))


def delta(features: Tensor, width: int = 9) -> Tensor:
    """float32[C, T] → its local slope by linear regression over `width` frames, ends repeated."""
    import torch

    half = width // 2
    steps = torch.arange(-half, half + 1, device=features.device, dtype=features.dtype)
    padded = torch.nn.functional.pad(features[None], (half, half), mode="replicate")[0]
    return padded.unfold(-1, width, 1) @ (steps / steps.square().sum())
