"""Family names → tasks and default configs; folders → models that can be sampled."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.engine.checkpoint import load_weights, weights_id
from mmstudio.learning.engine.data import to_bytes, to_float
from mmstudio.learning.engine.gan_task import make_discriminator, make_generator
from mmstudio.learning.engine.prior import Prior, prior_from, standard_prior
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.engine.spectra import fold, from_planes, mel_of, played
from mmstudio.learning.engine.task import Task, take
from mmstudio.learning.families import family
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.vae import VAE, make_vae

_PEAK = 0.98  # of what is played, at most
ROWS = 16  # latents decoded at once at 64 pixels and for sounds


@dataclass(slots=True)
class GenerativeModel:
    """A trained model ready to be sampled; all random numbers come from the caller's generator."""

    config: ModelConfig
    decoder: nn.Module
    encoder: VAE | None
    discriminator: nn.Module | None
    prior: Prior
    device: torch.device
    fingerprint: str = ""
    polish: int = 0  # rounds of Griffin-Lim after the vocoder; see nets.vocoder.best_rounds

    def draw(self, count: int, random: torch.Generator, truncation: float = 1.0) -> Tensor:
        """``count`` latents (count×latent, CPU)."""
        return self.prior.draw(count, random, truncation)

    @property
    def stages(self) -> int:
        """How many stages take a latent of their own; 1 where the whole picture has one."""
        return len(self.config.widths) if self.config.options.get("styles", 0.0) > 0 else 1

    @property
    def conditions(self) -> Conditions:
        """What the model can be told beside the latent."""
        return Conditions.of(self.config.condition)

    @property
    def sound(self) -> SoundShape | None:
        """The shape of its sounds; None for a model of pictures."""
        return SoundShape.of(self.config) if family(self.config.family).modality == "audio" else None

    def waves(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Latents (N×latent) → float32 N×C×samples in [-1, 1] at ``sound.rate``, on the CPU.

        By the model's own vocoder; without anything learned where it has none (:func:`spectra.played`). The
        same latent gives the same sound.
        """
        return self.voiced(self.decode(z, c))

    @torch.inference_mode()
    def voiced(self, mel: Tensor) -> Tensor:
        """Spectrograms (N×1×(C·bands)×frames, as of :meth:`decode`) → N×C×samples, as :meth:`waves`."""
        shape = self.sound
        if shape is None:
            raise TypeError(f"{self.config.family} makes no sounds")
        made = [self._voiced(mel[at : at + 1].clamp(-1.0, 1.0), shape) for at in range(len(mel))]
        return torch.cat(made) if made else torch.zeros(0, shape.channels, shape.samples)

    def _voiced(self, mel: Tensor, shape: SoundShape) -> Tensor:
        vocoder = self.vocoder
        if vocoder is not None:
            wave: Tensor = vocoder(mel.to(self.device), self.polish).float().cpu()
        else:
            wave = from_planes(played(fold(mel, shape), shape).view(1, shape.channels, -1))
        wave = wave - wave.mean(dim=2, keepdim=True)
        return wave * (_PEAK / wave.abs().max().clamp_min(_PEAK))  # turned down as a whole, not clipped

    @property
    def vocoder(self) -> nn.Module | None:
        """What plays its spectrograms, where it has been trained with one."""
        holder = self.decoder if self.encoder is None else self.encoder
        found = getattr(holder, "vocoder", None)
        return found if isinstance(found, nn.Module) else None

    def hear(self, samples: NDArray[np.float32], rate: int) -> Tensor:
        """float32[C, T] → the 1×latent of the sound (only families with an encoder).

        Resampled, without offset, at the level of the training, brought to the model's channels and length:
        what is too short loops or is followed by silence, what is too long is cut.

        Raises:
            TypeError: a model of pictures, or one without an encoder.
        """
        from mmstudio.learning.datasets.waves import fit
        from mmstudio.media.audio import resample

        shape = self.sound
        if shape is None or self.encoder is None:
            raise TypeError(f"{self.config.family} has no encoder of sounds")
        sound = np.nan_to_num(np.atleast_2d(np.asarray(samples, np.float32)))
        piece = fit(resample(sound, rate, shape.rate), shape)
        with torch.inference_mode():
            mel = mel_of(torch.from_numpy(piece)[None], shape)
            return self.encoder.encode(mel.to(self.device))[0].float().cpu()

    @property
    def rows(self) -> int:
        """Latents decoded at once: 16 up to 64 pixels, fewer above, one from 256 on, so that one picture
        comes as soon as it can."""
        size = self.config.size if self.config.channels == 3 else 64
        return max(1, min(ROWS, ROWS * 64**2 // size**2))

    @torch.inference_mode()
    def decode(self, z: Tensor, c: Tensor | None = None, rows: int | None = None) -> Tensor:
        """Latents (N×latent, or N×stages×latent) → N×C×S×S in about [-1, 1], on the CPU.

        ``c`` is N×conditions.width. Every pass has exactly :attr:`rows` rows, or ``rows`` (the last is filled
        up): kernels may add up in another order for another batch size, and the same latent must give the
        same picture alone and among others.
        """
        made, rows = [], rows or self.rows
        for first in range(0, len(z), rows):
            part = z[first : first + rows]
            known = None if c is None else self._full(c[first : first + rows], rows)
            full = self._full(part, rows)
            drawn = self.decoder(full) if known is None else self.decoder(full, known)
            made.append(drawn[: len(part)].float().cpu())
        return torch.cat(made)

    def _full(self, part: Tensor, rows: int) -> Tensor:
        filler = part[-1:].expand(rows - len(part), *part.shape[1:])
        return torch.cat([part, filler]).to(self.device)

    def pictures(self, z: Tensor, c: Tensor | None = None) -> NDArray[np.uint8]:
        """Latents → N×S×S×3 uint8, square; a model of another aspect is brought to it where it is shown."""
        return to_bytes(self.decode(z, c)).transpose(0, 2, 3, 1)

    @torch.inference_mode()
    def encode(self, pixels: NDArray[np.uint8]) -> Tensor:
        """N×C×S×S uint8 → posterior means, N×latent; only for families with an encoder."""
        if self.encoder is None:
            raise TypeError(f"{self.config.family} has no encoder")
        return self.encoder.encode(to_float(pixels).to(self.device))[0].cpu()


def build_task(config: ModelConfig, device: torch.device) -> Task[Any]:
    """Fresh networks and optimisers for ``config``."""
    module, _, name = family(config.family).task.partition(":")
    task: Task[Any] = getattr(import_module(module), name)(config, device)
    return task


def load_model(folder: Path, device: torch.device) -> GenerativeModel:
    """Rebuild a model from config.json and its newest whole weights.

    Raises:
        NotFound: no weights yet.
        StudioError: damaged, or from a newer MM Studio.
    """
    config = load_config(folder)
    weights = load_weights(folder)
    random = torch.Generator().manual_seed(0)
    if config.family.startswith("image-gan") or config.family == "sound-gan":
        decoder: nn.Module = materialise(lambda: make_generator(config), device, random)
        discriminator = materialise(lambda: make_discriminator(config), device, random)
        take(decoder, weights, "generator.")
        take(discriminator, weights, "discriminator.")
        prior = standard_prior(config.latent)
        mark = weights_id(folder)
        polish = _voice(decoder, weights)
        return GenerativeModel(config, _frozen(decoder), None, discriminator, prior, device, mark, polish)
    vae = materialise(lambda: make_vae(config), device, random)
    take(vae, weights, "vae.")
    _frozen(vae)
    prior = prior_from(weights, config.latent)
    mark = weights_id(folder)
    return GenerativeModel(config, vae.decoder, vae, None, prior, device, mark, _voice(vae, weights))


def _voice(net: nn.Module, weights: dict[str, Tensor]) -> int:
    """Its rounds of polish; a vocoder that learned nothing better leaves the playing to the formula."""
    from mmstudio.learning.nets.vocoder import ROUNDS, Vocoder, learned_voice

    vocoder = getattr(net, "vocoder", None)
    if not isinstance(vocoder, Vocoder):
        return 0
    if learned_voice(weights):
        return int(weights["voice.rounds"][0])
    vocoder.formula = True
    return int(weights["voice.rounds"][0]) if "voice.kind" in weights else max(ROUNDS)


def _frozen(net: nn.Module) -> nn.Module:
    return net.requires_grad_(False).eval()
