"""Networks over log-mel spectrograms with the bands as channels and convolutions along time.

A sustained tone is one spectrum times an envelope: with bands as channels the last layer holds whole spectra,
so sharp harmonics cost one row of weights instead of a stack of two-dimensional filters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.nets.blocks import SLOPE, padding
from mmstudio.learning.nets.vocoder import Vocoder

_PROJECTION = 64
_FLOOR = 8.0  # how sharply drawn spectrograms end at silence


class Residual1d(nn.Module):
    """x + 1(φ(5(φ(x)))), φ = leaky ReLU, kernel sizes 5 and 1; N×C×T in and out. ``loop`` pads with the other
    end."""

    def __init__(self, channels: int, loop: bool = False) -> None:
        super().__init__()
        self.mix = nn.Conv1d(channels, channels, 5, padding=2, padding_mode=padding(loop))
        self.expand = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.leaky_relu(self.mix(functional.leaky_relu(x, SLOPE)), SLOPE)
        out: Tensor = x + self.expand(h)
        return out


class SpectrogramDecoder(nn.Module):
    """N×latent → N×1×bands×frames; doubles the frames once per stage after the first.

    ``condition`` numbers are embedded and added to the latent, as in :class:`nets.conv.Decoder`.
    """

    def __init__(
        self,
        bands: int,
        frames: int,
        widths: list[int],
        latent: int,
        *,
        loop: bool = False,
        condition: int = 0,
    ) -> None:
        super().__init__()
        self.first, self.start, self.loop = widths[0], frames >> (len(widths) - 1), loop
        self.from_latent = nn.Linear(latent, widths[0] * self.start)
        self.embed = nn.Linear(condition, latent, bias=False) if condition else None
        self.changes = nn.ModuleList(
            nn.Conv1d(above, width, 1) for above, width in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.blocks = nn.ModuleList(Residual1d(width, loop) for width in widths)
        self.out = nn.Conv1d(widths[-1], bands, 3, padding=1, padding_mode=padding(loop))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        if self.embed is not None and c is not None:
            # Row by row: a product of matrices rounds by where in the batch a row lies.
            z = z + (c.unsqueeze(1) * self.embed.weight).sum(dim=2)
        h = self.from_latent(z).view(z.shape[0], self.first, self.start)
        for stage, (change, block) in enumerate(zip(self.changes, self.blocks, strict=True)):
            if stage:
                h = self._longer(h)
            h = block(change(h))
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE)).unsqueeze(1)
        return out

    def _longer(self, h: Tensor) -> Tensor:
        if not self.loop:
            return functional.interpolate(h, scale_factor=2.0, mode="linear", align_corners=False)
        h = functional.pad(h, (1, 1), mode="circular")
        return functional.interpolate(h, scale_factor=2.0, mode="linear", align_corners=False)[..., 2:-2]


class SpectrogramEncoder(nn.Module):
    """N×1×bands×frames → N×outputs, the mirror of the decoder."""

    def __init__(
        self, bands: int, frames: int, widths: list[int], outputs: int, *, loop: bool = False
    ) -> None:
        super().__init__()
        self.stem = nn.Conv1d(bands, widths[-1], 3, padding=1, padding_mode=padding(loop))
        down = list(reversed(widths))
        self.blocks = nn.ModuleList(Residual1d(width, loop) for width in down)
        self.changes = nn.ModuleList(
            nn.Conv1d(width, below, 1) for width, below in zip(down, [*down[1:], down[-1]], strict=True)
        )
        self.to_latent = nn.Linear(widths[0] * (frames >> (len(widths) - 1)), outputs)

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x.squeeze(1))
        for stage, (block, change) in enumerate(zip(self.blocks, self.changes, strict=True)):
            h = change(block(h))
            if stage < len(self.blocks) - 1:
                h = functional.avg_pool1d(h, 2)
        out: Tensor = self.to_latent(functional.leaky_relu(h, SLOPE).flatten(1))
        return out

    def freeze(self, layers: int) -> None:
        """Keep the stem and the first ``layers`` blocks as they are."""
        for module in [self.stem, *list(self.blocks)[:layers]] if layers > 0 else []:
            module.requires_grad_(False)


class SpectrogramVAE(nn.Module):
    """Diagonal Gaussian posterior over a vector latent; same calls as :class:`nets.vae.ConvVAE`.

    With a ``vocoder`` its spectrograms become waves; the first sound models have none.
    """

    def __init__(
        self,
        bands: int,
        frames: int,
        widths: list[int],
        latent: int,
        *,
        loop: bool = False,
        condition: int = 0,
        vocoder: Vocoder | None = None,
    ) -> None:
        super().__init__()
        self.encoder = SpectrogramEncoder(bands, frames, widths, 2 * latent, loop=loop)
        self.decoder = SpectrogramDecoder(bands, frames, widths, latent, loop=loop, condition=condition)
        self.vocoder = vocoder

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×1×bands×frames → mean and log-variance, each N×latent."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 6.0)

    def forward(self, x: Tensor, noise: Tensor, c: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; ``noise`` is N×latent, ``c`` N×condition."""
        mean, log_variance = self.encode(x)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return self.decoder(z, c), mean, log_variance


class SoundGenerator(SpectrogramDecoder):
    """The decoder as a generator, with its vocoder; what it draws ends softly at silence (-1)."""

    def __init__(
        self, bands: int, frames: int, widths: list[int], latent: int, *, loop: bool, condition: int,
        vocoder: Vocoder,
    ) -> None:  # fmt: skip
        super().__init__(bands, frames, widths, latent, loop=loop, condition=condition)
        self.vocoder = vocoder

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        drawn = super().forward(z, c)
        return functional.softplus(drawn + 1, _FLOOR) - 1


class SpectrogramDiscriminator(SpectrogramEncoder):
    """Spectrogram → one score; with a condition by projection, as :class:`nets.conv.Discriminator`."""

    def __init__(self, bands: int, frames: int, widths: list[int], *, loop: bool, condition: int) -> None:
        super().__init__(bands, frames, widths, 1 + (_PROJECTION if condition else 0), loop=loop)
        self.embed = nn.Linear(condition, _PROJECTION, bias=False) if condition else None

    def score(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """N×1×bands×frames (and N×condition) → N."""
        out = self(x).float()
        score: Tensor = out[:, 0]
        if self.embed is not None and c is not None:
            score = score + (self.embed(c).float() * out[:, 1:]).sum(1) / _PROJECTION**0.5
        return score


def make_sound_vae(config: ModelConfig) -> SpectrogramVAE:
    """The VAE of a config, not yet filled with numbers; one without a stated shape is of the first kind."""
    if "sound" not in config.parts:
        return SpectrogramVAE(config.size, config.size, config.widths, config.latent)
    shape = SoundShape.of(config)
    condition = Conditions.of(config.condition).width
    return SpectrogramVAE(
        _bands(shape), shape.frames, config.widths, config.latent,
        loop=shape.loop, condition=condition, vocoder=make_vocoder(config),
    )  # fmt: skip


def make_sound_generator(config: ModelConfig) -> SoundGenerator:
    """The generator of a config."""
    shape, condition = SoundShape.of(config), Conditions.of(config.condition).width
    return SoundGenerator(
        _bands(shape), shape.frames, config.widths, config.latent,
        loop=shape.loop, condition=condition, vocoder=make_vocoder(config),
    )  # fmt: skip


def make_sound_discriminator(config: ModelConfig) -> SpectrogramDiscriminator:
    """The discriminator of a config."""
    shape, condition = SoundShape.of(config), Conditions.of(config.condition).width
    return SpectrogramDiscriminator(
        _bands(shape), shape.frames, config.widths, loop=shape.loop, condition=condition
    )


def make_vocoder(config: ModelConfig) -> Vocoder:
    """The vocoder of a config: options ``vocoder_width`` and ``vocoder_depth``."""
    width, depth = (int(config.options.get(f"vocoder_{key}", usual)) for key, usual in _VOCODER.items())
    return Vocoder(SoundShape.of(config), width, depth)


_VOCODER = {"width": 192, "depth": 4}


def _bands(shape: SoundShape) -> int:
    return shape.bands * shape.channels
