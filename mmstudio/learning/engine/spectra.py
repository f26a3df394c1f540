"""Waves ↔ log-mel spectrograms of any :class:`SoundShape`, differentiable, on any device.

A spectrogram is N×1×(channels·bands)×frames in [-1, 1]: -1 is −80 dB or less, 1 is +30 dB of mel power; of a
stereo sound the bands of the middle come first, then those of the side.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.engine.playing import fast_played
from mmstudio.learning.engine.sound_shape import CEILING_DB, FLOOR_DB, SoundShape

_CPU = torch.device("cpu")


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


def bank_of(shape: SoundShape, device: torch.device = _CPU) -> Tensor:
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
    times = -(-frame // hop)
    blocks = functional.pad(pieces.transpose(1, 2), (0, times * hop - frame))
    blocks = blocks.reshape(len(pieces), count, times, hop)
    rows = [functional.pad(blocks[:, :, at], (0, 0, at, times - 1 - at)) for at in range(times)]
    summed = torch.stack(rows).sum(dim=0).flatten(1)  # several times faster than functional.fold
    if not around:
        return summed[:, frame // 2 : frame // 2 + hop * (count - 1)]
    length = hop * count
    laps = functional.pad(summed, (0, -summed.shape[1] % length)).view(len(summed), -1, length).sum(dim=1)
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

    Each band is spread over its bins; ``rounds`` as in :func:`settled`.
    """
    bank, (spread, _) = bank_of(shape, mel.device), _sparse(shape, mel.device)
    x = _times(spread, _power(mel) / (bank.square().sum(dim=0)[:, None] + 1e-8))
    return (settled(x, mel, shape, rounds) + 1e-12).sqrt()


def settled(power: Tensor, mel: Tensor, shape: SoundShape, rounds: int) -> Tensor:
    """B×bins×T of power → the same, brought nearer to B×bands×T of ``mel`` by ``rounds`` of non-negative
    multiplicative updates (Lee and Seung, 2001)."""
    if not rounds:
        return power
    spread, gathered = _sparse(shape, mel.device)
    target = _flat(_times(spread, _power(mel)))
    x = _flat(power)
    for _ in range(rounds):
        x = x * target / (torch.sparse.mm(spread, torch.sparse.mm(gathered, x)) + 1e-10)
    return x.view(x.shape[0], len(power), -1).transpose(0, 1)


def _sparse(shape: SoundShape, device: torch.device) -> tuple[Tensor, Tensor]:
    return _sparse_bank(shape.rate, shape.frame, shape.bands, device)


@lru_cache(maxsize=16)
def _sparse_bank(rate: int, frame: int, bands: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The filters as bins×bands and bands×bins without their zeros: a bin lies in two bands at the most, so
    that products take a fiftieth of the time."""
    with torch.inference_mode(False):
        bank = _bank(rate, frame, bands, device)
        return bank.to_sparse().coalesce(), bank.t().contiguous().to_sparse().coalesce()


def _flat(x: Tensor) -> Tensor:
    """B×R×T → R×(B·T)."""
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def _times(matrix: Tensor, x: Tensor) -> Tensor:
    """Sparse S×R times B×R×T: B×S×T."""
    product: Tensor = torch.sparse.mm(matrix, _flat(x))
    return product.view(matrix.shape[0], len(x), -1).transpose(0, 1)


def _power(mel: Tensor) -> Tensor:
    """The power of each band, 0 at the floor."""
    decibel = FLOOR_DB + (mel.clamp(-1.0, 1.0) + 1) / 2 * (CEILING_DB - FLOOR_DB)
    return (10 ** (decibel / 10) - 10 ** (FLOOR_DB / 10)).clamp_min(0.0)


def peaks_of(magnitude: Tensor) -> tuple[Tensor, Tensor]:
    """B×bins×T → for each bin the peak of the spectrum it belongs to (int64, the nearest one) and that peak's
    place in bins (float, by a parabola through three logarithms), both B×bins×T.

    Of "single pass spectrogram inversion" (Beauregard, Harish and Wyse, DSP 2015).
    """
    count = magnitude.shape[1]
    level = magnitude.clamp_min(1e-6).log()
    wide = functional.pad(level, (0, 0, 1, 1), mode="replicate")
    left, right = wide[:, :-2], wide[:, 2:]
    top = (level > left) & (level >= right)
    beside = (0.5 * (left - right) / (left - 2 * level + right).clamp_max(-1e-6)).clamp(-0.5, 0.5)
    bins = torch.arange(count, device=magnitude.device)[None, :, None].expand_as(level)
    below = torch.where(top, bins, -4 * count).cummax(dim=1)[0]
    above = torch.where(top, bins, 4 * count).flip(1).cummin(dim=1)[0].flip(1)
    own = torch.where(bins - below <= above - bins, below, above).clamp(0, count - 1)
    return own, own + torch.where(top, beside, 0.0).gather(1, own)


def locked(magnitude: Tensor, shape: SoundShape) -> Tensor:
    """B×bins×T magnitudes → complex, as :func:`istft` takes it, with the phases of :func:`peaks_of`: each bin
    turns on from its peak's phase one frame before by its peak's frequency."""
    own, place = peaks_of(magnitude)
    turns, count = place * (shape.hop / shape.frame), magnitude.shape[2]
    if shape.loop:  # whole turns in all, so that the end runs into the beginning
        total = turns.sum(dim=2, keepdim=True)
        turns = turns + (total.round() - total) / count
    phase, found = torch.zeros_like(magnitude[..., 0]), []
    for at in [*range(count)] * (2 if shape.loop else 1):
        phase = (phase.gather(1, own[..., at]) + turns[..., at]) % 1.0
        found.append(phase)
    angle = 2 * torch.pi * torch.stack(found[-count:], dim=2)
    signs = 1.0 - 2.0 * (torch.arange(magnitude.shape[1], device=magnitude.device) % 2)
    return torch.polar(magnitude, angle) * signs[:, None]


def played(mel: Tensor, shape: SoundShape, rounds: int = 8, spread: int = 32) -> Tensor:
    """B×bands×T in [-1, 1] → B×samples without anything learned: magnitudes by ``spread`` rounds, phases
    locked to peaks, then ``rounds`` of Griffin-Lim. Nearer to the sound than 32 rounds from random phases
    (measured: docs/adr/0142-phases-locked-to-peaks.md). On a processor, where no gradient is asked for, the
    same sums are done faster (:mod:`engine.playing`)."""
    if mel.device.type == "cpu" and not (mel.requires_grad and torch.is_grad_enabled()):
        rows = [fast_played(row, shape, rounds, spread) for row in _power(mel.detach()).numpy()]
        return torch.from_numpy(np.stack(rows)) if rows else mel.new_zeros(0, shape.samples)
    magnitude = magnitude_of(mel, shape, spread)
    return griffin_lim(magnitude, shape, locked(magnitude, shape), rounds)


def griffin_lim(
    magnitude: Tensor,
    shape: SoundShape,
    spectrum: Tensor | None,
    rounds: int,
    momentum: float = 0.99,
    *,
    loop: bool | None = None,
) -> Tensor:
    """B×bins×T magnitudes → B×samples whose spectrum has them as nearly as ``rounds`` reach.

    The fast Griffin-Lim algorithm (Perraudin et al., WASPAA 2013) from the phase of ``spectrum``; from one
    that is the same every time (that of a fixed seed) where none is given. Differentiable.
    """
    if spectrum is None:
        random = torch.Generator().manual_seed(0)
        angle = 2 * torch.pi * torch.rand(magnitude.shape[1:], generator=random).to(magnitude.device)
        spectrum = torch.polar(magnitude, angle.expand_as(magnitude))
    previous: Tensor | None = None
    for _ in range(rounds):
        rebuilt = stft(istft(spectrum, shape, loop=loop), shape, loop=loop)
        pushed = rebuilt if previous is None else rebuilt + momentum * (rebuilt - previous)
        previous = rebuilt
        # A thousandth of what is wanted is added: nothing is divided by zero, and gradients stay small.
        power = pushed.real.square() + pushed.imag.square() + (1e-3 * magnitude).square() + 1e-18
        spectrum = pushed * (magnitude * power.rsqrt())
    return istft(spectrum, shape, loop=loop)
