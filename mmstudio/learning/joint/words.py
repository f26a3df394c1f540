"""Short texts as rows of tokens: frequent words whole, the rest letter by letter. Knows no torch.

A positionwise decoder draws all places at once; whole words keep it from misspelling what it knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PIECES, MOST_TOKENS = 512, 32
_START = "\u2581"  # begins a word, as in SentencePiece


@dataclass(slots=True)
class Words:
    """The pieces a text is made of; token 0 is nothing, token i + 1 is ``pieces[i]``."""

    pieces: Sequence[str]
    length: int
    _place: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._place = {piece: index + 1 for index, piece in enumerate(self.pieces)}

    @property
    def vocabulary(self) -> int:
        """How many tokens there are, nothing included."""
        return len(self.pieces) + 1

    def encode(self, texts: Iterable[str]) -> NDArray[np.int16]:
        """N×length, cut or filled up with 0; letters that are not known are left out."""
        rows = [self._row(text) for text in texts]
        found = np.zeros((len(rows), self.length), np.int16)
        for row, tokens in zip(found, rows, strict=True):
            row[: len(tokens)] = tokens[: self.length]
        return found

    def decode(self, rows: NDArray[Any]) -> list[str]:
        """Texts of N×length."""
        made = []
        for row in rows:
            pieces = [self.pieces[int(token) - 1] for token in row if 0 < int(token) <= len(self.pieces)]
            made.append("".join(pieces).replace(_START, " ").strip())
        return made

    def as_json(self) -> dict[str, Any]:
        """For the config."""
        return {"pieces": list(self.pieces), "length": self.length}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Words:
        """Back from :meth:`as_json`."""
        return cls([str(piece) for piece in data["pieces"]], int(data["length"]))

    def _row(self, text: str) -> list[int]:
        tokens = []
        for word in text.split():
            whole = self._place.get(_START + word)
            if whole is not None:
                tokens.append(whole)
            else:
                letters = [_START + word[0], *word[1:]]
                tokens += [self._place[letter] for letter in letters if letter in self._place]
        return tokens


def fit_words(texts: Sequence[str], most: int = MOST_PIECES, longest: int = MOST_TOKENS) -> Words:
    """Pieces for these texts: every frequent letter at the start of a word and inside, then the most frequent
    words; so long that nineteen texts in twenty fit, at most ``longest`` tokens."""
    words, letters = Counter[str](), Counter[str]()
    for text in texts:
        for word in text.split():
            words[_START + word] += 1
            letters.update([_START + word[0], *word[1:]])
    pieces = [letter for letter, _ in sorted(letters.items(), key=_by_count)[: most // 2]]
    pieces += [
        word for word, count in sorted(words.items(), key=_by_count) if count >= 2 and word not in letters
    ][: most - len(pieces)]
    found = Words(pieces, longest)
    lengths = [len(found._row(text)) for text in texts if text.strip()]
    needed = int(np.quantile(lengths, 0.95)) if lengths else 1
    return Words(pieces, int(min(longest, max(2, needed + needed % 2))))


def _by_count(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]
