"""From a log-mel spectrogram to a wave: magnitudes and phases of an inverse short-time Fourier transform.

After Vocos (Siuzdak, "Vocos: closing the gap between time-domain and Fourier-based neural vocoders", 2023):
ConvNeXt blocks along time, one frame in, one spectrum out, no upsampling. Two things are added that let a
small network learn it in minutes. The magnitudes start from the mel bands spread over their bins, and the
network only corrects them (Lv et al., "FreeV: free lunch for vocoders through pseudo inversed mel filter",
Interspeech 2024). The phase of a bin turns on from frame to frame by the frequency found in it, as in the
phase vocoder (Flanagan and Golden, 1966), unless a gate lets it start anew (at an attack): convolutions alone
do not know where in time they are, so that a steady tone would get the same phase in every frame.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, from_planes, griffin_lim, istft, magnitude_of
from mmstudio.learning.nets.blocks import padding
from mmstudio.learning.objectives.spectral import stft_loss

_REACH = 2.0  # bins that a frequency may lie beside the middle of its bin
_LOUDER = 3.0  # times e that a magnitude may be corrected, either way
_SPREAD = 12  # rounds in which mel bands are spread over bins for Griffin-Lim
ROUNDS = (0, 8, 16)  # that are tried
_LAPS = 2  # a loop is gone round until its phases have settled


class ConvNeXt1d(nn.Module):
    """x + W₂ GELU(W₁ LN(7∗x)), the convolution per channel; B×C×T in and out (Liu et al., CVPR 2022)."""

    def __init__(self, channels: int, inner: int, loop: bool) -> None:
        super().__init__()
        self.mix = nn.Conv1d(channels, channels, 7, padding=3, groups=channels, padding_mode=padding(loop))
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, inner)
        self.expand = nn.Linear(inner, channels)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.mix(x).transpose(1, 2))
        out: Tensor = x + self.expand(functional.gelu(self.widen(h))).transpose(1, 2)
        return out


class Vocoder(nn.Module):
    """See the module; one row per channel of a sound (stereo as middle and side)."""

    def __init__(self, shape: SoundShape, width: int = 192, depth: int = 4) -> None:
        super().__init__()
        self.shape = shape
        self.stem = nn.Conv1d(shape.bands, width, 7, padding=3, padding_mode=padding(shape.loop))
        self.blocks = nn.ModuleList(ConvNeXt1d(width, 3 * width, shape.loop) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, 5 * (shape.frame // 2 + 1))

    def spectrum(self, mel: Tensor, *, loop: bool | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """B×bands×T in [-1, 1] → magnitude, and cosine and sine of the phase about each frame's middle, each
        B×bins×T."""
        around = self.shape.loop if loop is None else loop
        h = self.stem(mel)
        for block in self.blocks:
            h = block(h)
        h = self.out(self.norm(h.transpose(1, 2))).transpose(1, 2)
        louder, real, imaginary, shift, gate = h.chunk(5, dim=1)
        magnitude = magnitude_of(mel, self.shape) * torch.exp(_LOUDER * torch.tanh(louder / _LOUDER))
        cosine, sine = self._turned(real + 1.0, imaginary, shift, torch.sigmoid(gate + 2.0), around)
        return magnitude, cosine, sine

    def _turned(
        self, real: Tensor, imaginary: Tensor, shift: Tensor, gate: Tensor, around: bool
    ) -> tuple[Tensor, Tensor]:
        """Phases (all B×bins×T): each turned on from the one before, or anew where the gate is closed."""
        frame, hop, count = self.shape.frame, self.shape.hop, real.shape[2]
        bins = torch.arange(real.shape[1], device=real.device)
        turns = _REACH * torch.tanh(shift) * (hop / frame)
        turns = turns + ((bins * hop) % frame / frame)[None, :, None]
        if around:  # whole turns in all, so that the end runs into the beginning
            total = turns.sum(dim=2, keepdim=True)
            turns = turns + (total.detach().round() - total) / count
        angle = 2 * math.pi * turns
        # Not normalised to the last digit: nothing is divided by zero where both parts vanish.
        unit = (real.square() + imaginary.square() + 1e-6).rsqrt()
        new_cosine, new_sine = ((1 - gate) * part * unit for part in (real, imaginary))
        by_cosine, by_sine = gate * torch.cos(angle), gate * torch.sin(angle)
        rows = [part.unbind(2) for part in (new_cosine, new_sine, by_cosine, by_sine)]
        cosine, sine = real[..., 0] * unit[..., 0], imaginary[..., 0] * unit[..., 0]
        found: list[tuple[Tensor, Tensor]] = []
        for at in [*range(count)] * (_LAPS if around else 1):
            anew_cosine, anew_sine, turn_cosine, turn_sine = (row[at] for row in rows)
            turned_cosine = cosine * turn_cosine - sine * turn_sine + anew_cosine
            turned_sine = cosine * turn_sine + sine * turn_cosine + anew_sine
            length = (turned_cosine.square() + turned_sine.square() + 1e-6).rsqrt()
            cosine, sine = turned_cosine * length, turned_sine * length
            found.append((cosine, sine))
        cosines, sines = zip(*found[-count:], strict=True)
        return torch.stack(cosines, dim=2), torch.stack(sines, dim=2)

    def complex_spectrum(self, magnitude: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """What :func:`engine.spectra.istft` takes: phases about each frame's first sample."""
        signs = 1.0 - 2.0 * (torch.arange(magnitude.shape[1], device=magnitude.device) % 2)
        signed = magnitude * signs[None, :, None]
        return torch.complex(signed * cosine, signed * sine)

    def wave(self, mel: Tensor, *, loop: bool | None = None) -> Tensor:
        """B×bands×T → B×samples; may be any stretch of a sound (then ``loop`` False)."""
        return istft(self.complex_spectrum(*self.spectrum(mel, loop=loop)), self.shape, loop=loop)

    def forward(self, mel: Tensor, polish: int = 0) -> Tensor:
        """N×1×(C·bands)×frames → N×C×samples, about [-1, 1].

        ``polish`` rounds of Griffin-Lim bring neighbouring frames into line; they start from the phases found
        here and keep the magnitudes that the mel bands ask for. How many are worth it is measured once the
        network has learned (:func:`best_rounds`): the less it has, the more.
        """
        parts = fold(mel, self.shape)
        magnitude, cosine, sine = self.spectrum(parts)
        whole = self.complex_spectrum(magnitude, cosine, sine)
        if polish:
            wave = griffin_lim(magnitude_of(parts, self.shape, _SPREAD), self.shape, whole, polish)
        else:
            wave = istft(whole, self.shape)
        return from_planes(wave.view(len(mel), self.shape.channels, -1))


@torch.no_grad()
def best_rounds(vocoder: Vocoder, mel: Tensor, waves: Tensor) -> int:
    """The number of rounds of :data:`ROUNDS` that plays true spectrograms nearest to their waves; the
    smaller one where more gain less than 2 %; N×C×samples. Distance: ``objectives.spectral.stft_loss``."""
    real, best, least = waves.mean(dim=1), 0, math.inf
    for rounds in ROUNDS:
        made = torch.cat([vocoder(mel[i : i + 1], rounds) for i in range(len(mel))]).mean(dim=1)
        apart = sum(float(stft_loss(made[i : i + 1], real[i : i + 1])) for i in range(len(real)))
        if apart < 0.98 * least:
            best, least = rounds, apart
    return best
