"""Words as numbers: a vocabulary, padded sequences, bags of words and TF-IDF."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import write_text
from mmstudio.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PAD, UNKNOWN, START, STOP = 0, 1, 2, 3
SPECIALS = ("<pad>", "<unknown>", "<start>", "<stop>")


@dataclass(frozen=True)
class Vocabulary:
    """Word ↔ number. ``words`` begins with the four specials, the rest by falling frequency.

    Attributes:
        words: the word of every number.
        counts: how often each was seen when fitting (0 for specials).
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]

    @classmethod
    def fit(
        cls, documents: Iterable[Sequence[str]], min_count: int = 1, most: int | None = None
    ) -> Vocabulary:
        """From lists of words: those seen at least ``min_count`` times, at most ``most`` of them.

        The same texts give the same numbers, in whatever order they come. Raises ValueError for a
        ``min_count`` below 1 or a negative ``most``.
        """
        if min_count < 1 or (most is not None and most < 0):
            raise ValueError("min_count is at least 1 and most at least 0")
        seen: Counter[str] = Counter()
        for document in documents:
            seen.update(document)
        kept = sorted(
            (p for p in seen.items() if p[1] >= min_count and p[0] not in SPECIALS),
            key=lambda p: (-p[1], p[0]),
        )[:most]
        return cls((*SPECIALS, *(word for word, _ in kept)), (0, 0, 0, 0, *(n for _, n in kept)))

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Number of every word."""
        return {word: number for number, word in enumerate(self.words)}

    def ids(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Words → int64[T]; what is not known becomes UNKNOWN (1)."""
        numbers = self.numbers
        return np.fromiter((numbers.get(word, UNKNOWN) for word in words), np.int64)

    def text(self, ids: Iterable[int]) -> list[str]:
        """Numbers → words, padding left out. Raises IndexError for a number that is none."""
        found = []
        for number in ids:
            if not 0 <= number < len(self.words):
                raise IndexError(f"the vocabulary has no word {number}")
            if number != PAD:
                found.append(self.words[number])
        return found

    def save(self, path: Path) -> None:
        """Write as JSON."""
        document = {
            "kind": "vocabulary",
            "words": self.words[len(SPECIALS) :],
            "counts": self.counts[len(SPECIALS) :],
        }
        write_text(path, json.dumps(document, ensure_ascii=False))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what :meth:`save` wrote. Raises StudioError where the file is something else."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            words, counts = document["words"], document["counts"]
            right = document["kind"] == "vocabulary" and len(words) == len(counts) == len(set(words))
            if not right or not all(isinstance(word, str) for word in words):
                raise ValueError
            return cls((*SPECIALS, *words), (0, 0, 0, 0, *(int(n) for n in counts)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StudioError("{name} is not a vocabulary.", name=path.name) from error


def pad(
    sequences: Sequence[NDArray[np.int64]], length: int | None = None, *, marks: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sequences of numbers, each int64[t] → (ids int64[N, T], mask bool[N, T], true where there is a word).

    Args:
        length: T; by default the longest sequence. Longer ones are cut at their end.
        marks: put START before and STOP after each sequence (both stay when it is cut).
    """
    rows = []
    for sequence in sequences:
        row = np.asarray(sequence, np.int64)
        if marks:
            body = row if length is None else row[: max(length - 2, 0)]
            row = np.concatenate([[START], body, [STOP]])
        rows.append(row if length is None else row[:length])
    width = length if length is not None else max((len(row) for row in rows), default=0)
    ids = np.full((len(rows), width), PAD, np.int64)
    mask = np.zeros((len(rows), width), bool)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = True
    return ids, mask


def bag_of_words(documents: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Any:
    """Lists of words → scipy CSR int32[N, V] of counts; unknown words do not count, specials stay 0."""
    from scipy.sparse import csr_array

    numbers, values, columns, ends = vocabulary.numbers, [], [], [0]
    for document in documents:
        counts = Counter(numbers[word] for word in document if numbers.get(word, PAD) > STOP)
        for column in sorted(counts):
            columns.append(column)
            values.append(counts[column])
        ends.append(len(columns))
    return csr_array(
        (np.array(values, np.int32), np.array(columns, np.int64), np.array(ends, np.int64)),
        shape=(len(documents), len(vocabulary)),
    )


def tf_idf(counts: Any) -> Any:
    """Counts as CSR [N, V] → CSR float32[N, V] with rows of length 1 (a row without words stays 0).

    Sublinear frequency 1 + log(count) and smooth idf log((1 + N) / (1 + df)) + 1, as scikit-learn's
    ``TfidfTransformer(sublinear_tf=True)``.
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfTransformer

    matrix = csr_array(counts, dtype=np.float32)
    if not matrix.shape[0] or not matrix.nnz:
        return matrix
    return csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(matrix), dtype=np.float32)
