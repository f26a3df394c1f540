"""Writing with a model of texts: one token after the other, always whole characters."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from mmstudio.learning.nets.text import Cache, TextLM, TextVAE
from mmstudio.learning.texts.bpe import END, Bpe
from mmstudio.learning.texts.ngram import MOST_ORDER, Mixture

_LENGTH = 0.7

Next = Callable[[list[int]], Tensor]  # new tokens → float32[V] logits of what follows all of them


def generator_of(seed: int, place: int) -> torch.Generator:
    """The random numbers of text ``place`` of a seed: the same however many are written."""
    return torch.Generator().manual_seed((seed * 1_000_003 + zlib.crc32(str(place).encode())) % (1 << 62))


def lm_next(net: TextLM, device: torch.device, mixture: Mixture | None = None) -> Next:
    """What a text writer says, with the keys and values of all before kept; with ``mixture`` together with
    the counts."""
    cache = Cache()
    before: list[int] = []

    @torch.inference_mode()
    def say(new: list[int]) -> Tensor:
        tokens = torch.tensor([new[-net.context :]], device=device)
        logits: Tensor = net(tokens, cache=cache, last=True)
        said = logits[0, -1].float().cpu()
        if mixture is None:
            return said
        before.extend(new)
        del before[:-MOST_ORDER]
        both = mixture.of(said.double().softmax(0).numpy(), before)
        return torch.from_numpy(both).log().float()

    return say


def vae_next(net: TextVAE, z: Tensor, device: torch.device, mixture: Mixture | None = None) -> Next:
    """What a text VAE's decoder says of one latent (1×L); with ``mixture`` together with the counts."""
    z, cache = z.to(device), Cache()
    before: list[int] = []

    @torch.inference_mode()
    def say(new: list[int]) -> Tensor:
        logits = net.decode(z, torch.tensor([new], device=device), cache=cache)[:, -1].float().cpu()
        before.extend(new)
        return logits[0] if mixture is None else _together(logits, mixture, [before])[0]

    return say


def _together(logits: Tensor, mixture: Mixture, before: Sequence[list[int]]) -> Tensor:
    """float32[N, V] logits of what follows each of N beginnings, together with the counts."""
    said = logits.double().softmax(1).numpy()
    rows = [mixture.of(row, one[-MOST_ORDER:]) for row, one in zip(said, before, strict=True)]
    return torch.from_numpy(np.stack(rows)).log().float()


def writing(
    say: Next,
    bpe: Bpe,
    before: list[int],
    random: torch.Generator,
    *,
    temperature: float,
    top_p: float,
    longest: int,
) -> Iterator[bytes]:
    """The bytes of one token after the other, until the text ends or ``longest`` tokens are written.

    What would be no UTF-8 is never drawn. The last character is whole: at the limit what it lacks is still
    written, its likeliest continuation.
    """
    follows = torch.from_numpy(bpe.follows)
    long = torch.from_numpy(bpe.lengths) > 1
    state, new = 0, before
    for place in range(longest + 3):
        if place >= longest and state == 0:
            return
        refused = follows[state] < 0
        if place >= longest:
            refused = refused | long  # a longer token could begin another character
        logits = say(new).masked_fill(refused, -torch.inf)
        token = _choose(logits, temperature if place < longest else 0.0, top_p, random)
        if token == END:
            return
        state, new = int(follows[state, token]), [token]
        yield bpe.pieces[token]


def _choose(logits: Tensor, temperature: float, top_p: float, random: torch.Generator) -> int:
    if temperature <= 0.0:
        return int(logits.argmax())
    share, order = (logits / temperature).softmax(0).sort(descending=True, stable=True)
    total = share.cumsum(0)
    kept = max(1, int((total - share < top_p).sum()))
    drawn = torch.rand((), generator=random) * total[kept - 1]
    return int(order[min(kept - 1, int((total[:kept] <= drawn).sum()))])


def likeliest(
    net: TextVAE,
    bpe: Bpe,
    z: Tensor,
    device: torch.device,
    *,
    longest: int,
    beams: int = 4,
    mixture: Mixture | None = None,
) -> str:
    """The text that is likeliest for a latent (1×L); see :func:`likely`."""
    return likely(net, bpe, z, device, longest=longest, beams=beams, most=1, mixture=mixture)[0][1]


def likely(
    net: TextVAE,
    bpe: Bpe,
    z: Tensor,
    device: torch.device,
    *,
    longest: int,
    beams: int = 4,
    most: int = 4,
    mixture: Mixture | None = None,
) -> list[tuple[float, str]]:
    """The ``most`` texts that are likeliest for a latent (1×L) with their scores, the likeliest first; looked
    for with ``beams`` beginnings at a time; with ``mixture`` by network and counts together.

    Scores are divided by length to the power 0.7, so that short texts are not favoured (Wu et al., "Google's
    neural machine translation system", 2016, section 7, simplified). Never half a character.
    """
    follows = torch.from_numpy(bpe.follows)
    cache, z = Cache(), z.to(device)
    tokens: list[list[int]] = [[]]
    states, scores = torch.zeros(1, dtype=torch.int64), torch.zeros(1)
    done: list[tuple[float, list[int]]] = []
    new = torch.tensor([[END]])
    for place in range(1, longest + 1):
        with torch.inference_mode():
            logits = net.decode(z.expand(len(tokens), -1), new.to(device), cache=cache)[:, -1].float().cpu()
        if mixture is not None:
            logits = _together(logits, mixture, tokens)
        logits = logits.masked_fill(follows[states] < 0, -torch.inf)
        if place == 1:
            logits[:, END] = -torch.inf  # no sentence is nothing
        found = scores[:, None] + logits.log_softmax(1)
        if place > 1:
            ends = (found[:, END] / place**_LENGTH).tolist()
            done += [(end, one) for end, one in zip(ends, tokens, strict=True) if end > -math.inf]
            done = sorted(done, key=lambda one: -one[0])[:most]
        found[:, END] = -torch.inf
        scores, which = found.flatten().topk(min(beams, found.numel()))
        if len(done) == most and float(scores[0]) / longest**_LENGTH <= done[-1][0]:
            break  # none of them can become better
        rows = which // len(bpe)
        chosen = (which % len(bpe)).tolist()
        tokens = [[*tokens[row], token] for row, token in zip(rows.tolist(), chosen, strict=True)]
        states = follows[states[rows], torch.tensor(chosen)].long()
        new = torch.tensor(chosen)[:, None]
        cache.take(rows.to(device))
    done = done or [(-math.inf, tokens[0])]  # none ended within the limit
    return [(score, bpe.bytes_of(one).decode("utf-8", "ignore")) for score, one in done]


def whole_characters(pieces: Iterator[bytes]) -> Iterator[str]:
    """Text as soon as its characters are whole; bytes that never become one are left out."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text


def until(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """Pieces up to the first stop word; what may be the beginning of one is held back until it is known."""
    words = [word for word in stop if word]
    if not words:
        yield from pieces
        return
    held = ""
    for piece in pieces:
        held += piece
        found = [at for word in words if (at := held.find(word)) >= 0]
        if found:
            if held[: min(found)]:
                yield held[: min(found)]
            return
        keep = max(
            (size for word in words for size in range(1, len(word)) if held.endswith(word[:size])), default=0
        )
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    if held:
        yield held
