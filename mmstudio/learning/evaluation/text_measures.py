"""Figures of sets of texts: how varied, how alike, how much of them is copied. A CJK character is a word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from mmstudio.cleaning.texts import words
from mmstudio.learning.texts.copying import CopyIndex, copy_rate, unknown_words

ORDER = 4  # of BLEU

Gram = tuple[str, ...]


def distinct(texts: Sequence[str], n: int, most: int = 0) -> float:
    """Different runs of ``n`` words over all of them, 0 to 1 (Li et al., "A diversity-promoting objective
    function", NAACL 2016); NaN where there are none.

    Longer sets repeat themselves more: sets are compared with the same ``most`` words, from the first on (0:
    all).
    """
    found: set[Gram] = set()
    total = left = 0
    left = most or sum(len(words(text)) for text in texts)
    for text in texts:
        some = words(text)[:left]
        left -= len(some)
        grams = _grams(some, n)
        found.update(grams)
        total += len(grams)
    return len(found) / total if total else math.nan


def word_count(texts: Sequence[str]) -> int:
    """Words of all of them."""
    return sum(len(words(text)) for text in texts)


def self_bleu(texts: Sequence[str]) -> float:
    """Mean BLEU-4 of each text against all the others, 0 (nothing shared) to 1 (Zhu et al., "Texygen", SIGIR
    2018). Texts of fewer than four words are left out; NaN where fewer than two are left.

    BLEU as in Papineni et al., ACL 2002: the geometric mean of the clipped precisions of runs of one to four
    words, times the brevity penalty against the nearest length; 0 where a precision is 0.
    """
    kept = [found for text in texts if len(found := words(text)) >= ORDER]
    if len(kept) < 2:
        return math.nan
    counts = [[Counter(_grams(one, n)) for one in kept] for n in range(1, ORDER + 1)]
    best = [_two_best(one) for one in counts]
    lengths = sorted(map(len, kept))
    total = 0.0
    for place, one in enumerate(kept):
        log = 0.0
        for n in range(ORDER):
            own = counts[n][place]
            clipped = sum(min(count, _of_others(best[n][gram], place)) for gram, count in own.items())
            if clipped == 0:
                log = -math.inf
                break
            log += math.log(clipped / sum(own.values())) / ORDER
        near = _nearest_other(lengths, len(one))
        total += math.exp(log + min(0.0, 1.0 - near / len(one)))
    return total / len(kept)


def bleu(text: str, references: Sequence[str]) -> float:
    """BLEU-4 of one text; see :func:`self_bleu`. Ties of the nearest length go to the shorter."""
    own, others = words(text), [words(one) for one in references]
    if len(own) < ORDER or not others:
        return 0.0
    log = 0.0
    for n in range(1, ORDER + 1):
        grams = Counter(_grams(own, n))
        most: Counter[Gram] = Counter()
        for other in others:
            most |= Counter(_grams(other, n))
        clipped = sum(min(count, most[gram]) for gram, count in grams.items())
        if clipped == 0:
            return 0.0
        log += math.log(clipped / sum(grams.values())) / ORDER
    near = min((len(other) for other in others), key=lambda size: (abs(size - len(own)), size))
    return math.exp(log + min(0.0, 1.0 - near / len(own)))


def copied_share(texts: Sequence[str], index: CopyIndex) -> tuple[float, int, str]:
    """Mean share of copied runs of the texts that have a run at all (NaN where none has), the longest copied
    run in words, and that passage."""
    found = [one for one in (copy_rate(text, index, index.n) for text in texts) if one.runs]
    if not found:
        return math.nan, 0, ""
    longest = max(found, key=lambda one: one.longest)
    return sum(one.rate for one in found) / len(found), longest.longest, longest.passage


def known_share(texts: Sequence[str], index: CopyIndex) -> float:
    """Share of the words of texts that the training texts of ``index`` have; numbers count as known. NaN
    where there are no words."""
    count = sum(len(words(text)) for text in texts)
    new = sum(len(unknown_words(text, index)) for text in texts)
    return 1.0 - new / count if count else math.nan


def _grams(found: list[str], n: int) -> list[Gram]:
    return [tuple(found[i : i + n]) for i in range(len(found) - n + 1)]


def _two_best(counts: list[Counter[Gram]]) -> dict[Gram, tuple[int, int, int]]:
    """Gram → (the most in one text, which text, the most in any other)."""
    best: dict[Gram, tuple[int, int, int]] = {}
    for place, one in enumerate(counts):
        for gram, count in one.items():
            first, owner, second = best.get(gram, (0, -1, 0))
            if count > first:
                best[gram] = (count, place, first)
            elif count > second:
                best[gram] = (first, owner, count)
    return best


def _of_others(best: tuple[int, int, int], place: int) -> int:
    return best[2] if best[1] == place else best[0]


def _nearest_other(lengths: list[int], own: int) -> int:
    """The length nearest to ``own`` among the others; ``lengths`` has ``own`` once for itself."""
    rest = list(lengths)
    rest.remove(own)
    return min(rest, key=lambda size: (abs(size - own), size))
