"""Near copies of texts: MinHash over runs of three words (A. Broder, 1997), looked up by LSH (datasketch)."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

VERSION = "2"
HASHES, RUN = 128, 3
ALIKE_MIN = 0.65  # Jaccard similarity of the runs (tests/benchmarks/bench_duplicates.py)
_PROPOSED = 0.5
# A Chinese, Japanese or Korean character is a word of its own.
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯豈-﫿]|[^\W_]+")
_MOST = 16_384  # of a long text the runs with the smallest hashes stand for all (Broder's bottom sketch)


def words(text: str) -> list[str]:
    """The words of a text, case-folded; every CJK character is one."""
    return _WORD.findall(text.casefold())


def runs(text: str) -> NDArray[np.uint32]:
    """uint32[N]: hashes of the distinct runs of three words, the smallest 16,384 of them, sorted.

    A text of fewer words is one run.
    """
    found = words(text)
    if not found:
        return np.empty(0, np.uint32)
    joined = (" ".join(found[i : i + RUN]) for i in range(max(1, len(found) - RUN + 1)))
    return np.unique(np.fromiter((zlib.crc32(run.encode()) for run in joined), np.uint32))[:_MOST]


def fingerprint(text: str) -> bytes:
    """uint32[128] MinHash signature as bytes; empty where the text has no words."""
    from datasketch import MinHash

    found = runs(text)
    if not len(found):
        return b""
    signature = MinHash(num_perm=HASHES, seed=1, scheme="affine32", hashfunc=lambda number: int(number))
    signature.update_batch(found.tolist())
    return np.asarray(signature.hashvalues, np.uint32).tobytes()


def pairs(prints: list[bytes]) -> Iterator[tuple[int, int]]:
    """Pairs (i < j) of signatures that share a band of the LSH table. Empty ones pair with nothing."""
    from datasketch import MinHash, MinHashLSH

    table = MinHashLSH(threshold=_PROPOSED, num_perm=HASHES, weights=(0.2, 0.8))
    for i, blob in enumerate(prints):
        if not blob:
            continue
        signature = MinHash(
            num_perm=HASHES, seed=1, scheme="affine32", hashvalues=np.frombuffer(blob, np.uint32)
        )
        for j in sorted(int(str(key)) for key in table.query(signature)):
            if estimated(blob, prints[j]) >= _PROPOSED:
                yield j, i
        table.insert(str(i), signature, check_duplication=False)


def estimated(one: bytes, other: bytes) -> float:
    """Jaccard similarity by two signatures, give or take 0.04."""
    return float((np.frombuffer(one, np.uint32) == np.frombuffer(other, np.uint32)).mean())


def alike(one: str, other: str) -> float:
    """Jaccard similarity of the runs of two texts, 0 where below :data:`ALIKE_MIN`."""
    score = jaccard(runs(one), runs(other))
    return score if score >= ALIKE_MIN else 0.0


def jaccard(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Shared share of two sets, 0…1; 0 for empty ones."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    either = len(one) + len(other) - both
    return both / either if either else 0.0


def differences(one: str, other: str) -> Iterable[tuple[str, int, int, int, int]]:
    """(what, from, to, from, to) by characters of both: "equal", "replace", "delete", "insert"; for showing
    two short texts side by side."""
    from difflib import SequenceMatcher

    a, b = _pieces(one), _pieces(other)
    at_a, at_b = _offsets(a), _offsets(b)
    for what, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        yield what, at_a[i1], at_a[i2], at_b[j1], at_b[j2]


def _pieces(text: str) -> list[str]:
    return re.findall(r"[぀-ヿ㐀-鿿가-힯豈-﫿]|\w+|\s+|[^\w\s]", text)


def _offsets(pieces: list[str]) -> list[int]:
    places = [0]
    for piece in pieces:
        places.append(places[-1] + len(piece))
    return places
