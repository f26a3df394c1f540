"""Networks of texts: a decoder-only transformer, and a recurrent VAE of sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.config import ModelConfig
from mmstudio.learning.texts.bpe import BLANK

Net = TypeVar("Net", bound=nn.Module)


@dataclass(slots=True)
class Cache:
    """Keys and values of the tokens so far (per layer, N×heads×T×D), and how many tokens there were."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    seen: int = 0


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); N×T×W (pre-norm: Xiong et al., ICML 2020)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.RMSNorm(width)
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.norm_mlp = nn.RMSNorm(width)
        self.grow = nn.Linear(width, 4 * width, bias=False)
        self.shrink = nn.Linear(4 * width, width, bias=False)

    def forward(
        self,
        x: Tensor,
        turn: tuple[Tensor, Tensor],
        drop: float,
        random: torch.Generator | None,
        cache: Cache | None,
        layer: int,
        context: int,
    ) -> Tensor:
        n, count, width = x.shape
        shape = (n, count, 3, self.heads, width // self.heads)
        query, key, value = self.attend(self.norm(x)).view(shape).permute(2, 0, 3, 1, 4)
        query, key = _turned(query, *turn), _turned(key, *turn)
        if cache is not None:
            if layer < len(cache.keys):
                key = torch.cat([cache.keys[layer], key], 2)[:, :, -context:]
                value = torch.cat([cache.values[layer], value], 2)[:, :, -context:]
                cache.keys[layer], cache.values[layer] = key, value
            else:
                cache.keys.append(key)
                cache.values.append(value)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=count > 1)
        mixed = mixed.transpose(1, 2).reshape(n, count, width)
        x = x + dropped(self.attended(mixed), drop, random)
        grown = functional.gelu(self.grow(self.norm_mlp(x)))
        out: Tensor = x + dropped(self.shrink(grown), drop, random)
        return out


class TextLM(nn.Module):
    """Tokens int64 N×T → logits N×T×V of what comes next.

    Rotary positions (Su et al., "RoFormer", 2021): what was said counts by its distance, so that a text may
    become longer than the context it was trained with. Input and output share their embedding (Press and
    Wolf, 2017).
    """

    def __init__(self, vocabulary: int, widths: list[int], heads: int, context: int) -> None:
        super().__init__()
        self.width, self.heads, self.context = widths[0], heads, context
        self.embed = nn.Embedding(vocabulary, self.width)
        self.blocks = nn.ModuleList(Block(width, heads) for width in widths)
        self.norm = nn.RMSNorm(self.width)

    def forward(
        self,
        tokens: Tensor,
        *,
        cache: Cache | None = None,
        drop: float = 0.0,
        random: torch.Generator | None = None,
        last: bool = False,
    ) -> Tensor:
        """``random`` (on the tokens' device) draws the dropout; with ``cache`` the tokens follow what it has,
        one at a time but for the first call. ``last``: logits of the last token only, N×1×V."""
        start = cache.seen if cache is not None else 0
        turn = _turns(start, tokens.shape[1], self.width // self.heads, tokens.device)
        x = dropped(self.embed(tokens), drop, random)
        for layer, block in enumerate(self.blocks):
            x = block(x, turn, drop, random, cache, layer, self.context)
        if cache is not None:
            cache.seen += tokens.shape[1]
        x = self.norm(x[:, -1:] if last else x)
        return functional.linear(x, self.embed.weight)

    def cost(self, count: int) -> float:
        """Multiplications of one pass over ``count`` tokens."""
        each = 12 * self.width**2 * len(self.blocks) + self.width * self.embed.num_embeddings
        return float(count * (each + 2 * len(self.blocks) * count * self.width))


class TextVAE(nn.Module):
    """Sentences ↔ latents.

    The encoder is a bidirectional GRU whose states are pooled (maximum and mean; Long et al., "Preventing
    posterior collapse in sequence VAEs with pooling", 2019); the decoder a GRU that hears the latent at every
    word (Bowman et al., "Generating sentences from a continuous space", CoNLL 2016).
    """

    def __init__(self, vocabulary: int, width: int, latent: int) -> None:
        super().__init__()
        half = width // 2
        self.width, self.latent = width, latent
        self.embed = nn.Embedding(vocabulary, half)
        self.read = nn.GRU(half, half, batch_first=True, bidirectional=True)
        self.to_latent = nn.Linear(4 * half, 2 * latent)
        self.begin = nn.Linear(latent, width)
        self.write = nn.GRU(half + latent, width, batch_first=True)
        self.say = nn.Linear(width, half)

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """int64 N×T, padded with :data:`BLANK` → mean and log variance, N×latent each."""
        there = tokens != BLANK
        lengths = there.sum(1).clamp_min(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.read(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        weight = there[:, :, None].to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1).clamp_min(1.0)
        most = states.masked_fill(~there[:, :, None], -1.0).amax(1)
        mu, log_variance = self.to_latent(torch.cat([most, mean], 1)).chunk(2, 1)
        return mu, log_variance.clamp(-8.0, 4.0)

    def decode(
        self, z: Tensor, before: Tensor, *, drop: float = 0.0, random: torch.Generator | None = None
    ) -> Tensor:
        """N×latent and the words before each (int64 N×T) → logits N×T×V."""
        return self.step(z, before, self.start(z), drop=drop, random=random)[0]

    def start(self, z: Tensor) -> Tensor:
        """The decoder's state before the first word: 1×N×width."""
        return torch.tanh(self.begin(z))[None]

    def step(
        self,
        z: Tensor,
        before: Tensor,
        state: Tensor,
        *,
        drop: float = 0.0,
        random: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits N×T×V, and the state after them."""
        heard = dropped(self.embed(before), drop, random)
        told = z[:, None].expand(-1, before.shape[1], -1)
        states, state = self.write(torch.cat([heard, told], 2), state)
        said = self.say(dropped(states, drop, random))
        return functional.linear(said, self.embed.weight), state

    def cost(self, count: int) -> float:
        """Multiplications of one pass over ``count`` tokens, both halves."""
        half = self.width // 2
        read = 2 * 3 * half * 2 * half
        write = 3 * self.width * (self.width + half + self.latent) + self.width * half
        return float(count * (read + write + half * self.embed.num_embeddings))


def dropped(x: Tensor, share: float, random: torch.Generator | None) -> Tensor:
    """Dropout by an explicit generator on the same device (Srivastava et al., JMLR 2014); none without."""
    if random is None or share <= 0:
        return x
    kept = torch.rand(x.shape, generator=random, device=x.device) >= share
    return x * kept / (1.0 - share)


def make_lm(config: ModelConfig, vocabulary: int) -> TextLM:
    """The network of a text-lm over ``vocabulary`` tokens."""
    return TextLM(vocabulary, config.widths, int(config.options["heads"]), int(config.options["context"]))


def make_text_vae(config: ModelConfig, vocabulary: int) -> TextVAE:
    """The network of a text-vae over ``vocabulary`` tokens."""
    return TextVAE(vocabulary, config.widths[0], config.latent)


def filled(build: Callable[[], Net], device: torch.device, random: torch.Generator) -> Net:
    """Build a network without the global random generator; the same weights on every device.

    Normal with a spread of 0.02, less for what is added to the residual stream (GPT-2: Radford et al., 2019,
    section 2.3); recurrent weights orthogonal (Saxe et al., 2014); norms one, biases zero.
    """
    with torch.device("meta"):
        net = build()
    net = net.to_empty(device=torch.device("cpu"))
    depth = max(1, sum(isinstance(module, Block) for module in net.modules()))
    with torch.no_grad():
        for name, values in net.named_parameters():
            if "bias" in name:
                values.zero_()
            elif "norm" in name:
                values.fill_(1.0)
            elif "weight_hh" in name:
                for part in values.chunk(3):
                    torch.nn.init.orthogonal_(part, generator=random)
            elif isinstance(net, TextVAE) and "embed" not in name:
                values.normal_(0.0, 1.0 / math.sqrt(values.shape[1]), generator=random)
            else:
                last = name.endswith(("attended.weight", "shrink.weight"))
                spread = 0.02 / math.sqrt(2 * depth) if last else 0.02 if isinstance(net, TextLM) else 0.1
                values.normal_(0.0, spread, generator=random)
    return net.to(device=device)


def _turns(start: int, count: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    place = torch.arange(start, start + count, device=device, dtype=torch.float32)
    speed = 10_000.0 ** (-torch.arange(0, width, 2, device=device, dtype=torch.float32) / width)
    angle = place[:, None] * speed
    return angle.cos(), angle.sin()


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
