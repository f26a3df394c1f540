"""Text made comparable without moving a character: every index of the folded text is one of the original."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_MAPPED = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "″": '"', "〞": '"', "‐": "-", "‑": "-",
    "−": "-", "﹣": "-", "٪": "%", "﹪": "%", "٫": ".", "٬": ",", "～": "~", "〜": "~", "✕": "×", "✖": "×",
}  # fmt: skip
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f")
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "with",
        "without",
        "by",
        "is",
        "are",
        "was",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "as",
        "you",
        "your",
        "our",
        "we",
        "they",
        "their",
        "he",
        "she",
        "his",
        "her",
        "my",
        "i",
        "me",
        "us",
        "so",
        "too",
        "very",
        "just",
        "also",
        "any",
        "all",
        "each",
        "every",
        "some",
        "no",
        "not",
        "has",
        "have",
        "had",
        "comes",
        "come",
        "made",
        "make",
        "makes",
        "get",
        "gets",
        "can",
        "will",
        "up",
        "down",
        "out",
        "into",
        "over",
        "than",
        "then",
        "only",
        "here",
        "there",
        "about",
        "which",
        "who",
        "what",
        "when",
        "where",
        "while",
        "if",
        "but",
        "both",
        "per",
        "total",
        "other",
        "more",
    ]
)
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:'[a-z]+)?")
_SPELLING = {"colour": "color", "grey": "gray", "fibre": "fiber", "litre": "liter", "metre": "meter"}


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character in _MAPPED:
        return _MAPPED[character]
    if character.isspace():
        return "\n" if character in "\n\r\u2028\u2029" else " "
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character) if "\uff00" <= character <= "\uffef" else character
    low = plain.lower()
    return low if len(low) == 1 else character


def fold(text: str) -> str:
    """Lower case, plain digits, quotes and spaces; as long as ``text``, character by character."""
    return "".join(map(_folded, text))


def tightened(folded: str) -> tuple[str, list[int]]:
    """Folded text with single spaces and without invisible characters, and where each character stood.

    A second space or a soft hyphen must not carry a claim past the guard.
    """
    kept: list[str] = []
    places: list[int] = []
    for place, character in enumerate(folded):
        if character in _INVISIBLE:
            continue
        if character in " \n" and kept and kept[-1] in " \n":
            if character == "\n":
                kept[-1] = "\n"
            continue
        kept.append(character)
        places.append(place)
    return "".join(kept), places


def stem(word: str) -> str:
    """A word without its plural, in American spelling: enough to meet the same word again."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _SPELLING.get(word, word)


def words_of(folded: str) -> list[str]:
    """Stems of the words that mean something, in order; Han text gives none (see ``han_words``)."""
    found = (match.group() for match in _WORD.finditer(folded))
    return [stem(word) for word in found if word not in _STOP and len(word) > 1]


def squeezed(folded: str) -> str:
    """Folded text with single spaces and without marks, for finding one text within another."""
    return " ".join(re.sub(r"[^\w%$€£¥.,'/+-]+", " ", folded).split())
