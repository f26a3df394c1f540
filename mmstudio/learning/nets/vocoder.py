"""From a log-mel spectrogram to a wave: magnitudes and phases of an inverse short-time Fourier transform.

After Vocos (Siuzdak, "Vocos: closing the gap between time-domain and Fourier-based neural vocoders", 2023):
ConvNeXt blocks along time, one frame in, one spectrum out, no upsampling. What is known without learning is
given, and the network only corrects it, so that it is good from the first step on:

- The magnitudes are those whose mel bands are the given ones (Lv et al., "FreeV: free lunch for vocoders
  through pseudo inversed mel filter", Interspeech 2024). They are not corrected: what a small network learned
  in an hour was farther from held-out sounds than they are (docs/adr/0142-phases-locked-to-peaks.md).
- The phase of a bin turns on from frame to frame by the frequency of the spectral peak it belongs to, from
  the phase of that peak (phase locking; Beauregard, Harish and Wyse, "Single pass spectrogram inversion",
  DSP 2015), unless a gate lets it start anew (at an attack). Convolutions alone do not know where in time
  they are: a steady tone would get the same phase in every frame.
- A few rounds of Griffin-Lim bring neighbouring frames into line, in training too.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import (
    fold,
    from_planes,
    griffin_lim,
    magnitude_of,
    peaks_of,
    played,
    settled,
)
from mmstudio.learning.nets.blocks import padding
from mmstudio.learning.objectives.spectral import stft_loss

_REACH = 2.0  # bins that a frequency may be moved
_SPREAD, _AGAIN = 30, 2  # rounds in which mel bands are spread over bins, the last ones differentiable
_OPEN = 6.0  # how nearly all of a phase is turned on where nothing has been learned
ROUNDS = (0, 4, 8)  # that are tried
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
        self.formula = False  # whether it plays without what was learned
        self.out = nn.Linear(width, 4 * (shape.frame // 2 + 1))

    def begin(self) -> None:
        """Correct nothing: what is known without learning is played as it is."""
        with torch.no_grad():
            self.out.weight.zero_()
            self.out.bias.zero_()

    def spectrum(self, mel: Tensor, *, loop: bool | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """B×bands×T in [-1, 1] → magnitude, and cosine and sine of the phase about each frame's middle, each
        B×bins×T."""
        around = self.shape.loop if loop is None else loop
        h = self.stem(mel)
        for block in self.blocks:
            h = block(h)
        h = self.out(self.norm(h.transpose(1, 2))).transpose(1, 2)
        real, imaginary, shift, gate = h.chunk(4, dim=1)
        with torch.no_grad():
            known = magnitude_of(mel, self.shape, _SPREAD)
            own, place = peaks_of(known)
        magnitude = (settled(known.square(), mel, self.shape, _AGAIN) + 1e-12).sqrt()  # what mel learns by
        turns = (place + _REACH * torch.tanh(shift / _REACH)) * (self.shape.hop / self.shape.frame)
        cosine, sine = _turned(real + 1.0, imaginary, turns, torch.sigmoid(gate + _OPEN), own, around)
        return magnitude, cosine, sine

    def complex_spectrum(self, magnitude: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """What :func:`engine.spectra.istft` takes: phases about each frame's first sample."""
        signs = 1.0 - 2.0 * (torch.arange(magnitude.shape[1], device=magnitude.device) % 2)
        signed = magnitude * signs[None, :, None]
        return torch.complex(signed * cosine, signed * sine)

    def wave(self, mel: Tensor, polish: int = 0, *, loop: bool | None = None) -> Tensor:
        """B×bands×T → B×samples; may be any stretch of a sound (then ``loop`` False)."""
        magnitude, cosine, sine = self.spectrum(mel, loop=loop)
        whole = self.complex_spectrum(magnitude, cosine, sine)
        return griffin_lim(magnitude, self.shape, whole, polish, loop=loop)

    def forward(self, mel: Tensor, polish: int = 0) -> Tensor:
        """N×1×(C·bands)×frames → N×C×samples, about [-1, 1].

        ``polish`` rounds of Griffin-Lim bring neighbouring frames into line; they start from the phases found
        here and keep the magnitudes. How many are worth it is measured once the network has learned
        (:func:`best_rounds`).
        """
        parts = fold(mel, self.shape)
        wave = played(parts, self.shape, polish) if self.formula else self.wave(parts, polish)
        return from_planes(wave.view(len(mel), self.shape.channels, -1))


def _turned(
    real: Tensor, imaginary: Tensor, turns: Tensor, gate: Tensor, own: Tensor, around: bool
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of phases, all B×bins×T: each turned on by ``turns`` from that of the bin ``own`` one
    frame before, or anew (``real``, ``imaginary``) where the gate is closed."""
    count = real.shape[2]
    if around:  # whole turns in all, so that the end runs into the beginning
        total = turns.sum(dim=2, keepdim=True)
        turns = turns + (total.detach().round() - total) / count
    angle = 2 * math.pi * (turns - turns.detach().floor())
    # Not normalised to the last digit: nothing is divided by zero where both parts vanish.
    unit = (real.square() + imaginary.square() + 1e-6).rsqrt()
    new_cosine, new_sine = ((1 - gate) * part * unit for part in (real, imaginary))
    by_cosine, by_sine = gate * torch.cos(angle), gate * torch.sin(angle)
    rows = [part.unbind(2) for part in (new_cosine, new_sine, by_cosine, by_sine, own)]
    cosine, sine = real[..., 0] * unit[..., 0], imaginary[..., 0] * unit[..., 0]
    found: list[tuple[Tensor, Tensor]] = []
    for at in [*range(count)] * (_LAPS if around else 1):
        anew_cosine, anew_sine, turn_cosine, turn_sine, peak = (row[at] for row in rows)
        cosine, sine = cosine.gather(1, peak), sine.gather(1, peak)
        turned_cosine = cosine * turn_cosine - sine * turn_sine + anew_cosine
        turned_sine = cosine * turn_sine + sine * turn_cosine + anew_sine
        length = (turned_cosine.square() + turned_sine.square() + 1e-6).rsqrt()
        cosine, sine = turned_cosine * length, turned_sine * length
        found.append((cosine, sine))
    cosines, sines = zip(*found[-count:], strict=True)
    return torch.stack(cosines, dim=2), torch.stack(sines, dim=2)


KIND = 2  # of how the numbers of a vocoder are meant; the first kind knew no peaks


def learned_voice(weights: dict[str, Tensor]) -> bool:
    """Whether the vocoder in a weights file is of this kind, and better than one that corrects nothing."""
    return "voice.kind" in weights and int(weights["voice.kind"][0]) == KIND


@torch.no_grad()
def voice_of(vocoder: Vocoder, mel: Tensor, waves: Tensor) -> dict[str, Tensor]:
    """What a weights file says of a trained vocoder: voice.kind (0 where it does not play these N×C×samples
    2 % nearer, from their true spectrograms, than the formula, which takes less time), voice.rounds of
    polish, and voice.apart: how far from the waves the formula and the vocoder play with most rounds."""
    plain = copy.deepcopy(vocoder)
    plain.formula = True
    most = max(ROUNDS)
    formula, own = apart(plain, mel, waves, most), apart(vocoder, mel, waves, most)
    learned = own < 0.98 * formula
    rounds = best_rounds(vocoder if learned else plain, mel, waves)
    return {
        "voice.kind": torch.tensor([KIND if learned else 0]),
        "voice.rounds": torch.tensor([rounds]),
        "voice.apart": torch.tensor([formula, own]),
    }


def voice_record(weights: dict[str, Tensor]) -> dict[str, Any]:
    """What a card says of :func:`voice_of`: "plays" ("formula" or "vocoder"), "rounds", and, once the
    training has ended, the distances "formula" and "vocoder" that decided; {} without a vocoder."""
    if "voice.rounds" not in weights:
        return {}
    record: dict[str, Any] = {"plays": "vocoder" if learned_voice(weights) else "formula"}
    record["rounds"] = int(weights["voice.rounds"][0])
    if "voice.apart" in weights:
        formula, own = (round(float(value), 4) for value in weights["voice.apart"])
        record |= {"formula": formula, "vocoder": own}
    return record


@torch.no_grad()
def apart(vocoder: Vocoder, mel: Tensor, waves: Tensor, rounds: int) -> float:
    """Mean ``objectives.spectral.stft_loss`` of what is played of N×1×(C·bands)×frames to N×C×samples."""
    made = torch.cat([vocoder(mel[i : i + 1], rounds) for i in range(len(mel))]).mean(dim=1)
    real = waves.mean(dim=1)
    return sum(float(stft_loss(made[i : i + 1], real[i : i + 1])) for i in range(len(real))) / len(real)


@torch.no_grad()
def best_rounds(vocoder: Vocoder, mel: Tensor, waves: Tensor) -> int:
    """The number of rounds of :data:`ROUNDS` that plays true spectrograms nearest to their waves; the smaller
    one where more gain less than 2 %."""
    best, least = 0, math.inf
    for rounds in ROUNDS:
        found = apart(vocoder, mel, waves, rounds)
        if found < 0.98 * least:
            best, least = rounds, found
    return best
