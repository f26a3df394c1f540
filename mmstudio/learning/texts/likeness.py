"""Words that stand in like places: what one word of a sentence can be changed for.

Two words that share their neighbours can stand for one another (Schütze, "Distributional part-of-speech
tagging", EACL 1995): positive pointwise mutual information with the words before and after (Levy and
Goldberg, NIPS 2014), its largest directions kept. A CJK character is a word, and so is a pair of them that
comes often.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import atomic_path

LIKENESS = "likeness.safetensors"
MOST_WORDS = 20_000
_NEIGHBOURS = 1000  # the commonest words, by which others are told apart
_DIRECTIONS = 64
_LEAST = 2  # times a word stands there
_LEAST_PAIR = 4
_FAR = 0.5  # what a word two places away counts
_CJK = "぀-ヿ㐀-鿿가-힯豈-﫿"
_UNIT = re.compile(rf"[{_CJK}]| ?[^\W_{_CJK}]+(?:['’\-][^\W_{_CJK}]+)*|\s+| ?(?:[^\w\s]|_)")


def units(text: str) -> list[str]:
    """Words (each with the space before it; a CJK character is one), marks and spaces; joined they are the
    text."""
    return _UNIT.findall(text)


def is_word(unit: str) -> bool:
    """Whether a unit is a word rather than a mark, a number or a space."""
    return any(c.isalpha() for c in unit)


def is_cjk(unit: str) -> bool:
    """Whether a unit is a CJK character, or begins with one."""
    return ord(unit.strip()[:1] or " ") > 0x2E80


@dataclass(frozen=True)
class Likeness:
    """``words`` without the spaces around them, as they are written, the commonest first; ``vectors``
    float32[N, D] of length one; ``pairs`` and ``triples`` uint32, sorted: hashes of two and three units that
    stood together; ``counts`` float32[N]: how often each word came."""

    words: list[str]
    vectors: NDArray[np.float32]
    pairs: NDArray[np.uint32]
    triples: NDArray[np.uint32]
    counts: NDArray[np.float32]

    @cached_property
    def places(self) -> dict[str, int]:
        """Row of each word."""
        return {word: place for place, word in enumerate(self.words)}

    def met(self, row: Sequence[str], first: int, last: int) -> tuple[int, float]:
        """Of a text in units those of which ``first`` to ``last`` (exclusive) are looked at: how many of
        the pairs that they make, with the units beside them too, never stood together (beside an unknown word
        nothing is known); and the share of their runs of three that did, 0 to 1."""
        wide = _framed(row[max(0, first - 2) : last + 2])
        first, last = min(first, 2), min(first, 2) + last - first
        two, three = _hashes(wide, 2)[first + 1 : last + 2], _hashes(wide, 3)[first : last + 2]
        known = _among(two, self.pairs).tolist()
        odd = sum(
            not there and not self._unknown(wide[k : k + 2]) for k, there in enumerate(known, first + 1)
        )
        return odd, float(_among(three, self.triples).mean())

    def unheard(self, row: Sequence[str], first: int, last: int) -> bool:
        """Whether units ``first`` to ``last`` (exclusive) have a word beside them that is unknown."""
        wide = _framed(row)
        return self._unknown([wide[first + 1], wide[last + 2]])

    def _unknown(self, pair: Sequence[str]) -> bool:
        return any(is_word(one) and one not in self.folded for one in pair)

    @cached_property
    def folded(self) -> frozenset[str]:
        """The words in small letters."""
        return frozenset(word.casefold() for word in self.words)

    def strange(self, text: str) -> float:
        """Share of the neighbouring units of a text that never stood beside each other, 0 to 1; beside an
        unknown word nothing is known."""
        wide = _framed(units(text))
        known = _among(_hashes(wide, 2), self.pairs)
        odd = [not there and not self._unknown(wide[k : k + 2]) for k, there in enumerate(known.tolist())]
        return sum(odd) / len(odd)

    def like(self, word: str, most: int = 40, rarer: float = np.inf) -> list[tuple[str, float]]:
        """Other words of as many characters where they are CJK, the likest first, with their cosine; none
        that is more than ``rarer`` times rarer; empty for an unknown word."""
        row = self.places.get(word)
        if row is None:
            return []
        close = self.vectors @ self.vectors[row]
        order = np.argsort(-close, kind="stable")
        order = order[self.counts[order] * rarer >= self.counts[row]]
        size = len(word) if is_cjk(word) else 0
        found = []
        for i in order.tolist():
            other = self.words[i]
            if i != row and (len(other) if is_cjk(other) else 0) == size:
                found.append((other, float(close[i])))
                if len(found) == most:
                    break
        return found

    def save(self, folder: Path) -> None:
        """Write ``likeness.safetensors``, whole or not at all. Raises DiskFull."""
        from safetensors.numpy import save_file

        text = np.frombuffer("\n".join(self.words).encode(), np.uint8)
        with atomic_path(folder / LIKENESS) as temporary:
            runs = {"pairs": self.pairs.view(np.int32), "triples": self.triples.view(np.int32)}
            told: dict[str, NDArray[np.generic]] = {"words": text, "counts": self.counts, **runs}
            save_file({**told, "vectors": self.vectors.astype(np.float16)}, temporary)


def load_likeness(folder: Path) -> Likeness | None:
    """The words beside a model, None where there are none that can be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found = load_file(folder / LIKENESS)
        words = found["words"].tobytes().decode().split("\n")
        vectors = found["vectors"].astype(np.float32)
        pairs, triples = (found[name].view(np.uint32) for name in ("pairs", "triples"))
        # The first files had no counts: by Zipf's law.
        counts = found.get("counts", 1.0 / np.arange(1, len(words) + 1, dtype=np.float32))
    except (OSError, SafetensorError, ValueError, KeyError):
        return None
    if vectors.ndim != 2 or counts.ndim != 1 or not len(words) == len(vectors) == len(counts):
        return None
    runs = all(known.ndim == 1 and len(known) > 0 and bool(np.all(np.diff(known.astype(np.int64)) > 0))
               for known in (pairs, triples))  # fmt: skip
    if not runs or not np.isfinite(vectors).all():
        return None
    return Likeness(words, vectors, pairs, triples, counts)


def save_likeness(folder: Path, texts: Iterable[str], most: int = MOST_WORDS) -> None:
    """Write the words of texts beside a model, ``most`` at most; of too few texts none. Raises DiskFull."""
    found = likeness_of(texts, most)
    if found is None:
        (folder / LIKENESS).unlink(missing_ok=True)
    else:
        found.save(folder)


def likeness_of(texts: Iterable[str], most: int = MOST_WORDS) -> Likeness | None:
    """The words of texts that come at least twice, the ``most`` commonest; None where there are few."""
    rows = [[unit.strip() or " " for unit in units(text)] for text in texts]
    counts = Counter(unit for row in rows for unit in row if is_word(unit))
    pairs = Counter(a + b for row in rows for a, b in _pairs(row))
    kept = [(n, w) for w, n in counts.items() if n >= _LEAST]
    kept += [(n, w) for w, n in pairs.items() if n >= _LEAST_PAIR]
    kept = sorted(kept, key=lambda one: (-one[0], one[1]))[:most]
    words = [word for _, word in kept]
    if len(words) < 8:
        return None
    beside = Counter(unit for row in rows for unit in row)
    common = [unit for unit, _ in sorted(beside.items(), key=lambda one: (-one[1], one[0]))[:_NEIGHBOURS]]
    place, column = ({word: i for i, word in enumerate(some)} for some in (words, ["", *common]))
    tables = [np.zeros((len(words), len(column)), np.float32) for _ in range(4)]
    for row in rows:
        wide = ["", "", *row, "", ""]
        for i, unit in enumerate(row):
            for size in (1, 2):
                word = unit if size == 1 else "".join(row[i : i + 2])
                at = place.get(word)
                if at is None or i + size > len(row) or (size == 2 and not is_cjk(word)):
                    continue
                around = (wide[i + 1], wide[i + 2 + size], wide[i], wide[i + 3 + size])
                for table, other in zip(tables, around, strict=True):
                    if (where := column.get(other)) is not None:
                        table[at, where] += 1.0
    two, three = (
        np.unique(np.concatenate([_hashes(_framed(row), n) for row in rows])).astype(np.uint32)
        for n in (2, 3)
    )
    came = np.array([n for n, _ in kept], np.float32)
    return Likeness(words, _directions(tables), two, three, came)


def _framed(row: Sequence[str]) -> list[str]:
    """Units in small letters, two ends before and after them."""
    return ["", "", *(unit.strip().casefold() for unit in row), "", ""]


def _among(hashes: NDArray[np.uint32], known: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of a few hashes are among many sorted ones."""
    found: NDArray[np.bool_] = known[np.searchsorted(known, hashes).clip(max=len(known) - 1)] == hashes
    return found


def _hashes(row: Sequence[str], n: int) -> NDArray[np.uint32]:
    """uint32[len(row) - n + 1]: a hash of each run of n units."""
    return np.array(
        [zlib.crc32("\n".join(row[i : i + n]).encode()) for i in range(len(row) - n + 1)], np.uint32
    )


def _pairs(row: list[str]) -> Iterator[tuple[str, str]]:
    for a, b in pairwise(row):
        if is_cjk(a) and is_cjk(b) and is_word(a) and is_word(b):
            yield a, b


def _directions(tables: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """float32[N, D] of length one: the rows of the tables by their largest directions (a randomised
    projection: Halko, Martinsson and Tropp, SIAM Review 2011)."""
    parts = []
    for place, table in enumerate(tables):
        own, theirs = table.sum(1, keepdims=True), table.sum(0, keepdims=True) ** 0.75
        theirs /= max(1e-9, float(theirs.sum()))
        with np.errstate(divide="ignore", invalid="ignore"):
            tied = np.log(table / (own * theirs))
        tied = np.nan_to_num(tied, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0.0)
        parts.append(tied * np.float32(1.0 if place < 2 else _FAR))
    whole = np.concatenate(parts, 1)
    random = np.random.default_rng(0).standard_normal((whole.shape[1], _DIRECTIONS + 8)).astype(np.float32)
    basis = np.linalg.qr(whole @ random)[0]
    for _ in range(2):
        basis = np.linalg.qr(whole @ (whole.T @ basis))[0]
    u, s, _ = np.linalg.svd(basis.T @ whole, full_matrices=False)
    found = (basis @ u)[:, :_DIRECTIONS] * np.sqrt(s[:_DIRECTIONS])
    scaled: NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True).clip(min=1e-6)
    return scaled
