"""How much of a text is copied from the texts a model learned from: shared runs of words.

The share of runs of five words found in the training texts is the usual measure of what a language model
memorised (McCoy et al., "How much do language models copy from their training data?", TACL 2023). A Chinese,
Japanese or Korean character counts as a word. Only hashes are kept, from which no text can be read.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import atomic_path
from mmstudio.cleaning.texts import words

RUNS = "copying.safetensors"
RUN = 5
MOST_RUNS = 2_000_000  # 16 MB; of more texts every second, third … run is kept, chosen by its hash


@dataclass(frozen=True, slots=True)
class Copied:
    """How much of one text is copied.

    Attributes:
        rate: share of its runs of ``n`` words that the training texts have, 0 to 1; 0 where it has none.
        longest: words of the longest run of it that may stand in a training text as it is; 0 below ``n``.
        passage: those words, folded to small letters; "" where there are none.
        runs: how many runs it has.
    """

    rate: float
    longest: int
    passage: str
    runs: int


@dataclass(frozen=True, slots=True)
class CopyIndex:
    """The runs of ``n`` words of the training texts, as sorted hashes (uint64[N]); ``every``: one in so many
    was kept. ``words``: their words the same way (uint64[M]), None where they were not kept."""

    hashes: NDArray[np.uint64]
    n: int = RUN
    every: int = 1
    words: NDArray[np.uint64] | None = None

    def save(self, folder: Path) -> None:
        """Write the index beside a model. Raises DiskFull."""
        from safetensors.numpy import save_file

        with atomic_path(folder / RUNS) as temporary:
            told = {"n": str(self.n), "every": str(self.every)}
            kept = {"hashes": self.hashes.view(np.int64)}
            if self.words is not None:
                kept["words"] = self.words.view(np.int64)
            save_file(kept, temporary, metadata=told)


def index_of(texts: Iterable[str], n: int = RUN, most: int = MOST_RUNS) -> CopyIndex:
    """The index of training texts."""
    said = [words(text) for text in texts]
    found = [hashes_of(one, n) for one in said]
    hashes = np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
    single = np.unique(np.concatenate([hashes_of(one, 1) for one in said])) if said else hashes[:0]
    every = -(-len(hashes) // most) if len(hashes) > most else 1
    if every > 1:
        hashes = hashes[hashes % np.uint64(every) == 0]
    return CopyIndex(hashes, n, every, single)


def load_index(folder: Path) -> CopyIndex | None:
    """The index beside a model, None where there is none that can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / RUNS, framework="numpy") as file:
            told = file.metadata() or {}
            hashes = file.get_tensor("hashes").view(np.uint64)
            single = file.get_tensor("words").view(np.uint64) if "words" in file.keys() else None  # noqa: SIM118
            return CopyIndex(hashes, int(told["n"]), int(told["every"]), single)
    except (OSError, SafetensorError, ValueError, KeyError):
        return None


def copy_rate(text: str, index: CopyIndex | None, n: int = RUN) -> Copied:
    """How much of ``text`` stands in the texts of ``index``; nothing where there is no index.

    Raises:
        ValueError: an index of runs of another length.
    """
    if index is None:
        return Copied(0.0, 0, "", 0)
    if index.n != n:
        raise ValueError(f"an index of runs of {index.n} words, not of {n}")
    found = words(text)
    hashes = hashes_of(found, n)
    judged = hashes % np.uint64(index.every) == 0
    known = np.isin(hashes, index.hashes, assume_unique=False) & judged
    count = int(judged.sum())
    if not known.any():
        return Copied(0.0, 0, "", count)
    # A run that was not kept in the index counts as known where the ones around it are.
    first, length = _longest(known | ~judged, known)
    if not length:
        return Copied(float(known.sum()) / count, 0, "", count)
    copied = found[first : first + length + n - 1]
    cjk = all(ord(word[0]) > 0x2E80 for word in copied)
    return Copied(float(known.sum()) / count, len(copied), ("" if cjk else " ").join(copied), count)


def unknown_words(text: str, index: CopyIndex | None, given: Collection[str] = ()) -> list[str]:
    """Words of a text that neither the training texts nor ``given`` have, as far as that is known; numbers
    are never among them."""
    if index is None or index.words is None:
        return []
    found = [word for word in words(text) if word not in given and not word.isdecimal()]
    known = np.isin(hashes_of(found, 1), index.words)
    return [word for word, there in zip(found, known.tolist(), strict=True) if not there]


def hashes_of(found: list[str], n: int) -> NDArray[np.uint64]:
    """uint64[M]: a hash of each run of ``n`` words, in order; empty where there are fewer words."""
    if len(found) < n:
        return np.empty(0, np.uint64)
    codes = np.array([_code(word) for word in found], np.uint64)
    total = np.zeros(len(found) - n + 1, np.uint64)
    for place in range(n):
        total = (total * np.uint64(0x9E3779B97F4A7C15)) ^ codes[place : place + len(total)]
        total ^= total >> np.uint64(29)
    return total


def _code(word: str) -> int:
    data = word.encode("utf-8", "ignore")
    return (zlib.crc32(data) << 32) | zlib.adler32(data[::-1] + b"#")


def _longest(known: NDArray[np.bool_], sure: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of true begins, and its length, trimmed to begin and end with a sure one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    best = (0, 0)
    for start, stop in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
        places = np.flatnonzero(sure[start:stop])
        if len(places) and int(places[-1] - places[0]) + 1 > best[1]:
            best = (start + int(places[0]), int(places[-1] - places[0]) + 1)
    return best
