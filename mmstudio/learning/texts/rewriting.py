"""A sentence with some of its words changed for words that stand in like places: readable texts near it.

What a small text VAE writes by itself is often a muddle. Of a sentence that somebody wrote most can stay:
words are changed one after the other for words that are used alike, where what then stands side by side stood
so in the texts learned from. Of all such changes the one is taken that the decoder, led by another latent,
finds likeliest (Miao et al., "CGMH: constrained sentence generation by Metropolis-Hastings sampling", AAAI
2019, with a search in place of a chain).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.learning.texts.choosing import folded
from mmstudio.learning.texts.likeness import is_cjk, is_word, units

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.texts.likeness import Likeness
    from mmstudio.learning.texts.model import TextModel

_PLACES = 6  # looked at for each change
_WORDS = 24  # tried at each of them
_ALIKE = (
    (0.6, 0.38),
    (0.3, 0.48),
    (0.0, 0.6),
)  # share of runs of three that were met, and the cosine then enough
_NEAR = 0.3  # where no other change is found, of words that were met on both sides
_LOOSE = 0.62  # and of words that were met on one side
_UNHEARD = 0.5  # beside a word of which nothing is known
_RARER = 4.0  # times as rare as the word it stands for a word may be, no rarer
_FIRST = 0.55  # of the first word of a sentence
_ADDED = 0.4  # what a word that is added or left out counts as
MOST_WORDS, MOST_CHARACTERS = 80, 600  # of a text of which words are changed
_COMMON = 60  # words so common that they carry the sentence: they stay
_LEAST_LETTERS = 3
_BASE = 0.8  # how much of what a word costs by itself is not held against it
_MET_GAIN, _ALIKE_GAIN = 6.0, 16.0  # nats for runs of three that all were met, and for a cosine of 1
_ODD_LOSS = 6.0  # nats for each pair that was not


@dataclass(frozen=True, slots=True)
class Change:
    """A text in units, those of them that were changed so far, and the nats by which it gained."""

    parts: tuple[str, ...]
    done: frozenset[int]
    gain: float

    @property
    def text(self) -> str:
        """The text."""
        return "".join(self.parts)


def changed(
    model: TextModel,
    text: str,
    z: Tensor,
    seed: int,
    rounds: int,
    taken: Collection[str] = (),
    *,
    loose: bool = False,
) -> list[Change]:
    """``text`` with ``rounds`` words (of CJK also pairs of characters) changed for the latent ``z`` (1×L),
    best first; empty where it has no word that can be changed.

    Args:
        taken: texts (folded) that it must not become. loose: words may be less alike, and those very much
            alike may stand beside one word that they never stood beside.
    """
    random = np.random.default_rng([seed % (1 << 32), rounds])
    found: list[Change] = []
    now = Change(tuple(units(text)), frozenset(), 0.0)
    for _ in range(rounds):
        made = [one for one in _round(model, now, z, random, loose) if folded(one.text) not in taken]
        if not made:
            break
        found, now = made, made[0]
    return found


def _round(
    model: TextModel, now: Change, z: Tensor, random: np.random.Generator, loose: bool
) -> list[Change]:
    from mmstudio.learning.engine.text_rewriting import costs, nats_of, usual

    pen, likeness = model.pen(), model.likeness
    if likeness is None:
        return []
    nats = nats_of(pen, z, now.text, [len(part.encode()) for part in now.parts])
    options: dict[str, tuple[Change, float]] = {}
    verse = any(map(is_cjk, now.parts))
    for i, j, new, close in _edits(model, now, likeness, nats, random):
        parts = (*now.parts[:i], *new, *now.parts[j:])
        odd, met = likeness.met(parts, i, i + len(new))
        # Of CJK many pairs of characters are a text's own; of other texts what stands together is known.
        most = likeness.met(now.parts, i, j)[0] if verse else 0
        if loose:
            fits = odd <= most or (odd == most + 1 and close >= _LOOSE)
        else:
            fits = odd <= most and any(met >= least and close >= enough for least, enough in _ALIKE)
        if fits and close < _UNHEARD and not verse and (not loose or len(new) != j - i):
            fits = not likeness.unheard(parts, i, i + len(new))
        if fits:
            shift = len(new) - (j - i)
            done = {at if at < i else at + shift for at in now.done} | set(range(i, i + len(new)))
            change = Change(parts, frozenset(done), now.gain)
            more = _MET_GAIN * met + _ALIKE_GAIN * close - _ODD_LOSS * odd
            options.setdefault(change.text, (change, more))
    if not options:
        return []
    alone = usual(pen)
    texts = [now.text, *options]
    usually = np.array([float(alone[pen.bpe.encode(text)].sum()) for text in texts])
    fit = _BASE * usually - costs(pen, z, texts)
    found = [
        Change(change.parts, change.done, change.gain + more + float(own - fit[0]))
        for own, (change, more) in zip(fit[1:], options.values(), strict=True)
    ]
    return sorted(found, key=lambda one: -one.gain)


def _edits(
    model: TextModel, now: Change, likeness: Likeness, nats: NDArray[np.float64], random: np.random.Generator
) -> Iterator[tuple[int, int, tuple[str, ...], float]]:
    """What may be done: units i to j, what comes in their place, and how alike the two are."""
    found, weights = [], []
    for i, part in enumerate(now.parts):
        for j in (i + 1, i + 2) if is_cjk(part) else (i + 1,):
            if any(at in now.done for at in range(i, j)):
                continue
            word = "".join(now.parts[i:j]).strip()
            if is_word(part) and any(_changes(one, likeness) for one in (word, word.lower())):
                found.append((i, j))
                weights.append(max(0.5, float(nats[i:j].sum())))
    if not found:
        return
    keys = np.log(weights) + random.gumbel(
        size=len(found)
    )  # the largest of tilted draws: without replacement
    for k in np.argsort(-keys, kind="stable")[:_PLACES].tolist():
        i, j = found[k]
        for new, close in _others(now.parts, i, j, likeness):
            yield i, j, new, close
        if i and not is_cjk(now.parts[i]):
            yield i, j, (), _ADDED
            for word in _between(model, now.parts, i, likeness):
                yield i, i, (word,), _ADDED


def _between(model: TextModel, parts: tuple[str, ...], i: int, likeness: Likeness) -> Iterator[str]:
    """Words that were met between unit i and the one before."""
    if model.mixture is None:
        return
    for token in model.mixture.ngram.following(model.bpe.encode(parts[i - 1])[-1:]):
        word = model.bpe.pieces[token].decode("utf-8", "replace")
        if word[:1] == " " and word not in parts and _changes(word[1:], likeness):
            yield word


def _others(
    parts: tuple[str, ...], i: int, j: int, likeness: Likeness
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Units that may stand for units i to j, with their likeness."""
    old = "".join(parts[i:j])
    space, word = old[: len(old) - len(old.lstrip())], old.strip()
    large = word[:1].isupper()
    found = dict(likeness.like(word, _WORDS, _RARER))
    if i == 0 and large:
        for other, close in likeness.like(word.lower(), _WORDS, _RARER):
            found.setdefault(other[:1].upper() + other[1:], close)
    for other, close in found.items():
        fits = other[:1].isupper() == large and (not other.isupper() or word.isupper() or len(other) == 1)
        if (
            close >= (_FIRST if i == 0 and len(parts) > 3 else _NEAR)
            and fits
            and _changes(other, likeness, i == 0)
            and other.casefold() != word.casefold()
        ):
            yield tuple(units(space + other)), close


def _changes(word: str, likeness: Likeness, first: bool = False) -> bool:
    """Whether a word may come or go: known, none of those that every sentence is made of."""
    place = likeness.places.get(word, likeness.places.get(word.lower()) if first else None)
    if place is None or is_cjk(word):
        return place is not None
    common = min(_COMMON, len(likeness.words) // 20)
    return place >= common and len(word) >= _LEAST_LETTERS and "'" not in word and "’" not in word


def joined(model: TextModel, a: str, b: str, most: int = 24) -> list[str]:
    """Beginnings of one text with the end of the other, both ways, where runs of three across the joint
    stood in the texts learned from, the best known first. Texts of CJK keep their length; whole clauses may
    always be joined."""
    likeness = model.likeness
    if likeness is None:
        return []
    found: dict[str, float] = {}
    for one, other in ((units(a), units(b)), (units(b), units(a))):
        verse = is_cjk(one[0]) or is_cjk(other[0]) if one and other else False
        for i in range(1, len(one)):
            for j in range(1, len(other)):
                size = i + len(other) - j
                if verse and size not in (len(one), len(other)):
                    continue
                if not 0.5 * min(len(one), len(other)) <= size <= 1.25 * max(len(one), len(other)):
                    continue
                parts = [*one[:i], *other[j:]]
                odd, met = likeness.met(parts, i, i)
                clause = verse and not is_word(parts[i - 1]) and is_word(parts[i])
                whole = all(sum(map(is_word, some)) > 1 for some in (one[:i], other[j:]))
                if clause or (whole and not odd and met > 0.0):
                    found.setdefault("".join(parts), met)
    ways = sorted(found, key=lambda text: -found[text])
    return [text for text in ways if folded(text) not in (folded(a), folded(b))][:most]
