"""A trained model of texts, ready to write: what ``Trainings.load_any`` gives for text-lm and text-vae."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.errors import UsageError
from mmstudio.learning.texts.bpe import END
from mmstudio.learning.texts.choosing import BETWEEN, Candidate, best_new, candidates, folded, judged
from mmstudio.learning.texts.copying import Copied, CopyIndex, copy_rate
from mmstudio.learning.texts.likeness import is_word, units
from mmstudio.learning.texts.ordering import in_order
from mmstudio.learning.texts.rewriting import MOST_CHARACTERS, MOST_WORDS, changed

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from mmstudio.learning.config import ModelConfig
    from mmstudio.learning.engine.prior import Prior
    from mmstudio.learning.engine.text_rewriting import Pen
    from mmstudio.learning.engine.text_scoring import Paid
    from mmstudio.learning.texts.bpe import Bpe
    from mmstudio.learning.texts.likeness import Likeness
    from mmstudio.learning.texts.ngram import Mixture

LONGEST = 4000  # tokens of one text
_FURTHER = 6  # places looked at for a variation that is none of the others
_DIRECTIONS = 2  # in which each of them lies
_ENOUGH = 3  # places after which one with flaws will do
_CHANGED = 0.3  # share of its words that are changed for a variation at a spread of 1
_FEW = 4  # of the changes found for a latent, how many are judged
_ANYWHERE = 9.0  # a text with some of its words changed is near enough


@dataclass(slots=True)
class TextModel:
    """One trained text model; all random numbers come from the seeds given, one generator per text.

    Attributes:
        config: its config; ``config.family`` is "text-lm" or "text-vae".
        net: its network. bpe: its vocabulary. device: where it computes.
        index: the runs of words it learned from, or None (see :mod:`mmstudio.learning.texts.copying`).
        prior: of a text VAE's latents; None for a language model.
        fingerprint: the first 16 digits of the SHA-256 of its weights.
        mixture: the counted phrases that the network writes with; None where it writes alone. What a text VAE
            costs (:meth:`paid`) is the network's own.
    """

    config: ModelConfig
    net: nn.Module
    bpe: Bpe
    device: torch.device
    index: CopyIndex | None = None
    prior: Prior | None = None
    fingerprint: str = ""
    mixture: Mixture | None = None
    likeness: Likeness | None = None

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
        from mmstudio.learning.engine.text_sampling import generator_of

        _check(temperature, top_p, longest)
        if self.has_latent and prompt.strip():
            raise UsageError(
                "“{name}” writes whole sentences and takes no beginning.",
                hint="Give the beginning to a text writer, or a sentence to vary.",
                name=self.config.name,
            )
        for place in range(count):
            random = generator_of(seed, place)
            if self.prior is not None:
                z = self.prior.draw(1, random)
                pieces = self._decoding(z, random, temperature, top_p, longest)
                yield "".join(until_of(pieces, stop)).strip()
            else:
                pieces = self._going_on(prompt, random, temperature, top_p, longest)
                yield prompt + "".join(until_of(pieces, stop)).rstrip()

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
        beginning of a stop word that then comes. Joined (without white space at its end) it is what
        :meth:`sample` gives for one text, less the prompt.

        Raises:
            UsageError: as :meth:`sample`; a text VAE writes whole texts only.
        """
        from mmstudio.learning.engine.text_sampling import generator_of

        _check(temperature, top_p, longest)
        if self.has_latent:
            raise self._needs("text-lm")
        random = generator_of(seed, 0)
        yield from until_of(self._going_on(prompt, random, temperature, top_p, longest), stop)

    def vary(
        self, text: str, count: int, seed: int, spread: float = 0.5, *, temperature: float = 0.0
    ) -> list[str]:
        """``count`` variations of a text, the nearest first; ``spread`` 0 (as the model writes it) to 2 (any
        sentence). What comes out as the text itself or as an earlier one is looked for further away.

        Raises:
            UsageError: a language model (it has no latents), nothing to vary, or numbers out of range.
        """
        return [one for one, _ in self.varying(text, count, seed, spread, temperature=temperature)]

    def varying(
        self,
        text: str,
        count: int,
        seed: int,
        spread: float = 0.5,
        *,
        temperature: float = 0.0,
        top_p: float = 0.95,
        pick: bool = True,
    ) -> Iterator[tuple[str, Tensor]]:
        """The texts of :meth:`vary` with their latents (1×latent), one by one.

        At temperature 0 several texts are found for each place, those with flaws (see :mod:`.choosing`) are
        passed over while there are others, and of the rest the best is taken; without ``pick`` the likeliest
        text of one place is.
        """
        _check(temperature, top_p, 1)
        taken = {folded(text)}
        centre = self.encode([_something(text)]) if pick and temperature == 0.0 and spread > 0 else None
        for place in range(count):
            wide = spread * (place + 1) / count
            if centre is not None:
                chosen = self._varied(text, centre, wide, generator_seed(seed, place), spread, taken)
                found, z = (chosen.text, chosen.z) if chosen is not None else ("", centre)
            else:
                for further in range(_FURTHER if spread > 0.0 else 1):
                    z = self._around(text, wide * 1.5**further, generator_seed(seed, place), spread)
                    found = self.decode(z, seed + place, temperature, top_p)[0]
                    if found and folded(found) not in taken:
                        break
            taken.add(folded(found))
            yield found, z

    def _varied(
        self, text: str, centre: Tensor, wide: float, seed: int, spread: float, taken: set[str]
    ) -> Candidate | None:
        """The best new text around ``text``: with words of it changed; where none can be, a text that is
        written for a latent at ``wide`` in a few directions, then further away."""
        best = self._changed(text, centre, wide, seed, spread, taken)
        if best is not None:
            return best
        found: list[Candidate] = []
        for further in range(_FURTHER):
            for direction in range(_DIRECTIONS):
                z = self._around(text, wide * 1.5**further, seed + direction, spread)
                found += candidates(self, z, [text], spread, centre)
            best = best_new(found, taken)
            if best is not None and (not best.flaws or further + 1 >= _ENOUGH):
                break
        return best

    def _changed(
        self, text: str, centre: Tensor, wide: float, seed: int, spread: float, taken: set[str]
    ) -> Candidate | None:
        """The best of ``text`` with some of its words changed, None where there is none without flaws."""
        if not self._can_change(text):
            return None
        count = sum(map(is_word, units(text)))
        for loose in (False, True):
            found: list[Candidate] = []
            for direction in range(_DIRECTIONS):
                z = self._around(text, wide, seed + direction, spread)
                most = 1 if loose else min(count, max(1, round(wide * count * _CHANGED)))
                for rounds in range(most, 0, -1):
                    made = changed(self, text, z, seed + direction, rounds, taken, loose=loose)[:_FEW]
                    scored = [(one.gain / rounds, one.text) for one in made]
                    good = judged(self, scored, z, [text], _ANYWHERE, centre)
                    good = [one for one in good if not set(one.flaws) - ({"strange"} if loose else set())]
                    if good:
                        found += [Candidate(one.text, self.encode([one.text]), one.score) for one in good]
                        break
            if found:
                return best_new(found, taken)
        return None

    def _can_change(self, text: str) -> bool:
        """Whether single words of a text can be changed: known how they are used, and it is no long text."""
        if self.likeness is None or len(text) > MOST_CHARACTERS:
            return False
        return 0 < sum(map(is_word, units(text))) <= MOST_WORDS

    def latents_around(self, text: str, count: int, seed: int, spread: float = 0.5) -> Tensor:
        """Latents around a text, the nearest first: count×latent. From these :meth:`vary` begins."""
        import torch

        found = [
            self._around(text, spread * (place + 1) / count, generator_seed(seed, place), spread)
            for place in range(count)
        ]
        return torch.cat(found) if found else self.encode([_something(text)])[:0]

    def _around(self, text: str, wide: float, seed: int, spread: float) -> Tensor:
        """On the way from a text to one drawn from the prior, by ``wide`` / 2 of a quarter turn: latents in
        between are as far from the middle as those of real sentences (White, "Sampling generative networks",
        2016)."""
        import torch

        if not 0.0 <= spread <= 2.0:
            raise UsageError("The spread goes from 0 to 2.", hint="0.5 stays near the text.")
        centre = self.encode([_something(text)])
        assert self.prior is not None
        middle = self.prior.share @ self.prior.mean
        other = self.prior.draw(1, torch.Generator().manual_seed(seed)) - middle
        share = min(1.0, 0.5 * wide)
        if share == 0.0:
            return centre
        angle = 0.5 * math.pi * share
        return middle + math.cos(angle) * (centre - middle) + math.sin(angle) * other

    def between(self, a: str, b: str, steps: int = 5) -> list[str]:
        """``steps`` texts from ``a`` to ``b``, both as the model writes them, without chance.

        Raises:
            UsageError: a language model, an empty text, or fewer than two steps.
        """
        return self.decode_between(self.latents_between(a, b, steps), a, b)

    def decode_between(self, z: Tensor, a: str, b: str) -> list[str]:
        """The texts of the latents of :meth:`latents_between`: both as they are given, and between
        them those of many that lie nearest to their places in the row, none twice, in order.

        A model without :mod:`.likeness` (of an earlier version) writes both ends and all between them itself.
        """
        if self._can_change(a) and self._can_change(b):
            return [_something(a), *in_order(self, z, a, b), _something(b)]
        ends = self.decode(_cat([z[:1], z[-1:]]))
        taken, middle = {folded(end) for end in ends}, []
        for place in range(1, len(z) - 1):
            found = candidates(self, z[place : place + 1], [a, b], BETWEEN, _cat([z[:1], z[-1:]]))
            best = best_new((one for one in found if not one.flaws), taken) or next(iter(found), None)
            text = best.text if best is not None else ""
            taken.add(folded(text))
            middle.append(text)
        return [ends[0], *middle, ends[1]]

    def several(self, z: Tensor) -> list[tuple[float, str]]:
        """Texts for one latent (1×latent) with their scores (nearly mean nats; larger is likelier), the
        likeliest first; without chance.

        Raises:
            UsageError: a language model.
        """
        from mmstudio.learning.engine.text_sampling import likely
        from mmstudio.learning.nets.text import TextVAE

        if not isinstance(self.net, TextVAE):
            raise self._needs("text-vae")
        found = likely(
            self.net, self.bpe, z.float(), self.device, longest=self.length, mixture=self.mixture
        )  # fmt: skip
        return [(score, text.strip()) for score, text in found]

    def radius(self, z: Tensor) -> float:
        """How far latents (N×latent) lie from the middle of the prior, on average: a unit for distances."""
        assert self.prior is not None
        middle = self.prior.share @ self.prior.mean
        return max(1e-6, float((z - middle).norm(dim=1).mean()))

    def latents_between(self, a: str, b: str, steps: int = 5) -> Tensor:
        """The latents of :meth:`between`: steps×latent."""
        import torch

        if steps < 2:
            raise UsageError("From one text to another there are at least two steps.")
        ends = self.encode([_something(a), _something(b)])
        share = torch.linspace(0.0, 1.0, steps)[:, None]
        return (1 - share) * ends[:1] + share * ends[1:]

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Posterior means, N×latent float32 on the CPU; of a long text its beginning counts.

        Raises:
            UsageError: a language model.
        """
        import torch

        from mmstudio.learning.engine.text_data import padded
        from mmstudio.learning.nets.text import TextVAE

        if not isinstance(self.net, TextVAE):
            raise self._needs("text-vae")
        rows = []
        with torch.inference_mode():
            for text in texts:  # one by one: the same numbers alone and among others
                x = padded([self.bpe.encode(text)], self.length).to(self.device)
                rows.append(self.net.encode(x)[0].float().cpu())
        return torch.cat(rows) if rows else torch.empty(0, self.config.latent)

    def decode(self, z: Tensor, seed: int = 0, temperature: float = 0.0, top_p: float = 0.95) -> list[str]:
        """N×latent → N texts; temperature 0 gives the likeliest text that a beam search finds.

        Raises:
            UsageError: a language model.
        """
        from mmstudio.learning.engine.text_sampling import generator_of, likeliest
        from mmstudio.learning.nets.text import TextVAE

        _check(temperature, top_p, 1)
        if not self.has_latent:
            raise self._needs("text-vae")
        found = []
        for place in range(len(z)):
            if temperature == 0.0 and isinstance(self.net, TextVAE):
                one = z[place : place + 1].float()
                known: dict[str, Any] = {"longest": self.length, "mixture": self.mixture}
                found.append(likeliest(self.net, self.bpe, one, self.device, **known).strip())
                continue
            random = generator_of(seed, place)
            pieces = self._decoding(z[place : place + 1].float(), random, temperature, top_p, self.length)
            found.append("".join(pieces).strip())
        return found

    def bits_per_byte(self, texts: Sequence[str]) -> float:
        """Bits that each byte of UTF-8 costs, each text by itself with its end; lower is better. For a text
        VAE an upper bound (the evidence bound). NaN where the texts are empty."""
        return self.paid(texts).bits_per_byte

    def perplexity(self, texts: Sequence[str]) -> float:
        """exp of the mean nats per token of its own vocabulary, the ends included; a bound for a text VAE.
        Models of different vocabularies are compared by :meth:`bits_per_byte`. NaN for empty texts."""
        return self.paid(texts).perplexity

    def paid(self, texts: Sequence[str]) -> Paid:
        """The sums behind :meth:`bits_per_byte`; of a text VAE a :class:`engine.text_scoring.VaePaid`."""
        found = None
        for found in self.paying(texts):  # noqa: B007 - the last one is the whole
            pass
        assert found is not None
        return found

    def paying(self, texts: Sequence[str]) -> Iterator[Paid]:
        """The same, the sums so far after each pass of the network."""
        from mmstudio.learning.engine.text_scoring import scoring_lm, scoring_vae
        from mmstudio.learning.nets.text import TextLM, TextVAE

        rows = [tokens for text in texts if (tokens := self.bpe.encode(text))]
        if isinstance(self.net, TextVAE):
            yield from scoring_vae(self.net, self.bpe, rows, self.device, self.length)
        else:
            assert isinstance(self.net, TextLM)
            yield from scoring_lm(self.net, self.bpe, rows, self.device, self.mixture)

    def copied(self, text: str) -> Copied:
        """How much of a text stands in what the model learned from."""
        return copy_rate(text, self.index)

    def pen(self) -> Pen:
        """What writes and pays for texts of a latent. Raises UsageError: a language model."""
        from mmstudio.learning.engine.text_rewriting import Pen
        from mmstudio.learning.nets.text import TextVAE

        if not isinstance(self.net, TextVAE):
            raise self._needs("text-vae")
        return Pen(self.net, self.bpe, self.device, self.mixture)

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def length(self) -> int:
        """Tokens of the longest sentence of a text VAE, its end included."""
        return int(self.config.options.get("length", 48.0))

    def _going_on(
        self, prompt: str, random: torch.Generator, temperature: float, top_p: float, longest: int
    ) -> Iterator[str]:
        from mmstudio.learning.engine.text_sampling import lm_next, whole_characters, writing
        from mmstudio.learning.nets.text import TextLM

        assert isinstance(self.net, TextLM)
        say = lm_next(self.net, self.device, self.mixture)
        before = [END, *self.bpe.encode(prompt)]
        limits: dict[str, Any] = {"temperature": temperature, "top_p": top_p, "longest": longest}
        return whole_characters(writing(say, self.bpe, before, random, **limits))

    def _decoding(
        self, z: Tensor, random: torch.Generator, temperature: float, top_p: float, longest: int
    ) -> Iterator[str]:
        from mmstudio.learning.engine.text_sampling import vae_next, whole_characters, writing
        from mmstudio.learning.nets.text import TextVAE

        assert isinstance(self.net, TextVAE)
        say = vae_next(self.net, z, self.device, self.mixture)
        limits: dict[str, Any] = {"temperature": temperature, "top_p": top_p}
        longest = min(longest, self.length)
        return whole_characters(writing(say, self.bpe, [END], random, longest=longest, **limits))

    def _needs(self, other: str) -> UsageError:
        if other == "text-vae":
            return UsageError(
                "“{name}” is a text writer: its texts have no place to vary or to go between.",
                hint="Train a text VAE for that (mmstudio train LIB text-vae).",
                name=self.config.name,
            )
        return UsageError(
            "“{name}” writes whole sentences and takes no beginning.",
            hint="Give the beginning to a text writer, or a sentence to vary.",
            name=self.config.name,
        )


def _cat(parts: Sequence[Tensor]) -> Tensor:
    import torch

    return torch.cat(list(parts))


def generator_seed(seed: int, place: int) -> int:
    """The seed of text ``place`` of a seed; see :func:`engine.text_sampling.generator_of`."""
    return (seed * 1_000_003 + zlib.crc32(str(place).encode())) % (1 << 62)


def until_of(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """Pieces up to the first stop word."""
    from mmstudio.learning.engine.text_sampling import until

    return until(pieces, stop)


def _check(temperature: float, top_p: float, longest: int) -> None:
    if not 0.0 <= temperature <= 2.0:
        raise UsageError("The temperature goes from 0 to 2.", hint="0.9 is the usual value.")
    if not 0.0 < top_p <= 1.0:
        raise UsageError("The share of likely words (top-p) lies above 0 and up to 1.", hint="0.95 is usual.")
    if not 1 <= longest <= LONGEST:
        raise UsageError("A text has from 1 to {most} tokens.", hint="200 is usual.", most=LONGEST)


def _something(text: str) -> str:
    if not text.strip():
        raise UsageError("There is no text to start from.", hint="Give a sentence.")
    return text.strip()
