"""Networks of texts: a decoder-only transformer, and a VAE of sentences around the same transformer."""

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
READING = 2  # blocks of a text VAE's encoder


@dataclass(slots=True)
class Cache:
    """Keys and values of the tokens so far (per layer, N×heads×T×D), and how many tokens there were."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    seen: int = 0

    def take(self, rows: Tensor) -> None:
        """Keep these rows (int64, some perhaps twice), in this order."""
        self.keys = [one[rows] for one in self.keys]
        self.values = [one[rows] for one in self.values]


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
        mask: Tensor | None = None,
    ) -> Tensor:
        """``mask``, N×1×1×T: which tokens all others hear, those after them too (an encoder)."""
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
        causal = count > 1 and mask is None
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
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

    The encoder's blocks hear in both directions and are pooled (maximum and mean; Long et al., "Preventing
    posterior collapse in sequence VAEs with pooling", 2019). The decoder is a :class:`TextLM` that hears the
    latent in front of every block, and so can begin as a trained text writer (Li et al., "Optimus", 2020).
    """

    def __init__(self, vocabulary: int, widths: list[int], heads: int, latent: int) -> None:
        super().__init__()
        self.width, self.heads, self.latent = widths[0], heads, latent
        self.embed = nn.Embedding(vocabulary, self.width)
        self.read = nn.ModuleList(Block(self.width, heads) for _ in range(READING))
        self.norm_read = nn.RMSNorm(self.width)
        self.to_latent = nn.Linear(2 * self.width, 2 * latent)
        self.tell = nn.ModuleList(nn.Linear(latent, self.width) for _ in widths)
        self.blocks = nn.ModuleList(Block(width, heads) for width in widths)
        self.norm = nn.RMSNorm(self.width)

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """int64 N×T, padded with :data:`BLANK` → mean and log variance, N×latent each."""
        there = tokens != BLANK
        there[:, 0] |= ~there.any(1)  # a text of blanks alone is heard as one
        turn = _turns(0, tokens.shape[1], self.width // self.heads, tokens.device)
        x = self.embed(tokens)
        for layer, block in enumerate(self.read):
            x = block(x, turn, 0.0, None, None, layer, tokens.shape[1], there[:, None, None, :])
        x = self.norm_read(x)
        weight = there[:, :, None].to(x.dtype)
        mean = (x * weight).sum(1) / weight.sum(1)
        most = x.masked_fill(~there[:, :, None], -torch.inf).amax(1)
        mu, log_variance = self.to_latent(torch.cat([most, mean], 1)).chunk(2, 1)
        return mu, log_variance.clamp(-8.0, 4.0)

    def decode(
        self,
        z: Tensor,
        before: Tensor,
        *,
        cache: Cache | None = None,
        drop: float = 0.0,
        random: torch.Generator | None = None,
    ) -> Tensor:
        """N×latent and the words before each (int64 N×T) → logits N×T×V; see :meth:`TextLM.forward`."""
        start, count = cache.seen if cache is not None else 0, before.shape[1]
        turn = _turns(start, count, self.width // self.heads, before.device)
        x = dropped(self.embed(before), drop, random)
        for layer, (block, tell) in enumerate(zip(self.blocks, self.tell, strict=True)):
            x = block(x + tell(z)[:, None], turn, drop, random, cache, layer, start + count)
        if cache is not None:
            cache.seen += count
        return functional.linear(self.norm(x), self.embed.weight)

    def cost(self, count: int) -> float:
        """Multiplications of one pass over ``count`` tokens, both halves."""
        each = 12 * self.width**2 * (len(self.blocks) + READING) + self.width * self.embed.num_embeddings
        return float(count * (each + 2 * (len(self.blocks) + READING) * count * self.width))


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
    return TextVAE(vocabulary, config.widths, int(config.options["heads"]), config.latent)


def filled(build: Callable[[], Net], device: torch.device, random: torch.Generator) -> Net:
    """Build a network without the global random generator; the same weights on every device.

    Normal with a spread of 0.02, less for what is added to the residual stream (GPT-2: Radford et al., 2019,
    section 2.3); around a latent by the number of inputs, so that its numbers begin near one; norms one,
    biases zero.
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
            elif "latent" in name or "tell" in name:
                spread = 1.0 / math.sqrt(values.shape[1])
                values.normal_(0.0, spread if "latent" in name else 0.1 * spread, generator=random)
            else:
                last = name.endswith(("attended.weight", "shrink.weight"))
                spread = 0.02 / math.sqrt(2 * depth) if last else 0.02
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
