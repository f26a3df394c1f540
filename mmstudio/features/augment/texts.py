"""Texts: synonyms, left-out words, swapped neighbours, in English and Chinese.

After Wei & Zou, "EDA: easy data augmentation techniques", EMNLP 2019. Numbers, prices, addresses, names and
negations are never touched.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from mmstudio.features.augment.recipe import Applied, AugmentRecipe, Draw, content_key, draws
from mmstudio.features.augment.synonyms import Synonyms, synonyms

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

MOST_CHARACTERS = 100_000  # of one text; what comes behind stays as it is, and the result says so
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(
    rf"""(?P<fixed>https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|[@\#]\w+
        |[$€£¥₹￥]?\s?\d[\w.,:/%°‰×+-]*(?:\s?[€$£¥%°])?)
    |(?P<han>[{_HAN}]+)
    |(?P<word>[^\W\d_{_HAN}]+(?:['’-][^\W\d_{_HAN}]+)*)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NEGATIONS = frozenset(
    [
        *("no", "not", "never", "none", "nothing", "nor", "neither", "without", "cannot", "can't", "don't"),
        *("doesn't", "didn't", "won't", "isn't", "aren't", "wasn't", "不", "没", "没有", "无", "非", "未"),
        *("别", "勿", "莫", "不是", "不要", "不会", "不能", "并非", "从不"),
    ]
)
_NUMERALS = re.compile(
    r"(?!十分$)[零〇一二三四五六七八九十百千万亿两半几第]+[个只件条块张本杯瓶双对款种次天年月日元岁位名台套米克斤度分秒点]?"
)
_CURRENCY = frozenset(
    [
        *("dollar", "dollars", "euro", "euros", "pound", "pounds", "yuan", "cent", "cents", "usd", "eur"),
        *("gbp", "cny", "rmb", "元", "块", "美元", "欧元"),
    ]
)
_SENTENCE_END = frozenset(".!?。！？…\n:：;；")
_cut_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Change:
    """One change: characters ``start`` to ``end`` of the new text, what stood there, and the operation."""

    start: int
    end: int
    was: str
    operation: str


@dataclass(frozen=True, slots=True)
class TextResult:
    """One augmented text.

    Attributes:
        text: the copy. changes: where it differs, in order.
        skipped: operations that found nothing they may change.
        untouched: characters at the end that were not looked at (texts above 100,000 characters).
        source: where synonyms came from, marked English.
    """

    text: str
    applied: tuple[Applied, ...] = ()
    changes: tuple[Change, ...] = ()
    skipped: tuple[str, ...] = ()
    untouched: int = 0
    source: str = ""


@dataclass(slots=True)
class _Piece:
    text: str
    kind: str
    free: bool = False  # a word that may be changed
    starts: bool = False  # first word of a sentence
    was: str = ""
    operation: str = ""
    next_word: str = ""  # behind an article: the word it was chosen for

    @property
    def is_word(self) -> bool:
        return self.kind in ("word", "han") and self.operation != "dropout"


def augment_text(
    text: str,
    recipe: AugmentRecipe,
    index: int = 0,
    key: str = "",
    *,
    protect: Iterable[str] = (),
    source: Synonyms | None = None,
) -> TextResult:
    """One augmented copy of a text.

    Args:
        text: any text; empty, one word, only emoji or numbers come back as they are.
        recipe: what may happen. index: number of the copy. key: names the text; its own hash where empty.
        protect: titles and names whose words are never changed.
        source: where synonyms are looked up; the own list and an installed WordNet where None.

    Returns:
        The copy. Numbers, prices, web addresses, words behind numbers (units), capitalised names inside
        sentences, and negations stay; so do capital first letters and punctuation; a/an follows its word.
    """
    found = source or synonyms()
    head, tail = text[:MOST_CHARACTERS], text[MOST_CHARACTERS:]
    wanted = draws(recipe, "text", key or content_key(text), index)
    if not wanted or not head.strip():
        return TextResult(text, skipped=tuple(draw.name for draw in wanted), source=found.name)
    pieces = _pieces(head, tuple(protect))
    applied: list[Applied] = []
    skipped: list[str] = []
    for draw in wanted:
        if draw.name == "synonyms":
            done = _replace(pieces, draw, found)
        else:
            done = (_leave_out if draw.name == "dropout" else _swap)(pieces, draw)
        if done:
            applied.append(draw.applied)
        else:
            skipped.append(draw.name)
    if applied:
        _mend(pieces)
    made, changes = _joined(pieces)
    return TextResult(made + tail, tuple(applied), changes, tuple(skipped), len(tail), found.name)


# --- reading ------------------------------------------------------------------------------------------------


def _pieces(text: str, protect: tuple[str, ...]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for match in _PIECE.finditer(text):
        kind = str(match.lastgroup)
        parts = _cut(match.group()) if kind == "han" else [match.group()]
        pieces += [_Piece(part, kind) for part in parts]
    _free_words(pieces, protect)
    words = [piece for piece in pieces if piece.is_word]
    for piece, following in pairwise(words):
        if piece.text.casefold() in ("a", "an"):
            piece.next_word = following.text
    return pieces


def _free_words(pieces: list[_Piece], protect: tuple[str, ...]) -> None:
    """Mark first words of sentences and the words that may be changed."""
    held = {m.group().casefold() for title in protect for m in _PIECE.finditer(title)}
    titles = "\n".join(protect)
    spaced = [p for p in pieces if p.kind == "word"]
    capitals = sum(p.text[0].isupper() for p in spaced)
    headline = len(spaced) > 1 and capitals > 0.6 * len(spaced)  # capitals then say nothing about names
    first, after_number = True, False
    for piece in pieces:
        if piece.kind == "other":
            first = first or piece.text in _SENTENCE_END
            after_number = False
        elif piece.kind == "space":
            first = first or "\n" in piece.text
        elif piece.kind == "fixed":
            first, after_number = False, True
        else:
            small = piece.text.casefold()
            piece.starts, first = first, False
            number = piece.kind == "han" and _NUMERALS.fullmatch(piece.text) is not None
            name = piece.kind == "word" and not headline and _looks_like_a_name(piece)
            in_title = small in held or (piece.kind == "han" and piece.text in titles)
            fixed = number or name or in_title or after_number
            piece.free = not fixed and small not in _NEGATIONS and small not in _CURRENCY
            after_number = number


def _looks_like_a_name(piece: _Piece) -> bool:
    inner = piece.text[1:]
    return inner != inner.lower() or (piece.text[0].isupper() and not piece.starts and piece.text != "I")


def _cut(run: str) -> list[str]:
    with _cut_lock:
        return list(_cutter()(run))


@lru_cache(maxsize=1)
def _cutter() -> Callable[[str], Iterable[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba's own source warns while it is compiled
        import logging

        import jieba

        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
    cut: Callable[[str], Iterable[str]] = jieba.cut
    return cut


# --- changing -----------------------------------------------------------------------------------------------


def _replace(pieces: list[_Piece], draw: Draw, source: Synonyms) -> bool:
    """``amount`` of the words that have a synonym, one at least."""
    known = [
        (piece, others)
        for piece in pieces
        if piece.free and (others := source.alternatives(_key(piece), "zh" if piece.kind == "han" else "en"))
    ]
    for place in _some(draw.random, len(known), draw.amount):
        piece, others = known[place]
        other = others[int(draw.random.integers(len(others)))]
        piece.was, piece.operation = piece.text, "synonyms"
        piece.text = _cased(other, piece.text)
    return bool(known) and draw.amount > 0


def _leave_out(pieces: list[_Piece], draw: Draw) -> bool:
    """``amount`` of the words that may go, one at least; a text keeps half of its words."""
    words = sum(piece.is_word for piece in pieces)
    free = [i for i in _beside_words(pieces) if pieces[i].free and not pieces[i].operation]
    if words < 3 or not free or draw.amount <= 0:
        return False
    for place in (free[i] for i in _some(draw.random, len(free), min(draw.amount, 0.5 * words / len(free)))):
        piece = pieces[place]
        piece.was, piece.text, piece.operation = piece.text, "", "dropout"
        before = next((p for p in reversed(pieces[:place]) if p.text), None)
        after = next((p for p in pieces[place + 1 :] if p.text), None)
        # One of the spaces around it goes too.
        if before is not None and _is_gap(before):
            if after is None or after.kind in ("space", "other"):
                before.text = ""
        elif after is not None and _is_gap(after):
            after.text = ""
    return True


def _is_gap(piece: _Piece) -> bool:
    return piece.kind == "space" and "\n" not in piece.text


def _beside_words(pieces: list[_Piece]) -> list[int]:
    """Places of words that have a word beside them: what stands alone between commas is not left out."""
    found: set[int] = set()
    last: int | None = None
    for place, piece in enumerate(pieces):
        if piece.is_word and piece.text:
            if last is not None:
                found |= {last, place}
            last = place
        elif piece.text and not _is_gap(piece):
            last = None
    return sorted(found)


def _swap(pieces: list[_Piece], draw: Draw) -> bool:
    """``amount`` of the pairs of neighbouring words, one at least."""
    shown = [i for i, piece in enumerate(pieces) if piece.text]
    pairs: list[tuple[int, int]] = []
    for place, left in enumerate(shown):
        if not pieces[left].free or pieces[left].operation:
            continue
        rest = shown[place + 1 : place + 3]
        if rest and pieces[rest[0]].kind == "space" and "\n" not in pieces[rest[0]].text:
            rest = rest[1:]
        if rest and pieces[rest[0]].free and not pieces[rest[0]].operation:
            pairs.append((left, rest[0]))
    if draw.amount <= 0:
        return False
    done = False
    for place in _some(draw.random, len(pairs), draw.amount):
        one, two = pieces[pairs[place][0]], pieces[pairs[place][1]]
        if one.operation or two.operation or one.text.casefold() == two.text.casefold():
            continue
        one.was, two.was = one.text, two.text
        one.operation = two.operation = "swap"
        one.text, two.text = _cased(two.was, one.was), _cased(one.was, two.was)
        one.kind, two.kind = two.kind, one.kind
        done = True
    return done


def _some(random: np.random.Generator, count: int, share: float) -> list[int]:
    if count == 0 or share <= 0:
        return []
    return [int(i) for i in random.permutation(count)[: max(1, round(share * count))]]


def _key(piece: _Piece) -> str:
    return piece.text.casefold().replace("’", "'")


def _cased(word: str, like: str) -> str:
    """``word`` in capitals, with a capital first letter, or small, as ``like`` is."""
    if len(like) > 1 and like.isupper():
        return word.upper()
    if like[:1].isupper() and like != "I":
        return word[:1].upper() + word[1:]
    return word if word == "I" else word[:1].lower() + word[1:]


def _mend(pieces: list[_Piece]) -> None:
    """Capital first letters where a sentence now starts with another word; a and an by what follows."""
    start_waits = False
    for piece in pieces:
        if piece.operation == "dropout":
            start_waits = start_waits or (piece.starts and piece.was[:1].isupper())
        elif piece.is_word and piece.text:
            if start_waits and piece.kind == "word":
                piece.text = piece.text[:1].upper() + piece.text[1:]
            start_waits = False
    words = [piece for piece in pieces if piece.is_word and piece.text]
    for article, following in pairwise(words):
        if article.next_word and article.text.casefold() in ("a", "an"):
            if _vowel(following.text) == _vowel(article.next_word):
                continue
            fitting = "an" if _vowel(following.text) else "a"
            if fitting != article.text.casefold():
                article.was = article.was or article.text
                article.operation = article.operation or "synonyms"
                article.text = _cased(fitting, article.text)


def _vowel(word: str) -> bool:
    """Whether "an" stands before it: by its letters, with the few sounds that differ."""
    small = word.casefold()
    if small.startswith(("hour", "honest", "honour", "honor", "heir")):
        return True
    if re.match(r"(uni|use|usu|euro|one\b|once|ute|ubi)", small) and not small.startswith(("unin", "unim")):
        return False
    return small[:1] in "aeiou"


def _joined(pieces: list[_Piece]) -> tuple[str, tuple[Change, ...]]:
    parts: list[str] = []
    changes: list[Change] = []
    at = 0
    for piece in pieces:
        if piece.operation:
            changes.append(Change(at, at + len(piece.text), piece.was, piece.operation))
        parts.append(piece.text)
        at += len(piece.text)
    return "".join(parts), tuple(changes)
