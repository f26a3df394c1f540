"""Key phrases of an item: phrases of its own words that tell it from the rest of the library."""

from __future__ import annotations

import html
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.features.texts.sentences import sentences
from mmstudio.features.texts.words import MAX_CHARACTERS, chinese_words, is_stop_word, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FROM_TITLE, FROM_POINT, FROM_TEXT, FROM_REVIEW = 3.0, 2.5, 1.0, 0.5
_TALK = 1.5  # what many reviews together can add: they must not drown what the item says of itself
_LONGEST = 3  # words
_PIECE = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+(?:['’&-][^\W_\u3400-\u9fff]+)*|[^\w\s]"
)
_BULLET = re.compile(r"\s*[-*•·▪●–]\s+")
_TAGS = re.compile(r"<[^>]{0,200}>")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_NO_START_LIST = """
anywhere everywhere somewhere place places
get got make made makes keep keeps give gives use used using go goes going come comes take takes want need
really quite much many lot lots thing things way day days time well even still also every each new great
good nice perfect ideal whether enough plenty love loved like best better one two three whatever wherever
whenever feel feels felt look looks looking think thought say said know stay stays find found see put let
try bought buy can't don't won't it'll you'd can doesn't isn't i've i'd it'd bit pretty sure able ever never
always should may might must shall could would let's yes no not featuring features include includes
including designed provide provides allow allows ensure ensures help helps offer offers come right left
around without within between while during through back sturdy easy 100
"""
_NO_START = frozenset(_NO_START_LIST.split())
_NO_END_LIST = """
made get keep give use used ideal easy designed featuring including great good nice perfect full new whether
enough plenty
"""
_NO_END = frozenset(_NO_END_LIST.split()) | {
    "soft",
    "comfortable",
    "really",
    "very",
    "much",
    "many",
    "every",
    "each",
    "even",
    "also",
    "still",
    "around",
}
_NO_LAST = re.compile(r"(?:ed|ly|n't|'\w+)$")
_NO_FIRST = re.compile(r"(?:n't|'\w+|[a-z]ly)$")
_NO_SINGLE = re.compile(r"(?:ing|ed|ly|er|est|ous|ful|able|y|ive)$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """``text`` as it is mostly written, ``score`` above 0 (comparable within one item), ``count`` of uses."""

    text: str
    score: float
    count: int


def key_phrases(
    fields: Sequence[tuple[str, float]], rarity: Callable[[str], float], k: int = 8
) -> list[Phrase]:
    """The k most telling phrases of one item, best first; [] where nothing is said.

    Args:
        fields: (text, weight) of what is said about it: FROM_TITLE, FROM_POINT (bullets of a description),
            FROM_TEXT, FROM_REVIEW (what is said in reviews only must be said twice).
        rarity: a word as :func:`tokens` makes it → inverse document frequency in the library, above 0.

    Candidates are runs of up to three words between stop words and punctuation (RAKE, Rose et al. 2010).
    A phrase scores its weighted frequency, dampened, times the mean rarity of its words; longer ones gain a
    little (as in C-value, Frantzi et al. 2000). A phrase whose words all stand in a better one is left out.
    """
    weights: dict[tuple[str, ...], float] = defaultdict(float)
    talked: dict[tuple[str, ...], float] = defaultdict(float)
    own: set[tuple[str, ...]] = set()
    title = {word for text, weight in fields if weight >= FROM_TITLE for word in tokens(text)}
    counts: Counter[tuple[str, ...]] = Counter()
    written: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for text, weight in fields:
        for sentence in sentences(text[:MAX_CHARACTERS]):
            for key, surface in _candidates(sentence):
                weights[key] += weight if weight > FROM_REVIEW or talked[key] < _TALK else 0.0
                talked[key] += weight if weight <= FROM_REVIEW else 0.0
                if weight < FROM_TITLE:
                    own.add(key)
                counts[key] += 1
                written[key][surface] += 1
    # The title is read already: it makes a phrase weigh more, and is one itself where little else is said.
    usable = [key for key in weights if key in own and weights[key] >= 1]
    beside = [key for key in usable if not set(key) <= title and len(set(key) & title) < 2]
    usable = beside if len(beside) >= min(k, 4) else usable or list(weights)
    scored = sorted(
        ((_score(key, weights[key], rarity), key) for key in usable), key=lambda pair: (-pair[0], pair[1])
    )
    found: list[Phrase] = []
    taken: list[set[str]] = []
    for score, key in scored:
        words = set(key)
        if any(len(words & other) >= min(len(words), len(other)) for other in taken):
            continue
        taken.append(words)
        surface = min(written[key].items(), key=lambda pair: (-pair[1], pair[0].isupper(), pair[0]))[0]
        found.append(Phrase(surface, round(score, 4), counts[key]))
        if len(found) == k:
            break
    return found


def description_fields(description: str) -> list[tuple[str, float]]:
    """A description as fields: its bullets name features, its sentences tell stories."""
    description = description[:MAX_CHARACTERS]
    points: list[str] = []
    prose: list[str] = []
    for line in re.sub(r"<(?:br|/p|/li)\s*/?>", "\n", description).splitlines():
        (points if _BULLET.match(line) else prose).append(_TAGS.sub(" ", line))
    return [
        (html.unescape("\n".join(prose)), FROM_TEXT),
        *((html.unescape(line), FROM_POINT) for line in points),
    ]


def _score(key: tuple[str, ...], weight: float, rarity: Callable[[str], float]) -> float:
    mean = sum(rarity(word) for word in key) / len(key)
    together = 1.0 + 0.5 * (len(key) - 1)
    return math.log1p(weight) * mean * together


def _candidates(sentence: str) -> list[tuple[tuple[str, ...], str]]:
    """(normal form, as written) of every run of up to three words that may be a phrase."""
    found: list[tuple[tuple[str, ...], str]] = []
    for run in _runs(sentence):
        for start in range(len(run)):
            for stop in range(start + 1, min(start + _LONGEST, len(run)) + 1):
                part = run[start:stop]
                key = tuple(word for word, _ in part)
                if _may_be(part):
                    han = bool(_HAN.match(part[0][1]))
                    found.append((key, ("" if han else " ").join(surface for _, surface in part)))
    return found


def _may_be(part: Sequence[tuple[str, str]]) -> bool:
    first, last = part[0][1].casefold(), part[-1][1].casefold()
    if first in _NO_START or last in _NO_END or last in _NO_START or _NO_LAST.search(last):
        return False
    if len(part) == 1:
        return (len(first) > 3 and not _NO_SINGLE.search(first)) or len(_HAN.findall(first)) >= 2
    return not _NO_FIRST.search(first) and len({word for word, _ in part}) == len(part)


def _runs(sentence: str) -> list[list[tuple[str, str]]]:
    """Runs of (normal form, as written) without stop words, punctuation or a change of script between."""
    runs: list[list[tuple[str, str]]] = [[]]
    han = False
    for match in _PIECE.finditer(sentence):
        piece = match.group()
        is_han = bool(_HAN.match(piece))
        if runs[-1] and (is_han != han):
            runs.append([])
        han = is_han
        for surface in chinese_words(piece) if is_han else [piece]:
            normal = tokens(surface) if not is_han else [surface]
            usable = len(normal) == 1 and not is_stop_word(surface) and any(c.isalpha() for c in surface)
            if usable:
                runs[-1].append((normal[0], surface))
            elif runs[-1]:
                runs.append([])
    return [run for run in runs if run]
