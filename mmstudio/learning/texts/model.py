"""A trained model of texts, ready to write: what ``Trainings.load_any`` gives for text-lm and text-vae."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.learning.texts.copying import Copied, CopyIndex, copy_rate

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.engine.prior import Prior
    from mmstudio.learning.texts.bpe import Bpe


@dataclass(slots=True)
class TextModel:
    """One trained text model; all random numbers come from the seeds given, one generator per text.

    Attributes:
        config: its config; ``config.family`` is "text-lm" or "text-vae".
        net: its network. bpe: its vocabulary. device: where it computes.
        index: the runs of words it learned from, or None (see :mod:`mmstudio.learning.texts.copying`).
        prior: of a text VAE's latents; None for a language model.
        fingerprint: the first 16 digits of the SHA-256 of its weights.
    """

    config: ModelConfig
    net: nn.Module
    bpe: Bpe
    device: torch.device
    index: CopyIndex | None = None
    prior: Prior | None = None
    fingerprint: str = ""

    @property
    def has_latent(self) -> bool:
        """Whether texts have a place in it: variations, in-betweens, encode and decode (a text VAE)."""
        return self.prior is not None

    def sample(
        self,
        count: int,
        seed: int,
        *,
        temperature: float = 0.9,
        top_p: float = 0.95,
        prompt: str = "",
        longest: int = 200,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """``count`` texts, one at a time; the first ones of a seed are the same however many are asked for.

        Args:
            temperature: 0 (always the likeliest) to 2. top_p: the likeliest tokens that make up this share
                are drawn from (Holtzman et al., "The curious case of neural text degeneration", ICLR 2020).
            prompt: what each text begins with (it is part of the result); a text VAE takes none.
            longest: tokens written at most, beside the prompt. stop: a text ends before any of these.

        Raises:
            UsageError: numbers out of range, or a prompt for a text VAE.
        """
        raise NotImplementedError

    def continue_tokens(
        self,
        prompt: str,
        seed: int,
        *,
        temperature: float = 0.9,
        top_p: float = 0.95,
        longest: int = 200,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """What follows ``prompt``, piece by piece as it is written; never half a character, never the
        beginning of a stop word that then comes. Joined it is what :meth:`sample` gives, less the prompt.

        Raises:
            UsageError: as :meth:`sample`; a text VAE writes whole texts only.
        """
        raise NotImplementedError

    def vary(
        self, text: str, count: int, seed: int, spread: float = 0.5, *, temperature: float = 0.5
    ) -> list[str]:
        """``count`` variations of a text, the nearest first; ``spread`` 0 (as it is) to 2 (far away).

        Raises:
            UsageError: a language model (it has no latents), nothing to vary, or numbers out of range.
        """
        raise NotImplementedError

    def between(self, a: str, b: str, steps: int = 5) -> list[str]:
        """``steps`` texts from ``a`` to ``b``, both as the model writes them, without chance.

        Raises:
            UsageError: a language model, an empty text, or fewer than two steps.
        """
        raise NotImplementedError

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Posterior means, N×latent float32 on the CPU; of a long text its beginning counts.

        Raises:
            UsageError: a language model.
        """
        raise NotImplementedError

    def decode(self, z: Tensor, seed: int = 0, temperature: float = 0.0, top_p: float = 0.95) -> list[str]:
        """N×latent → N texts; temperature 0 always gives the likeliest words.

        Raises:
            UsageError: a language model.
        """
        raise NotImplementedError

    def bits_per_byte(self, texts: Sequence[str]) -> float:
        """Bits that each byte of UTF-8 costs, each text by itself with its end; lower is better. For a text
        VAE an upper bound (the evidence bound). NaN where the texts are empty."""
        raise NotImplementedError

    def perplexity(self, texts: Sequence[str]) -> float:
        """exp of the mean nats per token of its own vocabulary, the ends included; a bound for a text VAE.
        Models of different vocabularies are compared by :meth:`bits_per_byte`. NaN for empty texts."""
        raise NotImplementedError

    def copied(self, text: str) -> Copied:
        """How much of a text stands in what the model learned from."""
        return copy_rate(text, self.index) if self.index is not None else copy_rate(text, None)
