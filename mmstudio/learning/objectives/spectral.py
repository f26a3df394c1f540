"""How far one sound is from another, by ear rather than by sample: losses and measures of waves.

Sources: Yamamoto, Song and Kim, "Parallel WaveGAN", ICASSP 2020 (multi-resolution short-time Fourier loss:
spectral convergence and log magnitude); Kong, Kim and Bae, "HiFi-GAN", NeurIPS 2020 (mel L1, feature
matching, periods); Ai and Ling, "Neural speech phase prediction", ICASSP 2023 (phases compared by their
differences along time and frequency, here by cosine); Lim and Ye, "Geometric GAN", 2017 (hinge).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128))  # window and hop in samples
_FLOOR = 1e-7


def magnitudes(wave: Tensor, frame: int, hop: int) -> Tensor:
    """B×T → B×bins×frames; only whole windows, a short wave is one window."""
    wave = functional.pad(wave, (0, max(0, frame - wave.shape[-1])))
    window = torch.hann_window(frame, device=wave.device)
    found = torch.stft(wave, frame, hop, window=window, center=False, return_complex=True)
    return (found.real.square() + found.imag.square()).clamp_min(_FLOOR).sqrt()


def stft_loss(made: Tensor, real: Tensor, resolutions: Sequence[tuple[int, int]] = RESOLUTIONS) -> Tensor:
    """Mean over resolutions of ‖|R| − |M|‖ / ‖|R|‖ (spectral convergence; the norm over the whole batch) and
    the mean of |ln |R| − ln |M||; B×T both, one number."""
    total = made.new_zeros(())
    for frame, hop in resolutions:
        mine, theirs = magnitudes(made, frame, hop), magnitudes(real, frame, hop)
        convergence = (theirs - mine).square().sum().clamp_min(1e-12).sqrt() / theirs.norm().clamp_min(1e-3)
        total = total + convergence + functional.l1_loss(mine.log(), theirs.log())
    return total / len(resolutions)


def spectral_convergence(made: Tensor, real: Tensor, frame: int = 1024, hop: int = 256) -> Tensor:
    """‖|R| − |M|‖ / ‖|R|‖ of each of B×T: B; 0 is equal, 1 is silence against a sound."""
    mine, theirs = magnitudes(made, frame, hop), magnitudes(real, frame, hop)
    apart, whole = (x.flatten(1).square().sum(dim=1).sqrt() for x in (theirs - mine, theirs))
    return apart / whole.clamp_min(1e-3)


def phase_loss(cosine: Tensor, sine: Tensor, real: Tensor) -> Tensor:
    """How differently phases (B×bins×T, cosine and sine) turn from frame to frame and from bin to bin than
    those of the complex ``real``; each counts by the square root of its magnitude. In [0, 4]."""
    weight = real.abs()
    c, s = real.real / weight.clamp_min(1e-6), real.imag / weight.clamp_min(1e-6)
    weight = weight.sqrt()
    total = cosine.new_zeros(())
    for axis in (1, 2):
        mine, theirs = _difference(cosine, sine, axis), _difference(c, s, axis)
        both = _first(weight, axis) * _second(weight, axis)
        apart = 1 - (mine[0] * theirs[0] + mine[1] * theirs[1])
        total = total + (both * apart).sum() / both.sum().clamp_min(1e-6)
    return total


def _difference(c: Tensor, s: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle from each entry to the next one along ``axis``."""
    c1, c2, s1, s2 = _first(c, axis), _second(c, axis), _first(s, axis), _second(s, axis)
    return c1 * c2 + s1 * s2, c1 * s2 - s1 * c2


def _first(x: Tensor, axis: int) -> Tensor:
    return x.narrow(axis, 0, x.shape[axis] - 1)


def _second(x: Tensor, axis: int) -> Tensor:
    return x.narrow(axis, 1, x.shape[axis] - 1)


def hinge_discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean over discriminators of E[max(0, 1 − D(x))] + E[max(0, 1 + D(G))]; any shapes."""
    each = [functional.relu(1 - r).mean() + functional.relu(1 + f).mean()
            for r, f in zip(real, fake, strict=True)]  # fmt: skip
    return torch.stack(each).mean()


def hinge_generator(fake: Sequence[Tensor]) -> Tensor:
    """Mean over discriminators of −E[D(G)]."""
    return torch.stack([-one.mean() for one in fake]).mean()
