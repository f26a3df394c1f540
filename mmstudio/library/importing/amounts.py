"""Weights and ratings of a table as numbers, also where people wrote them as text."""

from __future__ import annotations

import math
import re

from mmstudio.library.importing.values import number

_OF = re.compile(
    r"(-?\d+(?:[.,]\d+)?)\s*(?:/|of|out of|von|sur|／)\s*(\d+(?:[.,]\d+)?)(?:\s*stars?)?", re.IGNORECASE
)
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
# One decimal sign, or groups of three: “5.0.0” and “31.12.2024” are no numbers.
_PLAIN = re.compile(r"[-+]?(?:\d{1,3}([.,])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d+)?|\d+(?:[.,]\d*)?)")
_MOST = 1e30  # a weight is kept in single precision
_WORDS = {word: float(n) for n, words in enumerate(
    ("zero", "one 一 一星 eins un", "two 二 两 二星 两星 zwei deux", "three 三 三星 drei trois",
     "four 四 四星 vier quatre", "five 五 五星 fünf cinq"),
) for word in words.split()}  # fmt: skip
_KEPT = 10_000  # different texts remembered


class Amounts:
    """Reads one column.

    Attributes:
        first: the first value read.
        all_equal: ten values or more were read as ratings, and all are the same.
    """

    def __init__(self, *, rated: bool) -> None:
        """``rated``: the column holds ratings, so that ``8/10`` means 4 of 5."""
        self._rated = rated
        self._known: dict[str, float | None] = {}
        self._read = 0
        self._differ = False
        self.first: float | None = None

    @property
    def count(self) -> int:
        """Values read."""
        return self._read

    @property
    def all_equal(self) -> bool:
        """See the class."""
        return self._rated and self._read >= 10 and not self._differ

    def read(self, text: str) -> float | None:
        """The number that a cell means (it may be below zero); None where it means none."""
        if text in self._known:
            value = self._known[text]
        else:
            value = self._parse(text)
            if len(self._known) < _KEPT:
                self._known[text] = value
        if value is not None:
            self._read += 1
            if self.first is None:
                self.first = value
            elif value != self.first:
                self._differ = True
        return value

    def _parse(self, text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            pass
        else:
            return value if math.isfinite(value) and abs(value) <= _MOST else None
        if (stars := text.count("★")) and not text.strip("★☆ "):
            return float(stars)
        plain = text.casefold().strip()
        for ending in (" stars", " star", " sterne", " points", "颗星", "分", "星"):
            plain = plain.removesuffix(ending).strip() or plain
        if plain in _WORDS:
            return _WORDS[plain]
        if (match := _OF.fullmatch(plain)) is not None:
            part, whole = number(match[1]), number(match[2])
            if part is None or not whole:
                return None
            return part / whole * 5 if self._rated and whole != 5 else part
        if (match := _PERCENT.fullmatch(plain)) is not None:
            share = number(match[1])
            return None if share is None else share / 20 if self._rated else share / 100
        return number(plain) if _PLAIN.fullmatch(plain) else None
