"""Text as FTS5's ``unicode61`` tokenizer can search it, Chinese and Japanese included.

SQLite cuts no words in text without spaces, and its trigram tokenizer finds nothing for two characters. So
every CJK character becomes a token of its own when a row is indexed, and a run of them in a query becomes a
phrase: ``图像`` is found wherever 图 is directly followed by 像, at any length, with no dictionary.
"""

from __future__ import annotations

import re
import unicodedata

# Han (with extensions and compatibility forms), kana and hangul.
_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_CJK_RUN = re.compile(f"[{_CJK}]+")
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_]+")
_PHRASE = re.compile(r'"([^"]*)"|([^"]+|")')
_MAX_QUERY = 4000  # characters of a query line that are read
_MAX_TERMS = 32  # FTS5 has a limit on the depth of an expression
MAX_INDEXED = 200_000  # characters of one text that search sees


def indexable(text: str) -> str:
    """The form of ``text`` that goes into the full-text index."""
    folded = unicodedata.normalize("NFKC", text[:MAX_INDEXED])
    return _CJK_CHARACTER.sub(lambda match: f" {match.group()} ", folded)


def name_words(path: str) -> str:
    """Words of a file path: ``shop/DSC01234_redShoe.jpg`` is also found by dsc, 01234, red and shoe."""
    return indexable(path + " " + _JOINT.sub(" ", path))


def match_terms(query: str) -> list[str]:
    """FTS5 expressions, one per word or quoted phrase of a person's query; all must match.

    Prefixes match, except of phrases. Everything is quoted, so nothing in a query can be FTS5 syntax; what
    comes after the 32nd is left out.
    """
    folded = unicodedata.normalize("NFKC", query[:_MAX_QUERY])
    terms: list[str] = []
    for phrase, plain in _PHRASE.findall(folded):
        if phrase:
            tokens = _WORD.findall(indexable(phrase))
            terms += ['"' + " ".join(tokens[:_MAX_TERMS]) + '"'] if tokens else []
        else:
            terms += _terms(plain)
    return list(dict.fromkeys(terms))[:_MAX_TERMS]


def _terms(text: str) -> list[str]:
    terms: list[str] = []
    for word in _WORD.findall(text):
        position = 0
        for run in _CJK_RUN.finditer(word):
            if run.start() > position:
                terms.append(f'"{word[position : run.start()]}"*')
            terms.append('"' + " ".join(run.group()) + '"')
            position = run.end()
        if position < len(word):
            terms.append(f'"{word[position:]}"*')
    return terms


def fold(text: str) -> str:
    """The key under which two spellings of a tag are the same tag."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
