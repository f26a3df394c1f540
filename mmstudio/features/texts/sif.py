"""Texts as the weighted mean of their words' vectors (smooth inverse frequency)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.texts.embeddings import WordVectors

DIMENSION = 100
_A = 1e-3  # Arora, Liang & Ma 2017: between 1e-3 and 1e-4, for frequencies in very large texts
_OFTEN = 300  # in small libraries a word must be said so often before it counts half; see docs/adr/0031


@dataclass(frozen=True, slots=True)
class SifModel:
    """A fitted model: ``weights`` float32[V] and ``matrix`` float32[V, D] of the words that count.

    ``common`` float32[D] is the direction all texts share, taken away; ``basis`` float32[D, 100] turns and
    shortens what is left (columns beyond the rank are zero). ``seen`` and ``fitted`` as in TextModel.
    """

    vocabulary: dict[str, int]
    weights: NDArray[np.float32]
    matrix: NDArray[np.float32]
    common: NDArray[np.float32]
    basis: NDArray[np.float32]
    words_fit: str
    fit: str
    seen: dict[str, str]
    fitted: int

    def vectors(self, documents: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Lists of words → float32[N, 100] of length 1; a row of zeros where no word is known."""
        means = _means(documents, self.vocabulary, self.weights, self.matrix)
        rows = (means - np.outer(means @ self.common, self.common)) @ self.basis
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.where(norms > 1e-9, rows / np.maximum(norms, 1e-9), 0.0).astype(np.float32)


def _means(
    documents: Sequence[Sequence[str]],
    vocabulary: dict[str, int],
    weights: NDArray[np.float32],
    matrix: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Σ a / (a + p(w)) · v(w) over the words of each text, divided by how many they are: float32[N, D]."""
    means = np.zeros((len(documents), matrix.shape[1]), np.float32)
    for row, document in enumerate(documents):
        at = [vocabulary[word] for word in document if word in vocabulary]
        if at:
            means[row] = weights[at] @ matrix[at] / len(at)
    return means


def fit_sif(documents: Sequence[Sequence[str]], words: WordVectors) -> SifModel:
    """Fit on lists of words: word frequencies, the common direction and the basis (one text is enough).

    Arora, Liang & Ma, "A simple but tough-to-beat baseline for sentence embeddings", ICLR 2017. The singular
    vectors are signed so that the same texts give the same vectors.
    """
    counts = Counter(word for document in documents for word in document)
    known = sorted(word for word in counts if words.row(word) is not None)
    vocabulary = {word: row for row, word in enumerate(known)}
    total = max(sum(counts.values()), 1)
    a = max(_A, _OFTEN / total)
    weights = np.array([a / (a + counts[word] / total) for word in known], np.float32)
    rows = np.array([words.row(word) for word in known], np.int64)
    matrix = words.matrix[rows] if len(rows) else np.zeros((0, words.matrix.shape[1]), np.float32)
    means = _means(documents, vocabulary, weights, matrix)
    means = means[np.linalg.norm(means, axis=1) > 1e-9]
    width = matrix.shape[1]
    common, basis = np.zeros(width, np.float32), np.zeros((width, DIMENSION), np.float32)
    # One text, or several that are all alike, are their own first direction: nothing is taken away then.
    if len(means) > 1 and np.abs(means - means[0]).max() > 1e-6:
        common = _right(means)[0]
        means = means - np.outer(means @ common, common)
    if len(means):
        right = _right(means)[:DIMENSION]
        basis[:, : len(right)] = right.T
    parts = (
        basis.tobytes(),
        common.tobytes(),
        weights.tobytes(),
        "\n".join(known).encode(),
        words.fit.encode(),
    )
    fit = hashlib.sha256(b"".join(parts)).hexdigest()[:16]
    return SifModel(vocabulary, weights, matrix, common, basis, words.fit, fit, {}, len(documents))


def _right(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Right singular vectors with a singular value worth the name, float32[r, D], the largest first."""
    squares = rows.astype(np.float64).T @ rows.astype(np.float64)
    values, vectors = np.linalg.eigh(squares)
    values, right = values[::-1], vectors.T[::-1]
    right = right[values > 1e-10 * max(float(values[0]), 1e-12)]
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(1)])
    return np.asarray(right * signs[:, None], np.float32)


def save_sif(model: SifModel, path: Path) -> None:
    """Write as safetensors."""
    from safetensors.numpy import save_file

    head = {
        "kind": "sif",
        "words": json.dumps(list(model.vocabulary), ensure_ascii=False),
        "seen": json.dumps(model.seen),
        "fit": model.fit,
        "words_fit": model.words_fit,
        "fitted": str(model.fitted),
    }
    arrays = {"weights": model.weights, "matrix": model.matrix, "common": model.common, "basis": model.basis}
    with atomic_path(path) as temporary:
        save_file(arrays, str(temporary), metadata=head)


def load_sif(path: Path) -> SifModel | None:
    """What :func:`save_sif` wrote, or None where it is not there or cannot be used (it is fitted anew)."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="numpy") as file:
            head = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in ("weights", "matrix", "common", "basis")}
        words, seen = json.loads(head["words"]), json.loads(head["seen"])
        width = arrays["common"].shape[0]
        right = (
            head.get("kind") == "sif"
            and arrays["weights"].shape == (len(words),)
            and arrays["matrix"].shape == (len(words), width)
            and arrays["basis"].shape == (width, DIMENSION)
            and all(np.isfinite(array).all() for array in arrays.values())
            and isinstance(seen, dict)
        )
        if not right:
            return None
        vocabulary = {word: row for row, word in enumerate(words)}
        return SifModel(
            vocabulary, arrays["weights"], arrays["matrix"], arrays["common"], arrays["basis"],
            head["words_fit"], head["fit"], seen, int(head["fitted"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
