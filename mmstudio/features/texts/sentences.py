"""Sentences of a text, cut only where one ends."""

from __future__ import annotations

import re

_ABBREVIATIONS_LIST = """
mr mrs ms dr prof st sr jr vs no nr approx appr ca fig vol inc ltd co corp dept est ft sq oz lb lbs min max
avg tel ext eg ie cf al etc jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun e.g
i.e a.m p.m u.s u.k z.b bzw usw d.h
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_LIST.split())
_CLOSING = "\"'”’»)]」』）】"
_STRONG = "。！？｡"  # these end a sentence wherever they stand
_END = re.compile(r"[.!?…]+|[。！？｡]+|\n")
_BULLET = re.compile(r"\A\s*(?:[-*•·▪●–]|\d{1,2}[.)])\s+")
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)\Z")
_LISTED = re.compile(r"(?:^|\s)\d{1,2}\Z")
_SPACE = re.compile(r"\s+")


def sentences(text: str) -> list[str]:
    """Whole sentences of a text in any language, each on one line without outer white space.

    A full stop ends a sentence unless it stands in a number (3.5), after an abbreviation or an initial, or as
    dots before a small letter ("well... it holds"). Chinese marks always end one. A line break ends one
    unless the next line goes on with a small letter; an empty line and a bullet always do.
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if match.start() < start:
            continue
        stop = match.end()
        if match.group() == "\n":
            if _line_goes_on(text, match.start()):
                continue
        else:
            while stop < len(text) and (text[stop] in _CLOSING or text[stop] in _STRONG):
                stop += 1
            if not _ends(text, start, match, stop):
                continue
        _keep(found, text[start:stop])
        start = stop
    _keep(found, text[start:])
    return found


def is_whole(sentence: str) -> bool:
    """Whether it reads as a whole sentence: it begins like one and has its closing mark."""
    bare = sentence.strip().rstrip(_CLOSING)
    first = sentence.strip().lstrip("\"'“‘«([「『（【")[:1]
    return bool(bare) and bare[-1] in ".!?。！？…" and bool(first) and not first.islower()


def _line_goes_on(text: str, at: int) -> bool:
    rest = text[at + 1 : at + 80]
    before = text[max(0, at - 2) : at].rstrip(" \t")
    if not before or before[-1] in ".!?…。！？:：" or not rest.strip() or rest.lstrip(" \t").startswith("\n"):
        return False
    return _BULLET.match(rest) is None and rest.lstrip(" \t")[:1].islower()


def _ends(text: str, start: int, match: re.Match[str], stop: int) -> bool:
    marks = match.group()
    if marks[0] in _STRONG or stop >= len(text):
        return True
    if not text[stop].isspace():
        # "3.5", "node.js", "great!!Love": only a mark that cannot stand inside a word ends here
        return marks[-1] in "!?" and text[stop].isupper()
    following = text[stop : stop + 40].lstrip(" \t")
    first = following[:1]
    if marks in ("…", "……") or (marks[0] == "." and len(marks) > 1):
        return not first.islower()
    if marks != ".":
        return True
    before = text[start : match.start()]
    word = _LAST_WORD.search(before)
    if word is None:
        return _LISTED.search(before) is None or bool(before.strip(" \t\n0123456789"))
    last = word.group(1)
    if last.lower() in _ABBREVIATIONS:
        return last.lower() == "etc" and first.isupper()
    if len(last) == 1 and last.isupper() and last != "I":
        return False  # an initial: J. R. Smith
    return not (first.islower() and len(last) < 3)


def _keep(found: list[str], piece: str) -> None:
    sentence = _SPACE.sub(" ", _BULLET.sub("", piece, count=1)).strip()
    if sentence and any(c.isalnum() for c in sentence):
        found.append(sentence)
