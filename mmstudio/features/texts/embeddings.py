"""Word embeddings: trained on the library's texts, or read from a word2vec or GloVe file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.features.normalise import unit_rows
from mmstudio.features.texts.pausing import between_steps
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSION = 100  # of vectors trained here
_WINDOW, _NEGATIVE, _SEED = 5, 8, 1
_WORK = 4_000_000  # words that a training reads in all, over its rounds: small libraries get more rounds
_ROUNDS = (5, 60)
_MIN_COUNT = 2
_FAST, _SLOW = 0.05, 0.0005  # learning rate at the beginning and the end
_PART = 200_000  # words between two looks at the cancel button


@dataclass(frozen=True)
class WordVectors:
    """Words with a vector each.

    Attributes:
        words: V words, each once.
        matrix: float32[V, D], finite.
        counts: how often each was seen, int64[V]; zeros where a file did not say.
        source: "library" or the name of the file they come from.
        fit: name of this fit; what is made from two fits does not compare.
        left_out: reason → number of rows of a file that were left out.
    """

    words: tuple[str, ...]
    matrix: NDArray[np.float32]
    counts: NDArray[np.int64]
    source: str
    fit: str
    left_out: dict[str, int]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Row of every word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """float32[V, D] of length 1."""
        return unit_rows(self.matrix)

    def row(self, word: str) -> int | None:
        """The row of a word, however it is written; None where it is not known."""
        for form in (word, word.casefold(), word.casefold().strip()):
            if form in self.numbers:
                return self.numbers[form]
        return None

    def nearest(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """The k words used most alike, with their cosine (-1 to 1), best first; [] for an unknown word."""
        row = self.row(word)
        if row is None:
            return []
        scores = self.unit @ self.unit[row]
        scores[row] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(k, len(self.words) - 1)]
        return [(self.words[i], float(scores[i])) for i in best]


def train_word_vectors(
    documents: Sequence[Sequence[str]], context: JobContext, done: int = 0
) -> Generator[Progress, None, WordVectors | None]:
    """Skip-gram with negative sampling (Mikolov et al. 2013) over lists of words; None for too little.

    One thread and a fixed seed: the same texts give the same vectors. Small libraries are read in more
    rounds. Words seen once are left out. Cancelling is heard between rounds.
    """
    from gensim.models import Word2Vec

    total = sum(len(document) for document in documents)
    texts = [list(document) for document in documents]
    seen = Counter(word for document in texts for word in document)
    if sum(count >= _MIN_COUNT for count in seen.values()) < 2:
        return None
    rounds = int(np.clip(_WORK // max(total, 1), *_ROUNDS))
    model = Word2Vec(
        vector_size=DIMENSION, window=_WINDOW, min_count=_MIN_COUNT, sg=1, hs=0, negative=_NEGATIVE,
        sample=1e-3, workers=1, seed=_SEED, alpha=_FAST,
    )  # fmt: skip
    model.build_vocab(texts)
    note = tr("Learning how words are used")
    parts = _parts(texts)
    steps = rounds * len(parts)
    for step in range(steps):
        between_steps(context)
        yield Progress(done, None, f"{note} ({100 * step // steps} %)")
        part = parts[step % len(parts)]
        start, stop = (_FAST + (_SLOW - _FAST) * at / steps for at in (step, step + 1))
        model.train(part, total_examples=len(part), epochs=1, start_alpha=start, end_alpha=stop)
    words = tuple(model.wv.index_to_key)
    matrix = np.asarray(model.wv.vectors, np.float32)
    return make_vectors(words, matrix, [seen[word] for word in words], "library", {})


def _parts(texts: list[list[str]]) -> list[list[list[str]]]:
    """Texts in parts of about 200,000 words each; at least one part."""
    parts: list[list[list[str]]] = [[]]
    size = 0
    for text in texts:
        if size > _PART:
            parts.append([])
            size = 0
        parts[-1].append(text)
        size += len(text)
    return parts


def make_vectors(
    words: Sequence[str],
    matrix: NDArray[np.float32],
    counts: Iterable[int],
    source: str,
    left_out: dict[str, int],
) -> WordVectors:
    """Put together; the fit is named after the content."""
    rows = np.ascontiguousarray(matrix, np.float32)
    fit = hashlib.sha256(rows.tobytes() + "\n".join(words).encode()).hexdigest()[:16]
    return WordVectors(tuple(words), rows, np.array(list(counts), np.int64), source, fit, left_out)


def save_word_vectors(vectors: WordVectors, path: Path) -> None:
    """Write as safetensors, the words as UTF-8 lines beside the matrix."""
    from safetensors.numpy import save_file

    head = {"kind": "words", "source": vectors.source, "left_out": json.dumps(vectors.left_out)}
    words = np.frombuffer("\n".join(vectors.words).encode("utf-8"), np.uint8)
    with atomic_path(path) as temporary:
        save_file(
            {"matrix": vectors.matrix, "counts": vectors.counts, "words": words},
            str(temporary),
            metadata=head,
        )


def load_saved_vectors(path: Path) -> WordVectors | None:
    """What :func:`save_word_vectors` wrote, or None where it is not there or cannot be used."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="numpy") as file:
            head = file.metadata() or {}
            matrix, counts = file.get_tensor("matrix"), file.get_tensor("counts")
            words = file.get_tensor("words").tobytes().decode("utf-8").split("\n")
        right = head.get("kind") == "words" and matrix.shape[:1] == counts.shape == (len(words),)
        if not right or matrix.dtype != np.float32 or not np.isfinite(matrix).all():
            return None
        return make_vectors(words, matrix, counts.tolist(), head["source"], json.loads(head["left_out"]))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
