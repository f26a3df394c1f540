"""Sound ↔ log-mel spectrogram as an 8-bit picture, and back to sound by Griffin-Lim.

Rate 22,050 Hz; frame 2,048, hop 512, 128 mel bands, 128 frames: just under three seconds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmstudio.learning.engine.sound_shape import CEILING_DB, FLOOR_DB

RATE = 22_050
FRAME, HOP, BANDS, FRAMES = 2048, 512, 128, 128
SAMPLES = HOP * (FRAMES - 1)


@lru_cache(maxsize=1)
def filterbank() -> Tensor:
    """(FRAME/2+1)×BANDS triangular mel filters, Slaney scale and normalisation."""
    from torchaudio.functional import melscale_fbanks

    bank: Tensor = melscale_fbanks(
        FRAME // 2 + 1, 20.0, RATE / 2, BANDS, RATE, norm="slaney", mel_scale="slaney"
    )
    return bank


def to_mel(samples: NDArray[np.float32], frames: int = FRAMES) -> NDArray[np.uint8]:
    """Mono samples at :data:`RATE` → 1×BANDS×frames uint8, low tones first; padded with silence or cut.

    0 is −80 dB or less, 255 is +30 dB of mel power (0 dB: power 1).
    """
    wanted = HOP * (frames - 1)
    wave = torch.zeros(wanted)
    given = torch.from_numpy(np.ascontiguousarray(samples[:wanted])).float()
    wave[: len(given)] = given
    power = _stft(wave).abs().square()
    decibel = 10 * torch.log10((filterbank().T @ power).clamp_min(1e-10))
    scaled = (decibel - FLOOR_DB) / (CEILING_DB - FLOOR_DB) * 255
    return scaled.round().clamp(0, 255).to(torch.uint8).unsqueeze(0).numpy()


def to_sound(mel: Tensor, random: torch.Generator, rounds: int = 32) -> NDArray[np.float32]:
    """BANDS×frames in [-1, 1] → mono samples at :data:`RATE`.

    The mel picture is spread back over the linear bins by non-negative multiplicative updates (Lee and
    Seung, 2001), the phase found by the fast Griffin-Lim algorithm (Perraudin et al., WASPAA 2013) from a
    random start drawn from ``random``.
    """
    decibel = FLOOR_DB + (mel.detach().cpu().float() + 1) / 2 * (CEILING_DB - FLOOR_DB)
    power = 10 ** (decibel.clamp(FLOOR_DB, CEILING_DB) / 10)
    power[decibel <= FLOOR_DB + 1.0] = 0.0
    magnitude = _linear(power).sqrt()
    angle = 2 * torch.pi * torch.rand(magnitude.shape, generator=random)
    spectrum, previous = torch.polar(magnitude, angle), torch.zeros_like(magnitude, dtype=torch.complex64)
    momentum = 0.99
    for _ in range(rounds):
        rebuilt = _stft(_istft(spectrum))
        pushed = rebuilt + momentum * (rebuilt - previous)
        previous = rebuilt
        spectrum = torch.polar(magnitude, pushed.angle())
    return _istft(spectrum).numpy()


def _linear(power: Tensor, rounds: int = 12) -> Tensor:
    bank = filterbank()
    x = bank @ (power / (bank.square().sum(dim=0).unsqueeze(1) + 1e-8))
    target = bank @ power
    for _ in range(rounds):
        x = x * target / (bank @ (bank.T @ x) + 1e-10)
    return x


def _stft(wave: Tensor) -> Tensor:
    window = torch.hann_window(FRAME)
    return torch.stft(wave, FRAME, HOP, window=window, pad_mode="constant", return_complex=True)


def _istft(spectrum: Tensor) -> Tensor:
    return torch.istft(
        spectrum, FRAME, HOP, window=torch.hann_window(FRAME), length=HOP * (spectrum.shape[-1] - 1)
    )
