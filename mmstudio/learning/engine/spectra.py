"""Waves ↔ log-mel spectrograms of any :class:`SoundShape`, differentiable, on any device.

A spectrogram is N×1×(channels·bands)×frames in [-1, 1]: -1 is −80 dB or less, 1 is +30 dB of mel power; of a
stereo sound the bands of the middle come first, then those of the side.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.engine.mel import CEILING_DB, FLOOR_DB
from mmstudio.learning.engine.sound_shape import SoundShape


@lru_cache(maxsize=16)
def _window(frame: int, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # kept for trainings too, whoever asks first
        return torch.hann_window(frame, device=device)


@lru_cache(maxsize=16)
def _bank(rate: int, frame: int, bands: int, device: torch.device) -> Tensor:
    """bins×bands triangular filters, Slaney scale and normalisation."""
    from torchaudio.functional import melscale_fbanks

    with torch.inference_mode(False):
        bank: Tensor = melscale_fbanks(
            frame // 2 + 1, 20.0, rate / 2, bands, rate, norm="slaney", mel_scale="slaney"
        )
        return bank.to(device)


def bank_of(shape: SoundShape, device: torch.device) -> Tensor:
    """bins×bands mel filters of a shape."""
    return _bank(shape.rate, shape.frame, shape.bands, device)


def stft(wave: Tensor, shape: SoundShape, *, loop: bool | None = None) -> Tensor:
    """B×T → complex B×bins×frames, frame t around sample t·hop; silence beyond the ends, or the other end of
    a loop (``loop`` overrides the shape's)."""
    around = shape.loop if loop is None else loop
    padded = functional.pad(
        wave.unsqueeze(1), (shape.frame // 2,) * 2, mode="circular" if around else "constant"
    ).squeeze(1)
    window = _window(shape.frame, wave.device)
    found = torch.stft(padded, shape.frame, shape.hop, window=window, center=False, return_complex=True)
    return found[..., :-1] if around else found


def istft(spectrum: Tensor, shape: SoundShape, *, loop: bool | None = None) -> Tensor:
    """The wave nearest to a complex B×bins×frames: B×hop·(frames − 1), or hop·frames of a loop.

    Weighted overlap-add (Griffin and Lim, 1984); a loop's last frames go on over its beginning.
    """
    around = shape.loop if loop is None else loop
    window = _window(shape.frame, spectrum.device)
    pieces = torch.fft.irfft(spectrum, n=shape.frame, dim=1) * window[:, None]
    wave = _overlap(pieces, shape, around)
    weight = _overlap(window.square()[None, :, None].expand(1, -1, pieces.shape[2]), shape, around)
    return wave / weight.clamp_min(1e-2)


def _overlap(pieces: Tensor, shape: SoundShape, around: bool) -> Tensor:
    """B×frame×frames → the sum of the pieces at their places: B×T."""
    frame, hop, count = shape.frame, shape.hop, pieces.shape[2]
    whole = hop * (count - 1) + frame
    summed = functional.fold(pieces, (1, whole), (1, frame), stride=(1, hop)).flatten(1)
    if not around:
        return summed[:, frame // 2 : frame // 2 + hop * (count - 1)]
    length = hop * count
    laps = functional.pad(summed, (0, -whole % length)).view(len(summed), -1, length).sum(dim=1)
    return laps.roll(-(frame // 2), dims=1)


def to_planes(wave: Tensor) -> Tensor:
    """N×C×T → the same, left and right as middle and side."""
    if wave.shape[1] == 1:
        return wave
    left, right = wave[:, :1], wave[:, 1:2]
    return torch.cat([0.5 * (left + right), 0.5 * (left - right)], dim=1)


def from_planes(planes: Tensor) -> Tensor:
    """Back from :func:`to_planes`."""
    if planes.shape[1] == 1:
        return planes
    middle, side = planes[:, :1], planes[:, 1:2]
    return torch.cat([middle + side, middle - side], dim=1)


def mel_of(wave: Tensor, shape: SoundShape) -> Tensor:
    """N×C×samples in [-1, 1] → N×1×(C·bands)×frames in [-1, 1]."""
    planes = to_planes(wave)
    n, c, length = planes.shape
    mel = mel_of_power(stft(planes.reshape(n * c, length), shape).abs().square(), shape)
    return mel.reshape(n, 1, c * shape.bands, -1)


def mel_of_power(power: Tensor, shape: SoundShape) -> Tensor:
    """B×bins×frames of power → B×bands×frames in [-1, 1]."""
    mel = torch.einsum("fm,bft->bmt", bank_of(shape, power.device), power)
    decibel = 10 * torch.log10(mel.clamp_min(10 ** (FLOOR_DB / 10)))
    return ((decibel - FLOOR_DB) / (CEILING_DB - FLOOR_DB) * 2 - 1).clamp(-1.0, 1.0)


def fold(mel: Tensor, shape: SoundShape) -> Tensor:
    """N×1×(C·bands)×T → (N·C)×bands×T: one row per channel."""
    return mel.reshape(len(mel) * shape.channels, shape.bands, mel.shape[-1])


def magnitude_of(mel: Tensor, shape: SoundShape, rounds: int = 0) -> Tensor:
    """B×bands×T in [-1, 1] → B×bins×T magnitudes whose mel spectrogram it nearly is.

    Each band is spread over its bins; ``rounds`` of non-negative multiplicative updates (Lee and Seung, 2001)
    bring the two nearer.
    """
    bank = bank_of(shape, mel.device)
    decibel = FLOOR_DB + (mel.clamp(-1.0, 1.0) + 1) / 2 * (CEILING_DB - FLOOR_DB)
    power = (10 ** (decibel / 10) - 10 ** (FLOOR_DB / 10)).clamp_min(0.0)
    x = torch.einsum("fm,bmt->bft", bank, power / (bank.square().sum(dim=0)[:, None] + 1e-8))
    target = torch.einsum("fm,bmt->bft", bank, power) if rounds else x
    for _ in range(rounds):
        x = x * target / (torch.einsum("fm,bmt->bft", bank, torch.einsum("fm,bft->bmt", bank, x)) + 1e-10)
    return (x + 1e-12).sqrt()


def griffin_lim(
    magnitude: Tensor, shape: SoundShape, spectrum: Tensor | None, rounds: int, momentum: float = 0.99
) -> Tensor:
    """B×bins×T magnitudes → B×samples whose spectrum has them as nearly as ``rounds`` reach.

    The fast Griffin-Lim algorithm (Perraudin et al., WASPAA 2013) from the phase of ``spectrum``; from one
    that is the same every time (that of a fixed seed) where none is given.
    """
    if spectrum is None:
        random = torch.Generator().manual_seed(0)
        angle = 2 * torch.pi * torch.rand(magnitude.shape[1:], generator=random).to(magnitude.device)
        spectrum = torch.polar(magnitude, angle.expand_as(magnitude))
    previous = torch.zeros_like(spectrum)
    for _ in range(rounds):
        rebuilt = stft(istft(spectrum, shape), shape)
        pushed = rebuilt + momentum * (rebuilt - previous)
        previous = rebuilt
        spectrum = magnitude * pushed / pushed.abs().clamp_min(1e-9)
    return istft(spectrum, shape)
