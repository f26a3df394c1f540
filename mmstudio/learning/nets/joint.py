"""Networks of the joint model: an encoder and a decoder for each modality, and small ones over the latents.

Plain strided convolutions as the multimodal literature uses them (Sutter et al., ICLR 2021): on two CPU cores
they see twice as many examples a second as residual ones at equal likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional


class PartShape(Protocol):
    """What a network needs to know of a modality; see ``joint.parts.Part``."""

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def vocabulary(self) -> int: ...


class PictureEncoder(nn.Module):
    """N×C×S×S in [0, 1] → N×hidden; halves the side down to 4, widths w, 2w, 4w, 4w…"""

    def __init__(self, channels: int, size: int, width: int, hidden: int) -> None:
        super().__init__()
        widths = [channels, *_widths(size, width)]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1] * 16, hidden)

    def forward(self, x: Tensor) -> Tensor:
        h = x.contiguous(memory_format=torch.channels_last)
        for conv in self.convs:
            h = functional.relu(conv(h), inplace=True)
        return functional.relu(self.last(h.flatten(1)))


class PictureDecoder(nn.Module):
    """N×latent → N×C×S×S, about [0, 1], not squashed; the mirror of the encoder."""

    def __init__(self, channels: int, size: int, width: int, latent: int) -> None:
        super().__init__()
        widths = [*reversed(_widths(size, width)), channels]
        self.first = widths[0]
        self.from_latent = nn.Linear(latent, widths[0] * 16)
        self.convs = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths)
        )

    def forward(self, z: Tensor) -> Tensor:
        h = functional.relu(self.from_latent(z)).view(len(z), self.first, 4, 4)
        h = h.contiguous(memory_format=torch.channels_last)
        for index, conv in enumerate(self.convs):
            h = conv(h if index == 0 else functional.relu(h, inplace=True))
        return h


class TokenEncoder(nn.Module):
    """int64 N×T → N×hidden: embedded, two convolutions along the text, flattened (places matter)."""

    def __init__(self, length: int, vocabulary: int, width: int, hidden: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 2 * width)
        self.near = nn.Conv1d(2 * width, 4 * width, 3, padding=1)
        self.far = nn.Conv1d(4 * width, 4 * width, 4, stride=2, padding=1)
        self.last = nn.Linear(4 * width * max(1, length // 2), hidden)
        self.length = length

    def forward(self, tokens: Tensor) -> Tensor:
        h = self.embed(tokens).transpose(1, 2)
        h = functional.relu(self.near(h))
        h = functional.relu(self.far(h)) if self.length > 1 else h
        return functional.relu(self.last(h.flatten(1)))


class TokenDecoder(nn.Module):
    """N×latent → N×T×vocabulary logits, all places at once: it cannot learn to ignore the latent."""

    def __init__(self, length: int, vocabulary: int, width: int, latent: int) -> None:
        super().__init__()
        self.length, self.width = length, 2 * width
        self.from_latent = nn.Linear(latent, length * 2 * width)
        self.near = nn.Conv1d(2 * width, 4 * width, 5, padding=2)
        self.far = nn.Conv1d(4 * width, 4 * width, 5, padding=2)
        self.out = nn.Conv1d(4 * width, vocabulary, 1)

    def forward(self, z: Tensor) -> Tensor:
        h = functional.relu(self.from_latent(z)).view(len(z), self.width, self.length)
        h = functional.relu(self.far(functional.relu(self.near(h))))
        out: Tensor = self.out(h).transpose(1, 2)
        return out


class RowEncoder(nn.Module):
    """N×D → N×hidden for bits and vectors."""

    def __init__(self, length: int, hidden: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(length, hidden), nn.Linear(hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.last(functional.relu(self.first(x))))


class RowDecoder(nn.Module):
    """N×latent → N×D (logits of bits, or values)."""

    def __init__(self, length: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.first, self.middle = nn.Linear(latent, hidden), nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, length)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.out(functional.relu(self.middle(functional.relu(self.first(z)))))
        return out


class Velocity(nn.Module):
    """The velocity of latents on their way from noise to data (flow matching), told what is known.

    A residual network over N×L with the time (N) and N×condition scaling and shifting each block.
    """

    FREQUENCIES = 16

    def __init__(self, latent: int, condition: int, width: int, blocks: int = 3) -> None:
        super().__init__()
        self.enter = nn.Linear(latent, width)
        self.tell = nn.Linear(condition + 2 * self.FREQUENCIES, width)
        self.tell_more = nn.Linear(width, width)
        self.styles = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(blocks))
        self.first = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.out = nn.Linear(width, latent)

    def forward(self, z: Tensor, time: Tensor, known: Tensor) -> Tensor:
        octaves = torch.arange(self.FREQUENCIES, device=z.device, dtype=z.dtype)
        angle = time[:, None] * math.pi * torch.exp2(0.5 * octaves)
        told = self.tell(torch.cat([known, torch.sin(angle), torch.cos(angle)], dim=1))
        told = functional.silu(self.tell_more(functional.silu(told)))
        h = self.enter(z)
        for style, first, second in zip(self.styles, self.first, self.second, strict=True):
            scale, shift = style(told).chunk(2, dim=1)
            own = functional.layer_norm(h, h.shape[1:]) * (1 + scale) + shift
            h = h + second(functional.silu(first(own)))
        out: Tensor = self.out(functional.silu(h))
        return out


class LatentNet(nn.Module):
    """N×L → N×outputs, two hidden layers: generator and critic of the GAN over joint latents."""

    def __init__(self, latent: int, width: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(latent, width), nn.Linear(width, width)
        self.out = nn.Linear(width, outputs)

    def forward(self, z: Tensor) -> Tensor:
        h = functional.leaky_relu(self.first(z), 0.2)
        out: Tensor = self.out(functional.leaky_relu(self.second(h), 0.2))
        return out


class Corrector(LatentNet):
    """N×L drawn by the Gaussian mixture → N×L, moved by what a latent GAN learned.

    Attributes: centre, scale: L each, of the latents it was learned on.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, latent: int, width: int) -> None:
        super().__init__(latent, width, latent)
        self.register_buffer("centre", torch.zeros(latent))
        self.register_buffer("scale", torch.ones(latent))

    def forward(self, z: Tensor) -> Tensor:
        return z + self.scale * super().forward((z - self.centre) / self.scale)


class JointNet(nn.Module):
    """All parts together.

    Args:
        parts: the modalities, in order. latent: numbers of the joint latent; private: of each part's own.
        width: channels of the finest stage; hidden: units between a part and its latent.
        context: numbers each part tells the conditional prior, 0 for none of that.
    """

    def __init__(
        self,
        parts: Sequence[PartShape],
        latent: int,
        private: int,
        width: int,
        hidden: int,
        context: int,
        flow_width: int = 256,
    ) -> None:
        super().__init__()
        self.latent, self.private, self.context = latent, private, context
        self.encoders = nn.ModuleList(make_encoder(part, width, hidden) for part in parts)
        self.heads = nn.ModuleList(nn.Linear(hidden, 2 * (latent + private)) for _ in parts)
        self.decoders = nn.ModuleList(make_decoder(part, width, hidden, latent + private) for part in parts)
        self.spreads = nn.ParameterList(nn.Parameter(torch.zeros(private)) for _ in parts)
        self.contexts = nn.ModuleList(nn.Linear(hidden, context) for _ in parts if context)
        condition = len(parts) * (context + 1)
        self.flow = Velocity(latent, condition, flow_width) if context else None

    def known(self, told: Sequence[Tensor], present: Tensor) -> Tensor:
        """What the conditional prior is told: contexts (N×context each; zeros if absent), and which are."""
        there = present.to(told[0].dtype)
        kept = [c * there[:, m : m + 1] for m, c in enumerate(told)]
        return torch.cat([*kept, there], dim=1)


def make_encoder(part: PartShape, width: int, hidden: int) -> nn.Module:
    """The encoder of a part: its array (pictures in [0, 1]) → N×hidden."""
    if part.kind == "picture":
        return PictureEncoder(part.shape[0], part.shape[1], width, hidden)
    if part.kind == "tokens":
        return TokenEncoder(part.shape[0], part.vocabulary, width, hidden)
    return RowEncoder(part.shape[0], hidden)


def make_decoder(part: PartShape, width: int, hidden: int, latent: int) -> nn.Module:
    """The decoder of a part: N×latent → its array."""
    if part.kind == "picture":
        return PictureDecoder(part.shape[0], part.shape[1], width, latent)
    if part.kind == "tokens":
        return TokenDecoder(part.shape[0], part.vocabulary, width, latent)
    return RowDecoder(part.shape[0], hidden, latent)


def fill(net: nn.Module, random: torch.Generator) -> nn.Module:
    """Start values from ``random``: uniform within ±1/√fan-in, as torch does by its global generator; the
    last layers of residual blocks and of the velocity start at zero."""
    with torch.no_grad():
        for name, module in net.named_modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(generator=random)
            elif isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
                bound = module.weight[0].numel() ** -0.5
                if ".second." in name or name.endswith("flow.out"):
                    bound = 0.0
                module.weight.uniform_(-bound, bound, generator=random)
                if module.bias is not None:
                    module.bias.uniform_(-bound, bound, generator=random)
    return net


def _widths(size: int, width: int) -> list[int]:
    stages = size.bit_length() - 3  # down to 4×4
    return [width * min(4, 2**stage) for stage in range(stages)]
