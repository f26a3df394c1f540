"""The two convolutional halves every picture-like family is made of: latent → grid and grid → vector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets.blocks import SLOPE, Down, Residual, Up, padding


class Decoder(nn.Module):
    """Latent vector → grid: learned linear map to 4×4, then one residual block per stage, doubling.

    Args:
        channels: channels of the output grid (3 for RGB, 1 for a log-mel spectrogram).
        widths: channels per stage from 4×4 upwards; the output is 4·2**(len-1) wide.
        latent: length of the latent vector.
        seamless: circular padding everywhere; the output repeats without a seam.
        styles: the latent also scales and shifts the channels of every stage (feature-wise modulation,
            Perez et al., "FiLM", AAAI 2018; its use per layer, with other latents for other layers, is the
            style mixing of Karras et al., CVPR 2019, section 3.1).
        condition: numbers of the condition (``conditions.Conditions.width``), 0 for none; its linear
            embedding is added to the latent.
    """

    def __init__(
        self,
        channels: int,
        widths: list[int],
        latent: int,
        *,
        seamless: bool = False,
        styles: bool = False,
        condition: int = 0,
    ) -> None:
        super().__init__()
        self.latent, self.first = latent, widths[0]
        self.from_latent = nn.Linear(latent, widths[0] * 16)
        self.stages = nn.ModuleList()
        for above, width in zip([widths[0], *widths[:-1]], widths, strict=True):
            up = nn.Identity() if not len(self.stages) else Up(above, width, seamless)
            self.stages.append(nn.Sequential(up, Residual(width, seamless)))
        self.styles = nn.ModuleList(nn.Linear(latent, 2 * width) for width in widths) if styles else None
        self.embed = nn.Linear(condition, latent, bias=False) if condition else None
        self.out = nn.Conv2d(widths[-1], channels, 3, padding=1, padding_mode=padding(seamless))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """N×latent, or N×stages×latent with one per stage, → N×channels×S×S, about [-1, 1], not squashed.

        ``c`` is N×condition; without it a conditional model draws as where nothing is known.
        """
        if self.embed is not None and c is not None:
            e = self.embed(c)
            z = z + (e if z.ndim == 2 else e[:, None])
        first = z if z.ndim == 2 else z[:, 0]
        h = self.from_latent(first).view(z.shape[0], self.first, 4, 4)
        h = h.contiguous(memory_format=torch.channels_last)
        for index, stage in enumerate(self.stages):
            assert isinstance(stage, nn.Sequential)
            h = stage[0](h)
            if self.styles is not None:
                style = self.styles[index](z if z.ndim == 2 else z[:, index])
                scale, shift = style[:, :, None, None].chunk(2, dim=1)
                h = h * (1 + scale) + shift
            h = stage[1](h)
        out: Tensor = self.out(functional.leaky_relu(h, SLOPE))
        return out


class Encoder(nn.Module):
    """Grid → vector: the mirror of :class:`Decoder`; the trunk of VAE encoders and of the discriminator."""

    def __init__(self, channels: int, widths: list[int], outputs: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[-1], 3, padding=1)
        self.stages = nn.ModuleList()
        for width, below in zip(reversed(widths), [*reversed(widths[:-1]), widths[0]], strict=True):
            last = len(self.stages) == len(widths) - 1
            self.stages.append(nn.Sequential(Residual(width), nn.Identity() if last else Down(width, below)))
        self.to_latent = nn.Linear(widths[0] * 16, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×S×S → N×outputs."""
        return self.features(x)[1]

    def features(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each stage sees (N×C×S×S, halving), and the N×outputs of :meth:`forward`."""
        h = self.stem(x.contiguous(memory_format=torch.channels_last))
        seen = []
        for stage in self.stages:
            h = stage(h)
            seen.append(h)
        out: Tensor = self.to_latent(functional.leaky_relu(h, SLOPE).flatten(1))
        return seen, out

    def freeze(self, layers: int) -> None:
        """Keep the stem and the first ``layers`` stages, those nearest to the pixels, as they are.

        Mo, Cho and Shin, "Freeze the discriminator: a simple baseline for fine-tuning GANs", 2020.
        """
        for module in [self.stem, *list(self.stages)[:layers]] if layers > 0 else []:
            module.requires_grad_(False)


class Discriminator(Encoder):
    """Grid → one score; with a condition by projection (Miyato and Koyama, "cGANs with projection
    discriminator", ICLR 2018): D(x, c) = a(φ(x)) + ⟨V c, B φ(x)⟩ / √P."""

    PROJECTION = 64

    def __init__(self, channels: int, widths: list[int], condition: int = 0) -> None:
        super().__init__(channels, widths, 1 + (self.PROJECTION if condition else 0))
        self.embed = nn.Linear(condition, self.PROJECTION, bias=False) if condition else None

    def score(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """N×channels×S×S (and N×condition) → N."""
        out = self(x).float()
        score: Tensor = out[:, 0]
        if self.embed is not None and c is not None:
            score = score + (self.embed(c).float() * out[:, 1:]).sum(1) / self.PROJECTION**0.5
        return score


def multiply_adds(widths: Sequence[int]) -> float:
    """Multiplications of one pass of a :class:`Decoder` or :class:`Encoder` for one example, roughly."""
    return float(sum(11 * width**2 * (4 << stage) ** 2 for stage, width in enumerate(widths)))
