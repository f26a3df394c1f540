"""How a vocoder learns beside a sound family: spectra, phases and, where wished for, discriminators."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.sound_data import SoundData, to_waves
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, griffin_lim, mel_of, mel_of_power, stft, to_planes
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.vocoder import KIND, ROUNDS, Vocoder, voice_of
from mmstudio.learning.nets.wave_critic import WaveCritic
from mmstudio.learning.objectives.spectral import (
    hinge_discriminator,
    hinge_generator,
    phase_loss,
    stft_loss,
)
from mmstudio.learning.objectives.vae import feature_l1

FRAMES = 32  # of a stretch that is learned from at once
ROWS = 8  # stretches a step
_TRIED = 8  # sounds that rounds of polish are tried on
_MEL, _PHASE, _MATCH = 5.0, 1.0, 2.0  # weights beside the spectral loss
_UNROLLED, _MOMENTUM = 2, 0.5  # rounds of Griffin-Lim that are learned through, and how they are pushed


class Voicing:
    """The vocoder's part of a training step.

    Args:
        vocoder: part of the family's network; optimised here, averaged there.
        random: of the task.
    """

    def __init__(
        self, config: ModelConfig, vocoder: Vocoder, device: torch.device, random: torch.Generator
    ) -> None:
        options = config.options
        self.shape, self.vocoder, self.random, self.device = SoundShape.of(config), vocoder, random, device
        self.frames = min(FRAMES, self.shape.frames)
        vocoder.begin()
        self.optimiser = torch.optim.AdamW(
            vocoder.parameters(), lr=config.rate, betas=(0.8, 0.99), weight_decay=1e-4
        )
        self.weight = options.get("adversarial", 0.0)
        self.since = int(options.get("adversarial_from", 0.3) * config.steps)
        self.critic: WaveCritic | None = None
        self.critic_optimiser: torch.optim.Optimizer | None = None
        if self.weight > 0:
            self.critic = materialise(WaveCritic, device, random)
            self.critic_optimiser = torch.optim.AdamW(
                self.critic.parameters(), lr=config.rate, betas=(0.8, 0.99), weight_decay=1e-4
            )

    def learn(self, waves: Tensor, mel: Tensor, step: int) -> Iterator[dict[str, float]]:
        """One step on stretches of N×C×samples and their true N×1×(C·bands)×frames."""
        parts, real = self.stretches(waves, mel, ROWS)
        self.optimiser.zero_grad(set_to_none=True)
        magnitude, cosine, sine = self.vocoder.spectrum(parts, loop=False)
        whole = self.vocoder.complex_spectrum(magnitude, cosine, sine)
        made = griffin_lim(magnitude, self.shape, whole, _UNROLLED, _MOMENTUM, loop=False)
        true = stft(real, self.shape, loop=False)
        signs = 1.0 - 2.0 * (torch.arange(true.shape[1], device=true.device) % 2)
        phases = phase_loss(cosine, sine, true * signs[None, :, None])
        spectra, bands = self.compare(made, real, parts)
        loss = spectra + _MEL * bands + _PHASE * phases
        found = {"wave": spectra, "wave_mel": bands, "phase": phases}
        if self.critic is not None and step >= self.since:
            yield {}
            found |= self._criticise(self.critic, real, made.detach())
            yield {}
            seen, known = self.critic(made), [[f.detach() for f in one] for one in self.critic(real)]
            fooled = hinge_generator([one[-1] for one in seen])
            match = torch.stack([feature_l1(k[:-1], s[:-1]) for k, s in zip(known, seen, strict=True)]).mean()
            loss = loss + self.weight * (fooled + _MATCH * match)
            found |= {"fooled": fooled, "match": match}
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.vocoder.parameters(), 1.0)
        self.optimiser.step()
        yield {name: float(value.detach()) for name, value in found.items()}

    def _criticise(self, critic: WaveCritic, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        assert self.critic_optimiser is not None
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss = hinge_discriminator([one[-1] for one in critic(real)], [one[-1] for one in critic(made)])
        loss.backward()  # type: ignore[no-untyped-call]
        self.critic_optimiser.step()
        return {"critic": loss}

    def heard(self, waves: Tensor, drawn: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The gradient of the spectral loss by ``drawn`` (N×1×(C·bands)×frames, a reconstruction of
        ``waves``), through the vocoder as it is, and the loss."""
        leaf = drawn.detach().requires_grad_(True)
        parts, real = self.stretches(waves, leaf, ROWS // 2)
        spectra, bands = self.compare(self.vocoder.wave(parts, 1, loop=False), real, None)
        (gradient,) = torch.autograd.grad(spectra + _MEL * bands, leaf)
        return gradient, {"heard": float(spectra.detach())}

    def compare(self, made: Tensor, real: Tensor, mel: Tensor | None) -> tuple[Tensor, Tensor]:
        """Multi-resolution spectral loss and mel L1 of B×T waves; ``mel`` the true one where it is known."""
        own = mel_of_power(stft(made, self.shape, loop=False).abs().square(), self.shape)
        if mel is None:
            mel = mel_of_power(stft(real, self.shape, loop=False).abs().square(), self.shape)
        return stft_loss(made, real), functional.l1_loss(own, mel)

    @torch.no_grad()
    def finish(self, vocoder: Vocoder, data: SoundData, ended: bool) -> dict[str, Tensor]:
        """What the weights file says of the trained (averaged) vocoder, measured on held-out sounds where
        there are any; see :func:`nets.vocoder.voice_of`."""
        if not ended:
            return {"voice.kind": torch.tensor([KIND]), "voice.rounds": torch.tensor([max(ROUNDS)])}
        if data.held is not None and len(data.held):
            count = min(len(data.held), _TRIED)
            waves = to_waves(np.stack([data.held[len(data.held) * i // count] for i in range(count)]))
        else:
            waves = data.floats(data.spread(_TRIED))
        waves = waves.to(self.device)
        return voice_of(vocoder, mel_of(waves, self.shape), waves)

    def stretches(self, waves: Tensor, mel: Tensor, most: int) -> tuple[Tensor, Tensor]:
        """Of at most ``most`` rows (of N·C) the same stretch of spectrogram (bands×frames) and wave;
        every second one from the beginning, where most attacks are."""
        n, c, length = waves.shape
        planes, mels = to_planes(waves).reshape(n * c, length), fold(mel, self.shape)
        rows = torch.randperm(n * c, generator=self.random)[:most]
        places = torch.randint(self.shape.frames - self.frames + 1, (len(rows),), generator=self.random)
        places[::2] = 0
        hop, width = self.shape.hop, self.frames
        spans = [(int(row), int(at)) for row, at in zip(rows, places, strict=True)]
        parts = torch.stack([mels[row, :, at : at + width] for row, at in spans])
        heard = [planes[row, at * hop : (at + width - 1) * hop] for row, at in spans]
        return parts, torch.stack(heard)


def without_old_voice(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights to start from, without a vocoder of another kind, whose numbers meant something else."""
    if "voice.kind" in weights:
        return weights
    return {key: value for key, value in weights.items() if ".vocoder." not in key}
