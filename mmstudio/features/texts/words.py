"""Words of a text, and texts as vectors: TF-IDF and truncated SVD (latent semantic analysis)."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

DIMENSION = 128
MAX_CHARACTERS = 50_000  # of one text: what comes later hardly changes what it is about
_MAX_WORDS = 50_000
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)?")
_IS_HAN = re.compile(f"[{_HAN}]")
_EN_STOP_LIST = """
a about after all also an and any are as at be because been but by can could do does for from get had has have
he her his how i if in into is it its it's just like me more most my no not of off on one only or other our
out over own per she so some such than that the their them then there these they this those to too up us very
was we were what when where which while who will with would you your you'll you're
"""
_ZH_STOP_LIST = "的 了 和 是 在 也 有 就 不 都 而 及 与 或 一个 我们 你 我 他 她 它 这 那 着 被 把 对 为"
_EN_STOP = frozenset(_EN_STOP_LIST.split())
_ZH_STOP = frozenset(_ZH_STOP_LIST.split())
_jieba_lock = threading.Lock()


@lru_cache(maxsize=1)
def _cutter() -> Callable[[str], Iterable[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba's own source warns while it is compiled
        import jieba

        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
    cut: Callable[[str], Iterable[str]] = jieba.cut_for_search
    return cut


def tokens(text: str) -> list[str]:
    """Words of English (and other spaced languages) in small letters and singular, of Chinese as jieba cuts
    them.

    Words that mean nothing on their own are left out.
    """
    found: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()):
        run = match.group()
        if _IS_HAN.match(run):
            with _jieba_lock:
                cut = list(_cutter()(run))
            found += [word for word in cut if word.strip() and word not in _ZH_STOP]
        elif run not in _EN_STOP and (len(run) > 1 or run.isdigit()):
            found.append(_singular(run.replace("’", "'")))
    return found


def chinese_words(run: str) -> list[str]:
    """A run of Chinese characters as words one after the other, nothing left out and nothing twice."""
    _cutter()
    import jieba

    with _jieba_lock:
        return [word for word in jieba.cut(run) if word.strip()]


def tagged_chinese(run: str) -> list[tuple[str, bool]]:
    """A run of Chinese characters as (word, whether jieba takes it for a noun)."""
    _cutter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba.posseg

    with _jieba_lock:
        return [(pair.word, pair.flag.startswith(("n", "vn", "an"))) for pair in jieba.posseg.cut(run)]


def is_stop_word(word: str) -> bool:
    """Whether a word means nothing on its own."""
    folded = word.casefold().replace("’", "'")
    return folded in _EN_STOP or folded in _ZH_STOP


def _singular(word: str) -> str:
    """A light stem: plural and possessive endings only (after Harman's S-stemmer, 1991)."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True, slots=True)
class TextModel:
    """A fitted text model.

    Attributes:
        vocabulary: word → column.
        idf: float32[V].
        components: float32[V, 128]; columns beyond the rank of the texts are zero.
        fit: name of this fit; vectors of two fits do not compare.
        seen: text key → digest of the text that its stored vector was made from.
        fitted: number of texts it was fitted on.
    """

    vocabulary: dict[str, int]
    idf: NDArray[np.float32]
    components: NDArray[np.float32]
    fit: str
    seen: dict[str, str]
    fitted: int

    def vectors(self, documents: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Lists of words → float32[N, 128] of length 1; a row of zeros where no word is known."""
        matrix = _weights(_counts(documents, self.vocabulary), self.idf)
        rows = np.asarray(matrix @ self.components, dtype=np.float32)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(norms <= 1e-9, 1.0, norms)).astype(np.float32)

    def knows(self, words: Iterable[str]) -> bool:
        """Whether at least one of the words was seen when fitting."""
        return any(word in self.vocabulary for word in words)

    def shared_words(self, one: Iterable[str], other: Iterable[str], most: int = 4) -> list[str]:
        """Words that both texts hold, the most telling first."""
        both = {word for word in one if word in self.vocabulary} & set(other)
        return sorted(both, key=lambda word: (-float(self.idf[self.vocabulary[word]]), word))[:most]


def digest(text: str) -> str:
    """A short fingerprint of a text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def fit_text_model(documents: Sequence[Sequence[str]], seen: dict[str, str]) -> TextModel:
    """Fit TF-IDF and truncated SVD on lists of words (one is enough).

    Deerwester et al. 1990; the SVD is randomised (Halko, Martinsson & Tropp 2011) with a fixed seed, so that
    the same texts give the same vectors. Words in one text only are left out once there are 50 texts.
    """
    frequency: Counter[str] = Counter()
    for document in documents:
        frequency.update(set(document))
    least = 2 if len(documents) >= 50 else 1
    words = [w for w, n in sorted(frequency.items(), key=lambda p: (-p[1], p[0])) if n >= least][:_MAX_WORDS]
    vocabulary = {word: column for column, word in enumerate(sorted(words))}
    counts = np.array([frequency[word] for word in sorted(words)], dtype=np.float64)
    idf = (np.log((1 + len(documents)) / (1 + counts)) + 1).astype(np.float32)
    components = np.zeros((len(vocabulary), DIMENSION), np.float32)
    if vocabulary:
        right = _svd_right(_weights(_counts(documents, vocabulary), idf), DIMENSION)
        components[:, : right.shape[1]] = right
    fit = hashlib.sha256(components.tobytes() + "\n".join(vocabulary).encode()).hexdigest()[:16]
    return TextModel(vocabulary, idf, components, fit, dict(seen), len(documents))


def _counts(documents: Sequence[Sequence[str]], vocabulary: dict[str, int]) -> Any:
    from scipy.sparse import csr_array

    rows, columns, values = [], [], []
    for row, document in enumerate(documents):
        for word, count in Counter(w for w in document if w in vocabulary).items():
            rows.append(row)
            columns.append(vocabulary[word])
            values.append(1.0 + np.log(count))
    return csr_array(
        (np.array(values, np.float32), (np.array(rows, np.int64), np.array(columns, np.int64))),
        shape=(len(documents), len(vocabulary)),
    )


def _weights(counts: Any, idf: NDArray[np.float32]) -> Any:
    from scipy.sparse import diags_array

    weighted = counts * idf[None, :]
    norms = np.sqrt(np.asarray((weighted * weighted).sum(axis=1)).ravel())
    return diags_array(1.0 / np.maximum(norms, 1e-9)) @ weighted


def _svd_right(matrix: Any, rank: int) -> NDArray[np.float32]:
    """The leading right singular vectors, float32[V, r], r ≤ rank, of a sparse [N, V] matrix."""
    generator = np.random.default_rng(0)
    width = min(rank + 16, *matrix.shape)
    basis = np.linalg.qr(matrix @ generator.standard_normal((matrix.shape[1], width)))[0]
    for _ in range(4):
        basis = np.linalg.qr(matrix @ np.linalg.qr(matrix.T @ basis)[0])[0]
    _, values, right = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    keep = min(rank, int((values > 1e-5 * max(float(values[0]), 1e-9)).sum()))
    signs = np.sign(right[np.arange(keep), np.abs(right[:keep]).argmax(1)])  # so that the sign is repeatable
    return np.asarray((right[:keep] * signs[:, None]).T, dtype=np.float32)


def save_text_model(model: TextModel, path: Path) -> None:
    """Write a model as safetensors, its words in the header."""
    from safetensors.numpy import save_file

    head = {
        "kind": "tfidf-svd",
        "words": json.dumps(list(model.vocabulary), ensure_ascii=False),
        "seen": json.dumps(model.seen),
        "fit": model.fit,
        "fitted": str(model.fitted),
    }
    with atomic_path(path) as temporary:
        save_file({"idf": model.idf, "components": model.components}, str(temporary), metadata=head)


def load_text_model(path: Path) -> TextModel | None:
    """The model in a file, or None where there is none or it cannot be used (it is then fitted anew)."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="numpy") as file:
            head = file.metadata() or {}
            idf, components = file.get_tensor("idf"), file.get_tensor("components")
        words = json.loads(head["words"])
        seen = json.loads(head["seen"])
        if head.get("kind") != "tfidf-svd" or idf.shape != (len(words),) or not isinstance(seen, dict):
            return None
        if components.shape != (len(words), DIMENSION) or not np.isfinite(components).all():
            return None
        return TextModel(
            {word: i for i, word in enumerate(words)}, idf, components, head["fit"], seen, int(head["fitted"])
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
